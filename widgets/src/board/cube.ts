/** The cells behind the board, and the crossfilter over them: each chart counts what all the other charts let through. */

export interface Axis {
  key: string;
  title: string;
  kind: "time" | "latency" | "values";
  /** Codes of the axis. Of time and latency the last one is for what is unknown. */
  size: number;
  /** Time: start of the first bin and width of a bin, in ms since 1970. */
  start?: number;
  width?: number;
  /** Latency: bin `code` begins at `10 ** ((first + code) / perDecade)` ms. */
  first?: number;
  perDecade?: number;
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
  /** Per time bin, those among them that failed. */
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

  /** Which codes an axis lets through, 1 for yes; null lets all through. */
  passing(axis: number): Uint8Array | null {
    return this.passes[axis] ?? null;
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
    const { codes, count, tokens, cost, shut, failedCode } = this;
    const hist = this.axes.map((axis) => new Float64Array(axis.size));
    const time = this.timeAxis >= 0 ? codes[this.timeAxis]! : null;
    const status = this.statusAxis >= 0 ? codes[this.statusAxis]! : null;
    const failed = new Float64Array(time ? this.axes[this.timeAxis]!.size : 0);
    const timeBit = this.timeAxis >= 0 ? 1 << this.timeAxis : 0;
    const sum = { count: 0, errors: 0, tokens: 0, cost: 0 };
    let anyTokens = false;
    let anyCost = false;
    for (let i = 0; i < shut.length; i++) {
      const mask = shut[i]!;
      if (mask & (mask - 1)) continue; // two charts or more shut it out: it shows nowhere
      const n = count[i]!;
      const bad = status !== null && status[i] === failedCode;
      if (bad && time && (mask === 0 || mask === timeBit)) failed[time[i]!]! += n;
      if (mask) {
        const axis = 31 - Math.clz32(mask);
        hist[axis]![codes[axis]![i]!]! += n;
        continue;
      }
      for (let axis = 0; axis < hist.length; axis++) hist[axis]![codes[axis]![i]!]! += n;
      sum.count += n;
      if (bad) sum.errors += n;
      if (!Number.isNaN(tokens[i])) {
        sum.tokens += tokens[i]!;
        anyTokens = true;
      }
      if (!Number.isNaN(cost[i])) {
        sum.cost += cost[i]!;
        anyCost = true;
      }
    }
    if (!anyTokens) sum.tokens = Number.NaN;
    if (!anyCost) sum.cost = Number.NaN;
    return { hist, failed, ...sum };
  }
}

/** The edge of a latency bin, in ms. */
export const edge = (axis: Axis, code: number) => 10 ** ((axis.first! + code) / axis.perDecade!);

/**
 * The `share` quantile (0..1) of a latency histogram, in ms: the logarithm is taken as uniform within a bin, so it is
 * off by at most the width of one bin. NaN where nothing is counted.
 */
export function quantile(axis: Axis, hist: ArrayLike<number>, share: number, passes: Uint8Array | null): number {
  const last = axis.size - 1; // without the unknown
  let total = 0;
  for (let code = 0; code < last; code++) if (!passes || passes[code]) total += hist[code]!;
  let rest = share * total;
  for (let code = 0; code < last; code++) {
    const n = !passes || passes[code] ? hist[code]! : 0;
    if (n > 0 && rest <= n) return edge(axis, code + rest / n);
    rest -= n;
  }
  return Number.NaN;
}
