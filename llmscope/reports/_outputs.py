"""One output of a cell as HTML: the richest form that works without a kernel and without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from nbconvert.filters.ansi import ansi2html

from llmscope.reports._charts import LITE, VEGA, compile_chart, from_altair_html
from llmscope.reports._failure import failure
from llmscope.reports._markdown import Headings, markdown
from llmscope.reports._sanitise import clean, removal_note
from llmscope.reports._tables import align
from llmscope.reports._widgets import VIEW, Widgets

_IMAGES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_SHADOW_STYLE = (
    "<style>:host{color:inherit}table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}"
    "th,td{padding:.3em .7em;text-align:right}th{font-weight:600}</style>"
)


@dataclass(slots=True)
class Page:
    """What accumulates while a notebook is turned into a page."""

    widgets: Widgets
    headings: Headings
    folder: Path | None = None
    cell: int = 0
    """Number of the cell at hand, from 1."""
    embedded: list[dict[str, Any]] = field(default_factory=list)
    """For the manifest: what each output brings into the file."""
    removed: Counter[str] = field(default_factory=Counter)
    facts: list[dict[str, Any]] = field(default_factory=list)
    """For the manifest: the ``llmscope`` metadata of each output."""

    def note(self, kind: str, size: int, **more: Any) -> None:
        """Record what an output brings into the file."""
        self.embedded.append({"cell": self.cell, "kind": kind, "bytes": size, **more})


def text(value: Any) -> str:
    """Join what the notebook format allows to be a list of lines."""
    return "".join(value) if isinstance(value, list) else str(value)


def terminal(lines: str) -> str:
    """Return what a terminal shows, as HTML: colours, and only the last state of a line that was written over."""
    last = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines.split("\n"))
    return str(ansi2html(last))


def noted(html: str, removed: Counter[str], page: Page) -> str:
    """Add a line that says what was removed from ``html``."""
    page.removed.update(removed)
    note = removal_note(removed)
    return html + (f'<p class="note">{escape(note)}</p>' if note else "")


def _widget(identifier: str, words: str, page: Page) -> str:
    if page.widgets.needs_network(identifier):
        note = f"{page.widgets.name(identifier)} loads its code from the network, so it is not live in this report."
        return f'<p class="note">{escape(note)}</p><pre>{escape(words)}</pre>'
    sizes = page.widgets.use(identifier)
    page.note(
        "widget",
        sum(sizes.values()),
        name=page.widgets.name(identifier),
        traits=sizes,
        **page.widgets.holdings(identifier),
    )
    return _place(identifier, page.widgets.summary(identifier) or words)


def _place(identifier: str, words: str) -> str:
    return (
        f'<div class="widget" data-widget="{escape(identifier)}"><div class="waiting" aria-hidden="true"></div>'
        f"<noscript><pre>{escape(words)}</pre></noscript></div>"
    )


def _chart(mime: str, spec: Mapping[str, Any], words: str, page: Page) -> str:
    try:
        vega, rows, removed = compile_chart(mime, spec)
    except ValueError as error:
        return f'<p class="note">This chart cannot be drawn: {escape(str(error)[:300])}</p>'
    identifier = f"chart-{page.cell}-{hashlib.sha256(vega).hexdigest()[:12]}"
    state = {"_anywidget_id": "llmscope.reports.chart", "_view": "picture", "summary": words}
    page.widgets.add(identifier, "AnyModel", state, {"spec": vega})
    page.note("chart", len(vega), rows=rows)
    return noted(_place(identifier, words), removed, page)


def _html(source: str, data: Mapping[str, Any], page: Page) -> str:
    cleaned = clean(source)
    if any(kind in data for kind in _IMAGES) and cleaned.removed.keys() & {"script", "frame", "inline drawing"}:
        return noted(_image(data, page), cleaned.removed, page)
    body = cleaned.html
    if not re.sub(r"<[^>]+>|\s", "", re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL)) and "<img" not in body:
        body = f"<pre>{escape(text(data.get('text/plain', '')))}</pre>"
    elif cleaned.styled:
        body = f'<template shadowrootmode="open">{_SHADOW_STYLE}{body}</template>'
    table = 'class="dataframe"' in body
    rows = max(0, body.count("<tr") - 1)
    page.note("table" if table else "html", len(body), **({"rows": rows} if table else {}))
    return noted(f'<div class="html">{align(body)}</div>', cleaned.removed, page)


def _image(data: Mapping[str, Any], page: Page) -> str:
    kind = next(kind for kind in _IMAGES if kind in data)
    content = text(data[kind])
    # An SVG in an <img> neither runs scripts nor fetches anything.
    encoded = base64.b64encode(content.encode()).decode() if kind == "image/svg+xml" else re.sub(r"\s", "", content)
    page.note("image", len(encoded) * 3 // 4)
    words = escape(text(data.get("text/plain", "")))
    return f'<img class="figure" src="data:{kind};base64,{escape(encoded)}" alt="{words}">'


def _markdown(data: Mapping[str, Any], page: Page) -> str:
    html, removed = markdown(text(data["text/markdown"]), Headings(), folder=page.folder)
    return noted(f'<div class="html">{html}</div>', removed, page)


def _plain(data: Mapping[str, Any]) -> str:
    if "text/latex" in data:
        return f"<pre>{escape(text(data['text/latex']))}</pre>"
    if "application/json" in data:
        return f"<pre>{escape(json.dumps(data['application/json'], indent=2, ensure_ascii=False))}</pre>"
    words = text(data.get("text/plain", ""))
    return f"<pre>{terminal(words)}</pre>" if words else ""


def _data(data: Mapping[str, Any], page: Page) -> str:
    words = text(data.get("text/plain", ""))
    view = data.get(VIEW, {}).get("model_id", "")
    chart = next(((mime, data[mime]) for mime in (*LITE, *VEGA) if mime in data), None)
    chart = chart or from_altair_html(text(data.get("text/html", "")))
    if view in page.widgets:
        shown = _widget(view, words, page)
    elif chart:
        mime, spec = chart
        shown = _chart(mime, spec, words, page)
    elif "text/html" in data:
        shown = _html(text(data["text/html"]), data, page)
    elif any(kind in data for kind in _IMAGES):
        shown = _image(data, page)
    elif "text/markdown" in data:
        shown = _markdown(data, page)
    else:
        shown = _plain(data)
    return shown


def render(output: Mapping[str, Any], page: Page) -> str:
    """Turn one output of a code cell into HTML.

    Args:
        output: As the notebook format has it.
        page: Collects what the output brings along.

    Returns:
        HTML, empty where the output shows nothing.
    """
    match output["output_type"]:
        case "stream":
            shown = terminal(text(output["text"]).strip("\n"))
            return f'<pre class="{escape(output["name"])}">{shown}</pre>' if shown.strip() else ""
        case "error":
            trace = "\n".join(output.get("traceback", [])) or failure(output)
            title = failure(output).split("\n")[0]
            return (
                f'<div class="failure" role="alert"><strong>{escape(title)}</strong>'
                f"<details><summary>Traceback</summary><pre>{terminal(trace)}</pre></details></div>"
            )
    facts = output.get("metadata", {}).get("llmscope")
    if isinstance(facts, Mapping):
        page.facts.append({"cell": page.cell, **facts})
    return _data(output["data"], page)


def render_all(outputs: list[Any], page: Page) -> str:
    """Turn the outputs of a cell into HTML; streams that follow each other become one."""
    joined: list[Any] = []
    for output in outputs:
        if (
            joined
            and output["output_type"] == joined[-1]["output_type"] == "stream"
            and output["name"] == joined[-1]["name"]
        ):
            joined[-1] = {**joined[-1], "text": text(joined[-1]["text"]) + text(output["text"])}
        else:
            joined.append(output)
    shown = (render(output, page) for output in joined)
    return "\n".join(f'<div class="output">{html}</div>' for html in shown if html)
