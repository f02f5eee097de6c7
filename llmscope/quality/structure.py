"""JSON: whether it was asked for, whether it came, and of what shape it is."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from llmscope.quality._arrays import Array, compute

ASKED: Final = (
    r"(?i)\b(?:return|respond|reply|answer|output|give|provide|format|produce|generate|write|"
    r"emit)\b[^.\n]{0,80}\bjson\b|\b(?:valid|only|as|in|pure|raw|strict) json\b|\bjson (?:object|array|format|schema|"
    r"only|output|response|list)\b"
)
"""Regular expression (RE2) of a prompt that asks for JSON."""

_FENCED: Final = re.compile(r"```(?:json|JSON)?[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)


def asks_for_json(texts: Array) -> Array:
    """Return whether each prompt asks for JSON.

    Example:
        >>> import pyarrow as pa
        >>> asks_for_json(pa.array(["List them. Reply in JSON.", "What is JSON?"])).to_pylist()
        [True, False]
    """
    pc = compute()
    return pc.match_substring_regex(texts, ASKED)


def invalid_json(texts: Array) -> Array:
    r"""Return whether each text is no JSON: neither all of it nor its one fenced block parses (RFC 8259).

    Example:
        >>> import pyarrow as pa
        >>> invalid_json(pa.array(['{"a": 1}', '```json\n[1]\n```', 'Sure! {"a": 1}', None])).to_pylist()
        [False, False, True, None]
    """
    import pyarrow as pa

    return pa.array([None if text is None else not _parses(text) for text in texts.to_pylist()], pa.bool_())


def _parses(text: str) -> bool:
    blocks = _FENCED.findall(text)
    for part in (text, *blocks) if len(blocks) < 2 else (text,):
        try:
            orjson.loads(part)
        except orjson.JSONDecodeError:
            continue
        return True
    return False


def shapes(texts: Array) -> Array:
    """Return the keys of each text that is a JSON object, sorted, and the kind of each value; ``text`` for others.

    Example:
        >>> import pyarrow as pa
        >>> shapes(pa.array(['{"b": 1, "a": "x"}', "[1]", "Hi", None])).to_pylist()
        ['a:str b:number', 'list', 'text', None]
    """
    import pyarrow as pa

    return pa.array([None if text is None else _shape(text) for text in texts.to_pylist()], pa.string())


def _shape(text: str) -> str:
    bare = text.strip()
    if not bare.startswith(("{", "[")):
        return "text"
    try:
        value = orjson.loads(bare)
    except orjson.JSONDecodeError:
        return "text"
    if not isinstance(value, dict):
        return "list"
    return " ".join(f"{key}:{_kind(value[key])}" for key in sorted(value))


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "null" if value is None else "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__
