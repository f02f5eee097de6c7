/** The two binned charts, over time and over latency: pale bars for all, coloured ones for what is selected. */
import type { Palette } from "../theme";
import type { Spec } from "./vega";

export interface Bin {
  x0: number;
  x1: number;
  all: number;
  n: number;
  bad: number;
}

export const PADDING = { left: 46, right: 10, top: 8, bottom: 22 };

const MS =
  "datum.value >= 3600000 ? format(datum.value / 3600000, '~r') + ' h' : datum.value >= 60000 ? " +
  "format(datum.value / 60000, '~r') + ' min' : datum.value >= 1000 ? format(datum.value / 1000, '~r') + ' s' : " +
  "datum.value >= 1 ? format(datum.value, '~r') + ' ms' : format(datum.value * 1000, '~r') + ' µs'";

const CLOCK = { hours: "%H:%M", minutes: "%H:%M", seconds: "%H:%M:%S", milliseconds: "%H:%M:%S.%L" };
const CALENDAR = { year: "%Y", quarter: "%b", month: "%b", week: "%b %d", date: "%b %d", day: "%b %d" };

/** Round numbers to label a logarithmic axis with: decades, and 3 between them where there are few. */
export function decades(low: number, high: number): number[] {
  const ticks: number[] = [];
  const span = Math.log10(high / low);
  const steps = span > 4 ? [1] : span > 1.5 ? [1, 3] : [1, 2, 3, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  // 60 s and 1 h are rounder than 100 s to a reader.
  return ticks
    .map((tick) => (tick === 1e5 ? 6e4 : tick === 1e6 ? 6e5 : tick === 1e7 ? 3.6e6 : tick))
    .filter((t) => t <= high);
}

/** A Vega spec of `bins`, between the edges `low` and `high`, `width` pixels wide. */
export function binned(
  kind: "time" | "latency",
  bins: Bin[],
  [low, high]: [number, number],
  size: { width: number; height: number },
  colors: Palette,
): Spec {
  const bar = (from: string, to: string, color: string) => ({
    type: "rect",
    from: { data: "bins" },
    interactive: false,
    encode: {
      enter: { fill: { value: color } },
      update: {
        x: { scale: "x", field: "x0" },
        x2: { scale: "x", field: "x1", offset: { signal: "-gap" } },
        y: { scale: "y", signal: to },
        y2: { scale: "y", signal: from },
      },
    },
  });
  const ticks =
    kind === "latency"
      ? { values: decades(low, high) }
      : { tickCount: { signal: "max(2, ceil(width / 95))" }, format: { ...CALENDAR, ...CLOCK } };
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    autosize: "none",
    padding: PADDING,
    width: size.width,
    height: size.height,
    // Bins touch in the data; a hairline between them keeps them countable.
    signals: [{ name: "gap", update: `width / ${Math.max(1, bins.length)} > 3 ? 1 : 0` }],
    data: [{ name: "bins", values: bins }],
    scales: [
      { name: "x", type: kind === "time" ? "utc" : "log", domain: [low, high], range: "width" },
      { name: "y", type: "linear", domain: [0, Math.max(1, ...bins.map((bin) => bin.all))], range: "height", nice: 3 },
    ],
    axes: [
      {
        scale: "y",
        orient: "left",
        tickCount: 3,
        grid: true,
        domain: false,
        ticks: false,
        labelPadding: 6,
        encode: { labels: { update: { text: { signal: "format(datum.value, '~s')" } } } },
        zindex: 0,
      },
      {
        scale: "x",
        orient: "bottom",
        labelOverlap: true,
        labelBound: false,
        labelFlush: true,
        tickSize: 4,
        ...ticks,
        ...(kind === "latency" ? { encode: { labels: { update: { text: { signal: MS } } } } } : {}),
      },
    ],
    marks: [
      bar("0", "datum.all", colors.rest),
      bar("datum.bad", "datum.n", colors.bar),
      bar("0", "datum.bad", colors.error),
    ],
  } as unknown as Spec;
}
