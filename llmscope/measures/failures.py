"""What failures said, with what varies from one to the next masked, and how many requests each was said in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa

    from llmscope.store.selection import Selection

LONGEST: Final = 400
"""Characters of a message that are read: what follows is mostly a stack or a body."""

MESSAGES: Final = 5_000
"""Different messages, after masking, that are told apart; those of most failures first."""

SEVERE: Final = ("ERROR", "ERR", "SEVERE", "CRITICAL", "FATAL", "PANIC", "ALERT", "EMERGENCY", "EMERG")
"""Severities of the log records that tell of failures; a digit may follow, as in ``ERROR2``."""

MASKS: Final = (
    (r"[a-z][a-z0-9+.-]*://[^\s\"'<>)\]]+", "<url>"),
    (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "<email>"),
    (r"\"[^\"]*\"|`[^`]*`", "<text>"),
    (r"(^|[\s(\[=:,])'[^']*'", r"\1<text>"),
    (r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?([.,]\d+)?(Z|[+-]\d\d:?\d\d)?)?", "<time>"),
    (r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
    (r"(?i)\b0x[0-9a-f]+\b|\b[0-9a-f]*[0-9][0-9a-f]*[0-9][0-9a-f]{6,}\b", "<id>"),
    (r"\b[A-Za-z]{1,12}[_-][0-9A-Za-z]*[0-9][0-9A-Za-z]{5,}\b", "<id>"),
    (r"\d{1,3}(\.\d{1,3}){3}(:\d+)?", "<address>"),
    (r"(?i)(^|\bhttp[ /]|\bcode:? |\bstatus:? )([45]\d\d)\b", r"\1HTTP\2"),
    (r"\b([45]\d\d)(:| [A-Z])", r"HTTP\1\2"),
    (r"\b\d+([.,]\d+)*(ns|us|ms|s|m|h|k|K|kB|KB|MB|GB|%)?\b", "<n>"),
)  # fmt: skip
"""What is masked, in this order, as RE2 reads it. Codes of HTTP say what failed and stay."""


_NAMES: Final = (*MASKS[:-1], (r"([/=:])\d+\b", r"\1<n>"))
"""What is masked in the name of a span: a number elsewhere tells models and versions apart."""


def failures(selection: Selection) -> pd.DataFrame:
    """Return the different messages of failed spans and of log records of errors, masked, of the requests counted.

    Args:
        selection: What is counted.

    Returns:
        ``where`` (name of the span, masked; of a log record its service), ``error_type`` (``log`` of a record),
        ``message`` and ``failures`` (how many spans or records say so), those of most first, at most ``MESSAGES``.
    """
    import ibis

    said = _said(selection)
    found = said.group_by("where", "error_type", "message").aggregate(failures=said.count())
    return selection.run(found.order_by(ibis.desc("failures"), "where", "error_type", "message").limit(MESSAGES))


def in_requests(selection: Selection, templates: pa.Table) -> pd.DataFrame:
    """Return in how many requests each of some templates was said, and one of them.

    Args:
        selection: What is counted.
        templates: ``where, error_type, message`` as :func:`failures` has them, none of them null, and ``template``, a
            number.

    Returns:
        ``template``, ``requests`` (a log record of no request counts as one), ``trace_id`` (of the first one by its id)
        and ``example``, what was said in it.
    """
    import ibis

    said = _said(selection)
    types = {"where": "string", "error_type": "string", "message": "string", "template": "int64"}
    known = ibis.table(types, name="templates")
    joined = said.inner_join(known, ["where", "error_type", "message"])
    found = joined.group_by("template").aggregate(
        requests=joined.request.nunique(),
        trace_id=joined.trace_id.min(),
        example=joined.said.argmin(joined.trace_id.fill_null("")),
    )
    return selection.run(found.order_by("template"), templates=templates)


def masked(text: Any, masks: Sequence[tuple[str, str]] = MASKS) -> Any:
    """Return the Ibis expression of a text in which numbers, ids, addresses, times and quoted texts are masked."""
    short = text.substr(0, LONGEST)
    for pattern, mask in masks:
        short = short.re_replace(pattern, mask)
    return short.re_replace(r"\s+", " ").strip()


def _said(selection: Selection) -> Any:
    """Return the Ibis table ``where, error_type, message, said, trace_id, request`` of failures; no null but traces."""
    import ibis

    spans, logs = selection.spans, selection.logs
    failed = spans.filter(spans.status == "error", spans.error_type.notnull() | spans.error_message.notnull())  # noqa: PD004  (Ibis)
    severe = logs.filter(logs.severity.re_search(rf"^({'|'.join(SEVERE)})\d?$"), logs.body.notnull())  # noqa: PD004  (Ibis)
    alone = severe.body + severe.time.cast("string").fill_null("")
    of_spans = failed.select(
        where=masked(failed.name, _NAMES).fill_null(""),
        error_type=failed.error_type.fill_null(""),
        message=masked(failed.error_message).fill_null(""),
        said=failed.error_message.fill_null(failed.error_type).substr(0, LONGEST),
        trace_id=failed.trace_id,
        request=failed.trace_id,
    )
    of_logs = severe.select(
        where=severe.service.fill_null(""),
        error_type=ibis.literal("log"),
        message=masked(severe.body).fill_null(""),
        said=severe.body.substr(0, LONGEST),
        trace_id=severe.trace_id,
        request=severe.trace_id.fill_null(alone),
    )
    return of_spans.union(of_logs)
