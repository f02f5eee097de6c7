/** The points of a map: two coordinates and, for each way to colour them, a code. */

/** Coordinates go from 0 to this. */
export const SPAN = 65_535;

export interface Colouring {
  key: string;
  kind: "values" | "steps";
  /** What each code stands for; null is unknown. */
  labels: (string | null)[];
  /** The label "(other)" stands for this many values. */
  others: number;
}

export interface Topic {
  name: string;
  x: number;
  y: number;
  count: number;
  example: string;
}

export interface Meta {
  unit: string;
  scope: string;
  count: number;
  colours: Colouring[];
  topics: Topic[];
  notes: string[];
  /** The map in plain words, where it is a part of something else that has its own. */
  summary?: string;
}

/** What is selected: the corners of a lasso, and codes of colourings by their key. */
export type Corner = [number, number];
export interface Brush {
  lasso?: Corner[];
  [key: string]: number[] | Corner[] | undefined;
}

export interface Points {
  count: number;
  x: Uint16Array;
  y: Uint16Array;
  /** In the order of the colourings. */
  codes: Uint8Array[];
}

export function points(meta: Meta, data: ArrayBuffer): Points {
  const { count } = meta;
  return {
    count,
    x: new Uint16Array(data, 0, count),
    y: new Uint16Array(data, 2 * count, count),
    codes: meta.colours.map((_, i) => new Uint8Array(data, (4 + i) * count, count)),
  };
}

/** Marks what lies inside a polygon, by the even-odd rule: the same arithmetic as in Python, so that both count alike. */
export function inside(all: Points, polygon: Corner[], chosen: Uint8Array): void {
  if (polygon.length < 3) {
    chosen.fill(0);
    return;
  }
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const corners = polygon.length;
  for (let i = 0; i < all.count; i++) {
    if (!chosen[i]) continue;
    const x = all.x[i]!;
    const y = all.y[i]!;
    let odd = false;
    if (x >= left && x <= right && y >= low && y <= high) {
      for (let a = 0, b = corners - 1; a < corners; b = a++) {
        const yi = ys[a]!;
        const yj = ys[b]!;
        if (yi > y !== yj > y && x < ((xs[b]! - xs[a]!) * (y - yi)) / (yj - yi) + xs[a]!) odd = !odd;
      }
    }
    chosen[i] = odd ? 1 : 0;
  }
}

/** Marks what a brush chooses, 1 for yes; null where it chooses everything. */
export function select(meta: Meta, all: Points, brush: Brush): Uint8Array | null {
  const keys = Object.keys(brush).filter((key) => brush[key]?.length);
  if (!keys.length) return null;
  const chosen = new Uint8Array(all.count).fill(1);
  for (const key of keys) {
    const i = meta.colours.findIndex((colour) => colour.key === key);
    if (key === "lasso" || i < 0) continue;
    const passes = new Uint8Array(256);
    for (const code of brush[key] as number[]) passes[code] = 1;
    const codes = all.codes[i]!;
    for (let n = 0; n < chosen.length; n++) chosen[n]! &= passes[codes[n]!]!;
  }
  if (brush.lasso?.length) inside(all, brush.lasso, chosen);
  return chosen;
}

/** How many points have each code, of all or of those chosen. */
export function counts(codes: Uint8Array, chosen: Uint8Array | null, labels: number): Float64Array {
  const found = new Float64Array(Math.max(labels, 256));
  if (chosen) for (let i = 0; i < codes.length; i++) found[codes[i]!]! += chosen[i]!;
  else for (let i = 0; i < codes.length; i++) found[codes[i]!]!++;
  return found.subarray(0, labels);
}

/** A drawn line with fewer corners: those that lie within `near` of their neighbours' straight line are left out. */
export function simplified(line: Corner[], near: number): Corner[] {
  if (line.length < 3) return line;
  const [first, last] = [line[0]!, line[line.length - 1]!];
  const length = Math.hypot(last[0] - first[0], last[1] - first[1]);
  let [worst, at] = [-1, 0];
  for (let i = 1; i < line.length - 1; i++) {
    const [x, y] = line[i]!;
    const away = length
      ? Math.abs((last[0] - first[0]) * (first[1] - y) - (first[0] - x) * (last[1] - first[1])) / length
      : Math.hypot(x - first[0], y - first[1]);
    if (away > worst) [worst, at] = [away, i];
  }
  if (worst <= near) return [first, last];
  return [...simplified(line.slice(0, at + 1), near).slice(0, -1), ...simplified(line.slice(at), near)];
}
