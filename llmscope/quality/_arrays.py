"""What the functions of this room take and return."""

from __future__ import annotations

from typing import Any, TypeAlias

Array: TypeAlias = Any
"""An Arrow array of texts or of truth values; the types that pyarrow's stubs have for these exclude each other."""


def compute() -> Any:
    """Return ``pyarrow.compute``, imported when it is first needed."""
    import pyarrow.compute

    return pyarrow.compute
