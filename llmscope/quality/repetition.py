"""Loops: a text whose end says the same again and again, as models do until their tokens run out."""

from __future__ import annotations

import re
from typing import Final

from llmscope.quality._arrays import Array

_TAIL: Final = 900
"""Characters at the end that are looked at: a loop goes on until the text ends."""

_LEAST: Final = 120
"""Characters below which a text is no loop."""

_TIMES: Final = 3
_VARIED: Final = 4
"""Different letters in what is repeated: rules and dotted lines are none."""

_NUMBER: Final = re.compile(r"\d+")
_BLANK: Final = re.compile(r"\s+")


def repeats(texts: Array) -> Array:
    """Return whether each text ends in a loop: one passage, whatever its numbers, at least three times in a row.

    Example:
        >>> import pyarrow as pa
        >>> repeats(pa.array(["I am not sure what you mean. " * 6, "I am not sure what you mean.", None])).to_pylist()
        [True, False, None]
    """
    import pyarrow as pa

    return pa.array([None if text is None else _repeats(text) for text in texts.to_pylist()], pa.bool_())


def _repeats(text: str) -> bool:
    if len(text) < _LEAST:
        return False
    tail = text[-_TAIL:]
    if not any(tail.count(tail[-back - 12 : len(tail) - back]) >= _TIMES for back in (0, 30, 70, 100)):
        return False
    plain = _BLANK.sub(" ", _NUMBER.sub("0", tail.lower())).strip()
    size = len(plain)
    for skip in range(min(40, size // 4)):  # the last round may be cut
        end = plain[: size - skip]
        period = _period(end)
        if period and sum(map(str.isalpha, set(end[-period:]))) >= _VARIED:
            return True
    return False


def _period(text: str) -> int:
    """Return the length of what the text ends with three times in a row, over 90 characters or more; else 0."""
    probe = text[-20:]
    at = text.rfind(probe, 0, -1)
    while at >= 0:
        period = len(text) - len(probe) - at
        times = max(_TIMES, -(-90 // period))
        span = period * times
        if span > len(text):
            return 0
        if text[-span:-period] == text[-span + period :]:
            return period
        at = text.rfind(probe, 0, at + len(probe) - 1)
    return 0
