/** Requests as a list: search, narrow, sort, open one below it, judge it and go on to the next. */
import { useMemo, useRef, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { ask } from "../ask";
import { type Bytes, json } from "../bytes";
import { count } from "../format";
import { mount } from "../shell";
import { Embed } from "../trace/embed";
import { Explorer, reviewKey, type TraceData } from "../trace/explorer";
import { LIST_KEYS, typing } from "../trace/keys";
import { useReview } from "../trace/marks";
import { askerOf, PATIENT } from "../trace/trace";
import traceCss from "../trace/trace.css";
import { Chooser, type Column, NEAR, shownColumns } from "./columns";
import { Facets } from "./facets";
import { type Held, useListing } from "./listing";
import { type Chosen, type Order, toggled } from "./rows";
import css from "./traces.css";

interface Data extends Held {
  unit: string;
  scope: string;
  traces: Record<string, TraceData>;
}

/** The traces that were opened, and the one that is open. */
function useOpened(model: Model, embedded: Record<string, TraceData>) {
  const [path, setPath] = useState<string[]>([]);
  const open = path[path.length - 1] ?? null;
  const [traces, setTraces] = useState(embedded);
  const [problem, setProblem] = useState("");
  /** Opens one from the list, or from the one that is open, to which one returns. */
  const show = (id: string | null, from: string[] = []) => {
    setPath(id === null ? [] : [...from, id]);
    setProblem("");
    if (id === null || traces[id]) return;
    ask<TraceData>(model, "trace", { trace_id: id }).then(
      (found) => setTraces((have) => ({ ...have, [id]: found })),
      () =>
        setProblem(
          `This trace is not embedded here: ${count(Object.keys(embedded).length)} are. Run the cell to open it.`,
        ),
    );
  };
  const go = (id: string) => show(id, path);
  const back = path.length > 1 ? () => show(path[path.length - 2]!, path.slice(0, -2)) : undefined;
  return { open, shown: open === null ? undefined : traces[open], problem, show, go, back };
}

interface HeadProps {
  columns: Column[];
  order: Order;
  onOrder: (order: Order) => void;
}

function Head({ columns, order, onOrder }: HeadProps) {
  return (
    <thead>
      <tr>
        {columns.map(({ key, title, sort, kind }) => {
          const sorted = sort !== undefined && order.sort === sort;
          const way = order.ascending ? "ascending" : "descending";
          return (
            <th key={key} class={kind} aria-sort={sorted ? way : undefined}>
              {sort ? (
                <button type="button" onClick={() => onOrder({ sort, ascending: sorted && !order.ascending })}>
                  {title}
                  {sorted ? (order.ascending ? " ↑" : " ↓") : ""}
                </button>
              ) : (
                title
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function List({ model, data, skin }: { model: Model; data: Data; skin: number }) {
  const [search, setSearch] = useState(data.search);
  const [order, setOrder] = useState<Order>({ sort: data.sort, ascending: false });
  const [chosen, setChosen] = useState<Chosen>({});
  const [offset, setOffset] = useState(0);
  const [keys, setKeys] = useState<string[]>(() => model.get<string[]>("columns") ?? []);
  const [meaning, setMeaning] = useState(false);
  const [round, setRound] = useState(0);
  const [choosing, setChoosing] = useState(false);
  const asker = useMemo(() => askerOf(model), [model]);
  const embedded = useMemo(
    () => Object.fromEntries(data.rows.map((row) => [row.trace_id, row.marks ?? []])),
    [data.rows],
  );
  const review = useReview(model, embedded);
  const { open, shown, problem, show, go: openNext, back } = useOpened(model, data.traces);
  const embedListed = () => ask<{ left: number }>(model, "embed_listed", {}, PATIENT).then(({ left }) => left);
  const near = meaning && search.trim() !== "";
  const sort = near ? order.sort : order.sort === "near" ? data.sort : order.sort;
  const page = useListing(model, data, { search, ...order, sort, chosen, offset, meaning: near, round }, review.live);
  const box = useRef<HTMLDivElement>(null);
  const some = shownColumns(keys).filter((column) => data.unit === "requests" || column.sort !== "spans");
  const columns = near ? [NEAR, ...some] : some;
  const last = Math.min(offset + page.rows.length, page.total ?? page.rows.length);

  /** Whatever narrows or sorts begins at the first page. */
  const afresh = (change: () => void) => {
    change();
    setOffset(0);
  };
  const byMeaning = (on: boolean) =>
    afresh(() => {
      setMeaning(on);
      setOrder({ sort: on ? "near" : data.sort, ascending: false });
    });
  const choose = (now: string[]) => {
    setKeys(now);
    model.set("columns", now);
    model.save_changes();
  };
  const focusRow = (id: string) =>
    requestAnimationFrame(() => {
      const row = box.current?.querySelector<HTMLElement>(`[data-trace="${CSS.escape(id)}"]`);
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    });
  const go = (step: number) => {
    const at = page.rows.findIndex((row) => row.trace_id === open);
    const next = page.rows[at < 0 ? 0 : at + step];
    if (!next) return;
    show(next.trace_id);
    focusRow(next.trace_id);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    const moves: Record<string, () => void> = {
      j: () => go(1),
      k: () => go(-1),
      "~": () => review.live && byMeaning(!meaning),
    };
    if (open !== null && event.key === "Escape") moves.Escape = () => [show(null), focusRow(open)];
    const judged = open !== null && review.live ? reviewKey(event.key, open, review, box.current) : undefined;
    const move = moves[event.key] ?? judged;
    if (!move) return;
    event.preventDefault();
    move();
  };
  const inRow = (event: KeyboardEvent, id: string) => {
    const row = event.currentTarget as HTMLElement;
    if (event.target !== row) return;
    const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
    if (event.key === "Enter") {
      if (open !== id) show(id);
      else box.current?.querySelector<HTMLElement>("[role=tree]")?.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") (next as HTMLElement | null)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that rise from what has the focus inside
    <div ref={box} class="explorer list" role="presentation" onKeyDown={key}>
      <div class="bar-top">
        <input
          type="search"
          value={search}
          placeholder={meaning ? "Say what you look for" : "Search names and texts"}
          aria-label="Search"
          onInput={(event) => afresh(() => setSearch(event.currentTarget.value))}
        />
        {review.live && (
          <label class="switch" title="The requests whose input means nearly the same (~)">
            <input type="checkbox" checked={meaning} onChange={(event) => byMeaning(event.currentTarget.checked)} /> by
            meaning
          </label>
        )}
        <span class="muted" aria-live="polite" data-ls="count" data-value={page.total ?? page.rows.length}>
          {near
            ? page.waiting || !page.standing
              ? page.problem || "Comparing …"
              : page.standing.compared > 0 &&
                `the ${count(page.rows.length)} nearest of ${count(page.standing.compared)}`
            : page.total === null
              ? page.waiting
                ? "Searching …"
                : `${count(page.rows.length)} of the ${count(data.rows.length)} embedded`
              : page.total > page.rows.length && page.rows.length
                ? `${count(offset + 1)}–${count(last)} of ${count(page.total)} ${data.unit}`
                : `${count(page.rows.length)} of ${count(page.total)} ${data.unit}`}
        </span>
        {review.live && page.total !== null && page.total > data.page && (
          <span class="pager">
            <button
              type="button"
              class="ls-push"
              aria-label="Previous page"
              disabled={offset === 0}
              onClick={() => setOffset(Math.max(0, offset - data.page))}
            >
              ‹
            </button>
            <button
              type="button"
              class="ls-push"
              aria-label="Next page"
              disabled={last >= page.total}
              onClick={() => setOffset(offset + data.page)}
            >
              ›
            </button>
          </span>
        )}
        <span class="gap" />
        {Object.keys(chosen).length > 0 && (
          <button type="button" class="ls-push" onClick={() => afresh(() => setChosen({}))}>
            Clear filters
          </button>
        )}
        <button type="button" class="ls-push" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}>
          Columns
        </button>
      </div>
      {near && page.standing && (
        <Embed standing={page.standing} embed={embedListed} onDone={() => setRound(round + 1)} />
      )}
      {choosing && <Chooser keys={keys} onChange={choose} />}
      <div class="body">
        {page.facets.length > 0 && (
          <Facets
            facets={page.facets}
            chosen={chosen}
            onPick={(column, value) => afresh(() => setChosen(toggled(chosen, column, value)))}
          />
        )}
        <div class={`table${open === null ? "" : " short"}${page.waiting ? " waiting" : ""}`}>
          <table>
            <Head columns={columns} order={{ ...order, sort }} onOrder={(now) => afresh(() => setOrder(now))} />
            <tbody>
              {page.rows.map((row) => (
                <tr
                  key={`${row.trace_id} ${row.span_id}`}
                  data-ls="trace-row"
                  data-trace={row.trace_id}
                  class={row.trace_id === open ? "open" : ""}
                  tabIndex={0}
                  aria-current={row.trace_id === open ? "true" : undefined}
                  onClick={() => show(open === row.trace_id ? null : row.trace_id)}
                  onKeyDown={(event) => inRow(event, row.trace_id)}
                >
                  {columns.map((column) => (
                    <td key={column.key} class={column.kind} title={column.tip?.(row) ?? ""}>
                      {column.cell(row, review.marks[row.trace_id] ?? row.marks)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {page.rows.length === 0 && !page.waiting && !page.problem && page.standing?.compared !== 0 && (
            <p class="muted none">Nothing found.</p>
          )}
        </div>
      </div>
      {open !== null && (
        <div class="opened">
          {shown ? (
            <Explorer
              key={open}
              data={shown}
              asker={asker}
              review={review}
              skin={skin}
              keys={LIST_KEYS}
              onOpen={openNext}
              onBack={back}
            />
          ) : (
            <p class="muted">{problem || "Loading …"}</p>
          )}
        </div>
      )}
    </div>
  );
}

export const traces: Widget = {
  render: (props) => {
    const empty: Data = {
      rows: [],
      total: 0,
      facets: [],
      page: 100,
      unit: "requests",
      scope: "",
      sort: "latency",
      search: "",
      traces: {},
    };
    const data = json<Data>(props.model.get<Bytes>("data"), empty);
    return mount(props, "traces", traceCss + css, (_, skin) => <List model={props.model} data={data} skin={skin} />);
  },
};
