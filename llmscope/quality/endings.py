"""Texts that stop before they end."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from llmscope.quality._arrays import Array, compute

CUT: Final = ("length", "max_tokens", "max_output_tokens", "token_limit", "model_length", "incomplete")
"""Finish reasons that say so; in lower case."""

DONE: Final = (
    "stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed", "end", "tool_calls", "tool_use",
    "function_call", "finished",
)  # fmt: skip
"""Finish reasons that say the opposite."""

_LONG: Final = 80
"""Characters below which a text may be a phrase, and is not expected to end as a sentence does."""

_ENDED: Final = re.compile(
    r"""[.!?…。！？।؟:;)\]}>"'”’»」』*_`~|☺-➿\U0001F000-\U0001FAFF]\s*$|https?://\S+$|\\\]$|\$$"""  # noqa: RUF001  (ends of sentences in other scripts)
)
_LINKING: Final = """
a an the and or but of to in on at for with by from as is are was were be been that which who whose this these those
it its their his her your our my not no if when while because so than then into about between through over can could
will would should may might must have has had do does did such some any each every both also very more most der die
das und oder ein eine mit von zu für le la les et ou un une de des du el los las y en con por que
"""
_CONTINUES: Final = frozenset(_LINKING.split())
_SENTENCE: Final = re.compile(r"[.!?。！？]['\"”)]?(?:\s|$)")  # noqa: RUF001
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_LIST: Final = re.compile(r"^\s*(?:[-*•+#|>]|\d+[.)])")


def truncated(texts: Array, finish_reasons: Array) -> Array:
    """Return whether each text was cut: its finish reason says so, or where none is known, how it stops.

    A text without a finish reason counts as cut where it is prose of more than 80 characters that stops within a
    sentence, or within a block of code. The end of a list or of a title tells nothing.

    Example:
        >>> import pyarrow as pa
        >>> texts = pa.array(["It ships on Monday.", "It ships on", "The parcel left the depot on Monday. It is due on "
        ...                   "Thursday, and the carrier will ring the bell at the", None])
        >>> truncated(texts, pa.array(["stop", "length", None, None])).to_pylist()
        [False, True, True, None]
    """
    import pyarrow as pa

    pc = compute()
    reason = pc.utf8_lower(finish_reasons)
    cut = pc.fill_null(pc.is_in(reason, pa.array(CUT)), False).to_numpy(zero_copy_only=False)
    done = pc.fill_null(pc.is_in(reason, pa.array(DONE)), False).to_numpy(zero_copy_only=False)
    known = pc.is_valid(texts).to_numpy(zero_copy_only=False)
    found = np.full(len(texts), None, dtype=object)
    found[known] = False
    found[cut] = True
    unsaid = np.flatnonzero(known & ~cut & ~done)
    for at, text in zip(unsaid, texts.take(pa.array(unsaid)).to_pylist(), strict=True):
        found[at] = _stops_short(text)
    return pa.array(found, pa.bool_())


def _stops_short(text: str) -> bool:
    whole = text.rstrip()
    if len(_FENCE.findall(whole)) % 2:
        return True
    if len(whole) < _LONG or _ENDED.search(whole[-200:]):
        return False
    last = whole[-600:].rpartition("\n")[2]
    words = last.split()
    if not words:
        return False
    if words[-1].lower() in _CONTINUES or words[-1].endswith((",", "(", "-")):
        return len(words) > 2
    if _LIST.match(last):
        items = [line.rstrip() for line in whole.split("\n")[:-1] if _LIST.match(line)]
        ended = sum(bool(_ENDED.search(line[-40:])) for line in items)
        return len(items) > 1 and ended > 0.8 * len(items)
    return len(words) > 6 and bool(_SENTENCE.search(whole[:-1]))
