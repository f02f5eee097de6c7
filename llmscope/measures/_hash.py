"""The hash of values, to deal rows as by chance but the same in every run."""

from __future__ import annotations

from typing import Any


def hashed(*values: Any) -> Any:
    """Return the Ibis expression of the hash of values of any type.

    Ibis' own hash of a value goes by way of a text of bits, which takes longer than the rest of the query.
    """
    import ibis
    import ibis.expr.datatypes as dt

    def of(before: Any, value: Any) -> Any: ...

    found = ibis.literal(0, type="int64")
    for value in values:
        signature = ((dt.int64, value.type()), dt.int64)
        found = ibis.udf.scalar.builtin(of, name="hash", signature=signature)(found, value)
    return found
