"""By which columns and attributes rows fall into kinds, where nobody names any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llmscope import schema
from llmscope.measures.cube import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.store.selection import Selection

DIMENSIONS: Final = 12
"""Most dimensions that are looked at where none are asked for."""

VALUES: Final = 200
"""Most values of such a dimension: of more, it tells rows apart, not kinds of them."""

_CONVENTIONS: Final = (
    "gen_ai.", "llm.", "otel.", "telemetry.", "http.", "server.", "error.", "service.", "session.", "user.",
    "deployment.", "input.", "output.", "openinference.", "traceloop.", "guardrail.", "rerank.", "postprocess.",
    "retry.", "net.", "url.", "exception.", "process.",
)  # fmt: skip
"""Attribute keys of conventions: what they say has a column, or tells of single steps."""

_KNOWN: Final = 0.5
"""Share of the rows that an attribute is known for, at least, of those that failed and of those that did not: what only
one of them has, such as a message, comes of failing and does not explain it."""


def kinds(windows: Sequence[Selection]) -> list[str]:
    """Return the usual columns and the keys of attributes that tell kinds of rows of one or two windows apart.

    An attribute counts that is known before the answer, as far as can be told: for most of the rows that failed and for
    most of the others.
    """
    last = windows[-1]
    own = {column.name for column in schema.REQUESTS.columns}
    keys = [key for key in last.store.attribute_keys() if not key.startswith(_CONVENTIONS)]
    keyed = {name: name for name in DEFAULTS}
    keyed |= {column: key for key in keys if (column := last.column(key)) not in own}
    told = []
    for window in windows:
        table = window.table
        facts: dict[str, Any] = {}
        failed = table.status == "error"
        for at, name in enumerate(keyed):
            column = table[name]
            facts |= {f"n{at}": column.approx_nunique(), f"least{at}": column.min(), f"known{at}": column.count()}
            facts[f"failed{at}"] = column.count(where=failed)
        told.append(window.run(table.aggregate(**facts, rows=table.count(), failed=table.count(where=failed))).iloc[0])

    def telling(at: int) -> bool:
        most = max(int(row[f"n{at}"]) for row in told)
        new = most == 1 and told[0][f"least{at}"] != told[-1][f"least{at}"]
        return 1 < most <= VALUES or new

    def before(at: int) -> bool:
        rows, failed, known, of_failed = (sum(int(row[name]) for row in told) for name in (
            "rows", "failed", f"known{at}", f"failed{at}"
        ))  # fmt: skip
        return of_failed >= _KNOWN * failed and known - of_failed >= _KNOWN * (rows - failed)

    columns = list(enumerate(keyed.items()))
    return [key for at, (name, key) in columns if telling(at) and (name in DEFAULTS or before(at))][:DIMENSIONS]
