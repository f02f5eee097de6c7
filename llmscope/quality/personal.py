"""Whether a text holds personal data that can be told by its form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from llmscope.quality._arrays import Array, compute

_EMAIL: Final = r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[A-Za-z]{2,24}\b"
_CARD: Final = r"\b(?:\d[ -]?){12,18}\d\b"
_IBAN: Final = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
_SSN: Final = r"\b\d{3}-\d{2}-\d{4}\b"
_IP: Final = r"\b(?:\d{1,3}\.){3}\d{1,3}\b"
_PHONE: Final = (
    r"(?:\+\d{1,3}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?(?:\d{1,4}[ .-]?){2,5}\d|"
    r"\(\d{2,5}\) ?\d{2,4}[ .-]?\d{2,5}(?:[ .-]?\d{1,4})?|(?<!\d[ .-])\b\d{3}[ .-]\d{3}[ .-]\d{4}\b|"
    r"(?<!\d[ -])\b0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,5}\b)"
)


def _luhn(found: str) -> bool:
    digits = [int(letter) for letter in found if letter.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(digits) in (13, 14, 15, 16, 19) and total % 10 == 0 and len(set(digits)) > 1


def _iban(found: str) -> bool:
    bare = found.replace(" ", "")
    number = "".join(str(int(letter, 36)) for letter in bare[4:] + bare[:4])
    return 15 <= len(bare) <= 34 and int(number) % 97 == 1


def _ssn(found: str) -> bool:
    area, group, serial = found.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _ip(found: str) -> bool:
    parts = [int(part) for part in found.split(".")]
    return all(part < 256 for part in parts) and parts[0] not in (0, 10, 127) and parts[:2] != [192, 168]


def _phone(found: str) -> bool:
    return 9 <= sum(map(str.isdigit, found)) <= 15


def _any(found: str) -> bool:
    return bool(found)


_KINDS: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = {
    "e-mail address": (_EMAIL, _any),
    "card number": (_CARD, _luhn),
    "IBAN": (_IBAN, _iban),
    "social security number": (_SSN, _ssn),
    "IP address": (_IP, _ip),
    "phone number": (_PHONE, _phone),
}
_READY: Final = {kind: (re.compile(pattern, re.ASCII), valid) for kind, (pattern, valid) in _KINDS.items()}


def holds_personal_data(texts: Array) -> Array:
    """Return whether each text holds an e-mail or IP address, a phone, card, bank account or US social security number.

    Card numbers, accounts and addresses count where their check digits or parts are possible. Names and postal
    addresses have no form of their own, and are not found.

    Example:
        >>> import pyarrow as pa
        >>> holds_personal_data(pa.array(["Write to ann@example.org", "Order 4111 1111 1111 1112", None])).to_pylist()
        [True, False, None]
    """
    import pyarrow as pa

    pc = compute()
    candidate = pc.match_substring_regex(texts, r"@|\d[\d .()/-]{6}|\d{2}[ A-Z0-9]{10}")
    found = candidate.to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(pc.fill_null(candidate, False).to_numpy(zero_copy_only=False))
    for at, text in zip(rows, texts.take(pa.array(rows)).to_pylist(), strict=True):
        found[at] = any(_holds(text, kind) for kind in _READY)
    return pa.array(found, pa.bool_(), from_pandas=True)


def _holds(text: str, kind: str) -> bool:
    pattern, valid = _READY[kind]
    return any(valid(match[0]) for match in pattern.finditer(text))
