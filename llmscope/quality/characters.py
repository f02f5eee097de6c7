"""Faults of single characters: texts decoded wrongly, control characters, and letters that form no words."""

from __future__ import annotations

import re
import zlib
from typing import Final

import numpy as np

from llmscope.quality._arrays import Array, compute

_DAMAGED: Final = "[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]"
"""The replacement character, and controls that are no blanks."""

_C1: Final = "\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d"
_C1_REST: Final = "\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
_TAIL: Final = f"[\x80-\xbf{_C1}{_C1_REST}]"
"""What the bytes 80 to BF are in Windows-1252 and in Latin-1."""

_MOJIBAKE: Final = f"[\xc2-\xdf]{_TAIL}|[\xe0-\xef]{_TAIL}{{2}}|[\xf0-\xf4]{_TAIL}{{3}}"
"""UTF-8 of one character, read as Windows-1252."""

_SUSPECT: Final = re.compile(_MOJIBAKE)

_READ: Final = 1_000
_LEAST: Final = 24
"""Letters below which nothing is said of a text."""

_CLUSTER: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{4}")
_ONE_SOUND: Final = re.compile("tsch|sch|ch|ck|ph|th|sh|tz|pf|cz|sz|rz|gh|ng")
"""Letters that are written for one consonant: German puts five and more in a row where two are spoken."""
_VOWEL: Final = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ]")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_ODD_WORDS: Final = r"[bcdfghjklmnpqrstvwxz]{5}|\b[bcdfghjklmnpqrstvwxz]{4}"
"""What gibberish has, and most texts have not: only where it is are words looked at one by one."""

_ODD: Final = 0.3
"""Share of the letters that are in odd words, from which on a text is gibberish."""

_DENSE: Final = 0.55


def badly_encoded(texts: Array) -> Array:
    """Return whether each text holds replacement characters, controls, or UTF-8 that was read as Windows-1252.

    Example:
        >>> import pyarrow as pa
        >>> badly_encoded(pa.array(["caf\u00e9", "caf\u00c3\u00a9", "caf\ufffd", None])).to_pylist()
        [False, True, True, None]
    """
    import pyarrow as pa

    pc = compute()
    ascii_only = pc.string_is_ascii(texts)
    damaged = pc.match_substring_regex(texts, _DAMAGED)
    suspect = pc.and_(pc.invert(ascii_only), pc.match_substring_regex(texts, _MOJIBAKE))
    found = damaged.to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(pc.fill_null(suspect, False).to_numpy(zero_copy_only=False)):
        found[at] = bool(found[at]) or _misread(texts[int(at)].as_py())
    return pa.array(found, pa.bool_(), from_pandas=True)


def _misread(text: str) -> bool:
    for match in _SUSPECT.finditer(text):
        for code in ("cp1252", "latin-1"):
            try:
                match[0].encode(code).decode("utf-8")
            except UnicodeError:
                continue
            return True
    return False


def gibberish(texts: Array) -> Array:
    """Return whether the letters of each text form no words; None where it has too few, or too few Latin ones.

    Random letters have words without vowels, or run on, and cannot be compressed: texts that zlib makes much smaller
    are none. Told of the first 1,000 characters. Encoded data, which is no prose, is flagged as well.

    Example:
        >>> import pyarrow as pa
        >>> texts = ["Where is the order that I placed?", "xkqj zzpfw qlrtn vbxk jjqwrt plkmn", "ok"]
        >>> gibberish(pa.array(texts)).to_pylist()
        [False, True, None]
    """
    import pyarrow as pa

    pc = compute()
    start = pc.utf8_lower(pc.utf8_slice_codeunits(texts, 0, _READ))
    odd = pc.match_substring_regex(start, _ODD_WORDS)
    enough = pc.match_substring_regex(start, rf"(?:[a-z][^a-z]{{0,3}}){{{_LEAST}}}")
    found = pc.if_else(enough, False, None).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(pc.fill_null(pc.and_(odd, enough), False).to_numpy(zero_copy_only=False))
    for at, text in zip(rows, start.take(pa.array(rows)).to_pylist(), strict=True):
        found[at] = _gibberish(text)
    return pa.array(found, pa.bool_(), from_pandas=True)


def _gibberish(text: str) -> bool:
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    odd = sum(len(word) for word in words if len(word) > 3 and _odd(word))
    return odd > _ODD * letters and compressed(text) > _DENSE


def _odd(word: str) -> bool:
    return not _VOWEL.search(word) or bool(_CLUSTER.search(_ONE_SOUND.sub("s", word)))


def compressed(text: str) -> float:
    """Return the size of a text after zlib, as a share of its bytes; above 1 for short ones.

    Example:
        >>> compressed("na " * 400) < 0.05
        True
    """
    raw = text.encode("utf-8", "surrogatepass")
    return len(zlib.compress(raw, 1)) / max(len(raw), 1)
