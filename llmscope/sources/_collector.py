"""Reads millions of small records without the garbage collector walking over them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def undisturbed(items: Iterator[T]) -> Iterator[T]:
    """Yield what an iterator yields, with the cyclic garbage collector off while it works, and as it was in between.

    Decoded records are trees: reference counts free them, and walking over them took half of the time.

    Example:
        >>> list(undisturbed(iter([1, 2])))
        [1, 2]
    """
    end = object()
    while True:
        was_on = gc.isenabled()
        gc.disable()
        try:
            item = next(items, end)
        finally:
            if was_on:
                gc.enable()
        if item is end:
            return
        yield item  # type: ignore[misc]  # the sentinel was returned on
