import { describe, expect, it } from "vitest";
import { chosenAfter } from "../src/board/bars";
import { decades } from "../src/chart/bins";
import { keyed } from "../src/chart/keyed";
import { compact, duration, minute, money, percent } from "../src/format";
import { isDark } from "../src/theme";

describe("numbers", () => {
  it("carry their unit, and an em dash where unknown", () => {
    expect(
      [0.02, 0.5, 3.24, 340, 1234, 59_949, 125_000, 7_500_000, null, Number.NaN].map((ms) => duration(ms)),
    ).toEqual(["20.0 µs", "500 µs", "3.24 ms", "340 ms", "1.23 s", "59.9 s", "2 min 5 s", "2.1 h", "—", "—"]);
    expect([0, 950, 12_345, 3_400_000, undefined].map(compact)).toEqual(["0", "950", "12.3k", "3.40M", "—"]);
    expect([0, 0.0042, 0.5, 84.2, null].map(money)).toEqual(["$0", "$0.0042", "$0.50", "$84.20", "—"]);
    expect([0, 0.00042, 0.018, 1, null].map(percent)).toEqual(["0 %", "0.042 %", "1.8 %", "100 %", "—"]);
    expect(minute(Date.UTC(2026, 10, 16, 4, 0, 0))).toBe("2026-11-16 04:00");
  });
});

describe("a logarithmic axis", () => {
  it("is labelled at few round values", () => {
    expect(decades(20, 40_000)).toEqual([30, 100, 300, 1000, 3000, 10_000, 30_000]);
    expect(decades(0.01, 1000)).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
  });
});

describe("the keyboard", () => {
  it("makes, moves, grows and clears a brush without leaving the chart", () => {
    expect(keyed("ArrowRight", false, undefined, 40)).toEqual([10, 29]);
    expect(keyed("ArrowRight", false, [10, 29], 40)).toEqual([11, 30]);
    expect(keyed("PageDown", false, [25, 35], 40)).toEqual([29, 39]);
    expect(keyed("ArrowLeft", true, [10, 29], 40)).toEqual([10, 28]);
    expect(keyed("ArrowLeft", true, [10, 10], 40)).toEqual([10, 10]);
    expect(keyed("Escape", false, [10, 29], 40)).toBeUndefined();
    expect(keyed("a", false, [10, 29], 40)).toBeNull();
  });
});

describe("clicks on bars", () => {
  it("select one, with Shift several, and again none", () => {
    expect(chosenAfter([], 2, false)).toEqual([2]);
    expect(chosenAfter([2], 1, false)).toEqual([1]);
    expect(chosenAfter([2], 1, true)).toEqual([1, 2]);
    expect(chosenAfter([1, 2], 1, true)).toEqual([2]);
    expect(chosenAfter([2], 2, false)).toEqual([]);
  });
});

describe("the theme", () => {
  it("is dark where the page's background is", () => {
    expect(isDark("rgb(22, 24, 28)")).toBe(true);
    expect(isDark("rgb(255, 255, 255)")).toBe(false);
    expect(isDark("color(srgb 0.1 0.1 0.1)")).toBe(true);
  });
});
