// @vitest-environment jsdom
import { h, render } from "preact";
import { expect, test } from "vitest";
import { balanced } from "../src/direction";

test("what is left open is closed, and what was not opened is not closed", () => {
  expect(balanced("plain")).toBe("plain");
  expect(balanced("a\u2066b\u2067c")).toBe("a\u2066b\u2067c\u2069\u2069");
  expect(balanced("a\u202eb\u2067c")).toBe("a\u202eb\u2067c\u2069\u202c");
  expect(balanced("\u202cb\u2067\u202ec\u2069\u202c")).toBe("b\u2067\u202ec\u2069");
  expect(balanced("a\u2069b\u2068c\u2069\u2069d")).toBe("ab\u2068c\u2069d");
});

test("texts of elements are balanced, alone and beside others", () => {
  const root = document.createElement("div");
  render(h("p", null, "x\u2067", h("b", null, "y\u2066"), 7), root);
  expect(root.textContent).toBe("x\u2067\u2069y\u2066\u20697");
});
