"""OTLP values in JSON: attributes, numbers and times, in the standard mapping and the deviations met in files."""

from __future__ import annotations

import base64
import binascii
import functools
import math
from datetime import UTC, datetime
from typing import Any, Final

from llmscope.sources._json import kind_of
from llmscope.sources._otlp_rows import UnreadableError


@functools.cache
def snake(name: str) -> str:
    """Return the snake_case spelling of a field.

    Example:
        >>> snake("startTimeUnixNano")
        'start_time_unix_nano'
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def field(record: dict[str, Any], name: str) -> Any:
    """Return a field under its camelCase or its snake_case name."""
    value = record.get(name)
    return value if value is not None else record.get(snake(name))


def items(value: Any, name: str) -> list[dict[str, Any]]:
    """Return a list of objects.

    Raises:
        UnreadableError: If it is something else.
    """
    if value is None:
        return []
    if type(value) is not list or not all(type(item) is dict for item in value):
        raise UnreadableError(f"{name} is not a list of objects")
    return value


def whole(value: Any) -> int:
    """Return a number given as a number or in digits; 0 for anything else, as OTLP has it."""
    if type(value) is int:
        return value
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def nanoseconds(value: Any) -> int:
    """Return a time in nanoseconds since 1970, given as digits, a number, or ISO 8601; 0 for none.

    Raises:
        UnreadableError: If it is not a time.
    """
    if value is None or value == "":
        return 0
    if type(value) is int:
        return value
    try:
        if type(value) is str and "T" in value:
            return _of_iso(value)
        return int(value) if type(value) in (str, float) else _fail(value)
    except (ValueError, OverflowError):
        return _fail(value)


def _of_iso(value: str) -> int:
    moment = datetime.fromisoformat(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6) * 1000


def _fail(value: Any) -> int:
    raise UnreadableError(f"{str(value)[:40]!r} is not a time in nanoseconds")


def attributes(given: Any) -> dict[str, Any]:
    """Return attributes by key, each value with the type the source gave it.

    Raises:
        UnreadableError: If they are neither a list of keys and values nor an object.
    """
    out: dict[str, Any] = {}
    if not given:
        return out
    if type(given) is dict:
        return {key: any_value(value) for key, value in given.items()}
    if type(given) is not list:
        raise UnreadableError(f"attributes are {kind_of(given)}, not a list")
    try:
        for item in given:
            value = item["value"]
            (kind,) = value
            content = value[kind]
            if kind == "stringValue" and type(content) is str:
                out[item["key"]] = content
            elif kind == "intValue" and type(content) is str:
                out[item["key"]] = int(content)
            else:
                out[item["key"]] = any_value(value)
    except (TypeError, KeyError, ValueError):
        return _lenient(given)
    return out


def _lenient(given: list[Any]) -> dict[str, Any]:
    """Read a list of attributes in which some lack a value, or have one of another type than they say."""
    out: dict[str, Any] = {}
    for item in given:
        if type(item) is not dict or type(item.get("key", "")) is not str:
            raise UnreadableError("an attribute has no key")
        out[item.get("key", "")] = any_value(item.get("value"))
    return out


def any_value(value: Any) -> Any:
    """Return what an OTLP ``AnyValue`` holds; anything else is returned as it is.

    Example:
        >>> any_value({"arrayValue": {"values": [{"intValue": "9007199254740993"}, {"boolValue": True}]}})
        [9007199254740993, True]
    """
    if type(value) is not dict:
        return value
    if len(value) != 1:  # some writers name every kind, and leave all but one null
        said = {kind: content for kind, content in value.items() if content is not None}
        if len(said) != 1 or not said.keys() <= _READERS.keys():
            return None if value == {} else value
        value = said
    ((kind, content),) = value.items()
    reader = _READERS.get(kind)
    if reader is None:
        return value
    try:
        return reader(content)
    except (TypeError, ValueError, AttributeError, KeyError, binascii.Error):
        return content


def _array(content: Any) -> list[Any]:
    values = content.get("values") if type(content) is dict else content
    return [any_value(item) for item in values or []]


def _pairs(content: Any) -> dict[str, Any]:
    values = content.get("values") if type(content) is dict else content
    return {item.get("key", ""): any_value(item.get("value")) for item in values or []}


def _double(content: Any) -> Any:
    """JSON has no word for these three: they stay the text that OTLP writes."""
    number = float(content)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


_READERS: Final = {
    "stringValue": lambda content: content,
    "intValue": lambda content: int(content) if type(content) is str else content,
    "doubleValue": _double,
    "boolValue": lambda content: content,
    "bytesValue": lambda content: base64.b64encode(base64.b64decode(content + "=" * (-len(content) % 4))).decode(),
    "arrayValue": _array,
    "kvlistValue": _pairs,
    "string_value": lambda content: content,
    "int_value": lambda content: int(content) if type(content) is str else content,
    "double_value": _double,
    "bool_value": lambda content: content,
    "bytes_value": lambda content: content,
    "array_value": _array,
    "kvlist_value": _pairs,
}
