/** A binned chart as Altair drew it, without data: the page puts in bins, colours and labelled values. */
import type { Palette } from "../theme";
import type { Spec } from "./vega";

export interface Bin {
  x0: number;
  x1: number;
  all: number;
  n: number;
  bad: number;
}

/** Whether a chart of these looks like a chart of those. */
export const alike = (these: Bin[], those: Bin[]) =>
  these.length === those.length &&
  these.every(({ x0, x1, all, n, bad }, i) => {
    const that = those[i]!;
    return x0 === that.x0 && x1 === that.x1 && all === that.all && n === that.n && bad === that.bad;
  });

/** The room that `llmscope/charts/panel.py` leaves around the plot. */
export const PADDING = { left: 46, right: 10, top: 8, bottom: 22 };

/** Round numbers to label a logarithmic axis with: decades, and 3 between them where there are few. */
export function decades(low: number, high: number, most = 8): number[] {
  const ticks: number[] = [];
  const span = Math.log10(high / low);
  const steps = span > 4 ? [1] : span > 1.5 ? [1, 3] : [1, 2, 3, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const step of steps) {
      const tick = Number((step * 10 ** power).toPrecision(12));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  const every = Math.ceil(ticks.length / Math.max(2, most));
  return ticks.filter((_, i) => i % every === 0);
}

/** 60 s and 1 h are rounder than 100 s to a reader. */
export const asTimes = (ticks: number[], high: number): number[] =>
  ticks
    .map((tick) => (tick === 1e5 ? 6e4 : tick === 1e6 ? 6e5 : tick === 1e7 ? 3.6e6 : tick))
    .filter((tick) => tick <= high);

export function ticksOf(bins: Bin[], unit: string, width: number): number[] {
  const [low, high] = [bins[0]!.x0, bins.at(-1)!.x1];
  const ticks = decades(low, high, Math.floor(width / (unit === "USD" ? 66 : 48)));
  return unit === "ms" ? asTimes(ticks, high) : ticks;
}

interface Named {
  name: string;
  [key: string]: unknown;
}

/** The chart with bins, size, colours and state in it. */
export function dressed(
  spec: Spec,
  bins: Bin[],
  size: { width: number; height: number },
  colors: Palette,
  state: { ticks: number[]; compare: boolean },
): Spec {
  const values: Record<string, unknown> = { rest: colors.rest, bar: colors.bar, error: colors.error, ...state };
  const put = (one: Named) => (one.name in values ? { ...one, value: values[one.name] } : one);
  return {
    ...spec,
    ...size,
    signals: (spec.signals as Named[]).map(put),
    data: (spec.data as Named[]).map((one) => (one.name === "bins" ? { ...one, values: bins } : one)),
  } as Spec;
}
