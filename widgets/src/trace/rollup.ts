/** Tokens and cost of everything below a span, each counted once. */
import type { Spans, Tree } from "./tree";

export interface Sum {
  tokens: number | null;
  cost: number | null;
  spans: number;
  failed: number;
}

/** Rows whose tokens or cost another span tells as well, so that they do not count. */
export interface Repeats {
  tokens: number[];
  cost: number[];
}

/** Returns what sums a subtree in no time: running totals along the order of the tree. */
export function rollup(spans: Spans, tree: Tree, repeats: Repeats): (row: number) => Sum {
  const n = tree.order.length;
  const running = (values: (number | null)[], skipped: number[]) => {
    const skip = new Set(skipped);
    const total = new Float64Array(n + 1);
    const known = new Int32Array(n + 1);
    for (let at = 0; at < n; at++) {
      const row = tree.order[at]!;
      const value = skip.has(row) ? null : (values[row] ?? null);
      total[at + 1] = total[at]! + (value ?? 0);
      known[at + 1] = known[at]! + Number(value !== null);
    }
    return (from: number, to: number) => (known[to]! > known[from]! ? total[to]! - total[from]! : null);
  };
  const tokens = running(spans.tokens, repeats.tokens);
  const cost = running(spans.cost, repeats.cost);
  const failures = running(
    spans.status.map((status) => (status === "error" ? 1 : null)),
    [],
  );
  return (row) => {
    const from = tree.position[row]!;
    const to = tree.end[from]!;
    return { tokens: tokens(from, to), cost: cost(from, to), spans: to - from, failed: failures(from, to) ?? 0 };
  };
}
