/** The point nearest to the pointer: points sorted into the cells of a grid, made when first asked for. */
import { type Points, SPAN } from "./points";

const CELLS = 256;
const WIDTH = (SPAN + 1) / CELLS;

export class Nearest {
  /** Where in `order` each cell begins. */
  private readonly begin: Uint32Array;
  private readonly order: Uint32Array;

  constructor(private readonly all: Points) {
    const { count, x, y } = all;
    const begin = new Uint32Array(CELLS * CELLS + 1);
    const cell = (i: number) => Math.floor(y[i]! / WIDTH) * CELLS + Math.floor(x[i]! / WIDTH);
    for (let i = 0; i < count; i++) begin[cell(i) + 1]!++;
    for (let i = 0; i < CELLS * CELLS; i++) begin[i + 1]! += begin[i]!;
    const next = begin.slice();
    this.order = new Uint32Array(count);
    for (let i = 0; i < count; i++) this.order[next[cell(i)]!++] = i;
    this.begin = begin;
  }

  /** The nearest point within `reach` of a place, and among those that `chosen` marks if there are any; -1 for none. */
  find(px: number, py: number, reach: number, chosen: Uint8Array | null): number {
    const { x, y } = this.all;
    const clamp = (value: number) => Math.min(CELLS - 1, Math.max(0, Math.floor(value / WIDTH)));
    let [found, best] = [-1, reach * reach];
    for (let row = clamp(py - reach); row <= clamp(py + reach); row++) {
      for (let column = clamp(px - reach); column <= clamp(px + reach); column++) {
        const cell = row * CELLS + column;
        for (let at = this.begin[cell]!; at < this.begin[cell + 1]!; at++) {
          const i = this.order[at]!;
          if (chosen && !chosen[i]) continue;
          const away = (x[i]! - px) ** 2 + (y[i]! - py) ** 2;
          if (away < best) [found, best] = [i, away];
        }
      }
    }
    return found;
  }
}
