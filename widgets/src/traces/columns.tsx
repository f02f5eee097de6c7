/** The columns that a list can have. */
import type { ComponentChildren } from "preact";
import { compact, count, duration, money, time } from "../format";
import { Signs } from "../trace/annotate";
import type { Mark } from "../trace/marks";
import { Status } from "../trace/status";
import type { Row } from "./rows";

export interface Column {
  key: string;
  title: string;
  /** The order that its head asks for. */
  sort?: string;
  /** Classes of its cells. */
  kind: string;
  cell: (row: Row, marks: Mark[] | undefined) => ComponentChildren;
  tip?: (row: Row) => string | null;
}

const text = (key: keyof Row & string, title: string, more: Partial<Column> = {}): Column => ({
  key,
  title,
  kind: "wide",
  cell: (row) => (row[key] as string | null) ?? "—",
  tip: (row) => row[key] as string | null,
  ...more,
});

export const COLUMNS: Column[] = [
  {
    key: "status",
    title: "status",
    sort: "errors",
    kind: "",
    cell: (row) => <Status status={row.status} word={row.status === "error"} />,
    tip: (row) => row.error_type,
  },
  {
    key: "time",
    title: "time, UTC",
    sort: "time",
    kind: "num left",
    cell: (row) => {
      const [day, clock] = time(row.start_time).split(" ");
      if (clock === undefined) return day;
      return (
        <>
          <span class="day">{day} </span>
          {clock}
        </>
      );
    },
    tip: (row) => time(row.start_time),
  },
  text("name", "name", { sort: "name" }),
  text("input", "input", { kind: "text" }),
  text("model", "model", { sort: "model" }),
  { key: "latency", title: "latency", sort: "latency", kind: "num", cell: (row) => duration(row.duration_ms) },
  { key: "tokens", title: "tokens", sort: "tokens", kind: "num wide", cell: (row) => compact(row.tokens) },
  { key: "cost", title: "cost", sort: "cost", kind: "num wide", cell: (row) => money(row.cost_usd) },
  { key: "marks", title: "review", kind: "", cell: (_, marks) => <Signs marks={marks} /> },
  { key: "spans", title: "spans", sort: "spans", kind: "num wide", cell: (row) => count(row.spans) },
  { key: "failed", title: "failed spans", kind: "num wide", cell: (row) => count(row.failed_spans) },
  text("error_type", "error"),
  text("operation", "operation"),
  text("service", "service"),
  text("environment", "environment"),
  text("release", "release"),
  text("session_id", "session"),
  text("user_id", "user"),
  text("trace_id", "trace"),
];

/** Stands first where a list is searched by meaning. */
export const NEAR: Column = {
  key: "near",
  title: "near",
  sort: "near",
  kind: "num left",
  cell: (row) => row.near?.toFixed(2) ?? "—",
  tip: () => "How near the input is to what was searched: 1 for the same",
};

export const USUAL = ["status", "time", "name", "input", "model", "latency", "tokens", "cost", "marks"];

/** The columns chosen, in the order of the list above. */
export const shownColumns = (keys: string[]): Column[] => {
  const wanted = keys.length ? keys : USUAL;
  return COLUMNS.filter((column) => wanted.includes(column.key));
};

export function Chooser({ keys, onChange }: { keys: string[]; onChange: (keys: string[]) => void }) {
  const wanted = keys.length ? keys : USUAL;
  return (
    <fieldset class="chooser">
      <legend class="sr">Columns</legend>
      {COLUMNS.map(({ key, title }) => (
        <label key={key}>
          <input
            type="checkbox"
            checked={wanted.includes(key)}
            onChange={(event) =>
              onChange(event.currentTarget.checked ? [...wanted, key] : wanted.filter((each) => each !== key))
            }
          />{" "}
          {title}
        </label>
      ))}
    </fieldset>
  );
}
