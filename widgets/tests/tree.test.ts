import { describe, expect, it } from "vitest";
import { arrange, parentPosition, type Spans, selfTime, visible } from "../src/trace/tree";
import { ticks } from "../src/trace/waterfall";

/** Spans given as [parent, start, duration]. */
function spans(rows: [parent: number, start: number | null, duration: number | null][]): Spans {
  const none = rows.map(() => null);
  return {
    id: rows.map((_, i) => `s${i}`),
    parent: rows.map((row) => row[0]),
    name: rows.map((_, i) => `span ${i}`),
    operation: none,
    status: none,
    start: rows.map((row) => row[1]),
    duration: rows.map((row) => row[2]),
    error: none,
    service: none,
    actor: none,
    tokens: none,
    cost: none,
  };
}

describe("the tree of a trace", () => {
  it("shows each parent before its children, siblings by start, unknown times last", () => {
    const tree = arrange(
      spans([
        [-1, 0, 100],
        [0, 50, 10],
        [0, 10, 20],
        [2, 12, 5],
        [0, null, null],
      ]),
    );
    expect([...tree.order]).toEqual([0, 2, 3, 1, 4]);
    expect([...tree.depth]).toEqual([0, 1, 1, 2, 1]);
    expect(tree.length).toBe(100);
  });

  it("keeps every span exactly once where parents are missing or go round in circles", () => {
    const tree = arrange(
      spans([
        [1, 0, 1],
        [2, 1, 1],
        [0, 2, 1],
        [-2, 5, 1],
        [3, 6, 1],
        [5, 7, 1],
      ]),
    );
    expect([...tree.order].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(tree.oddity.get(3)).toBe("orphan");
    expect(tree.oddity.get(0)).toBe("cycle");
    expect(tree.oddity.get(5)).toBe("cycle");
    expect(tree.oddity.size).toBe(3);
  });

  it("leaves out what is below a folded span", () => {
    const tree = arrange(
      spans([
        [-1, 0, 9],
        [0, 1, 1],
        [1, 1, 1],
        [0, 3, 1],
      ]),
    );
    expect([...visible(tree, new Set([1]))]).toEqual([0, 1, 3]);
    expect([...visible(tree, new Set([0]))]).toEqual([0]);
    expect(parentPosition(tree, visible(tree, new Set()), 2)).toBe(1);
    expect(parentPosition(tree, visible(tree, new Set()), 0)).toBe(-1);
  });

  it("counts the time that no child covers, overlapping children once", () => {
    const own = spans([
      [-1, 0, 100],
      [0, 10, 30],
      [0, 20, 40],
      [0, 90, 50],
      [1, 10, 30],
      [0, 5, null],
    ]);
    const tree = arrange(own);
    expect(selfTime(own, tree, 0)).toBe(100 - 50 - 10);
    expect(selfTime(own, tree, 1)).toBe(0);
    expect(selfTime(own, tree, 5)).toBeNull();
  });

  it("arranges 50,000 spans, one below the other or side by side, in a blink", () => {
    for (const parent of [(i: number) => i - 1, (i: number) => (i ? 0 : -1)]) {
      const many = spans(Array.from({ length: 50_000 }, (_, i) => [parent(i), i, 50_000 - i]));
      const before = performance.now();
      const tree = arrange(many);
      visible(tree, new Set([3]));
      expect(performance.now() - before).toBeLessThan(500);
      expect(tree.order.length).toBe(50_000);
    }
  });
});

describe("the time scale", () => {
  it("has few round steps", () => {
    expect(ticks(338)).toEqual([0, 100, 200, 300]);
    expect(ticks(3440)).toEqual([0, 1000, 2000, 3000]);
    expect(ticks(0)).toEqual([0]);
  });
});
