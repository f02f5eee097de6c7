/** The tree of a trace as flat arrays, so that 50,000 spans cost no more than their numbers. */

/** Spans by column, as Python sends them. */
export interface Spans {
  id: string[];
  /** Row of the parent; -1 of a root, -2 where the parent is not in the trace. */
  parent: number[];
  name: string[];
  operation: (string | null)[];
  status: (string | null)[];
  /** ms since the trace's first start; null where unknown. */
  start: (number | null)[];
  /** ms; null where the span has no end. */
  duration: (number | null)[];
  error: (string | null)[];
  service: (string | null)[];
  /** Model, tool or agent, whatever the span has. */
  actor: (string | null)[];
  tokens: (number | null)[];
  cost: (number | null)[];
}

export interface Tree {
  /** Rows in the order they are shown, each parent before its children. */
  order: Int32Array;
  /** Per row of `spans`: its level. */
  depth: Int32Array;
  /** Per position in `order`: the position after its last descendant. */
  end: Int32Array;
  /** Per row: spans directly below. */
  children: Int32Array;
  /** Per row: its position in `order`. */
  position: Int32Array;
  /** Per row: what stands out about its place: "orphan" (its parent was never recorded) or "cycle" (its own ancestor). */
  oddity: Map<number, "orphan" | "cycle">;
  /** Length of the trace in ms, from the first start to the last known end. */
  length: number;
}

/** Orders spans into a tree. Every span is shown exactly once: orphans as roots, cycles cut at their first span. */
export function arrange(spans: Spans): Tree {
  const n = spans.id.length;
  const below: number[][] = Array.from({ length: n }, () => []);
  const oddity: Tree["oddity"] = new Map();
  const roots: number[] = [];
  let length = 0;
  for (let row = 0; row < n; row++) {
    const parent = spans.parent[row]!;
    if (parent === -2) oddity.set(row, "orphan");
    if (parent >= 0) below[parent]!.push(row);
    else roots.push(row);
    const start = spans.start[row];
    if (start !== null && start !== undefined) length = Math.max(length, start + Math.max(0, spans.duration[row] ?? 0));
  }
  const at = (row: number) => spans.start[row] ?? Number.POSITIVE_INFINITY;
  const byStart = (a: number, b: number) => at(a) - at(b) || a - b;
  const order = new Int32Array(n);
  const depth = new Int32Array(n);
  const end = new Int32Array(n);
  const children = new Int32Array(n);
  const position = new Int32Array(n).fill(-1);
  let placed = 0;

  const place = (root: number) => {
    const stack: { row: number; next: number; kids: number[] }[] = [];
    const enter = (row: number, level: number) => {
      const kids = below[row]!.filter((child) => position[child] === -1 && child !== root).sort(byStart);
      position[row] = placed;
      depth[row] = level;
      children[row] = kids.length;
      order[placed++] = row;
      stack.push({ row, next: 0, kids });
    };
    enter(root, 0);
    while (stack.length) {
      const top = stack.at(-1)!;
      const child = top.kids[top.next++];
      if (child !== undefined) enter(child, depth[top.row]! + 1);
      else {
        end[position[top.row]!] = placed;
        stack.pop();
      }
    }
  };
  for (const root of roots.sort(byStart)) place(root);
  // What no root leads to stands in a cycle.
  const left = Array.from({ length: n }, (_, row) => row).filter((row) => position[row] === -1);
  for (const row of left.sort(byStart)) {
    if (position[row] !== -1) continue;
    oddity.set(row, "cycle");
    place(row);
  }
  return { order, depth, end, children, position, oddity, length };
}

/** The rows to show: nothing below a folded row, and where `keep` is given only what it marks. */
export function visible(tree: Tree, folded: ReadonlySet<number>, keep: Uint8Array | null = null): Int32Array {
  const rows = new Int32Array(tree.order.length);
  let n = 0;
  for (let at = 0; at < tree.order.length; ) {
    const row = tree.order[at]!;
    if (!keep || keep[row]) rows[n++] = row;
    at = folded.has(row) || (keep && !keep[row]) ? tree.end[at]! : at + 1;
  }
  return rows.subarray(0, n);
}

/** The rows to fold so that `levels` levels are in sight; without a number nothing is folded. */
export function foldedTo(tree: Tree, levels: number): Set<number> {
  return new Set([...tree.order].filter((row) => tree.children[row]! > 0 && tree.depth[row]! >= levels - 1));
}

/** How many levels are open all the way: the deepest row in sight that has rows below it, plus one. */
export function openLevels(tree: Tree, folded: ReadonlySet<number>): number {
  let deepest = 0;
  for (const row of visible(tree, folded)) deepest = Math.max(deepest, tree.depth[row]!);
  return deepest + 1;
}

/** The position among the visible rows of the nearest ancestor of `row`, or -1. */
export function parentPosition(tree: Tree, rows: Int32Array, at: number): number {
  const level = tree.depth[rows[at]!]!;
  for (let up = at - 1; up >= 0; up--) if (tree.depth[rows[up]!]! < level) return up;
  return -1;
}
