/** Rows of a list, and what a page can do with them without a kernel: search, narrow, count and sort. */
import type { Mark } from "../trace/marks";

export interface Row {
  trace_id: string;
  span_id: string;
  start_time: number | null;
  name: string | null;
  input: string | null;
  operation: string | null;
  status: string | null;
  error_type: string | null;
  model: string | null;
  service: string | null;
  environment: string | null;
  release: string | null;
  session_id: string | null;
  user_id: string | null;
  duration_ms: number | null;
  tokens: number | null;
  cost_usd: number | null;
  spans?: number | null;
  failed_spans?: number | null;
  marks: Mark[];
  /** How near it is to what was searched by meaning: 1 for the same. */
  near?: number;
}

export interface Facet {
  column: string;
  /** The commonest values, null for unknown, with their rows. */
  values: [value: string | null, rows: number][];
  /** How many other values there are. */
  others: number;
}

/** Values chosen by column; a row has to have one of each. */
export type Chosen = Record<string, (string | null)[]>;

export interface Order {
  sort: string;
  ascending: boolean;
}

const KEYS: Record<string, (row: Row) => number | string | null> = {
  time: (row) => row.start_time,
  latency: (row) => row.duration_ms,
  tokens: (row) => row.tokens,
  cost: (row) => row.cost_usd,
  errors: (row) => (row.status === "error" ? 1 : 0),
  spans: (row) => row.spans ?? null,
  name: (row) => row.name,
  model: (row) => row.model,
};

const held = (row: Row, column: string): string | null =>
  (row as unknown as Record<string, string | null>)[column] ?? null;

/** The rows that mention a text and have the values chosen, in order; unknown values last either way. */
export function narrowed(rows: Row[], search: string, order: Order, chosen: Chosen = {}): Row[] {
  const text = search.trim().toLowerCase();
  const key = KEYS[order.sort] ?? KEYS.latency!;
  const mentions = (row: Row) =>
    [row.name, row.input, row.model, row.trace_id].some((value) => value?.toLowerCase().includes(text));
  const wanted = Object.entries(chosen).filter(([, values]) => values.length);
  const kept = rows.filter(
    (row) => (!text || mentions(row)) && wanted.every(([column, values]) => values.includes(held(row, column))),
  );
  const way = order.ascending ? 1 : -1;
  return kept.sort((a, b) => {
    const [one, other] = [key(a), key(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    if (one !== other) return one < other ? -way : way;
    return (b.duration_ms ?? -1) - (a.duration_ms ?? -1);
  });
}

/** The facets of rows, as the kernel counts them. */
export function counted(rows: Row[], columns: string[], most = 8): Facet[] {
  return columns.map((column) => {
    const counts = new Map<string | null, number>();
    for (const row of rows) counts.set(held(row, column), (counts.get(held(row, column)) ?? 0) + 1);
    const values = [...counts].sort((a, b) => b[1] - a[1]);
    return { column, values: values.slice(0, most), others: Math.max(0, values.length - most) };
  });
}

/** Chooses a value, or no longer. */
export function toggled(chosen: Chosen, column: string, value: string | null): Chosen {
  const have = chosen[column] ?? [];
  const now = have.includes(value) ? have.filter((each) => each !== value) : [...have, value];
  const { [column]: _, ...rest } = chosen;
  return now.length ? { ...rest, [column]: now } : rest;
}
