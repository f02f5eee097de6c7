"""Chromium, and a page that shows one widget: its real state, its real bundle, its Python half answering what it asks."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# No inline script, no eval, nothing from elsewhere: what the strictest notebook hosts allow.
POLICY = "default-src 'none'; script-src 'self' blob:; style-src 'unsafe-inline'; img-src data:"

PAGE = """<!doctype html><meta charset="utf-8"><body style="margin:12px;background:BACKGROUND">
<div id="here"></div><script type="module" src="page.js"></script>"""

SCRIPT = """
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const { state, live } = await (await fetch("state.json")).json();
const values = Object.fromEntries(Object.entries(state).map(([k, v]) => [k, v && v.$bytes !== undefined ? bytes(v.$bytes) : v]));
const heard = new Map();
let changed = {};
const emit = (event, ...args) => [...(heard.get(event) ?? [])].forEach((f) => f(...args));
window.model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; changed[name] = value; },
  save_changes: () => { if (window.toPython) window.toPython({ set: changed }); changed = {}; },
  on: (event, f) => { (heard.get(event) ?? heard.set(event, new Set()).get(event)).add(f); },
  off: (event, f) => { heard.get(event)?.delete(f); },
  send: (content) => {
    if (!live) throw new Error("no kernel");
    window.toPython({ send: content }).then((replies) =>
      replies.forEach(([reply, buffers]) => emit("msg:custom", reply, buffers.map(bytes))));
  },
};
const loader = (await import("./loader.js")).default;
const el = document.getElementById("here");
await loader.render({ model: window.model, el, signal: new AbortController().signal });
"""


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all tests."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"needs {CHROMIUM}")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium):
    """Return ``show(widget, live=True, width=1000, dark=False)``: a page with the widget on it.

    Whatever goes wrong on the page is a failure: an error, a refused script, a request to anywhere else.
    """
    contexts, problems = [], []

    def open_page(widget, *, live=True, width=1000, dark=False, height=900):
        import llmscope.widgets

        static = Path(llmscope.widgets.__file__).parent / "static"
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on("console", lambda said: problems.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))

        def serve(route):
            name = route.request.url.removeprefix("http://widget.test/")
            if name == "":
                body, kind = PAGE.replace("BACKGROUND", "#16181c" if dark else "#fff"), "text/html"
            elif name == "page.js":
                body, kind = SCRIPT, "text/javascript"
            elif name == "loader.js":
                body, kind = (static / "loader.js").read_text(), "text/javascript"
            elif name == "state.json":
                body, kind = json.dumps({"state": _state(widget), "live": live}), "application/json"
            else:
                problems.append(f"request: {route.request.url}")
                route.abort()
                return
            policy = POLICY + "; connect-src 'self'"
            route.fulfill(body=body, content_type=kind, headers={"Content-Security-Policy": policy})

        page.route("**/*", serve)
        page.expose_function("toPython", lambda message: _receive(widget, message))
        if not live:
            page.add_init_script(_registered(static))
        page.goto("http://widget.test/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture
def read(chromium):
    """Return ``read(path, width=1200, dark=False)``: a report opened from its file, offline.

    Whatever goes wrong is a failure: an error on the page or in its console, or a request for anything but the file.
    """
    contexts, problems = [], []

    def open_file(path, *, width=1200, height=900, dark=False):
        context = chromium.new_context(
            offline=True, viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on("console", lambda said: problems.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        address = Path(path).absolute().as_uri()

        def asked(request):
            if request.url.partition("#")[0] != address and not request.url.startswith(("data:", "blob:")):
                problems.append(f"request: {request.url[:200]}")

        page.on("request", asked)
        page.goto(address)
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture
def shop():
    """A session of three requests, the first with all that a span can have; a scope of its own."""
    import llmscope as ls
    from llmscope.sources._batch import Rows
    from llmscope.store._append import append

    hostile = "<script>alert(1)</script>"
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC"
    begin = 1_794_823_200_000_000

    def span(trace, number, parent, name, start, took, **columns):
        packed = {
            key: json.dumps(value) if isinstance(value, (list, dict)) else value for key, value in columns.items()
        }
        return {
            "trace_id": trace, "span_id": number, "parent_id": parent, "name": name, "status": "ok",
            "start_time": begin + start * 1000, "end_time": begin + (start + took) * 1000, "duration_ms": float(took),
            "session_id": "chat-77", "source": "test", **packed,
        }  # fmt: skip

    def text(role, content):
        return {"role": role, "parts": [{"type": "text", "content": content}]}

    asked = [
        text("system", "You are **helpful**."),
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": "Where is my order?"},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": pixel},
                {"type": "uri", "modality": "image", "uri": "https://evil.test/x.png"},
            ],
        },
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "They ask for an order. " * 20},
                {"type": "tool_call", "id": "c1", "name": "find_order", "arguments": {"id": 7}},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"state": "lost"}}]},
    ]
    policies = {
        "retrieval.documents.0.document.content": "Refunds are paid within 14 days. " * 30,
        "retrieval.documents.0.document.score": 0.8812,
        "retrieval.documents.0.document.id": "policy-3",
        "retrieval.documents.1.document.content": f"Lost parcels {hostile}",
        "retrieval.documents.1.document.score": 0.61,
    }
    agent = {"operation": "invoke_agent", "agent": "support", "input_tokens": 2700, "output_tokens": 300}
    failed = {"status": "error", "error_type": "Timeout", "service": "shop"}
    model = {"operation": "chat", "model": "gpt-4o"}
    tool = {"operation": "execute_tool", "tool": "find_order"}
    lost = "It is **lost**; a refund is on its way."
    rows = Rows("shop")
    rows.spans.extend([
        span("cafe01", "s1", None, "support-agent", 0, 5200, **agent, cost_usd=0.01, input="Where is my order 7?",
             output=lost),
        span("cafe01", "s2", "s1", "retrieve policies", 50, 300, operation="retrieval", attributes=policies),
        span("cafe01", "s3", "s1", "plan", 400, 1500, **model, input_tokens=1200, output_tokens=80, cost_usd=0.004,
             input_messages=asked, output_messages=[text("assistant", f"Lost. {hostile}")]),
        span("cafe01", "s4", "s1", "find_order", 2000, 700, **tool, **failed, error_message=f"no answer {hostile}"),
        span("cafe01", "s5", "s4", "SELECT orders", 2050, 600, operation="db", **failed),
        span("cafe01", "s6", "s1", "find_order retry", 2750, 300, **tool),
        span("cafe01", "s7", "s1", "answer", 3100, 2000, **model, input_tokens=1500, output_tokens=220, cost_usd=0.006,
             input="Where is my order?", output=lost),
        span("cafe01", "s8", "s1", "guard", 3100, 400, operation="guardrail"),
        span("cafe02", "t1", None, "support-agent", 60_000, 900, **model, input="How long will the refund take?",
             output="About 14 days.\n\n- by card\n- by bank"),
        span("cafe03", "u1", None, "support-agent", 120_000, 1900, **model, status="error", error_type="RateLimit",
             input=f"Thanks {hostile}"),
    ])  # fmt: skip
    score = {"trace_id": "cafe01", "time": begin, "annotator": "llm", "source": "test"}
    rows.scores.extend([
        {**score, "span_id": "s3", "name": "groundedness", "value": 0.4, "label": "weak",
         "explanation": "Says more than the documents do."},
        {**score, "name": "helpfulness", "value": 0.9},
    ])  # fmt: skip
    log = {"trace_id": "cafe01", "span_id": "s4", "service": "shop", "source": "test", "attributes": '{"pool": 5}'}
    rows.logs.extend([
        {**log, "time": begin + 2_100_000, "severity": "INFO", "body": '{"try": 1}'},
        {**log, "time": begin + 2_300_000, "severity": "ERROR", "body": "connection refused"},
    ])  # fmt: skip
    scope = ls.open()
    append(scope._selection.store.connection, [rows.take()], file="shop", sha256="0", wire_format="test")
    yield scope
    scope.close()


def _registered(static):
    """What a report does: the bundle's promise stands in the page's registry before a widget is drawn."""
    import hashlib

    bundle = (static / "llmscope.js").read_bytes()
    key = f"llmscope/{hashlib.sha256(bundle).hexdigest()[:16]}"
    text = base64.b64encode(bundle).decode()
    return f"""globalThis[Symbol.for("{key}")] = import(URL.createObjectURL(new Blob(
        [Uint8Array.from(atob("{text}"), (c) => c.charCodeAt(0))], {{ type: "text/javascript" }})));"""


def _state(widget):
    def plain(value):
        return {"$bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value

    return {
        name: plain(value)
        for name, value in widget.get_state().items()
        if value is None or isinstance(value, (bytes, str, int, float, bool, list, dict))
    }


def _receive(widget, message):
    replies = []
    if "set" in message:
        for name, value in message["set"].items():
            widget.set_trait(name, value)
        return replies
    widget.send = lambda content, buffers=None: replies.append(
        [content, [base64.b64encode(buffer).decode() for buffer in buffers or ()]]
    )
    widget._handle_custom_msg(message["send"], [])
    return replies
