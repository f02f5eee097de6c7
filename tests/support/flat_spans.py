"""Spans as rows of a log, so that a whole trace stands on a few lines."""

from __future__ import annotations


def span(trace, number, parent, name, start, took, **columns):
    """Return a span: its number and its parent's within the trace, its start in seconds and its duration in ms."""
    return {
        "trace_id": trace, "span_id": f"{trace}{number}", "parent_id": parent and f"{trace}{parent}", "name": name,
        "start_time": f"2026-11-16T10:00:{start:06.3f}Z", "duration_ms": took, **columns,
    }  # fmt: skip
