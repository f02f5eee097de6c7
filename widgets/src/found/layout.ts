/** Where the nodes of a lattice stand: a column for each number of attributes, each node near those made of it. */
import type { Node } from "./rows";

/** Heights in pixels: of a line of text, of the frame of a node, and between nodes. */
const [LINE, FRAME, GAP] = [16, 14, 8];

export interface Placed {
  node: Node;
  column: number;
  top: number;
  height: number;
}

export interface Layout {
  height: number;
  placed: Map<number, Placed>;
}

const middle = ({ top, height }: Placed) => top + height / 2;

/** In narrow columns what a node says takes two lines each. */
export function layout(nodes: Node[], narrow: boolean): Layout {
  const depths = [...new Set(nodes.map(({ depth }) => depth))].sort((a, b) => b - a);
  const placed = new Map<number, Placed>();
  let whole = 0;
  for (const [index, depth] of depths.entries()) {
    const column = depths.length - 1 - index;
    const own = nodes.filter((node) => node.depth === depth);
    const wanted = own.map((node) => {
      const below = nodes.filter(({ above }) => above.includes(node.id)).flatMap(({ id }) => placed.get(id) ?? []);
      return below.length ? below.reduce((sum, one) => sum + middle(one), 0) / below.length : Number.POSITIVE_INFINITY;
    });
    const order = own.map((_, i) => i).sort((a, b) => (wanted[a] === wanted[b] ? a - b : wanted[a]! - wanted[b]!));
    let free = 0;
    for (const i of order) {
      const node = own[i]!;
      const height = (node.parts.length + 1) * LINE * (narrow ? 2 : 1) + FRAME;
      const top = Number.isFinite(wanted[i]) ? Math.max(free, wanted[i]! - height / 2) : free;
      placed.set(node.id, { node, column, top, height });
      free = top + height + GAP;
    }
    whole = Math.max(whole, free - GAP);
  }
  return { height: whole, placed };
}
