"""What data a widget of ours holds, in rows and columns, read from its state for the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def holdings(state: Mapping[str, Any], buffers: Mapping[str, bytes]) -> dict[str, Any]:
    """Describe what a widget holds.

    A widget may say so itself in a trait ``holds``, a dict with ``rows``, ``columns`` and what else describes it.

    Args:
        state: The widget's traits.
        buffers: Its binary traits.

    Returns:
        ``rows`` and ``columns``, or ``requests``, ``traces`` and ``spans``, where they are known; empty otherwise.
    """
    told, view, meta = state.get("holds"), state.get("_view"), state.get("meta")
    if isinstance(told, Mapping):
        return dict(told)
    if view == "board" and isinstance(meta, Mapping):
        return {
            "rows": meta.get("cells"),
            "columns": [str(axis.get("key")) for axis in meta.get("axes", [])],
            "counted": str(meta.get("scope", "")),
        }
    if view in {"trace", "traces"} and buffers.get("data"):
        return _traces(json.loads(buffers["data"]))
    if buffers.get("table"):
        table = json.loads(buffers["table"])
        return {"rows": len(table["rows"]), "columns": table["columns"]}
    return {}


def _traces(data: Mapping[str, Any]) -> dict[str, Any]:
    """Requests in a list, traces that can be opened without a kernel, their spans, and how many with their text."""
    traces = list(data["traces"].values()) if "traces" in data else [data]
    listed = {"requests": len(data["rows"]), "counted": str(data.get("scope", ""))} if "rows" in data else {}
    return {
        **listed,
        "traces": len(traces),
        "spans": sum(len(trace["spans"]["id"]) for trace in traces),
        "spans_with_text": sum(len(trace["details"]) for trace in traces),
    }
