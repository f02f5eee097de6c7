"""HTML from a notebook's outputs, made safe to show: nothing runs, nothing is fetched, and what went is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3

_ACTIVE = frozenset({"script", "iframe", "object", "embed", "link", "form", "base", "meta", "video", "audio", "frame"})
_TAGS = (nh3.ALLOWED_TAGS | {"input", "label", "section", "font", "colgroup", "col", "caption"}) - _ACTIVE
_ATTRIBUTES = {
    "*": {"class", "style", "title", "dir", "lang", "role", "width", "height", "align", "id"},
    "a": {"href", "name"},
    "img": {"src", "alt"},
    "input": {"type", "checked", "disabled"},
    "label": {"for"},
    "details": {"open"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "col": {"span"},
    "ol": {"start", "type"},
    "font": {"color"},
}
# Removed together with what they contain; other unknown elements keep their text.
_WHOLE = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "noscript",
    "template",
    "title",
    "textarea",
    "svg",
    "canvas",
    "select",
}
_FETCHING = {"src", "srcset", "poster", "data", "background", "xlink:href", "action", "formaction"}
_CSS_FETCH = re.compile(r"url\(|image-set\(|@import|src\(|\\", re.IGNORECASE)
_CSS_DATA = re.compile(r"url\(\s*(['\"]?)data:(?:image|font)/[^'\")\\]*\1\s*\)", re.IGNORECASE)
_PANDAS_STYLE = re.compile(r"<style scoped>\s*\.dataframe.*?</style>", re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clean:
    """Safe HTML, and a count of what was taken out of it by kind ("script", "remote image", …)."""

    html: str
    removed: Counter[str]
    styled: bool
    """The HTML brings a style sheet of its own, so it belongs in a shadow root."""


def _remote(value: str) -> bool:
    return not value.strip().lower().startswith(("data:image/", "#", "attachment:")) and bool(value.strip())


def css_fetches(css: str) -> bool:
    """Say whether a style sheet or attribute could make a browser fetch something (or hides that it could)."""
    return bool(_CSS_FETCH.search(_CSS_DATA.sub("", css)))


class _Census(HTMLParser):
    """Counts what will not survive. Only for the note: nothing is kept or dropped by this."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.found[{"iframe": "frame", "link": "linked resource", "meta": "page setting"}.get(tag, tag)] += 1
        elif tag in {"svg", "canvas"}:
            self.found["inline drawing"] += 1
        for name, value in attrs:
            if name.startswith("on"):
                self.found["event handler"] += 1
            elif name in _FETCHING and tag not in _ACTIVE and _remote(value or ""):
                self.found["remote image" if tag in {"img", "source"} else "remote resource"] += 1
            elif name == "href" and re.match(r"\s*(?:javascript|data|vbscript)\s*:", value or "", re.IGNORECASE):
                self.found["script link"] += 1
            elif name == "style" and css_fetches(value or ""):
                self.found["remote style"] += 1


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name in _FETCHING and _remote(value):
        return None
    if name == "style" and css_fetches(value):
        return None
    if name == "type" and tag == "input" and value.lower() not in {"checkbox", "radio"}:
        return None
    if name == "href" and value.strip().lower().startswith("data:"):
        return None
    return value


def clean(html: str) -> Clean:
    """Make HTML safe to put into a page that must not run or fetch anything of it.

    Args:
        html: What an output or a markdown cell says.

    Returns:
        The safe HTML and what was removed.

    Examples:
        >>> clean('<b onclick="steal()">12</b><script src="https://x.example/a.js"></script>').html
        '<b>12</b>'
    """
    html = _PANDAS_STYLE.sub("", html)
    census = _Census()
    census.feed(html)
    census.close()
    sheets = [sheet for sheet in _STYLE.findall(html) if sheet.strip()]
    kept = [sheet for sheet in sheets if "<" not in sheet and not css_fetches(sheet)]
    census.found["remote style"] += len(sheets) - len(kept)
    safe = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_WHOLE),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        generic_attribute_prefixes={"aria-"},
        link_rel="noopener noreferrer",
    )
    # A sheet without "<" cannot end its element, so it is safe to put back after everything else was judged.
    style = "".join(f"<style>{sheet}</style>" for sheet in kept)
    return Clean(style + safe, +census.found, styled=bool(kept))


def removal_note(removed: Mapping[str, int]) -> str:
    """Say what was removed, in words: ``"removed: 1 script, 2 remote images"``; empty when nothing was."""
    parts = [f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(removed.items())]
    return f"removed: {', '.join(parts)}" if parts else ""
