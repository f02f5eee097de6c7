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
const emit = (event, ...args) => [...(heard.get(event) ?? [])].forEach((f) => f(...args));
window.model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  save_changes: () => window.toPython && window.toPython({ set: { brush: values.brush } }),
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
