"""Documents that hold their records in one list, such as ``{"data": [...]}`` or ``{"simulations": [...]}``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from llmscope.sources._columns import STRONG, guess
from llmscope.sources._exchange import is_chat
from llmscope.sources._json import Reject
from llmscope.sources._reading import flat
from llmscope.sources._unfold import Unfold

_LISTS: Final = (
    "data", "records", "rows", "items", "entries", "requests", "logs", "runs", "simulations", "results", "examples",
    "conversations", "instances",
)  # fmt: skip
_LISTED: Final = frozenset(_LISTS)

UNFOLD: Final = Unfold(inner=frozenset(), leaves=frozenset(_LISTS))
"""Lists that may be read piece by piece where the document is too large to be held."""


_TELLING: Final = STRONG - {"trace_id"}
"""Columns that make an object a call; other formats list traces by their ids too."""


def first_item(record: object) -> object:
    """Return the first record of a document, or what was given when it is a record itself."""
    key = wrapped(record)
    return record[key][0] if key is not None and isinstance(record, Mapping) else record


def wrapped(record: object) -> str | None:
    """Return the key of the list in which a document holds its records; None when it is a record itself."""
    if not isinstance(record, Mapping) or _LISTED.isdisjoint(record) or is_chat(record):
        return None
    for key in _LISTS:
        items = record.get(key)
        if isinstance(items, list) and items and isinstance(items[0], dict) and _is_record(items[0]):
            return None if _is_record({name: value for name, value in record.items() if name != key}) else key
    return None


def unwrapped(records: Iterable[tuple[str, dict[str, Any]]], reject: Reject) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the records that documents hold, each with its place; other records pass as they are.

    What a document says beside its list is kept: words and numbers with each record, structures with the first.
    """
    for place, record in records:
        key = wrapped(record)
        if key is None:
            yield place, record
            continue
        beside = {name: value for name, value in record.items() if name != key}
        plain = {name: value for name, value in beside.items() if not isinstance(value, dict | list)}
        for index, item in enumerate(record[key]):
            where = f"{place}, {key}[{index}]"
            if isinstance(item, dict):
                yield where, (plain if index else beside) | item
            else:
                reject(where, "it is no object", item)


def _is_record(record: Mapping[str, Any]) -> bool:
    if is_chat(record):
        return True
    return any((target := guess(name)) is not None and target.column in _TELLING for name in flat(record))
