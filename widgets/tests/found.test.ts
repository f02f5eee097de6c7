import { describe, expect, it } from "vitest";
import { layout } from "../src/found/layout";
import type { Node } from "../src/found/rows";
import { label, place, scale, ticks } from "../src/found/scale";

const slice = (value: number, low: number | null, high: number | null) => ({ value, low, high }) as never;

const node = (id: number, parts: string[], above: number[]): Node =>
  ({ id, parts, above, depth: parts.length, kind: "worse" }) as never;

describe("the scale of a forest", () => {
  it("holds every interval and the value of all, and nothing below zero where nothing is", () => {
    const axis = scale([slice(0.02, 0.01, 0.05), slice(0.2, null, null)], 0.001);
    expect(axis.low).toBe(0);
    expect(axis.high).toBeGreaterThan(0.2);
    for (const value of [0.001, 0.01, 0.2]) {
      expect(place(axis, value)).toBeGreaterThanOrEqual(0);
      expect(place(axis, value)).toBeLessThanOrEqual(100);
    }
  });

  it("keeps room around a single value, and around values below zero", () => {
    expect(place(scale([slice(5, null, null)], 5), 5)).toBeCloseTo(50);
    expect(scale([slice(-3, -4, -1)], null).low).toBeLessThan(-4);
  });

  it("is labelled with a few round numbers within", () => {
    expect(ticks(3_900, 18_700)).toEqual([5_000, 10_000, 15_000]);
    expect(ticks(0, 0.31)).toEqual([0, 0.1, 0.2, 0.3]);
    for (const [low, high] of [
      [0, 1],
      [0.013, 0.0131],
      [90, 9e7],
    ] as const) {
      expect(ticks(low, high).length).toBeGreaterThan(1);
      expect(ticks(low, high).length).toBeLessThan(6);
    }
  });

  it("writes round numbers round", () => {
    expect([label(5_000, "ms"), label(10_000, "ms"), label(0.1, "rate"), label(1_500, "ms"), label(200, "")]).toEqual([
      "5 s",
      "10 s",
      "10 %",
      "1.5 s",
      "200",
    ]);
    expect([label(0.55, ""), label(0.6, ""), label(-0.1, ""), label(2, "")]).toEqual(["0.55", "0.6", "-0.1", "2"]);
  });
});

describe("the lattice of combinations", () => {
  const nodes = [
    node(1, ["a"], []),
    node(2, ["b"], []),
    node(3, ["c"], []),
    node(4, ["a", "b"], [2, 1]),
    node(5, ["b", "c"], [2, 3]),
    node(6, ["a", "c"], [1, 3]),
    node(7, ["a", "b", "c"], [4, 5, 6]),
  ];

  it("has a column for each number of attributes, and no two nodes on each other", () => {
    const { placed, height } = layout(nodes, false);
    expect([...placed.values()].map(({ column }) => column).sort()).toEqual([0, 0, 0, 1, 1, 1, 2]);
    for (const column of [0, 1, 2]) {
      const own = [...placed.values()].filter((one) => one.column === column).sort((a, b) => a.top - b.top);
      own.slice(1).forEach((one, i) => {
        expect(one.top).toBeGreaterThanOrEqual(own[i]!.top + own[i]!.height);
      });
      expect(Math.max(...own.map((one) => one.top + one.height))).toBeLessThanOrEqual(height);
    }
  });

  it("gives texts two lines each in narrow columns", () => {
    expect(layout(nodes, true).placed.get(1)!.height).toBeGreaterThan(layout(nodes, false).placed.get(1)!.height);
  });
});
