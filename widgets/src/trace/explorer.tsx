/** One trace: its figures, its tree and waterfall, and the span that is selected. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { compact, count, duration, money, time } from "../format";
import { type Detail, DetailPane } from "./detail";
import { arrange, type Spans, selfTime } from "./tree";
import { Waterfall } from "./waterfall";

export interface TraceMeta {
  trace_id: string;
  name: string;
  status: string | null;
  /** ms since 1970 of the trace's first start. */
  start: number | null;
  duration: number | null;
  tokens: number | null;
  cost: number | null;
  model: string | null;
  failed: number;
  scores: Record<string, unknown>[];
}

export interface TraceData {
  meta: TraceMeta;
  spans: Spans;
  /** Details of the spans that are embedded. */
  details: Record<string, Detail>;
}

/** Asks for what a span has that is not embedded. */
export type AskSpan = (trace: string, span: string) => Promise<Detail>;

export const STATUS: Record<string, { icon: string; tone: string }> = {
  ok: { icon: "✓", tone: "ok" },
  error: { icon: "✕", tone: "error" },
  unset: { icon: "○", tone: "muted" },
};

export function Status({ status, word = true }: { status: string | null; word?: boolean }) {
  const { icon, tone } = STATUS[status ?? "unset"] ?? STATUS.unset!;
  return (
    <span class={tone} title={status ?? "unset"}>
      {icon}
      {word && ` ${status ?? "unset"}`}
    </span>
  );
}

function Head({ meta, spans }: { meta: TraceMeta; spans: number }) {
  const pairs: [string, string][] = [
    ["started", `${time(meta.start)} UTC`],
    ["took", duration(meta.duration)],
    ["tokens", compact(meta.tokens)],
    ["cost", money(meta.cost)],
    ["model", meta.model ?? "—"],
    ["spans", meta.failed ? `${count(spans)}, ${count(meta.failed)} failed` : count(spans)],
  ];
  for (const score of meta.scores) {
    pairs.push([String(score.name), String(score.label ?? score.value ?? "—")]);
  }
  return (
    <header>
      <h2>
        <Status status={meta.status} word={false} /> {meta.name} <small class="num">{meta.trace_id}</small>
      </h2>
      <dl>
        {pairs.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

export function Explorer({ data, askSpan }: { data: TraceData; askSpan: AskSpan }) {
  const { meta, spans } = data;
  const tree = useMemo(() => arrange(spans), [spans]);
  const [details, setDetails] = useState(data.details);
  const [problem, setProblem] = useState("");
  const [selected, setSelected] = useState(() => firstSelected(spans, tree.order));
  const id = spans.id[selected];
  const known = id === undefined ? undefined : details[id];

  useEffect(() => {
    setProblem("");
    if (id === undefined || known) return undefined;
    let gone = false;
    askSpan(meta.trace_id, id).then(
      (detail) => gone || setDetails((have) => ({ ...have, [id]: detail })),
      () => gone || setProblem("Texts and attributes of this span are not embedded here; run the cell to read them."),
    );
    return () => {
      gone = true;
    };
  }, [id, known, askSpan, meta.trace_id]);

  const embedded = Object.keys(data.details).length;
  return (
    <div class="explorer trace">
      <Head meta={meta} spans={spans.id.length} />
      <div class="split">
        <Waterfall spans={spans} tree={tree} selected={selected} onSelect={setSelected} />
        {id !== undefined && (
          <DetailPane
            key={id}
            facts={{
              id,
              name: spans.name[selected]!,
              operation: spans.operation[selected] ?? null,
              status: spans.status[selected] ?? null,
              start: spans.start[selected] === null || meta.start === null ? null : meta.start + spans.start[selected]!,
              duration: spans.duration[selected] ?? null,
              self: selfTime(spans, tree, selected),
              error: spans.error[selected] ?? null,
              service: spans.service[selected] ?? null,
              actor: spans.actor[selected] ?? null,
              tokens: spans.tokens[selected] ?? null,
              cost: spans.cost[selected] ?? null,
            }}
            detail={known ?? null}
            problem={problem}
          />
        )}
      </div>
      {embedded < spans.id.length && (
        <p class="note muted">
          Texts and attributes of {count(embedded)} of {count(spans.id.length)} spans are embedded; the others are read
          when opened.
        </p>
      )}
    </div>
  );
}

/** The failed span deepest in the tree, where a reader would look first; without one the first model call, or the root. */
function firstSelected(spans: Spans, order: Int32Array): number {
  let failed = -1;
  let model = -1;
  for (const row of order) {
    if (spans.status[row] === "error") failed = row;
    if (model < 0 && spans.operation[row] === "chat") model = row;
  }
  return failed >= 0 ? failed : model >= 0 ? model : (order[0] ?? 0);
}
