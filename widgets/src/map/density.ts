/** The ground under the points: how many there are, or, between two windows, which of them has more than its share. */
import { rgb } from "./palette";
import { type Points, SPAN } from "./points";

export const CELLS = 160;
const SHIFT = (SPAN + 1) / CELLS;

/** The middle of a row or column of cells, in map units. */
export const centre = (cell: number) => (cell + 0.5) * SHIFT;

/** Points per cell, softened: each spreads over its neighbours. */
export function density({ count, x, y }: Points, only?: (i: number) => boolean): Float64Array {
  const cells = new Float64Array(CELLS * CELLS);
  for (let i = 0; i < count; i++) {
    if (!only || only(i)) cells[Math.floor(y[i]! / SHIFT) * CELLS + Math.floor(x[i]! / SHIFT)]!++;
  }
  return softened(softened(cells));
}

function softened(cells: Float64Array): Float64Array {
  const pass = (from: Float64Array, step: number) => {
    const to = new Float64Array(from.length);
    for (let i = 0; i < from.length; i++) {
      to[i] = (from[i - 2 * step] ?? 0) + 2 * (from[i - step] ?? 0) + 3 * from[i]!;
      to[i] = (to[i]! + 2 * (from[i + step] ?? 0) + (from[i + 2 * step] ?? 0)) / 9;
    }
    return to;
  };
  return pass(pass(cells, 1), CELLS);
}

/** The sum of the squares of the weights by which a point spreads: how much less softened counts vary by chance. */
const KERNEL = (19 / 81) ** 2;

/** Paints the ground: an image of the whole map, its first row at the top. */
export function ground(all: Points, windows: Uint8Array | null, ink: string, other: string): ImageData {
  const image = new ImageData(CELLS, CELLS);
  const [mine, theirs] = [rgb(ink), rgb(other)];
  const put = (cell: number, [r, g, b]: number[], alpha: number) => {
    const at = ((CELLS - 1 - Math.floor(cell / CELLS)) * CELLS + (cell % CELLS)) * 4;
    image.data.set([r!, g!, b!, Math.round(alpha * 255)], at);
  };
  if (!windows) {
    const cells = density(all);
    const most = Math.log1p(cells.reduce((high, n) => Math.max(high, n), 0)) || 1;
    cells.forEach((n, cell) => {
      put(cell, mine, (Math.log1p(n) / most) * 0.28);
    });
    return image;
  }
  const parts = [0, 1].map((code) => density(all, (i) => windows[i] === code));
  const sums = parts.map((cells) => cells.reduce((sum, n) => sum + n, 0) || 1);
  const even = 1 / (CELLS * CELLS);
  const noise = parts.map((_, i) => KERNEL / sums[i]!);
  for (let cell = 0; cell < CELLS * CELLS; cell++) {
    const [now, before] = parts.map((cells, i) => cells[cell]! / sums[i]!) as [number, number];
    // A tenth of an even spread is added to both, so that a lone point in an empty cell is no infinite change.
    const ratio = Math.log2((now + even / 10) / (before + even / 10));
    const spread = Math.sqrt(noise[0]! * now + noise[1]! * before) || 1;
    const beyond = Math.min(1, Math.max(0, Math.abs(now - before) / spread - 1.5) / 2);
    put(cell, ratio > 0 ? mine : theirs, Math.min(1, Math.abs(ratio) / 3) * 0.8 * beyond);
  }
  return image;
}
