import { describe, expect, it } from "vitest";
import { documents } from "../src/trace/documents";
import { about } from "../src/trace/embed";
import { embedded, pointed } from "../src/trace/images";
import { matchedResults } from "../src/trace/messages";
import { counted, narrowed, type Row, toggled } from "../src/traces/rows";

const row = (trace_id: string, more: Partial<Row>): Row => ({
  ...{ trace_id, span_id: "s", start_time: 0, name: "answer", input: null, operation: null, status: "ok" },
  ...{ error_type: null, model: null, service: null, environment: null, release: null, session_id: null },
  ...{ user_id: null, duration_ms: null, tokens: null, cost_usd: null, marks: [] },
  ...more,
});

describe("a list without a kernel", () => {
  const rows = [
    row("a", { duration_ms: 5, model: "x" }),
    row("b", { duration_ms: null, model: "y", status: "error" }),
    row("c", { duration_ms: 9, model: "x", input: "Refund?" }),
  ];
  const ids = (found: Row[]) => found.map((each) => each.trace_id).join("");
  it("sorts both ways with unknown values last", () => {
    expect(ids(narrowed(rows, "", { sort: "latency", ascending: false }))).toBe("cab");
    expect(ids(narrowed(rows, "", { sort: "latency", ascending: true }))).toBe("acb");
  });
  it("searches and narrows by values, unknown among them", () => {
    const order = { sort: "time", ascending: false };
    expect(ids(narrowed(rows, "refund", order))).toBe("c");
    expect(ids(narrowed(rows, "", order, { model: ["x"], status: ["ok", null] }))).toBe("ca");
    expect(counted(rows, ["model"])).toEqual([
      {
        column: "model",
        values: [
          ["x", 2],
          ["y", 1],
        ],
        others: 0,
      },
    ]);
  });
  it("chooses a value and lets it go", () => {
    const once = toggled({}, "model", null);
    expect(once).toEqual({ model: [null] });
    expect(toggled(once, "model", null)).toEqual({});
  });
});

describe("documents of a retrieval", () => {
  it("are read from flattened, nested and JSON lists", () => {
    const flat = {
      "retrieval.documents.1.document.content": "second",
      "retrieval.documents.0.document.content": "first",
      "retrieval.documents.0.document.score": 0.9,
      "retrieval.documents.0.document.id": 7,
      "retrieval.documents.0.document.metadata": '{"source": "a.pdf"}',
    };
    expect(documents(flat)).toEqual([
      { id: "7", score: 0.9, content: "first", metadata: { source: "a.pdf" } },
      { id: null, score: null, content: "second", metadata: null },
    ]);
    expect(documents({ retrieval: { documents: [{ document: { content: "x", score: "0.5" } }] } })[0]?.score).toBe(0.5);
    expect(documents({ "gen_ai.retrieval.documents": '[{"id": "d", "score": 1}]' })[0]?.id).toBe("d");
    expect(documents({ "retrieval.documents": "no list", other: 1 })).toEqual([]);
    expect(documents(undefined)).toEqual([]);
  });
});

describe("images", () => {
  it("are shown only when the message holds them", () => {
    const pixel = "iVBORw0KGgo=";
    expect(embedded({ type: "blob", mime_type: "image/png", content: pixel })).toBe(`data:image/png;base64,${pixel}`);
    expect(embedded({ image_url: { url: `data:image/jpeg;base64,${pixel}` } })).toContain("image/jpeg");
    expect(embedded({ source: { media_type: "image/webp", data: pixel } })).toContain("image/webp");
    for (const part of [
      { image_url: { url: "https://evil.test/x.png" } },
      { uri: "data:image/svg+xml;base64,PHN2Zz4=" },
      { mime_type: "image/svg+xml", content: pixel },
      { mime_type: "image/png", content: '"><script>alert(1)</script>' },
      { uri: "data:text/html;base64,PHN2Zz4=" },
    ]) {
      expect(embedded(part)).toBeNull();
    }
    expect(pointed({ image_url: { url: "https://evil.test/x.png" } })).toBe("https://evil.test/x.png");
  });
});

describe("tool calls", () => {
  it("are matched with their results by id, each once", () => {
    const result = { type: "tool_call_response", id: "1", response: "lost" };
    const found = matchedResults([
      { role: "assistant", parts: [{ type: "tool_call", id: "1", name: "find" }] },
      { role: "tool", parts: [result, { type: "tool_call_response", id: "9", response: "whose?" }] },
    ]);
    expect([...found]).toEqual([["1", result]]);
  });
});

describe("what embedding would take", () => {
  it("is said in seconds, then in minutes, and never as nothing", () => {
    expect([0.1, 42.4, 89, 90, 900].map(about)).toEqual(["1 s", "42 s", "89 s", "2 min", "15 min"]);
  });
});
