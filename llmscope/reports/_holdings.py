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
        ``rows`` and ``columns`` where they are known, empty otherwise.
    """
    told = state.get("holds")
    if isinstance(told, Mapping):
        return dict(told)
    meta = state.get("meta")
    if state.get("_view") == "board" and isinstance(meta, Mapping):
        return {
            "rows": meta.get("cells"),
            "columns": [str(axis.get("key")) for axis in meta.get("axes", [])],
            "counted": str(meta.get("scope", "")),
        }
    if buffers.get("table"):
        table = json.loads(buffers["table"])
        return {"rows": len(table["rows"]), "columns": table["columns"]}
    return {}
