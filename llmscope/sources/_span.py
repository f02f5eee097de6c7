"""A span that a tool other than OpenTelemetry tells: its own fields, what its attributes say, and what follows.

A format's module puts what the tool's own fields say into columns, and every other field into ``attributes`` under
the tool's own path. Attributes that follow OpenTelemetry, OpenInference or Traceloop fill the columns that are left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from llmscope.schema import COST_SOURCE, TOKENS_CONVENTION, TOKENS_UNEXPLAINED
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cost import price
from llmscope.sources._finish import as_json
from llmscope.sources._operation import operation, provider
from llmscope.sources._otlp_rows import iso
from llmscope.sources._scores import EVALUATION, of_event, of_lists
from llmscope.sources._semconv import fill
from llmscope.sources._texts import Event
from llmscope.sources._tokens import tokens
from llmscope.sources._values import LONGEST_MS


def add_span(
    rows: Rows,
    source: str,
    row: Row,
    attributes: dict[str, Any],
    *,
    usage: Mapping[str, Any] | None = None,
    exclusive: bool | Collection[str] | None = None,
    events: Sequence[Event] = (),
    links: Sequence[Mapping[str, Any]] = (),
    resource: Mapping[str, Any] | None = None,
) -> None:
    """Add one span, and the scores that its attributes and events carry.

    Args:
        rows: Where to.
        source: Name of the format.
        row: Columns that the tool's own fields fill; None counts as not said. Times are microseconds, or None where
            they are unknown. ``operation`` and ``provider`` may be the tool's words for them. ``duration_ms`` follows
            from the times where it is not given.
        attributes: Every field that has no column, by the tool's own path, and raw token counts as they stood.
        usage: Raw counts by column name, and ``total_tokens``: they are reconciled (see ``_tokens``). None leaves
            them to the attributes.
        exclusive: Whether ``usage`` counts cached and reasoning tokens beside input and output, or which columns so.
        events: In the order of the source.
        links: With ``trace_id``, ``span_id`` and ``attributes``.
        resource: Attributes of the process or host.

    Raises:
        ValueError: It has no trace id or no span id.
    """
    for column in ("trace_id", "span_id"):
        if not row.get(column):
            raise ValueError(f"it has no {column.replace('_', ' ')}")
    said = {column: value for column, value in row.items() if value is not None}
    filled: Row = {"start_time": said.get("start_time"), "status": said.get("status")}
    lists = fill(filled, attributes, list(events))
    computed = attributes.pop(COST_SOURCE, None) is not None
    if usage is not None:
        said |= _counted(usage, attributes, exclusive)
    own = operation({"operation": said["operation"]}) if "operation" in said else "other"
    kind = filled["operation"] if own == "other" else own
    if "operation" in said and own == "other" and said["operation"] != "other":
        attributes.setdefault("operation", said["operation"])
    filled |= said | {"operation": kind, "source": source}
    filled["provider"] = provider(filled.get("provider"))
    filled["model"] = filled.get("model") or filled.get("response_model")
    filled["status"] = filled.get("status") or "unset"
    _measure(filled)
    if not filled.get("name"):
        filled["name"] = " ".join(p for p in (kind, filled["model"] or filled.get("tool") or filled.get("agent")) if p)
    if "cost_usd" not in said and (computed or filled.get("cost_usd") is None):
        price(filled, attributes)
    if events:
        filled["events"] = as_json([{"name": e.name, "time": iso(e.time), "attributes": e.attributes} for e in events])
    if links:
        filled["links"] = as_json(list(links))
    if resource:
        filled["resource"] = as_json(dict(resource))
    filled["attributes"] = as_json(attributes)
    rows.spans.append(filled)
    _scores(rows, source, filled, lists, events)


def _counted(
    usage: Mapping[str, Any], attributes: dict[str, Any], exclusive: bool | Collection[str] | None
) -> dict[str, int]:
    """Return the token columns that the tool's own counts fill; what attributes said of tokens no longer stands."""
    for note in (TOKENS_CONVENTION, TOKENS_UNEXPLAINED):
        attributes.pop(note, None)
    counts = tokens(dict(usage), attributes, exclusive=exclusive)
    return {column: value for column, value in counts.items() if value is not None}


def _measure(row: Row) -> None:
    start, end = row.get("start_time"), row.get("end_time")
    if row.get("duration_ms") is None and start is not None and end is not None and end >= start:
        row["duration_ms"] = (end - start) / 1e3
    elif end is None and start is not None and row.get("duration_ms") is not None and row["duration_ms"] <= LONGEST_MS:
        row["end_time"] = start + round(row["duration_ms"] * 1e3)


def _scores(rows: Rows, source: str, row: Row, lists: Any, events: Sequence[Event]) -> None:
    if not lists and not events:
        return
    trace, span = row["trace_id"], row["span_id"]
    found = of_lists(lists, trace, span, row.get("end_time") or row.get("start_time")) if lists else []
    found += [of_event(e.attributes, trace, span, e.time // 1000 or None) for e in events if e.name == EVALUATION]
    rows.scores.extend(score | {"source": source} for score in found)
