/** Names where there is room for them: the first come first, none on another, and never so many that they hide the map. */
import { type Camera, type Size, toScreen } from "./camera";

/** A name that wants to stand somewhere; what `must` be told counts not as too much. */
export interface Named {
  x: number;
  y: number;
  must: boolean;
  /** Whether the place is the upper edge of what is named. */
  above?: boolean;
}

export interface Label {
  at: number;
  x: number;
  y: number;
}

const HEIGHT = 17;
const GAP = 12;

/** Most of the plane that names cover. */
const COVERED = 0.1;

/** The first two phrases of a name, for where the map is seen from afar. */
export const short = (name: string) => name.split(", ").slice(0, 2).join(", ");

/** Places labels whose names are `widths` pixels wide; a label that does not fit is left out, not moved far. */
export function place(named: Named[], widths: number[], camera: Camera, size: Size): Label[] {
  const taken: [number, number, number][] = [];
  const labels: Label[] = [];
  let free = COVERED * size.width * size.height;
  named.forEach(({ x: mx, y: my, must, above }, at) => {
    const area = widths[at]! * HEIGHT;
    if (!must && area > free) return;
    const [sx, middle] = toScreen(camera, size, mx, my);
    const sy = middle - (above ? HEIGHT * 0.6 : 0);
    if (sx < 0 || sy < 0 || sx > size.width || sy > size.height) return;
    const half = (widths[at]! + GAP) / 2;
    if (2 * half > size.width) return;
    const x = Math.min(Math.max(sx, half), size.width - half);
    for (const dy of [0, -HEIGHT, HEIGHT]) {
      const y = Math.min(Math.max(sy + dy, HEIGHT / 2), size.height - HEIGHT / 2);
      if (taken.every(([ox, oy, other]) => Math.abs(x - ox) >= half + other || Math.abs(y - oy) >= HEIGHT)) {
        taken.push([x, y, half]);
        labels.push({ at, x, y });
        if (!must) free -= area;
        return;
      }
    }
  });
  return labels;
}
