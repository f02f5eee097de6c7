"""Where to start: the figures, the traffic, the latency, who and what it is about, and what is in the store."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import html_table
from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

    from llmscope import widgets
    from llmscope.measures.holdings import Holdings
    from llmscope.store.selection import Selection

GROUPS: Final = ("model", "service", "operation", "release", "environment", "provider")
"""Dimensions that the overview breaks down by: the first two in which the rows differ."""

_MERGED: Final = 4
"""Fine latency bins (16 per doubling) that make one bar."""


@dataclass(frozen=True, repr=False, eq=False)
class Overview(Answer):
    """The overview of a scope.

    Attributes:
        frame: One row: the columns of :func:`llmscope.measures.figures.figures` and ``error_rate``.
        traffic: The columns of :func:`llmscope.measures.traffic.traffic`, by time.
        latencies: The latency histogram: ``low_ms``, ``high_ms``, ``requests``.
        groups: By dimension, the figures of its values.
        store: What the store holds, whatever the filter.
    """

    frame: pd.DataFrame
    traffic: pd.DataFrame
    latencies: pd.DataFrame
    groups: Mapping[str, pd.DataFrame]
    store: Holdings
    selection: Selection

    @cached_property
    def widget(self) -> widgets.Overview:
        """The widget behind the display."""
        from llmscope import widgets

        times, latencies = self._times(), self.latencies
        data = {
            "unit": _words.noun(self.selection),
            "scope": self._range(),
            "figures": self._strip(),
            "times": {
                "start": [time.timestamp() * 1000 for time in times["time"]],
                "width": float(self.traffic.attrs["seconds"]) * 1000,
                "requests": times["requests"].tolist(),
                "errors": times["errors"].tolist(),
            },
            "latencies": {name: latencies[name].tolist() for name in ("low_ms", "high_ms", "requests")},
            "groups": [
                {"title": by, "others": frame.attrs["others"], "rows": _group_rows(frame, by)}
                for by, frame in self.groups.items()
            ],
            "store": self._store(),
        }
        return widgets.Overview(data, summary=self.text(), findings=self._findings)

    def chart(self) -> alt.TopLevelMixin:
        """Return traffic over time and the latency histogram, side by side."""
        from llmscope.charts.board import board_chart

        title = _words.counted(self.selection, self._count)
        return board_chart(self._times(), self.latencies, title=title, unit=_words.noun(self.selection))

    def table(self) -> pd.DataFrame:
        """Return the figures as people read them, one row each."""
        rows = [(figure["name"], _written(figure), figure["note"]) for figure in self._strip()]
        return pd.DataFrame(rows, columns=["figure", "value", ""])

    def text(self) -> str:
        """Return the overview in plain words, with a table of each breakdown and what is in the store."""
        if not self._count:
            return "\n".join(
                [f"{_words.counted(self.selection, 0)}.", self._holds(), 'Load logs with scope.load("logs/*.jsonl").']
            )
        lines = [self._range()]
        width = max(len(figure["name"]) for figure in self._strip())
        for figure in self._strip():
            note = f"  ({figure['note']})" if figure["note"] else ""
            lines.append(f"  {figure['name']:<{width}}  {_written(figure)}{note}")
        for by, frame in self.groups.items():
            lines += ["", *_aligned(frame, by, _words.noun(self.selection))]
        return "\n".join([*lines, "", self._holds()])

    def html(self) -> str:
        """Return the figures and the breakdowns as HTML tables, all text escaped."""
        parts = [f"<p><b>{html.escape(self._range())}</b></p>", html_table(self.table(), len(self.table()))]
        for by, frame in self.groups.items():
            named = [_named(row, by, frame.attrs["others"]) for row in frame.to_dict("records")]
            table = pd.DataFrame([{by: name, **_cells(row)} for name, row in named])
            parts.append(html_table(table, len(table)))
        parts.append(f"<p>{html.escape(self._holds())}</p>")
        return f'<div class="ls-answer">{"".join(parts)}</div>'

    @property
    def _count(self) -> int:
        return int(self.frame["requests"].iloc[0])

    def _range(self) -> str:
        head = _words.counted(self.selection, self._count)
        row = self.frame.iloc[0]
        if self.selection.since is None and self.selection.until is None and pd.notna(row["start"]):
            head += f", {row['start']:%Y-%m-%d %H:%M} to {row['end']:%Y-%m-%d %H:%M} UTC"
        return head

    def _times(self) -> pd.DataFrame:
        times = self.traffic[["time", "requests", "errors"]]
        return times.assign(end=times["time"] + pd.Timedelta(seconds=float(self.traffic.attrs["seconds"])))

    def _strip(self) -> list[dict[str, Any]]:
        """Return the figures with their unit, their course over time and what to know about them."""
        row, over = self.frame.iloc[0], self.traffic
        unknown = int(row["cost_unknown"])
        missing = f"unknown for {_format.count(unknown)}" if unknown and pd.notna(row["cost_usd"]) else ""
        figures = [
            (_words.noun(self.selection), row["requests"], "", over["requests"], ""),
            ("error rate", row["error_rate"], "share", over["error_rate"], ""),
            ("p50", row["latency_p50_ms"], "ms", over["latency_p50_ms"], ""),
            ("p95", row["latency_p95_ms"], "ms", over["latency_p95_ms"], ""),
            ("p99", row["latency_p99_ms"], "ms", over["latency_p99_ms"], ""),
            ("first token p50", row["ttft_p50_ms"], "ms", over["ttft_p50_ms"], ""),
            ("input tokens", row["input_tokens"], "", over["input_tokens"], ""),
            ("output tokens", row["output_tokens"], "", over["output_tokens"], ""),
            ("cost", row["cost_usd"], "USD", over["cost_usd"], missing),
        ]
        return [
            {"name": name, "value": _plain(value), "unit": unit, "course": [_plain(v) for v in course], "note": note}
            for name, value, unit, course, note in figures
        ]

    def _store(self) -> dict[str, Any]:
        return {
            "name": self.store.name,
            "counts": self.store.counts,
            "formats": self.store.formats.to_dict("records"),
            "rejected": self.store.rejected,
            "rejects": self.store.rejects.to_dict("records"),
        }

    def _holds(self) -> str:
        store = self.store
        files = int(store.formats["files"].sum()) if len(store.formats) else 0
        formats = ", ".join(str(name) for name in store.formats["format"])
        counts = [
            _format.plural(number, name.removesuffix("s") if name != "metrics" else "metric point")
            for name, number in store.counts.items()
            if number or name == "spans"
        ]
        loaded = _format.plural(files, "file") + (f" ({formats})" if formats else "")
        text = f"Store {store.name}: {', '.join([loaded, *counts])}"
        if store.rejected:
            reasons = "; ".join(
                f"{row['reason']} ({_format.count(row['records'])})" for row in store.rejects.to_dict("records")
            )
            text += f"; {_format.plural(store.rejected, 'record')} could not be read: {reasons}"
        return f"{text}."

    def _findings(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        from llmscope.answers.findings import findings

        found = findings(self.selection, scope=_itself)
        kinds = found.frame["kind"].tolist()
        told = [{"finding": a, "kind": kind, "details": b} for (a, b), kind in zip(found.lines, kinds, strict=True)]
        return {"findings": told, "nothing": found.nothing}

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def overview(selection: Selection) -> Overview:
    """Return the overview of a selection.

    Args:
        selection: What is counted.

    Returns:
        An answer whose ``frame`` has one row: ``requests``, ``errors``, ``error_rate``, ``latency_p50_ms``,
        ``latency_p95_ms``, ``latency_p99_ms``, ``ttft_p50_ms``, ``ttft_p95_ms``, ``input_tokens``, ``output_tokens``,
        ``cost_usd``, ``cost_unknown``, ``start``, ``end``.

    Example:
        >>> import llmscope
        >>> print(overview(llmscope.open()._selection))
        0 requests.
        Store in memory: 0 files, 0 spans.
        Load logs with scope.load("logs/*.jsonl").
    """
    from llmscope.analysis.intervals import order_statistic_interval
    from llmscope.measures.cube import telling
    from llmscope.measures.figures import figures
    from llmscope.measures.holdings import holdings
    from llmscope.measures.latency import latency
    from llmscope.measures.traffic import traffic

    frame = figures(selection)
    frame.insert(2, "error_rate", (frame["errors"] / frame["requests"].where(frame["requests"] > 0)).astype("float64"))
    groups = {name: figures(selection, name) for name in telling(selection, GROUPS)[:2]}
    histogram = latency(selection, order_statistic_interval).histogram
    return Overview(frame, traffic(selection), _bars(histogram), groups, holdings(selection.store), selection)


def _itself(selection: Selection) -> Selection:
    return selection


def _bars(histogram: pd.DataFrame) -> pd.DataFrame:
    """Merge fine bins, 16 per doubling, into bars of 4 per doubling; what took no time stands at a microsecond."""
    low = histogram["low_ms"].clip(lower=0.001).astype("float64")
    code = np.floor(np.round(np.log2(low) * 16) / _MERGED).astype("int64")
    counts = histogram.groupby(code)["requests"].sum().sort_index()
    edges = 2.0 ** (counts.index.to_numpy() * _MERGED / 16)
    return pd.DataFrame({"low_ms": edges, "high_ms": edges * 2 ** (_MERGED / 16), "requests": counts.to_numpy()})


def _named(row: Mapping[Any, Any], by: str, others: int) -> tuple[str, Mapping[Any, Any]]:
    from llmscope.measures._groups import OTHER

    name = _words.group(row[by])
    return (_format.plural(others, "other") if others and name == OTHER else name), row


def _group_rows(frame: pd.DataFrame, by: str) -> list[dict[str, Any]]:
    rows = []
    for record in frame.to_dict("records"):
        name, row = _named(record, by, frame.attrs["others"])
        rows.append(
            {
                "name": name,
                "requests": row["requests"],
                "error_rate": row["errors"] / row["requests"],
                "p50": _plain(row["latency_p50_ms"]),
                "p95": _plain(row["latency_p95_ms"]),
                "tokens": _plain(pd.Series([row["input_tokens"], row["output_tokens"]]).sum(min_count=1)),
                "cost": _plain(row["cost_usd"]),
            }
        )
    return rows


def _cells(row: Mapping[Any, Any]) -> dict[str, str]:
    return {
        "requests": _format.count(row["requests"]),
        "failed": _format.share(row["errors"] / row["requests"]),
        "p50": _format.duration(row["latency_p50_ms"]),
        "p95": _format.duration(row["latency_p95_ms"]),
        "cost": _format.money(row["cost_usd"]),
    }


def _aligned(frame: pd.DataFrame, by: str, unit: str) -> list[str]:
    """Return a breakdown as lines of aligned columns."""
    named = [_named(row, by, frame.attrs["others"]) for row in frame.to_dict("records")]
    rows = [(name[:32], *_cells(row).values()) for name, row in named]
    table = [(by, unit, "failed", "p50", "p95", "cost"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  "
        + "  ".join(
            f"{cell:<{width}}" if index == 0 else f"{cell:>{width}}"
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]


def _written(figure: Mapping[str, Any]) -> str:
    write = {"ms": _format.duration, "share": _format.share, "USD": _format.money}.get(figure["unit"], _format.short)
    return (
        _format.count(figure["value"])
        if figure["unit"] == "" and (figure["value"] or 0) < 1e6
        else write(figure["value"])
    )


def _plain(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
