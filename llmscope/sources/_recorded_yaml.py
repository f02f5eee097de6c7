"""YAML of recorded HTTP, one interaction at a time, with bounds on what hostile YAML can do.

PyYAML's C parser gives events as the bytes stream by, so a cassette of any number of calls is read in the memory of
one call. Objects are never constructed: a tag such as ``!!python/object:…`` is ignored. Nesting is bounded, and an
alias counts as everything that it repeats, so a few lines cannot stand for billions of values.

YAML is slow: about 40 MB/s on one core, a tenth of JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

DEEPEST: Final = 100
"""Nesting beyond which YAML is refused; cassettes need eight levels, and JSON bodies in them are text."""

LARGEST: Final = 2_000_000
"""Values of one interaction beyond which it is refused, each repetition by an alias counted."""

LISTS: Final = frozenset({"interactions", "http_interactions", "requests", "responses"})
"""Lists whose items are handed out one by one."""

_NO_TAG: Final = (None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:python/unicode")
_BINARY: Final = ("tag:yaml.org,2002:binary", "tag:yaml.org,2002:python/bytes")
_PLAIN: Final = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))


class YamlError(ValueError):
    """The YAML cannot be read any further; the message says why and where."""


def items(stream: BinaryIO) -> Iterator[tuple[str, int, Any]]:
    r"""Yield the items of the lists in ``LISTS`` (or of a list at the root) as ``(list, number, value)``.

    Whatever else stands at the root comes as ``("", 0, {key: value})``.

    Raises:
        YamlError: The text is not YAML, or YAML beyond the bounds.

    Example:
        >>> import io
        >>> list(items(io.BytesIO(b"interactions:\n- request: {method: GET}\nversion: 1\n")))
        [('interactions', 0, {'request': {'method': 'GET'}}), ('', 0, {'version': 1})]
    """
    import yaml

    builder = _Builder(stream)
    try:
        yield from builder.items()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        where = f", at line {mark.line + 1}" if mark is not None else ""
        raise YamlError(f"not YAML: {problem}{where}") from None
    except RecursionError:
        raise YamlError(f"nested more than {DEEPEST} levels deep") from None
    finally:
        builder.close()


class _Builder:
    """Builds values from the events of the parser."""

    def __init__(self, stream: BinaryIO) -> None:
        import yaml

        self._yaml = yaml
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._loader: Any = loader(stream)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._size = 0

    def close(self) -> None:
        self._loader.dispose()

    def items(self) -> Iterator[tuple[str, int, Any]]:
        event = self._next()
        while not isinstance(event, self._yaml.StreamEndEvent):
            if isinstance(event, self._yaml.MappingStartEvent):
                yield from self._root()
            elif isinstance(event, self._yaml.SequenceStartEvent):
                yield from self._list("interactions")
            elif isinstance(event, self._yaml.ScalarEvent):
                yield "", 0, {"": self._scalar(event)}
            event = self._next()

    def _root(self) -> Iterator[tuple[str, int, Any]]:
        while not isinstance(event := self._next(), self._yaml.MappingEndEvent):
            key = self._value(event, 1)
            event = self._next()
            if isinstance(key, str) and key in LISTS and isinstance(event, self._yaml.SequenceStartEvent):
                yield from self._list(key)
            else:
                self._size = 0
                yield "", 0, {str(key): self._value(event, 1)}

    def _list(self, name: str) -> Iterator[tuple[str, int, Any]]:
        number = 0
        while not isinstance(event := self._next(), self._yaml.SequenceEndEvent):
            self._size = 0
            yield name, number, self._value(event, 2)
            number += 1

    def _next(self) -> Any:
        event = self._loader.get_event()
        if event is None:
            raise YamlError("not YAML: the text ends inside a value")
        return event

    def _value(self, event: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise YamlError(f"nested more than {DEEPEST} levels deep")
        if isinstance(event, self._yaml.AliasEvent):
            return self._repeated(event)
        before = self._size
        self._count(1)
        if isinstance(event, self._yaml.ScalarEvent):
            value: Any = self._scalar(event)
        elif isinstance(event, self._yaml.SequenceStartEvent):
            value = []
            while not isinstance(inner := self._next(), self._yaml.SequenceEndEvent):
                value.append(self._value(inner, depth + 1))
        else:
            value = {}
            while not isinstance(inner := self._next(), self._yaml.MappingEndEvent):
                key = self._value(inner, depth + 1)
                if isinstance(key, list) and len(key) == 1:  # of a text type of Python's own, such as multidict.istr
                    key = key[0]
                value[key if isinstance(key, str) else str(key)] = self._value(self._next(), depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._size - before)
        return value

    def _repeated(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise YamlError(
                f"not YAML: the alias *{event.anchor} stands for nothing, at line {event.start_mark.line + 1}"
            )
        value, size = self._anchors[event.anchor]
        self._count(size)
        return value

    def _count(self, more: int) -> None:
        self._size += more
        if self._size > LARGEST:
            raise YamlError(f"one item has more than {LARGEST:,} values, repetitions by aliases counted")

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None and event.implicit[0]:
            tag = self._loader.resolve(self._yaml.ScalarNode, event.value, event.implicit)
            if tag not in _PLAIN:  # dates stay as they are written
                return event.value
        if tag in _NO_TAG or tag not in (*_BINARY, *_PLAIN):
            return event.value
        node = self._yaml.ScalarNode(_BINARY[0] if tag in _BINARY else tag, event.value)
        try:
            return self._loader.construct_object(node)
        except (ValueError, OverflowError, self._yaml.YAMLError):
            return event.value
