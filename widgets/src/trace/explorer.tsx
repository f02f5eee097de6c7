/** One trace: its figures, its tree and waterfall, the span that is selected, and what people say of it. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { compact, count, duration, money, time } from "../format";
import { Annotate } from "./annotate";
import { type Detail, DetailPane } from "./detail";
import { Download, type File, type Form } from "./download";
import { type Keys, REVIEW_KEYS, typing } from "./keys";
import { type Mark, markOf, type Review, THUMBS, thumb } from "./marks";
import { times } from "./path";
import { type Repeats, rollup } from "./rollup";
import { type Conversation, Session } from "./session";
import { type Alike, Similar } from "./similar";
import { Status } from "./status";
import { arrange, type Spans, type Tree } from "./tree";
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
  marks: Mark[];
  session: string | null;
}

export interface TraceData {
  meta: TraceMeta;
  spans: Spans;
  repeats: Repeats;
  /** Details of the spans that are embedded. */
  details: Record<string, Detail>;
  /** The requests of its session, where it has others and they are embedded. */
  session?: Conversation | null;
}

/** What is not embedded is asked for. */
export interface Asker {
  span: (trace: string, span: string) => Promise<Detail>;
  find: (trace: string, text: string) => Promise<string[]>;
  session: (session: string) => Promise<Conversation>;
  similar: (trace: string) => Promise<Alike>;
  /** Embeds some of the texts that are not yet; resolves to how many are left. */
  embed: () => Promise<number>;
  file: (trace: string, form: Form) => Promise<File>;
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
    <>
      <h2>
        <Status status={meta.status} word={false} /> <bdi>{meta.name}</bdi> <small class="num">{meta.trace_id}</small>
      </h2>
      <dl>
        {pairs.map(([title, value], i) => (
          <div key={`${title} ${i}`}>
            <dt>{title}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** The session's conversation: embedded, asked for when it is opened, or not to be had. */
function useSession(data: TraceData, asker: Asker) {
  const id = data.meta.session;
  const [session, setSession] = useState<Conversation | null>(data.session ?? null);
  const [shown, setShown] = useState(false);
  const [problem, setProblem] = useState("");
  const toggle = () => {
    setShown(!shown);
    if (shown || session || id === null) return;
    asker.session(id).then(setSession, () => setProblem("The session is not embedded here; run the cell to read it."));
  };
  return { id, session, shown, problem, toggle };
}

interface Props {
  data: TraceData;
  asker: Asker;
  review: Review;
  skin: number;
  /** More keys that `?` lists. */
  keys?: Keys;
  /** Opens another trace: of the session, or a similar one. */
  onOpen: (trace: string) => void;
  /** Returns to the trace that this one was opened from. */
  onBack?: (() => void) | undefined;
}

export function Explorer({ data, asker, review, skin, keys = [], onOpen, onBack }: Props) {
  const { meta, spans } = data;
  const tree = useMemo(() => arrange(spans), [spans]);
  const walked = useMemo(() => times(spans, tree), [spans, tree]);
  const sum = useMemo(() => rollup(spans, tree, data.repeats), [spans, tree, data.repeats]);
  const [details, setDetails] = useState(data.details);
  const [problem, setProblem] = useState("");
  const [selected, setSelected] = useState(() => firstSelected(spans, tree));
  const session = useSession(data, asker);
  const [alike, setAlike] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = spans.id[selected];
  const known = id === undefined ? undefined : details[id];

  useEffect(() => {
    setProblem("");
    if (id === undefined || known) return undefined;
    let gone = false;
    asker.span(meta.trace_id, id).then(
      (detail) => gone || setDetails((have) => ({ ...have, [id]: detail })),
      () => gone || setProblem("Texts and attributes of this span are not embedded here; run the cell to read them."),
    );
    return () => {
      gone = true;
    };
  }, [id, known, asker, meta.trace_id]);

  const find = useCallback((text: string) => asker.find(meta.trace_id, text), [asker, meta.trace_id]);
  const held = (): File => ({
    name: `${meta.trace_id}.json`,
    text: JSON.stringify({ ...data, details }, null, 1),
  });
  const key = (event: KeyboardEvent) => {
    if (!review.live || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    const own = { m: () => setAlike(!alike), Backspace: onBack }[event.key];
    const move = own ?? reviewKey(event.key, meta.trace_id, review, box.current);
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  const embedded = Object.keys(data.details).length;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that rise from what has the focus inside
    <div ref={box} class="explorer trace" role="presentation" onKeyDown={key}>
      <div class="heading">
        <Head meta={meta} spans={spans.id.length} />
        <span class="actions">
          {onBack && (
            <button type="button" class="ls-push" onClick={onBack}>
              ‹ Back
            </button>
          )}
          {review.live && (
            <button type="button" class="ls-push" aria-expanded={alike} onClick={() => setAlike(!alike)}>
              Similar
            </button>
          )}
          {session.id !== null && (
            <button type="button" class="ls-push" aria-expanded={session.shown} onClick={session.toggle}>
              {session.session ? `Session, ${count(session.session.total)} requests` : "Session"}
            </button>
          )}
          <Download live={review.live} onFile={(form) => asker.file(meta.trace_id, form)} held={held} />
        </span>
      </div>
      <Annotate
        trace={meta.trace_id}
        review={review}
        span={id === undefined ? null : { id, name: spans.name[selected]! }}
        names={(span) => spans.name[spans.id.indexOf(span)] ?? span}
      />
      {session.shown &&
        session.id !== null &&
        (session.session ? (
          <Session id={session.id} session={session.session} open={meta.trace_id} onOpen={onOpen} />
        ) : (
          <p class="muted">{session.problem || "Loading …"}</p>
        ))}
      {alike && <Similar ask={() => asker.similar(meta.trace_id)} embed={asker.embed} onOpen={onOpen} />}
      <div class="split">
        <Waterfall
          spans={spans}
          tree={tree}
          times={walked}
          details={details}
          selected={selected}
          skin={skin}
          keys={review.live ? [[...REVIEW_KEYS, ...keys]] : keys.length ? [keys] : []}
          onSelect={setSelected}
          onFind={find}
        />
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
              self: Number.isNaN(walked.own[selected]) ? null : walked.own[selected]!,
              critical: walked.critical[selected]!,
              sum: sum(selected),
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

/** What a key of a review does with a trace; undefined where it means nothing. */
export function reviewKey(
  key: string,
  trace: string,
  review: Review,
  within: HTMLElement | null,
): (() => void) | undefined {
  const press = (up: boolean) => {
    const given = markOf(review.marks[trace], THUMBS);
    review.give(trace, given && Boolean(given.value) === up ? { span_id: null, name: THUMBS } : thumb(up, null));
  };
  const keys: Record<string, () => void> = {
    u: () => press(true),
    d: () => press(false),
    n: () => within?.querySelector<HTMLElement>("[data-ls=note]")?.focus(),
    z: () => review.undoable > 0 && review.undo(),
  };
  return keys[key];
}

/** The failed span deepest in the tree, where a reader would look first; without one the first model call, or the root. */
function firstSelected(spans: Spans, tree: Tree): number {
  let failed = -1;
  let model = -1;
  for (const row of tree.order) {
    if (spans.status[row] === "error" && (failed < 0 || tree.depth[row]! > tree.depth[failed]!)) failed = row;
    if (model < 0 && spans.operation[row] === "chat") model = row;
  }
  return failed >= 0 ? failed : model >= 0 ? model : (tree.order[0] ?? 0);
}
