/** The steps of two traces as one tree, by column, and which of them are shown. */
export const CHANGES = ["slower", "faster", "added", "removed", "changed", "same"] as const;
export type Change = (typeof CHANGES)[number];

/** By column, in the order of the tree; null where a trace has no such step, or does not tell. */
export interface Steps {
  depth: number[];
  name: string[];
  operation: (string | null)[];
  change: Change[];
  /** Whether something else was said. */
  said: boolean[];
  left_span_id: (string | null)[];
  right_span_id: (string | null)[];
  /** ms, and the ms of them in which no child ran. */
  left_ms: (number | null)[];
  right_ms: (number | null)[];
  left_self_ms: (number | null)[];
  right_self_ms: (number | null)[];
  left_status: (string | null)[];
  right_status: (string | null)[];
  /** Model, tool or agent. */
  left_actor: (string | null)[];
  right_actor: (string | null)[];
  left_tokens: (number | null)[];
  right_tokens: (number | null)[];
  left_cost_usd: (number | null)[];
  right_cost_usd: (number | null)[];
}

/** What the reader may look for: a kind of change, or that something else was said. */
export type Kind = Exclude<Change, "same"> | "said";
export const KINDS: Kind[] = ["slower", "faster", "added", "removed", "changed", "said"];

export const is = (steps: Steps, row: number, kind: Kind): boolean =>
  kind === "said" ? steps.said[row]! : steps.change[row] === kind;

/** The rows that are of one of the kinds, each below its ancestors; every row where no kind is chosen. */
export function chosen(steps: Steps, kinds: ReadonlySet<Kind>): { rows: number[]; matched: Uint8Array } {
  const n = steps.depth.length;
  const matched = new Uint8Array(n);
  const keep = new Uint8Array(n);
  const path: number[] = [];
  const wanted = [...kinds];
  for (let row = 0; row < n; row++) {
    path.length = steps.depth[row]!;
    path.push(row);
    if (wanted.length && !wanted.some((kind) => is(steps, row, kind))) continue;
    matched[row] = 1;
    for (let up = path.length - 1; up >= 0 && !keep[path[up]!]; up--) keep[path[up]!] = 1;
  }
  return { rows: Array.from(keep.keys()).filter((row) => keep[row]), matched };
}

/** The next row, in a direction and around the end, that differs in any way. */
export function nextDifferent(steps: Steps, rows: readonly number[], from: number, step: 1 | -1): number | undefined {
  const n = rows.length;
  const at = rows.indexOf(from);
  for (let k = 1; k <= n; k++) {
    const row = rows[(at + step * k + n * (k + 1)) % n]!;
    if (KINDS.some((kind) => is(steps, row, kind))) return row;
  }
  return undefined;
}

/** Second less first; null where either is unknown. */
export const less = (right: number | null | undefined, left: number | null | undefined): number | null =>
  right === null || right === undefined || left === null || left === undefined ? null : right - left;
