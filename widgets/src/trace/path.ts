/** Self time and critical path of a trace: `llmscope/analysis/critical_path.py` in the page, with the same repairs. */
import type { Spans, Tree } from "./tree";

export interface Times {
  /** Per row: ms of the span's own, in which no child was running; NaN where its time is unknown. */
  own: Float64Array;
  /** Per row: ms in which the request was waiting for this span and none of its children. */
  critical: Float64Array;
  /** Per row on the path: when that was, as begin and end in ms since the trace's start, the latest first. */
  pieces: Map<number, [begin: number, end: number][]>;
}

const timed = (spans: Spans, row: number): boolean => {
  const [start, took] = [spans.start[row], spans.duration[row]];
  return start !== null && start !== undefined && took !== null && took !== undefined && took >= 0;
};

/** The row that holds the others: one without a parent before one that lost it, the earliest, the longest. */
function mainRoot(spans: Spans): number {
  let best = -1;
  const before = (a: number, b: number) => {
    const lost = Number(spans.parent[a] !== -1) - Number(spans.parent[b] !== -1);
    if (lost) return lost < 0;
    const start = spans.start[a]! - spans.start[b]!;
    return start ? start < 0 : spans.duration[a]! > spans.duration[b]!;
  };
  for (let row = 0; row < spans.id.length; row++) {
    if (timed(spans, row) && (best < 0 || before(row, best))) best = row;
  }
  return best;
}

/** Rows below each row once all is repaired: everything hangs under the root, and only below spans with a time. */
function children(spans: Spans, tree: Tree, root: number): number[][] {
  const n = spans.id.length;
  const below: number[][] = Array.from({ length: n }, () => []);
  // The nearest ancestor that has a time; parents come before their children in the tree's order.
  const above = new Int32Array(n).fill(-1);
  const path: number[] = [];
  for (const row of tree.order) {
    path.length = tree.depth[row]!;
    const parent = path.at(-1);
    above[row] = parent === undefined ? -1 : timed(spans, parent) ? parent : above[parent]!;
    path.push(row);
  }
  // The main root may itself stand below another span: then what is above it hangs under it.
  for (let row = 0; row < n; row++) {
    if (row === root || !timed(spans, row)) continue;
    below[above[row]! >= 0 ? above[row]! : root]!.push(row);
  }
  const end = (row: number) => spans.start[row]! + spans.duration[row]!;
  for (const rows of below) {
    if (rows.length > 1) rows.sort((a, b) => end(b) - end(a) || spans.start[a]! - spans.start[b]! || a - b);
  }
  return below;
}

/**
 * Jaeger's walk: from a span's end back to its start, the last child to finish before the cursor is what it waited for;
 * the cursor moves to that child's start, the child is walked the same way, and the rest is the span's own.
 */
export function times(spans: Spans, tree: Tree): Times {
  const n = spans.id.length;
  const own = new Float64Array(n).fill(Number.NaN);
  const critical = new Float64Array(n);
  const pieces: Times["pieces"] = new Map();
  const root = mainRoot(spans);
  if (root < 0) return { own, critical, pieces };
  const below = children(spans, tree, root);
  const end = (row: number) => spans.start[row]! + spans.duration[row]!;
  for (let row = 0; row < n; row++) {
    if (!timed(spans, row)) continue;
    let covered = 0;
    let cursor = end(row);
    for (const child of below[row]!) {
      const [from, to] = [Math.max(spans.start[child]!, spans.start[row]!), Math.min(end(child), cursor)];
      if (from >= to) continue;
      covered += to - from;
      cursor = from;
    }
    own[row] = Math.max(0, spans.duration[row]! - covered);
  }
  const pending: [row: number, begin: number, finish: number][] = [[root, spans.start[root]!, end(root)]];
  while (pending.length) {
    const [row, begin, finish] = pending.pop()!;
    const waited: [number, number][] = [];
    let cursor = finish;
    for (const child of below[row]!) {
      const [from, to] = [Math.max(spans.start[child]!, begin), Math.min(end(child), finish)];
      if (!(from < to && to <= cursor)) continue;
      if (cursor > to) waited.push([to, cursor]);
      cursor = from;
      pending.push([child, from, to]);
    }
    if (cursor > begin) waited.push([begin, cursor]);
    if (waited.length) pieces.set(row, waited);
    critical[row] = waited.reduce((sum, [from, to]) => sum + to - from, 0);
  }
  return { own, critical, pieces };
}
