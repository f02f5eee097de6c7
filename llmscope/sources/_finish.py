"""The last touch on a span read from a flat log: its kind, name, provider and price."""

from __future__ import annotations

import json
from typing import Any

import orjson

from llmscope.sources._batch import Row
from llmscope.sources._cost import price
from llmscope.sources._operation import operation, provider

_OF_A_MODEL = (
    "model",
    "output",
    "output_messages",
    "output_tokens",
    "ttft_ms",
    "finish_reason",
    "input",
    "input_tokens",
)


def finish(row: Row, source: str) -> Row:
    """Fill what follows from the other columns, in place, and write ``attributes`` as text.

    The operation is the source's own where it is one of ours, else ``chat`` where anything speaks of a model, else
    ``other``. Cost is the source's own, else the list price at the time, else unknown.
    """
    said = row.get("operation")
    kind = operation({"operation": said})
    if kind == "other":
        kind = "chat" if any(row.get(column) is not None for column in _OF_A_MODEL) else "other"
        if said not in (None, "other"):
            row["attributes"]["operation"] = said
    row["operation"] = kind
    row["provider"] = provider(row.get("provider"))
    row["model"] = row.get("model") or row.get("response_model")
    if row.get("name") is None:
        row["name"] = " ".join(part for part in (kind, row["model"] or row.get("tool") or row.get("agent")) if part)
    if row.get("cost_usd") is None:
        price(row, row["attributes"])
    row["source"] = source
    row["attributes"] = as_json(row["attributes"])
    return row


def as_json(value: Any) -> str:
    """Write any value as JSON text; what JSON lacks becomes text."""
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):  # an integer beyond 64 bits or half a surrogate pair
        text = json.dumps(value, default=_plain, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.tolist() if hasattr(value, "tolist") else str(value)
