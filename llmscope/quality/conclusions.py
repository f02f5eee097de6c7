"""What an answer comes to, so that answers to the same prompt can be compared."""

from __future__ import annotations

import re
from typing import Final

from llmscope.quality._arrays import Array

_SHORT: Final = 60
"""Characters up to which an answer is its own conclusion."""

_SAID: Final = (
    re.compile(r"\\boxed\{([^{}]{1,40})\}"),
    re.compile(r"\[\s*(yes|no|true|false|[a-e]|-?\d[\d.,]*)\s*\]", re.IGNORECASE),
    re.compile(
        r"(?:final answer|the answer|answer|conclusion)\s*(?:is|:|=)\s*[*\"'(\[]*\s*"
        r"(yes|no|true|false|[a-e](?![a-z])|-?\$?\d[\d.,]*%?)",
        re.IGNORECASE,
    ),
)
"""Ways to mark the answer within a longer text, surest first; of several of a kind the last counts."""

STANCE: Final = r"^(?:yes|no|true|false|[a-e]|-?\$?\d[\d.,]*%?)$"
"""Regular expression (RE2) of a conclusion that any other contradicts: no other words say the same."""

_FIRST: Final = re.compile(r"[*_\"'(\[\s]*(yes|no|true|false)\b", re.IGNORECASE)
_AROUND: Final = re.compile(r"^[\s\"'*_`(\[]+|[\s\"'*_`)\].!]+$")
_ARTICLE: Final = re.compile(r"^(?:the|a|an) ")
_BLANK: Final = re.compile(r"\s+")


def conclusions(texts: Array) -> Array:
    r"""Return what each text comes to, in lower case: a marked answer, a first yes or no, or all of a short text.

    None where a longer text marks no answer: two of those cannot be compared by their words.

    Example:
        >>> import pyarrow as pa
        >>> said = ["[No]\n\nSince 17 divides it.", "The Grandfather.", "Hm. The answer is 42.", "Hm. " * 40]
        >>> conclusions(pa.array(said)).to_pylist()
        ['no', 'grandfather', '42', None]
    """
    import pyarrow as pa

    return pa.array([None if text is None else _conclusion(text) for text in texts.to_pylist()], pa.string())


def _conclusion(text: str) -> str | None:
    if "[" in text or "\\boxed" in text or "nswer" in text or "onclusion" in text:
        for pattern in _SAID:
            found = pattern.findall(text)
            if found:
                return _plain(found[-1])
    first = _FIRST.match(text)
    if first:
        return first[1].lower()
    return _plain(text) if len(text) <= _SHORT else None


def _plain(text: str) -> str | None:
    bare = _ARTICLE.sub("", _AROUND.sub("", _BLANK.sub(" ", text.lower()))).rstrip(".,")
    return bare or None
