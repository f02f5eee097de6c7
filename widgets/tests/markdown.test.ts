// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { markdown } from "../src/trace/markdown";
import { partsOf } from "../src/trace/messages";

function html(text: string): string {
  const box = document.createElement("div");
  box.append(markdown(text));
  return box.innerHTML;
}

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)><a xlink:href=javascript:alert(1)>x</a></svg>",
  "<iframe src=javascript:alert(1)></iframe>",
  "<style>*{background:url(http://evil.test)}</style>",
  '<a href="javascript:alert(1)" style="position:fixed">x</a>',
  "[x](javascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "![x](http://evil.test/pixel.png)",
  '![x](http://evil.test/"onerror="alert(1))',
  '<http://evil.test/"onclick=alert(1)>',
  "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  "`<img src=x onerror=alert(1)>`",
  "```html\n<script>alert(1)</script>\n```",
  "<form action=http://evil.test><input type=image src=http://evil.test></form>",
];

describe("markdown of a message", () => {
  it.each(HOSTILE)("has no element that runs or fetches: %s", (text) => {
    const nodes = markdown(text);
    const elements = [...nodes.querySelectorAll("*")];
    const names = elements.map((element) => element.localName);
    for (const name of ["script", "img", "svg", "iframe", "style", "form", "math", "object"])
      expect(names).not.toContain(name);
    for (const element of elements) {
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on|^style$|^src|^srcdoc|^action/);
        if (name === "href") expect(value).toMatch(/^(https?|mailto):/);
      }
    }
  });

  it("shows raw HTML as the text that it is", () => {
    expect(html("a <b>bold</b> word")).toContain("&lt;b&gt;bold&lt;/b&gt;");
  });

  it("names an image instead of fetching it", () => {
    expect(html("![logo](http://evil.test/x.png)")).toContain("<code>[image logo: http://evil.test/x.png]</code>");
  });

  it("formats text, lists, tables and code", () => {
    const text = html("# T\n\n**b** *i* `c`\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|");
    for (const tag of ["<h1>", "<strong>", "<em>", "<code>", "<li>", "<td>"]) expect(text).toContain(tag);
  });

  it("opens links elsewhere and tells them nothing", () => {
    expect(html("[x](https://example.org)")).toMatch(/rel="noopener noreferrer nofollow"/);
  });
});

describe("parts of a message", () => {
  it("are found in every shape", () => {
    expect(partsOf({ parts: [{ type: "text", content: "a" }] })).toEqual([{ type: "text", content: "a" }]);
    expect(partsOf({ content: "a" })).toEqual([{ type: "text", content: "a" }]);
    expect(partsOf({ content: [{ type: "text", text: "a" }, "b"] })).toEqual([
      { type: "text", text: "a" },
      { type: "text", content: "b" },
    ]);
    expect(partsOf({ content: null })).toEqual([]);
    expect(partsOf({})).toEqual([]);
  });
});
