/** What was found, to look at and to choose from: slices of a metric, or causes of a change. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { json } from "../bytes";
import { Copy } from "../copy";
import { type Frame, NO_ROWS, Rows } from "../picture/data";
import pictureCss from "../picture/picture.css";
import { mount } from "../shell";
import { Causes } from "./causes";
import { Forest } from "./forest";
import css from "./found.css";
import { Lattice } from "./lattice";
import type { Causes as CausesFound, Row, Slices } from "./rows";

export type Answer = ({ view: "slices" } & Slices) | ({ view: "causes" } & CausesFound);

interface Props {
  answer: Answer;
  chosen: number;
  onChoose: (row: Row) => void;
  /** What a click is good for. */
  hint: string;
  children?: ComponentChildren;
}

function Chosen({ row, hint }: { row: Row | undefined; hint: string }) {
  return (
    <p class="chosen" role="status">
      {row ? (
        <>
          <span>{row.told}</span>
          {row.condition === null ? (
            <span class="muted">
              No condition on a single row says it: in Python it is <code>.scope({row.id})</code> of the answer.
            </span>
          ) : (
            <code>
              <span class="where">where</span> {row.condition}
              <Copy text={() => row.condition!} what="the condition, for scope.where" />
            </code>
          )}
        </>
      ) : (
        <span class="muted">{hint}</span>
      )}
    </p>
  );
}

export function Found({ answer, chosen, onChoose, hint, children }: Props) {
  const nodes = answer.view === "slices" ? answer.lattice : [];
  const row = [...answer.rows, ...nodes].find(({ id }) => id === chosen);
  return (
    <div class="found">
      <h3>{answer.head}</h3>
      <p class="muted verdict">{answer.verdict}</p>
      {answer.rows.length > 0 &&
        (answer.view === "slices" ? (
          <Forest found={answer} chosen={chosen} onChoose={onChoose} />
        ) : (
          <Causes found={answer} chosen={chosen} onChoose={onChoose} />
        ))}
      {answer.rows.length > 0 && <Chosen row={row} hint={hint} />}
      {children}
      {answer.view === "slices" && nodes.length > 0 && (
        <Lattice nodes={nodes} noun={answer.noun} chosen={chosen} onChoose={onChoose} />
      )}
      {answer.notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
    </div>
  );
}

function Shown({ model, view }: { model: Model; view: Answer["view"] }) {
  const [answer] = useState(() => ({ view, ...json<object>(model.get("found"), {}) }) as Answer);
  const [frame] = useState(() => json<Frame>(model.get("table"), NO_ROWS));
  const [chosen, setChosen] = useState(() => model.get<number>("chosen") ?? -1);
  useEffect(() => {
    const heard = () => setChosen(model.get<number>("chosen"));
    model.on("change:chosen", heard);
    return () => model.off("change:chosen", heard);
  }, [model]);
  const choose = (id: number) => {
    setChosen(id);
    model.set("chosen", id);
    model.save_changes();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a key that rises from what has the focus inside
    <div
      class="picture"
      onKeyDown={(event) => {
        if (event.key === "Escape" && chosen >= 0) choose(-1);
      }}
    >
      <Found
        answer={answer}
        chosen={chosen}
        onChoose={(row) => choose(row.id === chosen ? -1 : row.id)}
        hint="Click a row for its condition; in Python it is then the answer's .selected scope."
      />
      {frame.columns.length > 0 && <Rows frame={frame} />}
    </div>
  );
}

const widget = (view: Answer["view"]): Widget => ({
  render: (props) => mount(props, view, pictureCss + css, () => <Shown model={props.model} view={view} />),
});

export const slices = widget("slices");
export const causes = widget("causes");
