import { describe, expect, it } from "vitest";
import { panned, toMap, toScreen, whole, zoomed } from "../src/map/camera";
import { hills, levels, outlines } from "../src/map/contour";
import { density } from "../src/map/density";
import { place, short } from "../src/map/labels";
import { Nearest } from "../src/map/nearest";
import { apart, colours } from "../src/map/palette";
import { type Corner, counts, type Meta, points, SPAN, select, simplified, type Topic } from "../src/map/points";

const META: Meta = {
  unit: "requests",
  scope: "requests",
  count: 4,
  colours: [{ key: "model", kind: "values", labels: ["a", "b"], others: 0 }],
  topics: [],
  notes: [],
};
const DATA = new Uint8Array([
  ...new Uint8Array(new Uint16Array([10, 20, 30, 60_000, 10, 20, 60_000, 60_000]).buffer),
  ...[0, 1, 0, 1],
]).buffer;
const ALL = points(META, DATA);
const SQUARE: Corner[] = [
  [0, 0],
  [100, 0],
  [100, 100],
  [0, 100],
];
const topic = (name: string, x: number, y: number): Topic => ({ name, x, y, count: 1, example: "" });

describe("points", () => {
  it("lie one array after the other", () => {
    expect([...ALL.x]).toEqual([10, 20, 30, 60_000]);
    expect([...ALL.codes[0]!]).toEqual([0, 1, 0, 1]);
  });
  it("are chosen by lasso and by code, and by both together", () => {
    expect(select(META, ALL, {})).toBeNull();
    expect([...select(META, ALL, { lasso: SQUARE })!]).toEqual([1, 1, 0, 0]);
    expect([...select(META, ALL, { model: [1] })!]).toEqual([0, 1, 0, 1]);
    expect([...select(META, ALL, { model: [1], lasso: SQUARE })!]).toEqual([0, 1, 0, 0]);
    expect([...select(META, ALL, { lasso: SQUARE.slice(0, 2) })!]).toEqual([0, 0, 0, 0]);
  });
  it("are counted by code", () => {
    expect([...counts(ALL.codes[0]!, null, 2)]).toEqual([2, 2]);
    expect([...counts(ALL.codes[0]!, Uint8Array.of(1, 1, 0, 0), 2)]).toEqual([1, 1]);
  });
  it("are found near a place, chosen ones only", () => {
    const nearest = new Nearest(ALL);
    expect(nearest.find(18, 19, 50, null)).toBe(1);
    expect(nearest.find(18, 19, 50, Uint8Array.of(1, 0, 1, 1))).toBe(0);
    expect(nearest.find(30_000, 30_000, 50, null)).toBe(-1);
  });
  it("are surrounded by a line with no more corners than it needs", () => {
    const line: Corner[] = Array.from({ length: 50 }, (_, i) => [i, i % 2 ? 0.1 : 0]);
    expect(simplified(line, 1)).toHaveLength(2);
    expect(simplified([...line, [49, 40]], 1)).toHaveLength(3);
  });
});

describe("the camera", () => {
  const size = { width: 800, height: 400 };
  it("puts a place on the screen and back", () => {
    const camera = zoomed(whole(size), size, 3, 100, 100);
    const [x, y] = toScreen(camera, size, 1234, 5678);
    const back = toMap(camera, size, x, y);
    expect(back[0]).toBeCloseTo(1234);
    expect(back[1]).toBeCloseTo(5678);
  });
  it("keeps the place under the pointer while it zooms, and stays on the map", () => {
    const camera = whole(size);
    const before = toMap(camera, size, 420, 210);
    const after = toMap(zoomed(camera, size, 2, 420, 210), size, 420, 210);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
    expect(zoomed(camera, size, 0.1)).toEqual(camera);
    expect(panned(camera, 1e9, 0).x).toBe(0);
  });
});

describe("labels", () => {
  it("do not lie on each other, and the first one stays", () => {
    const size = { width: 400, height: 400 };
    const topics = Array.from({ length: 40 }, (_, i) => topic(`topic ${i}`, SPAN / 2 + i * 10, SPAN / 2));
    const widths = topics.map(() => 60);
    const named = topics.map((one) => ({ ...one, must: false }));
    const placed = place(named, widths, whole(size), size);
    expect(placed[0]!.at).toBe(0);
    expect(placed.length).toBeLessThan(5);
    for (const one of placed) {
      for (const other of placed) {
        if (one !== other) expect(Math.abs(one.x - other.x) >= 70 || Math.abs(one.y - other.y) >= 17).toBe(true);
      }
    }
  });
});

describe("names", () => {
  const size = { width: 600, height: 400 };
  const grid = Array.from({ length: 40 }, (_, i) => ({
    x: ((i % 4) + 0.5) * (SPAN / 4),
    y: (Math.floor(i / 4) + 0.5) * (SPAN / 10),
    must: i >= 38,
  }));
  const camera = whole({ width: 400, height: 400 });
  it("leave most of the map to its points, but what must be told is", () => {
    const widths = grid.map(() => 80);
    const placed = place(grid, widths, camera, size);
    const may = placed.filter(({ at }) => !grid[at]!.must);
    expect(may.length * 80 * 17).toBeLessThanOrEqual(0.1 * size.width * size.height);
    expect(may.length).toBeGreaterThan(10);
    expect(placed.filter(({ at }) => grid[at]!.must)).toHaveLength(2);
  });
  it("are short where the map is seen from afar", () => {
    expect(short("card, points, rewards")).toBe("card, points");
    expect(short("refund")).toBe("refund");
  });
});

describe("lines of equal density", () => {
  const count = 3_000;
  const x = Uint16Array.from({ length: count }, (_, i) => (i < 1_000 ? 10_000 : 50_000) + ((i * 7_919) % 3_000));
  const y = Uint16Array.from({ length: count }, (_, i) => 30_000 + ((i * 104_729) % 3_000));
  const codes = Uint8Array.from({ length: count }, (_, i) => (i < 1_000 ? 0 : 1));
  const some = { count, x, y, codes: [codes] };
  it("surround the points of a region and of no other", () => {
    const [one, ...others] = outlines(some, codes, ["new topic", null]);
    expect(others).toHaveLength(0);
    expect(one!.name).toBe("new topic");
    const xs = one!.pieces.filter((_, i) => i % 2 === 0);
    expect(Math.min(...xs)).toBeGreaterThan(8_000);
    expect(Math.max(...xs)).toBeLessThan(15_000);
    expect(Math.abs(one!.x - 11_500)).toBeLessThan(2_000);
  });
  it("are closed: every end of a piece is the beginning of another", () => {
    const pieces = outlines(some, codes, ["a"])[0]!.pieces;
    const ends = new Map<string, number>();
    for (let i = 0; i < pieces.length; i += 2) {
      const key = `${pieces[i]!.toFixed(3)} ${pieces[i + 1]!.toFixed(3)}`;
      ends.set(key, (ends.get(key) ?? 0) + 1);
    }
    for (const times of ends.values()) expect(times % 2).toBe(0);
  });
  it("hold the share of points that they say, and few points have none", () => {
    const cells = density(some);
    const total = cells.reduce((sum, n) => sum + n, 0);
    for (const share of [0.25, 0.5, 0.75]) {
      const [level] = levels(cells, [share]);
      const held = cells.reduce((sum, n) => sum + (n >= level! ? n : 0), 0) / total;
      expect(held).toBeGreaterThanOrEqual(share - 1e-9);
      expect(held).toBeLessThan(share + 0.1);
    }
    expect(hills(some)).toHaveLength(3);
    expect(hills({ ...some, count: 500 })).toHaveLength(0);
    expect(outlines(some, codes, [null, null, "nobody"])).toHaveLength(0);
  });
});

describe("colours", () => {
  it("of neighbouring topics differ", () => {
    const given = apart(Array.from({ length: 14 }, (_, i) => topic("", i * 1000, 0)));
    for (let i = 1; i < given.length; i++) expect(given[i]).not.toBe(given[i - 1]);
  });
  it("show what is unknown, and what failed, as such", () => {
    const status = colours({ key: "status", kind: "values", labels: ["ok", "error", null], others: 0 }, []);
    expect(status).toEqual(["#3b82c4", "#d55e00", "#8b919b"]);
    expect(colours({ key: "ms", kind: "steps", labels: ["a", "b", "c"], others: 0 }, [])).toHaveLength(3);
  });
});
