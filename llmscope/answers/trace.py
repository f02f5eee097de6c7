"""One trace: its tree, its timeline and what was said in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.answers._answer import Answer
from llmscope.charts import _format

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import altair as alt

    from llmscope import widgets
    from llmscope.answers.suspects import Suspects
    from llmscope.store.selection import Selection

LINES: Final = 40
"""Spans that the plain words name one by one."""


@dataclass(frozen=True, repr=False, eq=False)
class TraceExplorer(Answer):
    """One trace.

    Attributes:
        frame: One row per span, in the order of the tree: ``span_id``, ``parent_id``, ``depth``, ``name``,
            ``operation``, ``status``, ``start_time`` (UTC), ``start_ms`` (since the trace's first start),
            ``duration_ms``, ``error_type``, ``service``, ``model``, ``tool``, ``agent``, ``input_tokens``,
            ``output_tokens``, ``cost_usd``.
        trace_id: The trace.
        selection: Where it was found.
        request: The whole request: the columns of ``schema.REQUESTS``, None where unknown.
    """

    frame: pd.DataFrame
    trace_id: str
    selection: Selection
    request: Mapping[str, Any]

    @cached_property
    def widget(self) -> widgets.TraceView:
        """The widget behind the display."""
        from llmscope import widgets
        from llmscope.answers._explorer import payload
        from llmscope.answers._questions import Review, reading

        review = Review(self.selection)
        answers = {**reading(self.selection), **review.questions()}
        review.widget = widgets.TraceView(payload(self.selection, self.trace_id), summary=self.text(), answers=answers)
        return review.widget

    def span(self, span_id: str) -> dict[str, Any]:
        """Return everything else a span has: texts, messages, attributes, events, scores, log records.

        Raises:
            LlmscopeError: The trace has no such span.
        """
        from llmscope.errors import LlmscopeError
        from llmscope.measures.traces import details

        found = details(self.selection, [self.trace_id], [span_id])[self.trace_id]
        if span_id not in found:
            raise LlmscopeError(f"The trace {self.trace_id} has no span {span_id!r}; `.frame` lists them.")
        return found[span_id]

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002  (the name a user expects)
    ) -> Path:
        """Write the trace to a file.

        Args:
            path: The file.
            format: ``json`` (everything that is stored of it), ``speedscope`` (a timeline for
                https://www.speedscope.app) or ``chrome`` (one for ``chrome://tracing`` and Perfetto); None tells it by
                the name: ``*.speedscope.json``, ``*.chrome.json``, else ``json``.

        Returns:
            The path.

        Raises:
            UnknownFormatError: There is no such format.
            UnreadableFileError: The file cannot be written.

        Example:
            >>> import llmscope, tempfile
            >>> scope = llmscope.open()
            >>> _ = scope.load([{"trace_id": "a", "model": "gpt-4o", "prompt": "Hi", "response": "Hello"}])
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     scope.trace("a").export(f"{folder}/a.speedscope.json").name
            'a.speedscope.json'
        """
        from llmscope.answers._trace_files import FORMATS, written
        from llmscope.errors import UnreadableFileError

        place = Path(path)
        told = (name for name, end in FORMATS.items() if name != "json" and place.name.endswith(end))
        content = written(self.selection, self.trace_id, format or next(told, "json"))
        try:
            place.write_bytes(content)
        except OSError as error:
            raise UnreadableFileError(f"{place} cannot be written: {error.strerror or error}.") from error
        return place

    def suspects(self) -> Suspects:
        """Return the steps of the run, the likeliest to have made it fail first; see ``answers.suspects.suspects``."""
        from llmscope.answers.suspects import suspects

        return suspects(self.selection, self.trace_id, self.frame)

    def totals(self) -> dict[str, float | None]:
        """Return ``tokens`` (input and output) and ``cost_usd`` of the request, each counted once; None if unknown."""
        from llmscope.answers._explorer import tokens

        return {"tokens": tokens(self.request), "cost_usd": self.request["cost_usd"]}

    def chart(self) -> alt.TopLevelMixin:
        """Return the waterfall of the first 60 spans."""
        from llmscope.charts.waterfall import waterfall_chart

        return waterfall_chart(self.frame, title=self.text().partition("\n")[0])

    def table(self) -> pd.DataFrame:
        """Return the spans as people read them."""
        columns = ["name", "operation", "status", "duration_ms", "model", "input_tokens", "output_tokens", "cost_usd"]
        from llmscope.answers._table import readable

        return readable(self.frame[columns])

    def text(self) -> str:
        """Return the trace as an indented list of its spans."""
        from llmscope.answers._explorer import tokens

        request = self.request
        head = ", ".join(
            (
                f"{request['name'] or 'trace'} {self.trace_id}: {request['status']}",
                _format.duration(request["duration_ms"]),
                _format.plural(len(self.frame), "span"),
                f"{_format.short(tokens(request))} tokens",
                _format.money(request["cost_usd"]),
            )
        )
        lines = [_line(row) for row in self.frame.head(LINES).to_dict("records")]
        more = len(self.frame) - len(lines)
        return "\n".join([head, *lines, *([f"  … {_format.plural(more, 'more span')}"] if more > 0 else [])])

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def trace(selection: Selection, trace_id: str) -> TraceExplorer:
    """Return one trace.

    Args:
        selection: Where to look.
        trace_id: Its id, as in the column ``trace_id``.

    Raises:
        UnknownTraceError: The selection has no such trace.

    Example:
        >>> import llmscope
        >>> scope = llmscope.open()
        >>> trace(scope._selection, "4bf92f")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        llmscope.errors.UnknownTraceError: No trace '4bf92f' among the requests. ...
    """
    from llmscope.analysis.tree import parents, preorder
    from llmscope.measures import traces as measures

    request = measures.request(selection, trace_id)
    spans = measures.spans(selection, [trace_id])[trace_id]
    above = spans["parent_id"].astype(object).where(spans["parent_id"].notna(), None)
    order = preorder(parents(spans["span_id"].tolist(), above.tolist()))
    frame = spans.iloc[[row for row, _ in order]].reset_index(drop=True)
    frame.insert(2, "depth", [depth for _, depth in order])
    since = (frame["start_time"] - frame["start_time"].min()) / pd.Timedelta(milliseconds=1)
    frame.insert(frame.columns.tolist().index("start_time") + 1, "start_ms", since)
    return TraceExplorer(frame, trace_id, selection, request)


def _line(row: Mapping[Any, Any]) -> str:
    failed = f"  ✕ {row['error_type']}" if isinstance(row["error_type"], str) else ""
    failed = failed or ("  ✕ failed" if row["status"] == "error" else "")
    actor = next((row[name] for name in ("model", "tool", "agent") if isinstance(row[name], str)), "")
    actor = "" if actor in str(row["name"]) else actor
    words = " ".join(part for part in (str(row["name"]), actor) if part)
    return f"{'  ' * (min(row['depth'], 12) + 1)}{words}  {_format.duration(row['duration_ms'])}{failed}"
