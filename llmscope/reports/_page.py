"""An executed notebook as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from llmscope.reports import _manifest
from llmscope.reports._embed import Blobs, json_script
from llmscope.reports._markdown import Headings, markdown
from llmscope.reports._outputs import Page, noted, render_all, text
from llmscope.reports._widgets import Widgets, host

_TITLE = re.compile(r"\A\s*#[ \t]+(.+?)[ \t#]*(?:\n|\Z)")
_TOC_FROM = 4
"""A page with fewer headings needs no table of contents."""
_ICON = (
    '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path fill="currentColor" '
    'd="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.5v11a5.5 5.5 0 0 1 0-11Z"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Context:
    """What the page says about how it came to be."""

    name: str
    """The notebook's or the store's file name."""
    folder: Path | None = None
    parameters: Mapping[str, Any] | None = None
    seconds: float | None = None
    stores: tuple[Mapping[str, Any], ...] = ()
    title: str | None = None


def _code(source: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    shown = highlight(source, lexer, HtmlFormatter(nowrap=True)).rstrip("\n")
    first = next((line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")), source)
    return (
        f'<details class="code"><summary><span class="label">code</span> <code>{escape(first.strip()[:120])}</code>'
        f'</summary><pre class="highlight">{shown}</pre></details>'
    )


def _cell(cell: Any, page: Page, language: str) -> str:
    tags = set(cell.metadata.get("tags", []))
    source = text(cell.source)
    if tags & {"remove-cell", "hide-cell"}:
        return ""
    if cell.cell_type == "markdown":
        html, removed = markdown(source, page.headings, folder=page.folder, attachments=cell.get("attachments"))
        shown = noted(html, removed, page)
        return f'<section class="prose">{shown}</section>' if shown.strip() else ""
    if cell.cell_type == "raw":
        return f'<section class="raw"><pre>{escape(source)}</pre></section>' if source.strip() else ""
    code = _code(source, language) if source.strip() and not tags & {"remove-input", "hide-input"} else ""
    outputs = "" if tags & {"remove-output", "hide-output"} else render_all(cell.outputs, page)
    kind = "cell" if outputs else "cell quiet"
    return f'<section class="{kind}">{code}{outputs}</section>' if code or outputs else ""


def _moment(value: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    except ValueError:
        return None


def executed_at(notebook: Any) -> dt.datetime | None:
    """When the last cell that ran finished, by the times that execution leaves in the notebook; None if unknown."""
    times = (_moment(str(cell.metadata.get("execution", {}).get("shell.execute_reply", ""))) for cell in notebook.cells)
    return max((time for time in times if time is not None), default=None)


def _contents(headings: Headings) -> str:
    found = [heading for heading in headings.found if heading.level <= 3]
    if len(found) < _TOC_FROM:
        return ""
    top = min(heading.level for heading in found)
    items = "".join(
        f'<li class="l{heading.level - top}"><a href="#{escape(heading.anchor)}">{escape(heading.text)}</a></li>'
        for heading in found
    )
    summary = "<summary>Contents</summary>"
    return f'<nav class="toc" aria-label="Contents"><details open>{summary}<ol>{items}</ol></details></nav>'


def _header(title: str, context: Context, time: dt.datetime | None, *, code: bool) -> str:
    meta = [f'<span class="file">{escape(context.name)}</span>']
    if time:
        meta.append(f'<time datetime="{time.isoformat(timespec="seconds")}">{time:%-d %B %Y, %H:%M} UTC</time>')
    if context.seconds is not None:
        meta.append(f"ran in {context.seconds:.1f} s")
    parameters = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in (context.parameters or {}).items()
    )
    buttons = '<button type="button" id="all-code" aria-pressed="false">Show code</button>' if code else ""
    return (
        f'<header><div class="bar"><p class="meta">{" · ".join(meta)}</p><div class="tools">{buttons}'
        f'<button type="button" id="theme">{_ICON}</button></div></div>'
        f"<h1>{escape(title)}</h1>" + (f"<dl>{parameters}</dl>" if parameters else "") + "</header>"
    )


def build(notebook: Any, context: Context) -> tuple[str, dict[str, Any]]:
    """Turn an executed notebook into a page.

    Args:
        notebook: A ``nbformat.NotebookNode``, version 4.
        context: What the page says about itself.

    Returns:
        The HTML and its manifest. The same notebook and context give the same page.
    """
    blobs = Blobs()
    page = Page(Widgets(notebook, blobs), Headings(), context.folder)
    page.widgets.render_outputs = lambda outputs: render_all(outputs, page)
    language = str(notebook.metadata.get("language_info", {}).get("pygments_lexer", "ipython3"))
    title = context.title or str(notebook.metadata.get("title", ""))
    parts = []
    for number, cell in enumerate(notebook.cells, 1):
        page.cell = number
        at = cell
        if number == 1 and cell.cell_type == "markdown" and (found := _TITLE.match(text(cell.source))):
            title = title or re.sub(r"[*_`]", "", found[1])
            at = type(cell)({**cell, "source": text(cell.source)[found.end() :]})
        parts.append(_cell(at, page, language))
    title = title or Path(context.name).stem
    index = page.widgets.index()
    page.removed.update(page.widgets.removed)
    time = executed_at(notebook)
    manifest = _manifest.manifest(notebook, context, page, title=title, time=time)
    body = "\n".join(part for part in parts if part)
    script = host()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # No script but ours and the widgets' modules, which it imports as blobs; regl and other drawing libraries compile
    # their shaders' glue, so those may use eval. No text in the page becomes a script, and nothing is fetched.
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}' blob: 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; connect-src 'none'; form-action 'none'; base-uri 'none'"
    )
    style = (resources.files("llmscope.reports") / "static" / "report.css").read_text(encoding="utf-8")
    html = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="llmscope {manifest["versions"]["llmscope"]}">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{_header(title, context, time, code='class="code"' in body)}
<div class="page">
{_contents(page.headings)}
<main>
{body}
</main>
</div>
{_manifest.footer(manifest)}
{blobs.html()}
{json_script("llmscope-state", index)}
{json_script("llmscope-manifest", manifest)}
<script type="module">{script}</script>
</body>
</html>
"""
    return html, json.loads(json.dumps(manifest))
