/** Requests as a list: search, sort, and open one below it. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { ask } from "../ask";
import { type Bytes, json } from "../bytes";
import { compact, count, duration, money, time } from "../format";
import { mount } from "../shell";
import { Explorer, Status, type TraceData } from "../trace/explorer";
import { spanAsker } from "../trace/trace";
import traceCss from "../trace/trace.css";
import css from "./traces.css";

export interface Row {
  trace_id: string;
  span_id: string;
  start_time: number | null;
  name: string | null;
  input: string | null;
  status: string | null;
  error_type: string | null;
  model: string | null;
  duration_ms: number | null;
  tokens: number | null;
  cost_usd: number | null;
}

export interface Listing {
  rows: Row[];
  /** How many there are in all. */
  total: number;
}

interface Data extends Listing {
  unit: string;
  scope: string;
  sort: string;
  search: string;
  traces: Record<string, TraceData>;
}

type Sort = "time" | "latency" | "tokens" | "cost" | "errors";
const KEYS: Record<Sort, (row: Row) => number | null> = {
  time: (row) => row.start_time,
  latency: (row) => row.duration_ms,
  tokens: (row) => row.tokens,
  cost: (row) => row.cost_usd,
  errors: (row) => (row.status === "error" ? 1 : 0),
};

/** What a page can do without a kernel: search and sort the rows that it holds. Unknown values come last. */
export function narrowed(rows: Row[], search: string, sort: string): Row[] {
  const text = search.trim().toLowerCase();
  const key = KEYS[sort as Sort] ?? KEYS.latency;
  const known = (row: Row) => key(row) ?? Number.NEGATIVE_INFINITY;
  const mentions = (row: Row) =>
    [row.name, row.input, row.model, row.trace_id].some((v) => v?.toLowerCase().includes(text));
  return (text ? rows.filter(mentions) : [...rows]).sort(
    (a, b) => known(b) - known(a) || (b.duration_ms ?? -1) - (a.duration_ms ?? -1),
  );
}

function List({ model, data }: { model: Model; data: Data }) {
  const [search, setSearch] = useState(data.search);
  const [sort, setSort] = useState(data.sort);
  const [live, setLive] = useState<Listing | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [traces, setTraces] = useState(data.traces);
  const [problem, setProblem] = useState("");
  const askSpan = useMemo(() => spanAsker(model), [model]);
  const first = useRef(true);

  useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    setLive(null);
    let gone = false;
    const wait = setTimeout(() => {
      ask<Listing>(model, "list", { search, sort }).then(
        (found) => gone || setLive(found),
        () => undefined, // no kernel: what is here is searched
      );
    }, 250);
    return () => {
      gone = true;
      clearTimeout(wait);
    };
  }, [search, sort, model]);

  const pick = (id: string) => {
    setOpen(open === id ? null : id);
    setProblem("");
    if (traces[id] || open === id) return;
    ask<TraceData>(model, "trace", { trace_id: id }).then(
      (found) => setTraces((have) => ({ ...have, [id]: found })),
      () =>
        setProblem(
          `This trace is not embedded here: ${count(Object.keys(data.traces).length)} are. Run the cell to open it.`,
        ),
    );
  };

  const untouched = search === data.search && sort === data.sort;
  const rows = untouched ? data.rows : (live?.rows ?? narrowed(data.rows, search, sort));
  const total = untouched ? data.total : (live?.total ?? null);
  const column = (key: Sort, title: string, kind = "num") => (
    <th class={kind} aria-sort={sort === key ? "descending" : "none"}>
      <button type="button" onClick={() => setSort(key)}>
        {title}
        {sort === key ? " ↓" : ""}
      </button>
    </th>
  );
  const shown = open === null ? undefined : traces[open];
  return (
    <div class="explorer list">
      <div class="bar-top">
        <input
          type="search"
          value={search}
          placeholder="Search names and texts"
          aria-label="Search"
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <span class="muted" aria-live="polite">
          {total === null
            ? `${count(rows.length)} of the ${count(data.rows.length)} embedded`
            : `${count(rows.length)} of ${count(total)} ${data.unit}`}
        </span>
      </div>
      <div class="table">
        <table>
          <thead>
            <tr>
              {column("errors", "status", "")}
              {column("time", "time, UTC", "")}
              <th class="wide">name</th>
              <th>input</th>
              <th class="wide">model</th>
              {column("latency", "latency")}
              {column("tokens", "tokens", "num wide")}
              {column("cost", "cost", "num wide")}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr
                key={`${row.trace_id} ${row.span_id}`}
                data-ls="trace-row"
                class={row.trace_id === open ? "open" : ""}
                tabIndex={0}
                aria-expanded={row.trace_id === open}
                onClick={() => pick(row.trace_id)}
                onKeyDown={(event) => {
                  if (event.key === "Enter") pick(row.trace_id);
                  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
                  if (!next) return;
                  event.preventDefault();
                  (event.currentTarget[next as "nextElementSibling"] as HTMLElement | null)?.focus();
                }}
              >
                <td title={row.error_type ?? ""}>
                  <Status status={row.status} word={row.status === "error"} />
                </td>
                <td class="num">{time(row.start_time)}</td>
                <td class="wide" title={row.name ?? ""}>
                  {row.name ?? "—"}
                </td>
                <td class="text" title={row.input ?? ""}>
                  {row.input ?? "—"}
                </td>
                <td class="wide" title={row.model ?? ""}>
                  {row.model ?? "—"}
                </td>
                <td class="num">{duration(row.duration_ms)}</td>
                <td class="num wide">{compact(row.tokens)}</td>
                <td class="num wide">{money(row.cost_usd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p class="muted">Nothing found.</p>}
      </div>
      {open !== null && (
        <div class="opened">
          {shown ? (
            <Explorer key={open} data={shown} askSpan={askSpan} />
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
    const empty: Data = { rows: [], total: 0, unit: "requests", scope: "", sort: "latency", search: "", traces: {} };
    const data = json<Data>(props.model.get<Bytes>("data"), empty);
    return mount(props, "traces", traceCss + css, () => <List model={props.model} data={data} />);
  },
};
