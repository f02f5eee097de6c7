"""Whether an answer says what its documents do not."""

from __future__ import annotations

import re
from typing import Final

from llmscope.quality._arrays import Array

_WORD: Final = re.compile(r"[^\W_]{4,}")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_STEM: Final = 6
"""Letters of a word that are compared: endings differ where meanings do not."""

_LEAST: Final = 8
"""Words of content below which nothing is said of an answer."""

_STRANGE: Final = 0.75
"""Share of an answer's words, and numbers, that are in no document, from which on it is ungrounded."""

_COMMON: Final = """
that this with from have they them their there these those what when where which while will would could should your
about also been into more most some such than then were does based document documents context answer question
according provided information following each other because however please here
"""
_EMPTY: Final = frozenset(_COMMON.split())


def ungrounded(answers: Array, documents: Array, prompts: Array) -> Array:
    """Return whether three quarters of what each answer says are neither in its documents nor in its prompt.

    Words of four letters or more are compared by their first six, numbers as they are. None without documents, and for
    answers of fewer than eight such words.

    Example:
        >>> import pyarrow as pa
        >>> documents = pa.array(["Parcels over 30 kilograms ship by freight within eight working days."] * 2)
        >>> answers = pa.array(["Parcels over 30 kilograms ship by freight within eight working days.",
        ...     "Our restaurant serves breakfast from seven until eleven, lunch afterwards, dinner never."])
        >>> ungrounded(answers, documents, pa.array([None, None], pa.string())).to_pylist()
        [False, True]
    """
    import pyarrow as pa

    rows = zip(answers.to_pylist(), documents.to_pylist(), prompts.to_pylist(), strict=True)
    return pa.array([_ungrounded(answer, told, prompt or "") for answer, told, prompt in rows], pa.bool_())


def _ungrounded(answer: str | None, documents: str | None, prompt: str) -> bool | None:
    if answer is None or not documents:
        return None
    said = _content(answer)
    if len(said) < _LEAST:
        return None
    return len(said - _content(documents) - _content(prompt)) > _STRANGE * len(said)


def _content(text: str) -> set[str]:
    lower = text.lower()
    words = {word[:_STEM] for word in _WORD.findall(lower) if word not in _EMPTY}
    return words | set(_NUMBER.findall(lower))
