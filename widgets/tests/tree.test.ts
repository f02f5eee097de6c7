import { describe, expect, it } from "vitest";
import { matches, withAncestors } from "../src/trace/filter";
import { times } from "../src/trace/path";
import { rollup } from "../src/trace/rollup";
import { line } from "../src/trace/row";
import { isWhole, kept, panned, ticks, whole, zoomed } from "../src/trace/timeline";
import { arrange, foldedTo, openLevels, parentPosition, type Spans, visible } from "../src/trace/tree";

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

  it("arranges 50,000 spans, one below the other or side by side, in a blink", () => {
    for (const parent of [(i: number) => i - 1, (i: number) => (i ? 0 : -1)]) {
      const many = spans(Array.from({ length: 50_000 }, (_, i) => [parent(i), i, 50_000 - i]));
      const before = performance.now();
      const tree = arrange(many);
      visible(tree, new Set([3]));
      times(many, tree);
      expect(performance.now() - before).toBeLessThan(1500);
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

const names = (values: Float64Array) => Object.fromEntries([...values].map((value, i) => [`s${i}`, value]));
/** Self times and times on the critical path of spans given as [parent, start, end]. */
function walked(rows: [parent: number, start: number, end: number][]) {
  const all = spans(rows.map(([parent, start, end]) => [parent, start, end - start]));
  return times(all, arrange(all));
}

// The cases of tests/analysis/test_critical_path.py.
describe("the critical path", () => {
  it("counts of parallel children only the one that was waited for", () => {
    const { critical, own } = walked([
      [-1, 0, 100],
      [0, 10, 90],
      [0, 10, 50],
    ]);
    expect(names(critical)).toEqual({ s0: 20, s1: 80, s2: 0 });
    expect(names(own)).toEqual({ s0: 20, s1: 80, s2: 40 });
  });

  it("gives the time inside a child to the grandchild that spent it", () => {
    const { critical, own, pieces } = walked([
      [-1, 0, 100],
      [0, 10, 60],
      [1, 20, 50],
    ]);
    expect([...critical]).toEqual([50, 20, 30]);
    expect([...own]).toEqual([50, 20, 30]);
    expect(pieces.get(0)).toEqual([
      [60, 100],
      [0, 10],
    ]);
  });

  it("counts steps one after another, and an asynchronous child until its parent ends", () => {
    const steps = walked([
      [-1, 0, 100],
      [0, 0, 30],
      [0, 30, 70],
      [0, 80, 95],
    ]);
    expect([...steps.critical]).toEqual([15, 30, 40, 15]);
    const late = walked([
      [-1, 0, 100],
      [0, 80, 500],
    ]);
    expect([...late.critical]).toEqual([80, 20]);
    expect([...late.own]).toEqual([80, 420]);
  });

  it("takes nothing from a parent for a child outside it", () => {
    expect([
      ...walked([
        [-1, 0, 100],
        [0, 150, 300],
      ]).critical,
    ]).toEqual([100, 0]);
  });

  it("hangs orphans and further roots under the root, and cuts a cycle at its earliest span", () => {
    expect([
      ...walked([
        [-1, 0, 100],
        [-2, 20, 60],
      ]).critical,
    ]).toEqual([60, 40]);
    expect([
      ...walked([
        [-2, 20, 60],
        [-2, 0, 100],
      ]).critical,
    ]).toEqual([40, 60]);
    expect([
      ...walked([
        [-1, 50, 120],
        [-1, 0, 100],
      ]).critical,
    ]).toEqual([50, 50]);
    expect([
      ...walked([
        [-1, 0, 100],
        [2, 10, 60],
        [1, 20, 50],
      ]).critical,
    ]).toEqual([50, 20, 30]);
  });

  it("gives a span that ends before it starts no time, and keeps its children", () => {
    const { critical, own } = walked([
      [-1, 0, 100],
      [0, 50, 40],
      [1, 10, 30],
    ]);
    expect([...critical]).toEqual([80, 0, 20]);
    expect(own[1]).toBeNaN();
  });

  it("of any tree sums to the duration of its root", () => {
    let seed = 7;
    const dice = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % n;
    };
    for (let k = 0; k < 200; k++) {
      const rows = Array.from({ length: 1 + dice(12) }, (): [number, number, number] => {
        const start = dice(60);
        return [dice(14) - 2, start, start + dice(40)];
      });
      const known = rows.map(([parent, ...rest]): [number, number, number] => [
        parent < rows.length ? parent : -2,
        ...rest,
      ]);
      const all = spans(known.map(([parent, start, end]) => [parent, start, end - start]));
      const { critical, own } = times(all, arrange(all));
      const total = critical.reduce((sum, part) => sum + part, 0);
      expect(all.duration).toContain(total);
      expect(own.every((value, row) => value >= 0 && value <= all.duration[row]!)).toBe(true);
    }
  });

  it("is drawn as one line where its pieces are too close to tell apart", () => {
    const view = { from: 0, to: 1000 };
    expect(line([[500, 600]], view)).toBe("M500.00 1H600.00");
    expect(
      line(
        [
          [500, 600],
          [400, 499.5],
          [0, 100],
        ],
        view,
      ),
    ).toBe("M400.00 1H600.00M0.00 1H100.00");
    expect(line([[0, 100]], { from: 200, to: 300 })).toBe("");
  });
});

describe("the sum of a subtree", () => {
  it("counts what two spans tell once, and unknown is not 0", () => {
    const all = {
      ...spans([
        [-1, 0, 9],
        [0, 1, 1],
        [0, 2, 1],
        [2, 2, 1],
      ]),
      tokens: [300, 100, null, 200],
      cost: [null, null, null, 0.5],
      status: ["ok", "error", "ok", "ok"],
    };
    const sum = rollup(all, arrange(all), { tokens: [0], cost: [] });
    expect(sum(0)).toEqual({ tokens: 300, cost: 0.5, spans: 4, failed: 1 });
    expect(sum(2)).toEqual({ tokens: 200, cost: 0.5, spans: 2, failed: 0 });
    expect(sum(1)).toEqual({ tokens: 100, cost: null, spans: 1, failed: 1 });
  });
});

describe("filter and levels", () => {
  const all = spans([
    [-1, 0, 9],
    [0, 1, 1],
    [1, 1, 1],
    [0, 3, 1],
  ]);
  const tree = arrange(all);
  it("finds by name and by embedded texts, in any case, and shows the way there", () => {
    const found = matches(all, { s2: { output: "It is LOST" } }, "lost");
    expect([...found!]).toEqual([0, 0, 1, 0]);
    expect([...withAncestors(tree, found!)]).toEqual([1, 1, 1, 0]);
    expect([...visible(tree, new Set(), withAncestors(tree, found!))]).toEqual([0, 1, 2]);
    expect([...matches(all, {}, "SPAN 3")!]).toEqual([0, 0, 0, 1]);
    expect(matches(all, {}, " ")).toBeNull();
  });
  it("folds to a level, and says how many are open", () => {
    expect([...visible(tree, foldedTo(tree, 1))]).toEqual([0]);
    expect([...visible(tree, foldedTo(tree, 2))]).toEqual([0, 1, 3]);
    expect(openLevels(tree, foldedTo(tree, 2))).toBe(2);
    expect(openLevels(tree, new Set())).toBe(3);
  });
});

describe("the part of time in sight", () => {
  it("stays inside the trace however it is zoomed and moved", () => {
    expect(zoomed(whole(100), 100, 0.5)).toEqual({ from: 25, to: 75 });
    expect(zoomed({ from: 0, to: 50 }, 100, 4)).toEqual({ from: 0, to: 100 });
    expect(panned({ from: 50, to: 90 }, 100, 1)).toEqual({ from: 60, to: 100 });
    expect(panned({ from: 50, to: 90 }, 100, -5)).toEqual({ from: 0, to: 40 });
    expect(kept({ from: 80, to: 20 }, 100)).toEqual({ from: 20, to: 80 });
    expect(isWhole(whole(0), 0)).toBe(true);
  });
  it("names round times from where it begins", () => {
    expect(ticks(40, 55)).toEqual([60, 70, 80, 90]);
  });
});
