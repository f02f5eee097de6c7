"""The language of texts, by py3langid (97 languages, nothing to download), and their script."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

UNSURE: Final = "unsure"
"""The language of a text that is too short, or is code or numbers."""

_SURE: Final = 0.5
_READ: Final = 400
"""Characters that are read; more of them change no answer."""


def languages(texts: Sequence[str | None]) -> list[str | None]:
    """Return the ISO 639-1 code of each text's language; None where there is no text.

    Example:
        >>> languages(["Where is the order that I placed on Monday?", "Wo ist meine Bestellung?", None])
        ['en', 'de', None]
    """
    model = _model()
    known: dict[str, str] = {}
    for text in {text[:_READ] for text in texts if text and text.strip()}:
        code, probability = model.classify(text)
        known[text] = str(code) if probability >= _SURE else UNSURE
    return [known.get(text[:_READ]) if text else None for text in texts]


_LETTERS: Final = (
    (0x41, 0x24F, "Latin"), (0x370, 0x3FF, "Greek"), (0x400, 0x52F, "Cyrillic"), (0x590, 0x5FF, "Hebrew"),
    (0x600, 0x77F, "Arabic"), (0x900, 0x97F, "Devanagari"), (0x980, 0x9FF, "Bengali"), (0xB80, 0xBFF, "Tamil"),
    (0xE00, 0xE7F, "Thai"), (0x1E00, 0x1EFF, "Latin"), (0x1F00, 0x1FFF, "Greek"), (0x3040, 0x30FF, "Kana"),
    (0x3400, 0x9FFF, "Han"), (0xAC00, 0xD7AF, "Hangul"),
)  # fmt: skip
"""Blocks of Unicode that hold letters of one script."""

_NAMES: Final = sorted({name for _, _, name in _LETTERS})
_BOUNDS: Final = np.array([bound for first, last, _ in _LETTERS for bound in (first, last + 1)])
_CODES: Final = np.array([0] + [code for _, _, name in _LETTERS for code in (_NAMES.index(name) + 1, 0)])


def scripts(texts: Sequence[str | None]) -> list[str | None]:
    """Return the script that most letters of each text are of; ``none`` without letters, None without a text.

    Japanese is ``Kana`` where a tenth of its letters are.

    Example:
        >>> scripts(["Where is it?", "Где мой заказ?", "注文はどこですか", "12345", None])
        ['Latin', 'Cyrillic', 'Kana', 'none', None]
    """
    return [_script(text) if text and text.strip() else None for text in texts]


def _script(text: str) -> str:
    read = text[:_READ]
    if read.isascii():
        return "Latin" if any(letter.isalpha() for letter in read) else "none"
    points = np.frombuffer(read.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts = np.bincount(_CODES[np.searchsorted(_BOUNDS, points, side="right")], minlength=len(_NAMES) + 1)[1:]
    if counts[_NAMES.index("Kana")] * 10 >= max(int(counts.sum()), 1):
        return "Kana"
    return _NAMES[int(counts.argmax())] if counts.any() else "none"


@functools.cache
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
