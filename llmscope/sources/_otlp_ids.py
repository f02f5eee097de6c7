"""Trace and span ids in every spelling that OTLP JSON is written with, as hexadecimal digits."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

TRACE: Final = 32
"""Hexadecimal digits of a trace id."""

SPAN: Final = 16
"""Hexadecimal digits of a span id."""


_ZEROS: Final = {TRACE: "0" * TRACE, SPAN: "0" * SPAN}


def hexadecimal(value: Any, digits: int) -> str | None:
    """Return an id as hexadecimal digits; None where there is none, or it is all zeros.

    Understood are hexadecimal digits (the standard), base64 (protobuf's own JSON), whole numbers, and UUIDs. What is
    none of these is kept as it is: two spans that named the same trace still do.

    Args:
        value: As decoded from JSON.
        digits: How many a full id has, ``TRACE`` or ``SPAN``.

    Example:
        >>> hexadecimal("TWf61QGIn9I=", SPAN), hexadecimal(255, SPAN), hexadecimal("0" * 16, SPAN)
        ('4d67fad501889fd2', '00000000000000ff', None)
    """
    if type(value) is str:
        if len(value) == digits and value != _ZEROS[digits]:
            try:
                if bytes.fromhex(value).hex() == value:
                    return value
            except ValueError:
                pass
        found = _of_text(value, digits)
    elif type(value) is int and value >= 0:
        found = f"{value:0{digits}x}"
    else:
        return None
    return found if found.strip("0") else None


def _of_text(value: str, digits: int) -> str:
    if len(value) == digits:
        try:
            bytes.fromhex(value)
        except ValueError:
            return value
        return value.lower()
    bare = value.strip()
    size = digits // 2
    if len(bare.rstrip("=")) == -(-size * 4 // 3):
        try:
            return base64.b64decode(bare.rstrip("=") + "=" * (-len(bare.rstrip("=")) % 4), validate=True).hex()
        except binascii.Error:
            pass
    short = bare.replace("-", "").removeprefix("0x")
    if len(short) == digits or bare.startswith("0x"):
        try:
            int(short, 16)
        except ValueError:
            return bare
        return short.lower().rjust(digits, "0")
    return bare
