/** Which spans of a trace mention a text, and which rows are shown then. */
import type { Detail } from "./detail";
import { kind } from "./kinds";
import type { Spans, Tree } from "./tree";

/** One per row, 1 where the span mentions `text` in any case; null where there is nothing to look for. */
export function matches(spans: Spans, details: Record<string, Detail>, text: string): Uint8Array | null {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  const has = (value: string | null | undefined) => value?.toLowerCase().includes(wanted) ?? false;
  return Uint8Array.from(spans.id, (id, row) => {
    const detail = details[id];
    return Number(
      has(spans.name[row]) ||
        has(spans.actor[row]) ||
        has(spans.operation[row] ?? kind(null).word) ||
        has(spans.error[row]) ||
        has(spans.service[row]) ||
        has(spans.status[row]) ||
        id.toLowerCase() === wanted ||
        (detail !== undefined && (has(detail.input) || has(detail.output) || has(detail.error_message))),
    );
  });
}

/** Rows that match, and every row above one that does, so that the tree still hangs together. */
export function withAncestors(tree: Tree, matched: Uint8Array): Uint8Array {
  const keep = new Uint8Array(matched.length);
  const path: number[] = [];
  for (const row of tree.order) {
    path.length = tree.depth[row]!;
    path.push(row);
    if (!matched[row]) continue;
    for (let up = path.length - 1; up >= 0 && !keep[path[up]!]; up--) keep[path[up]!] = 1;
  }
  return keep;
}
