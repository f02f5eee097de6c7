"""Ids as OTLP wants them: 16 bytes for a trace, 8 for a span; others are mapped to that, always in the same way."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from llmscope.sources._otlp_ids import SPAN, TRACE, hexadecimal

ORIGINALS: Final = {"trace_id": "llmscope.trace_id", "span_id": "llmscope.span_id"}
"""Attributes that tell what an id was before it was mapped."""


def otlp_id(value: str | None, digits: int) -> str | None:
    """Return an id as so many hexadecimal digits; one of another kind as the beginning of its SHA-256.

    Args:
        value: As the store has it.
        digits: ``TRACE`` or ``SPAN``.

    Example:
        >>> otlp_id("4bf92f3577b34da6a3ce929d0e0e4736", TRACE), otlp_id("run-7", SPAN), otlp_id(None, SPAN)
        ('4bf92f3577b34da6a3ce929d0e0e4736', 'b4c05df04575822c', None)
    """
    if value is None:
        return None
    found = hexadecimal(value, digits)
    if found is not None and len(found) == digits:
        try:
            bytes.fromhex(found)
        except ValueError:
            pass
        else:
            return found
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()[:digits]


def mapped(row: dict[str, Any]) -> dict[str, str]:
    """Return the attributes that keep the ids of a row which OTLP cannot hold as they are."""
    return {
        ORIGINALS[column]: row[column]
        for column, digits in (("trace_id", TRACE), ("span_id", SPAN))
        if row[column] is not None and otlp_id(row[column], digits) != row[column]
    }
