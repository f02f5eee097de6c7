/** Two traces side by side: their figures, their steps as one tree, and what was said differently. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { ask } from "../ask";
import { type Bytes, json } from "../bytes";
import { compact, count, duration, money, percent, time } from "../format";
import { mount } from "../shell";
import { Status } from "../trace/status";
import traceCss from "../trace/trace.css";
import { useRows } from "../virtual";
import css from "./diff.css";
import type { Piece } from "./said";
import { ROW, StepPane, StepRow, signed } from "./step";
import { chosen, is, KINDS, type Kind, less, nextDifferent, type Steps } from "./steps";

const MOST_ROWS = 18;
const PAGE = 12;

type Texts = Record<string, Piece[]>;

interface Side {
  trace_id: string;
  name: string;
  status: string | null;
  /** ms since 1970. */
  start: number | null;
  duration: number | null;
  spans: number;
  failed: number;
  tokens: number | null;
  cost: number | null;
}

interface Data {
  sides: [Side, Side];
  steps: Steps;
  /** What was said, of the rows that are embedded. */
  texts: Record<number, Texts>;
}

const WORDS: Record<Kind, string> = {
  slower: "slower",
  faster: "faster",
  added: "added",
  removed: "removed",
  changed: "changed",
  said: "said differently",
};

function Head({ sides: [left, right] }: { sides: [Side, Side] }) {
  const row = (title: string, face: (value: number | null) => string, of: (side: Side) => number | null) => {
    const delta = less(of(right), of(left));
    const share = delta && of(left) ? ` (${signed(delta / of(left)!, percent)})` : "";
    return { title, left: face(of(left)), right: face(of(right)), delta: delta ? signed(delta, face) + share : "" };
  };
  const rows = [
    row("took", duration, (side) => side.duration),
    row("spans", count, (side) => side.spans),
    row("failed", count, (side) => side.failed),
    row("tokens", compact, (side) => side.tokens),
    row("cost", money, (side) => side.cost),
  ];
  const side = (place: string, { trace_id, name, status, start }: Side) => (
    <th scope="col">
      <span class={`swatch ${place}`} aria-hidden="true" /> <Status status={status} word={false} /> <bdi>{name}</bdi>{" "}
      <small class="num">{trace_id}</small>
      <small class="num when">{time(start)} UTC</small>
    </th>
  );
  return (
    <table class="head">
      <thead>
        <tr>
          <td />
          {side("first", left)}
          {side("second", right)}
          <td />
        </tr>
      </thead>
      <tbody>
        {rows.map(({ title, left, right, delta }) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            <td class="num">{left}</td>
            <td class="num">{right}</td>
            <td class="num">{delta}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Diff({ model, data }: { model: Model; data: Data }) {
  const { steps } = data;
  const [kinds, setKinds] = useState<ReadonlySet<Kind>>(() => new Set());
  const [selected, setSelected] = useState(() => firstSelected(steps));
  const [texts, setTexts] = useState(data.texts);
  const [problem, setProblem] = useState("");
  const { rows, matched } = useMemo(() => chosen(steps, kinds), [steps, kinds]);
  const { box, list } = useRows(rows.length, ROW, MOST_ROWS);
  const longest = useMemo(
    () => [...steps.left_ms, ...steps.right_ms].reduce<number>((most, ms) => Math.max(most, ms ?? 0), 1e-6),
    [steps],
  );
  const counts = useMemo(
    () => KINDS.map((kind) => [kind, steps.name.filter((_, row) => is(steps, row, kind)).length] as const),
    [steps],
  );
  const known = texts[selected] ?? null;

  useEffect(() => {
    setProblem("");
    if (known || selected < 0) return undefined;
    let gone = false;
    ask<Texts>(model, "texts", { row: selected }).then(
      (found) => gone || setTexts((have) => ({ ...have, [selected]: found })),
      () => gone || setProblem("The texts of this step are not embedded here; run the cell to read them."),
    );
    return () => {
      gone = true;
    };
  }, [selected, known, model]);

  const show = (at: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, at))];
    if (row === undefined) return;
    setSelected(row);
    list.scrollToIndex(rows.indexOf(row), { align: "auto" });
  };
  const jump = (step: 1 | -1) => {
    const row = nextDifferent(steps, rows, selected, step);
    if (row !== undefined) show(rows.indexOf(row));
  };
  const toggle = (kind: Kind) => {
    const next = new Set(kinds);
    if (!next.delete(kind)) next.add(kind);
    setKinds(next);
    const shown = chosen(steps, next);
    if (shown.matched[selected]) return;
    const first = shown.rows.find((row) => shown.matched[row]);
    if (first !== undefined) setSelected(first);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = rows.indexOf(selected);
    const inTree: Record<string, () => void> = {
      ArrowDown: () => show(at + 1),
      ArrowUp: () => show(at - 1),
      PageDown: () => show(at + PAGE),
      PageUp: () => show(at - PAGE),
      Home: () => show(0),
      End: () => show(rows.length - 1),
    };
    const anywhere: Record<string, () => void> = { "]": () => jump(1), "[": () => jump(-1) };
    const move = (event.composedPath()[0] === box.current ? inTree[event.key] : undefined) ?? anywhere[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  const differing = counts.some(([, n]) => n > 0);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that rise from what has the focus inside
    <div class="explorer trace diff" role="presentation" onKeyDown={key}>
      <Head sides={data.sides} />
      <div class="tools" role="toolbar" aria-label="Steps">
        {counts.map(
          ([kind, n]) =>
            n > 0 && (
              <button
                key={kind}
                type="button"
                class={`ls-push ${kind}`}
                data-kind={kind}
                aria-pressed={kinds.has(kind)}
                onClick={() => toggle(kind)}
              >
                {count(n)} {WORDS[kind]}
              </button>
            ),
        )}
        {!differing && <span class="muted">Nothing differs.</span>}
        {kinds.size > 0 && (
          <button type="button" class="ls-push" onClick={() => setKinds(new Set())}>
            all {count(steps.name.length)} steps
          </button>
        )}
        <span class="gap" />
        {differing && (
          <span class="jump">
            <button type="button" class="ls-push" title="Previous difference  [" onClick={() => jump(-1)}>
              ‹
            </button>
            <button type="button" class="ls-push" title="Next difference  ]" onClick={() => jump(1)}>
              next difference ›
            </button>
          </span>
        )}
      </div>
      <div class="split">
        <div class="waterfall">
          <div class="row titles" aria-hidden="true">
            <span class="what">step</span>
            <span class="num">first</span>
            <span class="num">second</span>
            <span class="num">differs by</span>
            <span class="lane">
              <span class="swatch first" /> first <span class="swatch second" /> second
            </span>
          </div>
          <div
            ref={box}
            class="rows"
            role="tree"
            aria-label="Steps"
            tabIndex={0}
            aria-activedescendant={`step-${selected}`}
            style={{ maxHeight: `${ROW * MOST_ROWS}px` }}
          >
            <div style={{ height: `${list.getTotalSize()}px`, position: "relative" }}>
              {list.getVirtualItems().map(({ index, start }) => {
                const row = rows[index];
                return (
                  row !== undefined && (
                    <StepRow
                      key={row}
                      steps={steps}
                      row={row}
                      top={start}
                      longest={longest}
                      selected={row === selected}
                      matched={matched[row] === 1}
                      onSelect={setSelected}
                    />
                  )
                );
              })}
            </div>
          </div>
        </div>
        {selected >= 0 && <StepPane key={selected} steps={steps} row={selected} texts={known} problem={problem} />}
      </div>
    </div>
  );
}

/** The step whose own time changed most; else the first where something else was said. */
function firstSelected(steps: Steps): number {
  let most = -1;
  let best = 0;
  steps.change.forEach((change, row) => {
    if (change === "same") return;
    const size = Math.abs((steps.right_self_ms[row] ?? 0) - (steps.left_self_ms[row] ?? 0));
    if (most < 0 || size > best) [most, best] = [row, size];
  });
  return most >= 0 ? most : steps.said.includes(true) ? steps.said.indexOf(true) : steps.name.length ? 0 : -1;
}

export const diff: Widget = {
  render: (props) => {
    const data = json<Data | null>(props.model.get<Bytes>("data"), null);
    return mount(props, "diff", traceCss + css, () => data && <Diff model={props.model} data={data} />);
  },
};
