/** The cells behind the board, and the crossfilter over them: each chart counts what all the other charts let through. */

export interface Axis {
  key: string;
  title: string;
  kind: "time" | "log" | "values";
  /** What it is in SQL. */
  sql: string;
  /** Codes of the axis. Of time and logarithmic axes the last one is for what is unknown. */
  size: number;
  /** "time", or the unit of a logarithmic axis. */
  unit?: string;
  /** Time: start of the first bin and width of a bin, in ms since 1970. */
  start?: number;
  width?: number;
  /** Logarithmic: bin `code` begins at `10 ** ((first + code) / perDecade)`; the lowest also holds zeros, if any. */
  first?: number;
  perDecade?: number;
  zero?: boolean;
  /** Values: what each code stands for; null is unknown. */
  labels?: (string | null)[];
  /** Values: the last code stands for this many further values. */
  others?: number;
}

export interface Column {
  name: string;
  type: "u1" | "u2" | "u4" | "f4";
  offset: number;
}

export interface Meta {
  unit: string;
  cells: number;
  axes: Axis[];
  columns: Column[];
}

type Codes = Uint8Array | Uint16Array;

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };

/** What the charts and the strip show. */
export interface Result {
  /** Per axis, per code: what all other axes let through. */
  hist: Float64Array[];
  /** Per axis, per code: what every axis lets through. */
  inside: Float64Array[];
  /** Per time bin, those of `hist` that failed. */
  failed: Float64Array;
  /** What every axis lets through. */
  count: number;
  errors: number;
  /** NaN where none is known. */
  tokens: number;
  cost: number;
}

export class Crossfilter {
  readonly axes: Axis[];
  readonly codes: Codes[];
  readonly count: Uint32Array;
  private readonly tokens: Float32Array;
  private readonly cost: Float32Array;
  /** Per cell, one bit for each axis that shuts it out. */
  private readonly shut: Uint32Array;
  private readonly passes: (Uint8Array | null)[];
  private readonly timeAxis: number;
  private readonly statusAxis: number;
  private readonly failedCode: number;

  constructor(meta: Meta, cells: ArrayBuffer) {
    const column = (name: string) => {
      const { type, offset } = meta.columns.find((one) => one.name === name)!;
      return new ARRAYS[type](cells, offset, meta.cells);
    };
    this.axes = meta.axes;
    this.codes = meta.axes.map((axis) => column(axis.key) as Codes);
    this.count = column("#count") as Uint32Array;
    this.tokens = column("#tokens") as Float32Array;
    this.cost = column("#cost") as Float32Array;
    this.shut = new Uint32Array(meta.cells);
    this.passes = meta.axes.map(() => null);
    this.timeAxis = meta.axes.findIndex((axis) => axis.kind === "time");
    this.statusAxis = meta.axes.findIndex((axis) => axis.key === "status");
    this.failedCode = meta.axes[this.statusAxis]?.labels?.indexOf("error") ?? -1;
  }

  filter(axis: number, passes: Uint8Array | null): void {
    const before = this.passes[axis];
    if (before === passes || (before && passes && before.every((pass, code) => pass === passes[code]))) return;
    this.passes[axis] = passes;
    const bit = 1 << axis;
    const codes = this.codes[axis]!;
    const { shut } = this;
    for (let i = 0; i < shut.length; i++) {
      shut[i] = !passes || passes[codes[i]!] ? shut[i]! & ~bit : shut[i]! | bit;
    }
  }

  result(): Result {
    const { axes, codes, count, tokens, cost, shut, failedCode } = this;
    const inside = axes.map((axis) => new Float64Array(axis.size));
    /** What only the axis itself shuts out. */
    const beside = axes.map((axis) => new Float64Array(axis.size));
    const time = this.timeAxis >= 0 ? codes[this.timeAxis]! : null;
    const status = this.statusAxis >= 0 ? codes[this.statusAxis]! : null;
    const failed = new Float64Array(time ? axes[this.timeAxis]!.size : 0);
    const timeBit = this.timeAxis >= 0 ? 1 << this.timeAxis : 0;
    const sum = { count: 0, errors: 0, tokens: 0, cost: 0 };
    let anyTokens = false;
    let anyCost = false;
    const within = new Uint32Array(shut.length);
    let cells = 0;
    for (let i = 0; i < shut.length; i++) {
      const mask = shut[i]!;
      if (mask & (mask - 1)) continue; // two charts or more shut it out: it shows nowhere
      const n = count[i]!;
      const bad = status !== null && status[i] === failedCode;
      if (bad && time && (mask === 0 || mask === timeBit)) failed[time[i]!]! += n;
      if (mask) {
        const axis = 31 - Math.clz32(mask);
        beside[axis]![codes[axis]![i]!]! += n;
        continue;
      }
      within[cells++] = i;
      sum.count += n;
      if (bad) sum.errors += n;
      const [t, c] = [tokens[i]!, cost[i]!];
      if (!Number.isNaN(t)) {
        sum.tokens += t;
        anyTokens = true;
      }
      if (!Number.isNaN(c)) {
        sum.cost += c;
        anyCost = true;
      }
    }
    // One axis after the other: a loop over one array of codes is what the compiler makes fast.
    axes.forEach((_, axis) => {
      const own = codes[axis]!;
      const into = inside[axis]!;
      for (let j = 0; j < cells; j++) {
        const i = within[j]!;
        into[own[i]!]! += count[i]!;
      }
    });
    const hist = inside.map((own, axis) => own.map((n, code) => n + beside[axis]![code]!));
    if (!anyTokens) sum.tokens = Number.NaN;
    if (!anyCost) sum.cost = Number.NaN;
    return { hist, inside, failed, ...sum };
  }
}

/** The edge of a bin: ms since 1970 on a time axis, the value on a logarithmic one. */
export const edge = (axis: Axis, code: number) =>
  axis.kind === "time" ? axis.start! + code * axis.width! : 10 ** ((axis.first! + code) / axis.perDecade!);

/**
 * The `share` quantile (0..1) of a histogram on a logarithmic axis: the logarithm is taken as uniform within a bin, so
 * it is off by at most the width of one bin. NaN where nothing is counted.
 */
export function quantile(axis: Axis, hist: ArrayLike<number>, share: number): number {
  const last = axis.size - 1; // without the unknown
  let total = 0;
  for (let code = 0; code < last; code++) total += hist[code]!;
  let rest = share * total;
  for (let code = 0; code < last; code++) {
    const n = hist[code]!;
    if (n > 0 && rest <= n) return edge(axis, code + rest / n);
    rest -= n;
  }
  return Number.NaN;
}
