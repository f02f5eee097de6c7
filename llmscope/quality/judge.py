"""All checks that look at one row alone, over many rows at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.quality._arrays import Array, compute
from llmscope.quality.characters import badly_encoded, gibberish
from llmscope.quality.conclusions import STANCE, conclusions
from llmscope.quality.endings import truncated
from llmscope.quality.grounding import ungrounded
from llmscope.quality.injection import injects
from llmscope.quality.personal import holds_personal_data
from llmscope.quality.refusals import does_not_know, refuses
from llmscope.quality.repetition import repeats
from llmscope.quality.structure import asks_for_json, invalid_json, shapes
from llmscope.quality.tongues import mismatches, tongues

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST: Final = 100_000
"""Characters of a text that are looked at; of longer ones the first and the last half of as many."""


def judge(rows: pa.Table) -> pa.Table:
    """Return what is wrong with the texts of some rows.

    Args:
        rows: ``input``, ``output``, ``finish_reason``, ``documents`` (texts, NULL where there is none), and
            ``asks_for_json`` (whether something besides the input asks for it).

    Returns:
        A truth value for each of ``checks.OWN``, NULL where it cannot be told, and what others are compared by:
        ``shape`` of the input, ``conclusion`` of the output, and whether that is a ``stance`` (yes, no, a number, a
        letter).

    Example:
        >>> import pyarrow as pa
        >>> rows = pa.table({"input": ["Hi"], "output": ["I'm sorry, but I can't assist with that."],
        ...     "finish_reason": ["stop"], "documents": pa.nulls(1, pa.string()), "asks_for_json": [False]})
        >>> from llmscope.quality.checks import OWN
        >>> [name for name in OWN if judge(rows)[name][0].as_py()]
        ['refusal']
    """
    import pyarrow as pa

    pc = compute()
    told, said, documents = (rows[name].combine_chunks() for name in ("input", "output", "documents"))
    reason, asked = (rows[name].combine_chunks() for name in ("finish_reason", "asks_for_json"))
    asks = pc.or_(pc.fill_null(_once(told, asks_for_json), False), pc.fill_null(asked, False))
    whole = pc.less(pc.fill_null(pc.utf8_length(said), 0), LONGEST)
    answers = pc.if_else(pc.and_(asks, whole), said, pa.scalar(None, pa.string()))
    concluded = _once(said, conclusions)
    return pa.table(
        {
            "input_encoding": _once(told, badly_encoded),
            "input_gibberish": _once(told, gibberish),
            "input_pii": _once(told, holds_personal_data),
            "input_injection": _once(told, injects),
            "truncated": truncated(said, reason),
            "repetition": _once(said, repeats),
            "gibberish": _once(said, gibberish),
            "encoding": _once(said, badly_encoded),
            "invalid_json": invalid_json(answers),
            "language_mismatch": mismatches(told, *(_tongues(texts) for texts in (told, said))),
            "refusal": _once(said, refuses),
            "no_answer": _once(said, does_not_know),
            "ungrounded": ungrounded(said, documents, told),
            "pii": _once(said, holds_personal_data),
            "shape": _once(told, shapes),
            "conclusion": concluded,
            "stance": pc.match_substring_regex(concluded, STANCE),
        }
    )


def _once(texts: Array, check: Callable[[Array], Array]) -> Array:
    """Run a check on the different texts alone."""
    pc = compute()
    coded: Any = texts.dictionary_encode()
    found: Array = pc.take(check(coded.dictionary), coded.indices)
    return found


def _tongues(texts: Array) -> Any:
    coded: Any = texts.dictionary_encode()
    known = np.append(tongues(coded.dictionary), np.array([None], dtype=object))
    return known[coded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)]
