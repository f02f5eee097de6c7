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
    import altair as alt

    from llmscope import widgets
    from llmscope.store.selection import Selection

EMBEDDED: Final = 5
"""Of the slowest and of the failed requests of a list, so many are whole in the display, to open without a kernel."""

EACH: Final = 200_000
"""Bytes of texts and attributes embedded of each of them."""


@dataclass(frozen=True, repr=False, eq=False)
class Traces(Answer):
    """Requests; see :func:`traces` for the columns of ``frame``."""

    frame: pd.DataFrame
    selection: Selection
    total: int
    search: str | None
    sort: str

    @cached_property
    def widget(self) -> widgets.TraceList:
        """The widget behind the display."""
        from llmscope import widgets
        from llmscope.answers._explorer import payload, payloads
        from llmscope.measures.traces import details, plain

        data = {
            "rows": _rows(plain(self.frame)),
            "total": self.total,
            "unit": _words.noun(self.selection),
            "scope": self.selection.describe(),
            "sort": self.sort,
            "search": self.search or "",
            "traces": payloads(self.selection, self.embedded, EACH),
        }
        return widgets.TraceList(
            data,
            summary=self.text(),
            listing=self._listing,
            trace=lambda trace_id: payload(self.selection, trace_id),
            span=lambda trace_id, span_id: details(self.selection, [trace_id], [span_id])[trace_id].get(span_id, {}),
        )

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

    def _listing(self, search: str, sort: str) -> dict[str, Any]:
        from llmscope.measures.traces import plain

        found = traces(self.selection, search=search or None, sort=sort, limit=max(len(self.frame), 100))
        return {"rows": _rows(plain(found.frame)), "total": found.total}

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def traces(selection: Selection, *, search: str | None = None, sort: str = "latency", limit: int = 100) -> Traces:
    """Return requests as a list.

    Args:
        selection: What is counted.
        search: Text that the name, input or output of any span of the request contains, in any case.
        sort: ``latency`` (slowest first), ``time`` (latest first), ``tokens``, ``cost`` (most first) or ``errors``.
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
    from llmscope.measures.traces import found, listed

    frame = listed(selection, search=search, sort=sort, limit=limit)
    total = int(selection.run(found(selection, search).count().name("n").as_table())["n"].iloc[0])
    return Traces(frame, selection, total, search, sort)


def _rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the page shows of each row."""
    from llmscope.answers._explorer import tokens

    kept = (
        "trace_id",
        "span_id",
        "start_time",
        "name",
        "input",
        "status",
        "error_type",
        "model",
        "duration_ms",
        "cost_usd",
    )
    return [
        {
            **{name: row[name] for name in kept},
            "tokens": tokens({name: row[name] for name in ("input_tokens", "output_tokens")}),
        }
        for row in rows
    ]


def _line(row: dict[Any, Any]) -> str:
    start = _format.UNKNOWN if pd.isna(row["start_time"]) else f"{row['start_time']:%Y-%m-%d %H:%M:%S}"
    mark = {"ok": "✓", "error": "✕"}.get(row["status"], "○")
    text = " ".join(str(row["input"]).split())[:70] if isinstance(row["input"], str) else _format.UNKNOWN
    return f"  {mark} {start}  {_format.duration(row['duration_ms']):>8}  {row['trace_id']}  {text}"
