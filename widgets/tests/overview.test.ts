import { describe, expect, it } from "vitest";
import { path } from "../src/overview/sparkline";

describe("a sparkline", () => {
  it("runs from 0 to the highest value and has a gap where nothing is known", () => {
    expect(path([0, 5, null, 10, 10], 40, 20)).toBe("M0.0 20.0L10.0 10.0M30.0 0.0L40.0 0.0");
  });

  it("shows a lone value as a dot, and nothing where nothing is known", () => {
    expect(path([null, 2, null], 20, 10)).toBe("M10.0 0.0h0.1");
    expect(path([null, null], 20, 10)).toBe("");
    expect(path([0, 0], 20, 10)).toBe("");
  });
});
