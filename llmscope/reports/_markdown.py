"""Markdown cells: GitHub's tables, highlighted code, LaTeX as text, local images inside, headings with anchors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any

from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from llmscope.reports._sanitise import clean


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the page, for the table of contents."""

    level: int
    text: str
    anchor: str


@dataclass(slots=True)
class Headings:
    """The headings so far; anchors are unique in the page."""

    found: list[Heading] = field(default_factory=list)
    _taken: Counter[str] = field(default_factory=Counter)

    def add(self, level: int, html: str) -> Heading:
        """Note a heading whose inside is ``html``."""
        text = unescape(re.sub(r"<[^>]+>", "", html)).strip()
        slug = re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
        self._taken[slug] += 1
        anchor = slug if self._taken[slug] == 1 else f"{slug}-{self._taken[slug]}"
        heading = Heading(level, text, f"h-{anchor}")
        self.found.append(heading)
        return heading


class _Renderer(IPythonRenderer):
    def __init__(self, note: Callable[[int, str], Heading], **options: Any) -> None:
        super().__init__(escape=False, embed_images=True, **options)
        self._note = note

    def heading(self, text: str, level: int, **_: Any) -> str:
        heading = self._note(level, text)
        return f'<h{level} id="{escape(heading.anchor)}">{text}</h{level}>\n'

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre><code>{escape(code)}</code></pre>"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        try:
            return str(super().image(text, url, title))
        except InvalidNotebook:
            return f"<em>{escape(text or url)}</em>"


def markdown(
    source: str, headings: Headings, *, folder: Path | None = None, attachments: Any = None
) -> tuple[str, Counter[str]]:
    """Turn markdown into safe HTML.

    Args:
        source: The cell's text.
        headings: Collects the headings met.
        folder: Where local images are looked for; they are put into the page.
        attachments: The cell's own images.

    Returns:
        The HTML, and a count of what was removed from it.
    """
    renderer = _Renderer(headings.add, path=str(folder or ""), attachments=attachments)
    cleaned = clean(MarkdownWithMath(renderer=renderer).render(source))
    return cleaned.html, cleaned.removed
