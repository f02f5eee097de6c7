"""The two halves of a LangSmith run, one sent when it starts (``post``) and one when it ends (``patch``), as one."""

from __future__ import annotations

import re
from typing import Any, Final

from llmscope.sources._cells import text

Run = dict[str, Any]

REPLACED: Final = "post"
"""Field under which a merged run keeps what its end said differently from its start."""

_PLACE: Final = re.compile(r"\d{8}T\d{6,}Z(.+)")


def merged(first: Run, then: Run) -> Run:
    """Return one run from two records of it; the later one wins, and what it replaces stays under ``post``.

    Example:
        >>> merged({"id": "a", "name": "x", "tags": ["new"]}, {"id": "a", "name": "y", "end_time": 2, "tags": []})
        {'id': 'a', 'name': 'y', 'tags': ['new'], 'end_time': 2, 'post': {'name': 'x'}}
    """
    out = dict(first)
    replaced: Run = {}
    for key, value in then.items():
        old = out.get(key)
        if _empty(old):
            out[key] = value
        elif _empty(value) or old == value:
            continue
        elif key == "extra" and isinstance(old, dict) and isinstance(value, dict):
            out[key] = _joined(old, value)
        elif key in ("tags", "events") and isinstance(old, list) and isinstance(value, list):
            out[key] = [item for item in old if item not in value] + value
        else:
            out[key] = value
            replaced[key] = old
    if replaced:
        out[REPLACED] = replaced | out[REPLACED] if isinstance(out.get(REPLACED), dict) else replaced
    return out


def _joined(old: Run, new: Run) -> Run:
    out = dict(old)
    for key, value in new.items():
        inside = out.get(key)
        if isinstance(inside, dict) and isinstance(value, dict):
            out[key] = _joined(inside, value)
        elif not _empty(value) or key not in out:
            out[key] = value
    return out


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def ancestors(run: Run) -> list[str]:
    """Return the ids from the root of its trace to the run itself, as far as ``dotted_order`` tells them.

    Example:
        >>> ancestors({"dotted_order": "20230914T223155647000Zroot.20230914T223155649000Zchild"})
        ['root', 'child']
    """
    order = run.get("dotted_order")
    if not isinstance(order, str):
        return []
    return [match[1] for part in order.split(".") if (match := _PLACE.fullmatch(part))]


def parent_of(run: Run) -> str | None:
    """Return the id of the run that caused this one; None for a root."""
    named = text(run.get("parent_run_id"))
    if named is not None:
        return named
    chain = ancestors(run)
    if len(chain) > 1:
        return chain[-2]
    above = run.get("parent_run_ids")
    return text(above[-1]) if isinstance(above, list) and above else None


def trace_of(run: Run) -> str | None:
    """Return the id of the run's trace, which is that of its root; None where only other runs can tell."""
    named = text(run.get("trace_id"))
    if named is not None:
        return named
    chain = ancestors(run)
    if chain:
        return chain[0]
    above = run.get("parent_run_ids")
    if isinstance(above, list) and above:
        return text(above[0])
    return None if parent_of(run) else text(run.get("id"))
