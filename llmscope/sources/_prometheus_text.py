"""The lines of a Prometheus or OpenMetrics exposition: samples with labels, and what is said of their families."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

_NAME: Final = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_SAMPLE: Final = re.compile(
    rf"({_NAME})?[ \t]*(?:\{{((?:[^\"{{}}]|{_QUOTED})*)\}}[ \t]*|[ \t]+)(\S+)(?:[ \t]+([^\s#]\S*))?[ \t]*(?:#(.*))?"
)
_LABEL: Final = re.compile(rf"\s*(?:({_QUOTED}|{_NAME}|[a-zA-Z0-9_.:-]+)\s*=\s*)?({_QUOTED})\s*(,|$)")
_EXEMPLAR: Final = re.compile(rf"\s*\{{((?:[^\"{{}}]|{_QUOTED})*)\}}\s*(\S+)(?:\s+(\S+))?\s*")
_META: Final = re.compile(rf"#\s*(TYPE|HELP|UNIT)\s+({_QUOTED}|\S+)(?:\s+(.*))?")
_ESCAPE: Final = re.compile(r"\\(.)")
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|infinity|nan)", re.IGNORECASE
)
_SECONDS: Final = 100_000_000_000
"""A timestamp below is in seconds (OpenMetrics); milliseconds (Prometheus) are only that small before March 1973."""


class Sample(NamedTuple):
    """One line: ``value`` as it is written, ``time`` in nanoseconds since 1970, None where the line says none."""

    name: str
    labels: dict[str, str]
    value: str
    time: int | None
    exemplar: dict[str, Any] | None


class Said(NamedTuple):
    """A line ``# TYPE``, ``# HELP`` or ``# UNIT`` about a family."""

    what: str
    family: str
    text: str


def sample(line: str) -> Sample:
    """Read a sample.

    Raises:
        ValueError: The line is none; the text says why.

    Example:
        >>> sample('up{job="vllm"} 1 1763942400000')
        Sample(name='up', labels={'job': 'vllm'}, value='1', time=1763942400000000000, exemplar=None)
    """
    found = _SAMPLE.fullmatch(line)
    if found is None:
        raise ValueError("not a sample: expected a name, labels in braces, a value and at most a time")
    name, inside, value, time, exemplar = found.groups()
    labels = _labels(inside) if inside else {}
    if "__name__" in labels:
        if name is not None:
            raise ValueError("it names its metric twice")
        name = labels.pop("__name__")
    if not name:
        raise ValueError("it names no metric")
    number(value)
    return Sample(
        name,
        labels,
        value,
        None if time is None else nanoseconds(time),
        None if exemplar is None else _exemplar(exemplar),
    )


def said(line: str) -> Said | None:
    """Read a comment; None where it says nothing about a family.

    Example:
        >>> said("# TYPE up gauge")
        Said(what='TYPE', family='up', text='gauge')
    """
    found = _META.fullmatch(line)
    if found is None:
        return None
    what, family, text = found.groups()
    return Said(what, _plain(family), _unescaped(text or ""))


def number(text: str) -> float:
    """Return a number of the format, ``+Inf`` and ``NaN`` among them.

    Raises:
        ValueError: It is none.

    Example:
        >>> number("1.5e3"), number("+Inf")
        (1500.0, inf)
    """
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is not a number")
    return float(text)


def nanoseconds(text: str) -> int:
    """Return a timestamp, in seconds or milliseconds, as nanoseconds since 1970.

    Raises:
        ValueError: It is none.

    Example:
        >>> nanoseconds("1763942400.5"), nanoseconds("1763942400500")
        (1763942400500000000, 1763942400500000000)
    """
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is not a time")
    try:
        exact = Decimal(text)
        whole = int(exact * (1_000_000_000 if abs(exact) < _SECONDS else 1_000_000))
    except (InvalidOperation, OverflowError, ValueError):
        raise ValueError(f"{text[:40]!r} is not a time") from None
    if not 0 < whole < 253_402_300_800_000_000_000:
        raise ValueError(f"its time {text[:40]} is not between 1970 and the year 9999")
    return whole


def _labels(inside: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    at = 0
    inside = inside.rstrip()
    while at < len(inside):
        found = _LABEL.match(inside, at)
        if found is None:
            raise ValueError(f"its labels cannot be read from {inside[at : at + 40]!r} on")
        name = "__name__" if found[1] is None else _plain(found[1])
        if name in labels:
            raise ValueError(f"it has the label {name} twice")
        labels[name] = _plain(found[2])
        at = found.end()
    return labels


def _exemplar(text: str) -> dict[str, Any]:
    """Return an exemplar in the shape that OTLP gives it in JSON."""
    found = _EXEMPLAR.fullmatch(text)
    if found is None:
        raise ValueError("its exemplar cannot be read")
    labels = _labels(found[1])
    out: dict[str, Any] = {}
    for key, field in (("trace_id", "traceId"), ("span_id", "spanId")):
        if key in labels:
            out[field] = labels.pop(key)
    out["asDouble"] = plain(found[2])
    if found[3] is not None:
        out["timeUnixNano"] = str(nanoseconds(found[3]))
    if labels:
        out["filteredAttributes"] = [{"key": key, "value": {"stringValue": value}} for key, value in labels.items()]
    return out


def plain(text: str) -> float | int | str:
    """Return a number as JSON can hold it: whole ones as integers, those that are not finite as text.

    Example:
        >>> plain("6.0"), plain("0.25"), plain("NaN")
        (6, 0.25, 'NaN')
    """
    value = number(text)
    if value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if abs(value) < float("inf") else text


def _plain(text: str) -> str:
    return _unescaped(text[1:-1]) if text[:1] == '"' and len(text) > 1 else text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), text) if "\\" in text else text


_ESCAPES: Final = {"n": "\n", "\\": "\\", '"': '"'}
