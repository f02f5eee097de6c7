import { describe, expect, it } from "vitest";
import { type Axis, Crossfilter, edge, type Meta, quantile } from "../src/board/cube";
import { estimated, without } from "../src/board/figures";
import { type Brush, condition, passes, sql } from "../src/board/filter";
import { begun, moved, redone, rested, undone, written } from "../src/board/history";
import { binsOf, spoken } from "../src/board/panel";

const AXES: Axis[] = [
  {
    key: "time",
    title: "time",
    kind: "time",
    sql: "start_time",
    unit: "time",
    size: 11,
    start: Date.UTC(2026, 10, 16),
    width: 3_600_000,
  },
  {
    key: "latency",
    title: "latency",
    kind: "log",
    sql: "duration_ms",
    unit: "ms",
    size: 41,
    first: 40,
    perDecade: 20,
    zero: false,
  },
  { key: "status", title: "status", kind: "values", sql: "status", size: 2, labels: ["ok", "error"] },
  {
    key: "model",
    title: "model",
    kind: "values",
    sql: "model",
    size: 4,
    labels: ["gpt-4o", "o'3", null, "(other)"],
    others: 5,
  },
];

/** Cells with pseudo-random codes, and the same cells as plain rows. */
function sample(cells: number, seed = 7) {
  let state = seed;
  const next = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const rows = Array.from({ length: cells }, () => ({
    codes: AXES.map((axis) => next(axis.size)),
    count: 1 + next(9),
    tokens: next(3) ? next(1000) : Number.NaN,
    cost: Number.NaN,
  }));
  const data = new ArrayBuffer(cells * (12 + AXES.length));
  new Uint32Array(data, 0, cells).set(rows.map((row) => row.count));
  new Float32Array(data, 4 * cells, cells).set(rows.map((row) => row.tokens));
  new Float32Array(data, 8 * cells, cells).set(rows.map((row) => row.cost));
  AXES.forEach((_, i) => {
    new Uint8Array(data, (12 + i) * cells, cells).set(rows.map((row) => row.codes[i]!));
  });
  const meta: Meta = {
    unit: "requests",
    cells,
    axes: AXES,
    columns: [
      { name: "#count", type: "u4", offset: 0 },
      { name: "#tokens", type: "f4", offset: 4 * cells },
      { name: "#cost", type: "f4", offset: 8 * cells },
      ...AXES.map((axis, i) => ({ name: axis.key, type: "u1" as const, offset: (12 + i) * cells })),
    ],
  };
  return { rows, filter: new Crossfilter(meta, data) };
}

function brushed(filter: Crossfilter, brush: Brush) {
  AXES.forEach((axis, i) => {
    filter.filter(i, passes(axis, brush[axis.key]));
  });
  return filter.result();
}

const BRUSHES: Brush[] = [
  {},
  { time: [2, 5] },
  { latency: [0, 9], status: [1] },
  { time: [0, 9], latency: [3, 30], status: [0], model: [2, 3] },
  { model: [0] },
  {},
];

describe("the crossfilter", () => {
  it("counts what a plain filter over the rows counts, brush after brush", () => {
    const { rows, filter } = sample(3000);
    for (const brush of BRUSHES) {
      const result = brushed(filter, brush);
      const ok = AXES.map((axis) => passes(axis, brush[axis.key]));
      const within = rows.filter((row) => row.codes.every((code, i) => ok[i]?.[code] ?? 1));
      expect(result.count).toBe(within.reduce((sum, row) => sum + row.count, 0));
      expect(result.errors).toBe(within.reduce((sum, row) => sum + (row.codes[2] === 1 ? row.count : 0), 0));
      expect(result.tokens).toBeCloseTo(
        within.reduce((sum, row) => sum + (row.tokens || 0), 0),
        0,
      );
      expect(result.cost).toBeNaN();
    }
  });

  it("shows in each chart what all the other charts let through", () => {
    const { rows, filter } = sample(2000);
    const brush = BRUSHES[3]!;
    const result = brushed(filter, brush);
    const ok = AXES.map((axis) => passes(axis, brush[axis.key]));
    AXES.forEach((axis, own) => {
      const expected = new Float64Array(axis.size);
      for (const row of rows) {
        if (row.codes.every((code, i) => i === own || (ok[i]?.[code] ?? 1))) expected[row.codes[own]!]! += row.count;
      }
      expect(result.hist[own]).toEqual(expected);
    });
  });
});

describe("quantiles from latency bins", () => {
  const axis = AXES[1]!;

  it("are within one bin of the exact ones", () => {
    const values = Array.from({ length: 5001 }, (_, i) => 110 * 80 ** (i / 5000));
    const hist = new Float64Array(axis.size);
    for (const value of values) hist[Math.floor(Math.log10(value) * 20) - 40]! += 1;
    for (const share of [0.01, 0.5, 0.95, 0.99]) {
      const exact = values[Math.round(share * 5000)]!;
      expect(Math.abs(Math.log10(quantile(axis, hist, share) / exact))).toBeLessThan(1 / 20);
    }
  });

  it("leave out unknown durations", () => {
    const hist = new Float64Array(axis.size);
    hist[20] = 10;
    hist[40] = 1000;
    const p50 = quantile(axis, hist, 0.5);
    expect(p50).toBeGreaterThanOrEqual(edge(axis, 20));
    expect(p50).toBeLessThanOrEqual(edge(axis, 21));
  });

  it("are unknown where nothing is counted", () => {
    expect(quantile(axis, new Float64Array(axis.size), 0.5)).toBeNaN();
  });
});

describe("a comparison", () => {
  it("splits the whole into the selection and the rest", () => {
    const { filter } = sample(2000);
    const whole = brushed(filter, {});
    const part = brushed(filter, BRUSHES[3]!);
    const rest = without(whole, part);
    expect(rest.count).toBe(whole.count - part.count);
    expect(rest.errors + part.errors).toBe(whole.errors);
    expect(rest.tokens + part.tokens).toBeCloseTo(whole.tokens, 0);
    rest.inside.forEach((own, axis) => {
      expect(own.map((n, code) => n + part.inside[axis]![code]!)).toEqual(whole.inside[axis]);
    });
    expect(estimated(AXES, rest).p95).toBeGreaterThan(0);
    expect(estimated(AXES, rest).ttft).toBeNull();
  });

  it("shows each as shares of its own", () => {
    const [all, now] = [new Float64Array(41), new Float64Array(41)];
    all[3] = 30;
    all[40] = 10;
    now[3] = 1;
    now[5] = 1;
    const bins = binsOf(AXES[1]!, all, now, undefined, true);
    expect([bins[3]!.all, bins[3]!.n, bins[5]!.n]).toEqual([0.75, 0.5, 0.5]);
  });
});

describe("the filter text", () => {
  const conditions = (brush: Brush) =>
    AXES.flatMap((axis) => (brush[axis.key] ? [condition(axis, brush[axis.key]!)] : []));

  it("reads as SQL with the values quoted", () => {
    expect(conditions({ time: [1, 2], latency: [0, 19], status: [1], model: [0, 1] })).toEqual([
      "start_time >= '2026-11-16 01:00' and start_time < '2026-11-16 03:00'",
      "duration_ms >= 0 and duration_ms < 1000",
      "status = 'error'",
      "model in ('gpt-4o', 'o''3')",
    ]);
  });

  it("says what unknown and other values are", () => {
    expect(conditions({ model: [2] })).toEqual(["model is null"]);
    expect(conditions({ model: [3] })).toEqual(["model not in ('gpt-4o', 'o''3')"]);
    expect(conditions({ model: [0, 2, 3] })).toEqual(["(model not in ('o''3') or model is null)"]);
  });

  it("is exact where it is copied", () => {
    expect(sql(AXES, {})).toBe("true");
    expect(sql(AXES, { time: [1, 2], latency: [1, 19] })).toMatch(
      /^start_time >= '2026-11-16 01:00:00\.000' and start_time < '.+' and duration_ms >= 112\.201845430\d+ and duration_ms < 1000$/,
    );
  });

  it("names the edges of a range, of time or of what is measured", () => {
    expect(spoken(AXES[0]!, 0, 1)).toEqual(["2026-11-16 00:00", "2026-11-16 02:00"]);
    expect(spoken(AXES[1]!, 20, 39)).toEqual(["1.00 s", "10.0 s"]);
    expect(spoken({ ...AXES[1]!, zero: true }, 0, 0)[0]).toBe("0 ms");
  });
});

describe("undo", () => {
  it("goes back to where a brush rested, not through its moves, and forth again", () => {
    let history = begun({});
    for (const last of [3, 4, 5]) history = moved(history, { time: [1, last] });
    history = rested(history);
    history = rested(moved(history, { time: [1, 5], model: [0] }));
    history = undone(history);
    expect(history.now).toEqual({ time: [1, 5] });
    history = undone(history);
    expect(history.now).toEqual({});
    expect(undone(history)).toBe(history);
    history = redone(redone(history));
    expect(history.now).toEqual({ time: [1, 5], model: [0] });
  });

  it("takes back a brush on the move, and a new one ends what could be redone", () => {
    const moving = moved(begun({}), { model: [1] });
    expect(undone(moving).now).toEqual({});
    const again = rested(moved(undone(moving), { model: [2] }));
    expect(redone(again)).toBe(again);
  });

  it("knows a brush again whatever was brushed first", () => {
    expect(written({ time: [0, 1], model: [2] })).toBe(written({ model: [2], time: [0, 1], status: [] }));
  });
});
