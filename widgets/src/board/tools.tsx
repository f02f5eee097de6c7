/** What is selected, as SQL, and what can be done with it. */
import { Copy } from "../copy";
import { type Brushing, empty } from "./brush";
import type { Axis } from "./cube";
import { condition, sql } from "./filter";

interface Props {
  axes: Axis[];
  /** What is counted, in the plural. */
  unit: string;
  scope: string;
  brushing: Brushing;
  compare: boolean;
  onCompare: (compare: boolean) => void;
  table: boolean;
  onTable: (table: boolean) => void;
  listed: boolean;
  onListed: (listed: boolean) => void;
  explained: boolean;
  onExplain: () => void;
}

interface PushProps {
  name: string;
  title: string;
  off?: boolean;
  pressed?: boolean;
  onClick: () => void;
}

/** A button that keeps the focus when it can do no more, so that the keys still reach the board. */
const Push = ({ name, title, off = false, pressed, onClick }: PushProps) => (
  <button
    type="button"
    class="ls-push"
    title={title}
    aria-disabled={off}
    aria-pressed={pressed}
    onClick={() => off || onClick()}
  >
    {name}
  </button>
);

export function Tools(props: Props) {
  const { axes, unit, scope, brushing, compare, onCompare, table, onTable, listed, onListed, explained, onExplain } =
    props;
  const { brush, undoable, redoable, undo, redo, clear } = brushing;
  const none = empty(brush);
  const chosen = axes.filter((axis) => brush[axis.key]?.length);
  return (
    <div class="tools" role="toolbar" aria-label="Selection">
      <code class="filter">
        {none ? (
          <span class="muted">{scope} · drag over a chart or click a bar to select</span>
        ) : (
          <>
            <span class="where">where</span> {chosen.map((axis) => condition(axis, brush[axis.key]!)).join(" and ")}
            <Copy text={() => sql(axes, brush)} what="the condition, for scope.where" />
          </>
        )}
      </code>
      <span class="buttons">
        <Push name="undo" title="Undo (u or Ctrl+Z)" off={!undoable} onClick={undo} />
        <Push name="redo" title="Redo (r or Ctrl+Shift+Z)" off={!redoable} onClick={redo} />
        <Push name="clear" title="Clear the selection (Esc)" off={none} onClick={clear} />
        <Push
          name="compare"
          title="Set the selection against the rest, in shares of each (c)"
          off={none && !compare}
          pressed={compare}
          onClick={() => onCompare(!compare)}
        />
        <Push
          name="explain this"
          title="Ask what is different about the selection: which groups, and how sure that is (e)"
          off={none && !explained}
          pressed={explained}
          onClick={onExplain}
        />
        <Push
          name="tables"
          title="Show the numbers behind the charts (t)"
          pressed={table}
          onClick={() => onTable(!table)}
        />
        <Push
          name="list"
          title={`List the selected ${unit}, to open and judge them (l)`}
          pressed={listed}
          onClick={() => onListed(!listed)}
        />
      </span>
    </div>
  );
}
