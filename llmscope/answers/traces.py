"""Which requests were these? A list to search, sort and open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

    from llmscope import widgets
    from llmscope.answers._meaning import Meaning
    from llmscope.store.selection import Selection

EMBEDDED: Final = 5
"""Of the slowest and of the failed requests of a list, so many are whole in the display, to open without a kernel."""

PAGE: Final = 100
"""Rows of a page."""

EACH: Final = 200_000
"""Bytes of texts and attributes embedded of each of them."""


@dataclass(frozen=True, repr=False, eq=False)
class Traces(Answer):
    """Requests; see :func:`traces` for the columns of ``frame``."""

    frame: pd.DataFrame
    selection: Selection
    found: Selection
    total: int
    search: str | None
    sort: str

    @cached_property
    def widget(self) -> widgets.TraceList:
        """The widget behind the display."""
        from llmscope import widgets
        from llmscope.answers._explorer import payloads
        from llmscope.answers._questions import Review, reading
        from llmscope.measures.facets import facets

        data = {
            "rows": _rows(self.selection, self.frame),
            "total": self.total,
            "unit": _words.noun(self.selection),
            "scope": self.selection.describe(),
            "sort": self.sort,
            "search": self.search or "",
            "page": PAGE,
            "facets": facets(self.found),
            "traces": payloads(self.selection, self.embedded, EACH),
        }
        review = Review(self.selection)
        answers = {
            **reading(self.selection),
            **review.questions(),
            "list": self._listing,
            "nearest": self._nearest,
            "embed_listed": self._meaning.embed,
            "inputs": self._inputs,
        }
        review.widget = widgets.TraceList(data, summary=self.text(), answers=answers)
        return review.widget

    @property
    def embedded(self) -> list[str]:
        """The traces that the display holds whole: the slowest and the failed ones of the list, five of each."""
        slowest = self.frame.sort_values("duration_ms", ascending=False, kind="stable")
        failed = slowest[slowest["status"] == "error"]
        return list(dict.fromkeys([*slowest["trace_id"].head(EMBEDDED), *failed["trace_id"].head(EMBEDDED)]))

    def chart(self) -> alt.TopLevelMixin:
        """Return the requests of the list by time and latency."""
        from llmscope.charts.scatter import scatter_chart

        return scatter_chart(self.frame, title=self.text().partition("\n")[0], unit=_words.noun(self.selection))

    def table(self) -> pd.DataFrame:
        """Return the list as people read it."""
        return readable(self.frame[["start_time", "status", "name", "input", "model", "duration_ms", "cost_usd"]])

    def text(self) -> str:
        """Return the first ten of the list in plain words."""
        mention = f" that mention {self.search!r}" if self.search else ""
        order = {"latency": "slowest first", "time": "latest first"}.get(self.sort, f"by {self.sort}")
        head = f"{_words.counted(self.selection, self.total)}{mention}, {order}"
        shown = self.frame.head(10).to_dict("records")
        lines = [_line(row) for row in shown]
        more = self.total - len(shown)
        return "\n".join([f"{head}:" if lines else f"{head}.", *lines, *([f"  … {more:,} more"] if more > 0 else [])])

    def _listing(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the list, narrowed by facets, without inputs; the total and facets where they are wanted."""
        from llmscope.measures.facets import facets
        from llmscope.measures.figures import count
        from llmscope.measures.traces import listed

        narrowed = _found(self._narrowed(asked), str(asked.get("search") or "") or None)
        frame = listed(
            narrowed,
            sort=str(asked.get("sort") or "latency"),
            ascending=bool(asked.get("ascending")),
            limit=PAGE,
            offset=max(0, int(asked.get("offset") or 0)),
            texts=False,
        )
        answer: dict[str, Any] = {"rows": _rows(narrowed, frame)}
        if asked.get("count", True):
            answer |= {"total": count(narrowed), "facets": facets(narrowed)}
        return answer

    def _narrowed(self, asked: Mapping[str, Any]) -> Selection:
        from llmscope.measures.facets import FACETS

        chosen = asked.get("facets") or {}
        return self.selection.where(
            **{name: list(values) for name, values in chosen.items() if name in FACETS and values}
        )

    @cached_property
    def _meaning(self) -> Meaning:
        from llmscope.answers._meaning import Meaning

        return Meaning(self.selection)

    def _nearest(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the page of rows nearest to a text, in any order, with their facets and how much was compared."""
        from llmscope.measures.facets import facets
        from llmscope.measures.traces import listed

        standing = self._meaning.standing()
        if not standing["compared"]:
            return {**standing, "rows": []}
        near = self._meaning.nearby.near_text(self._narrowed(asked), str(asked["search"]), PAGE)
        how = {(row["trace_id"], row["span_id"]): row["near"] for row in near.to_pylist()}
        those = self.selection.among(near, f"nearest to {asked['search']!r}")
        sort, ascending = str(asked.get("sort")), bool(asked.get("ascending"))
        by_near = sort == "near"
        frame = listed(those, sort="latency" if by_near else sort, ascending=ascending, limit=PAGE, texts=False)
        rows = [{**row, "near": how[row["trace_id"], row["span_id"]]} for row in _rows(those, frame)]
        if by_near:
            rows.sort(key=lambda row: row["near"], reverse=not ascending)
        return {**standing, "rows": rows, "count": len(rows), "facets": facets(those)}

    def _inputs(self, asked: Mapping[str, Any]) -> list[str | None]:
        from llmscope.measures.traces import inputs

        return inputs(self.selection, [(str(trace_id), str(span_id)) for trace_id, span_id in asked["rows"]])

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def traces(selection: Selection, *, search: str | None = None, sort: str = "latency", limit: int = 100) -> Traces:
    """Return requests as a list.

    Args:
        selection: What is counted.
        search: Text that the name, input or output of any span of the request contains, in any case.
        sort: ``latency`` (slowest first), ``time`` (latest first), ``tokens``, ``cost``, ``spans`` (most first),
            ``errors``, ``name`` or ``model`` (last first).
        limit: Most rows.

    Returns:
        An answer whose ``frame`` has ``trace_id``, ``span_id``, ``start_time`` (UTC), ``name``, ``input`` (its first
        240 characters), ``operation``, ``status``, ``error_type``, ``model``, ``service``, ``duration_ms``,
        ``input_tokens``, ``output_tokens``, ``cost_usd`` and, of requests, ``spans`` and ``failed_spans``; its
        ``total`` is how many there are.

    Raises:
        LlmscopeError: There is no such order.

    Example:
        >>> import llmscope
        >>> print(traces(llmscope.open()._selection))
        0 requests, slowest first.
    """
    from llmscope.measures.figures import count
    from llmscope.measures.traces import listed

    found = _found(selection, search)
    return Traces(listed(found, sort=sort, limit=limit), selection, found, count(found), search, sort)


def _found(selection: Selection, search: str | None) -> Selection:
    from llmscope.measures.traces import found

    return found(selection, search) if search else selection


def _rows(selection: Selection, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the page shows of each row."""
    from llmscope.answers._explorer import marks, tokens
    from llmscope.measures.traces import plain

    rows = plain(frame)
    given = marks(selection, [row["trace_id"] for row in rows])
    return [
        {
            **{name: value for name, value in row.items() if name not in ("input_tokens", "output_tokens")},
            "tokens": tokens(row),
            "marks": given[row["trace_id"]],
        }
        for row in rows
    ]


def _line(row: dict[Any, Any]) -> str:
    start = _format.UNKNOWN if pd.isna(row["start_time"]) else f"{row['start_time']:%Y-%m-%d %H:%M:%S}"
    mark = {"ok": "✓", "error": "✕"}.get(row["status"], "○")
    text = " ".join(str(row["input"]).split())[:70] if isinstance(row["input"], str) else _format.UNKNOWN
    return f"  {mark} {start}  {_format.duration(row['duration_ms']):>8}  {row['trace_id']}  {text}"
