/** Lines of equal density: around where most points are, and around the regions in which two windows differ. */
import { CELLS, centre, density } from "./density";
import { type Points, SPAN } from "./points";

/** How far a line may be from where a region is densest to be taken for the one around it. */
const BESIDE = SPAN / 20;

/** A line as pieces `x, y, x, y` in map units. */
export type Pieces = number[];

export interface Outline {
  name: string;
  /** Where its name belongs: above where it is densest. */
  x: number;
  y: number;
  pieces: Pieces;
}

/** Fewer points than this have no lines around them. */
export const FEW = 2_000;

/** Share of the points that lie within each of the lines around all of them. */
export const SHARES = [0.25, 0.5, 0.75];

/** Share of the points of a region that its outline holds. */
export const MOST = 0.8;

/** The densities above which the densest cells hold these shares of all points. */
export function levels(cells: Float64Array, shares: number[]): number[] {
  const sorted = cells.filter((n) => n > 0).sort();
  const total = sorted.reduce((sum, n) => sum + n, 0);
  return shares.map((share) => {
    let held = 0;
    for (let i = sorted.length - 1; i >= 0; i--) {
      held += sorted[i]!;
      if (held >= share * total) return sorted[i]!;
    }
    return Number.POSITIVE_INFINITY;
  });
}

/** Marching squares (Lorensen, Cline 1987, in the plane): the line along which the density is `level`. */
export function contour(cells: Float64Array, level: number): Pieces {
  const pieces: Pieces = [];
  const at = (column: number, row: number) =>
    column < 0 || row < 0 || column >= CELLS || row >= CELLS ? 0 : cells[row * CELLS + column]!;
  for (let row = -1; row < CELLS; row++) {
    for (let column = -1; column < CELLS; column++) {
      const corners = [
        [column, row],
        [column + 1, row],
        [column + 1, row + 1],
        [column, row + 1],
      ] as const;
      const values = corners.map(([c, r]) => at(c, r));
      const crossed: [number, number][] = [];
      for (let a = 0; a < 4; a++) {
        const b = (a + 1) % 4;
        const [va, vb] = [values[a]!, values[b]!];
        if (va >= level === vb >= level) continue;
        const part = (level - va) / (vb - va);
        const [from, to] = [corners[a]!, corners[b]!];
        crossed.push([from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]);
      }
      for (let i = 0; i + 1 < crossed.length; i += 2) {
        const [from, to] = [crossed[i]!, crossed[i + 1]!];
        pieces.push(centre(from[0]), centre(from[1]), centre(to[0]), centre(to[1]));
      }
    }
  }
  return pieces;
}

/** The lines around the densest parts of a map, outermost last; none where points are few. */
export function hills(points: Points): Pieces[] {
  if (points.count < FEW) return [];
  const cells = density(points);
  return levels(cells, SHARES).map((level) => contour(cells, level));
}

/** The outlines of regions, each around most of the points that have its code. */
export function outlines(points: Points, codes: Uint8Array, labels: (string | null)[]): Outline[] {
  return labels.flatMap((name, code) => {
    if (name === null) return [];
    const cells = density(points, (i) => codes[i] === code);
    let densest = 0;
    cells.forEach((n, cell) => {
      if (n > cells[densest]!) densest = cell;
    });
    if (!cells[densest]) return [];
    const [level] = levels(cells, [MOST]);
    const [x, low] = [centre(densest % CELLS), centre(Math.floor(densest / CELLS))];
    const pieces = contour(cells, level!);
    let y = low;
    for (let i = 0; i < pieces.length; i += 2) {
      if (Math.abs(pieces[i]! - x) < BESIDE) y = Math.max(y, pieces[i + 1]! < low + BESIDE ? pieces[i + 1]! : 0);
    }
    return [{ name, x, y, pieces }];
  });
}

/** A path through pieces, in map units. */
export function path(pieces: Pieces): Path2D {
  const made = new Path2D();
  for (let i = 0; i < pieces.length; i += 4) {
    made.moveTo(pieces[i]!, pieces[i + 1]!);
    made.lineTo(pieces[i + 2]!, pieces[i + 3]!);
  }
  return made;
}
