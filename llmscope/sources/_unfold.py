"""Cuts a JSON document that is too large to hold into smaller documents of the same shape, as it streams by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

import ijson

from llmscope.sources._bulk import Decoder, whole_items

BULK: Final = 512 * 1024
"""Bytes of a list that are gathered to be decoded in one go."""

MOST: Final = 32 * 1024 * 1024
"""Bytes after which an item that has not ended is decoded token by token."""

DEEPEST: Final = 1000
"""Nesting beyond which a value is refused (orjson refuses at 1024)."""
_ROOT: Final = re.compile(rb"\s*\[")
_NEVER: Final = re.compile(rb"(?!)")
_TOO_LONG: Final = "a number has more than 4,300 digits"


class NestingError(Exception):
    """A value is nested too deeply to be decoded."""

    def __str__(self) -> str:
        return f"nested more than {DEEPEST} levels deep"


@dataclass(frozen=True, slots=True)
class Unfold:
    """Which lists may be cut: those on the way (``inner``) and those whose items are the load (``leaves``).

    An object under a name of ``inner`` is gone through as a list is.
    """

    inner: frozenset[str] = frozenset()
    leaves: frozenset[str] = frozenset()
    piece: int = 2000
    """Items of the leaf lists after which a piece is handed on."""
    typed: Mapping[str, Decoder] = field(default_factory=dict)
    """Faster decoders of leaf lists, by name; what they refuse is decoded as usual."""


NOTHING: Final = Unfold()


class Piece(NamedTuple):
    """A record, or a part of one that holds the next few items of its leaf lists."""

    item: int | None
    """Place in the list at the root, from 1; None where the root is no list."""
    before: int
    """How many items of this record went into earlier pieces."""
    value: Any


class Unfolder:
    """Takes bytes of JSON values, one after another, and hands out each root object (or item of a root list).

    Example:
        >>> unfolder = Unfolder(Unfold(leaves=frozenset({"spans"}), piece=1))
        >>> [piece.value for piece in unfolder.feed(b'{"scope": "s", "spans": [1, {"n": 2}')]
        [{'scope': 's', 'spans': [1]}, {'scope': 's', 'spans': [{'n': 2}]}]
    """

    def __init__(self, unfold: Unfold) -> None:
        self._unfold = unfold
        self._cut = unfold.inner | unfold.leaves
        self._events: Any = ijson.sendable_list()
        self._parser = ijson.basic_parse_coro(self._events, multiple_values=True, use_float=False)
        self._out: list[Piece] = []
        names = b"|".join(re.escape(name.encode()) for name in sorted(unfold.leaves))
        self._opening = re.compile(rb'"(?:' + names + rb')"\s*:\s*\[') if names else _NEVER
        """What opens a list whose items are the load."""
        self._fresh = False
        """Whether such a list is open, of which the parser has seen no item: they are decoded in one go."""
        self._held = bytearray()
        """Text of that list that waits for more."""
        self._enough = BULK
        """Bytes of it after which it is worth a look."""
        self._seen = False
        self._listed = False
        """Whether the root is a list."""
        self._item = 0
        self._frames: list[Any] = []
        """The open containers that are being cut, outermost first; the root list is not among them."""
        self._leaf = False
        """Whether the innermost of them is a leaf list."""
        self._key = ""
        self._values: list[Any] = []
        """The open containers of a value that is built whole."""
        self._keys: list[str] = []
        self._pending = 0
        self._before = 0
        self.late: dict[str, Any] = {}
        """Fields that stood behind items which were already handed on, so that those lack them."""

    @property
    def idle(self) -> bool:
        """Whether no value is open."""
        return not (self._frames or self._values or self._listed or self._held)

    @property
    def unfinished(self) -> Any:
        """The item that is open, as far as it goes."""
        return self._values[0] if self._values else None

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes and return what they complete.

        Raises:
            ValueError: If they are not JSON; what was complete before that is in ``rest``.
            NestingError: If a value is nested too deeply.
        """
        if self._fresh:
            self._held += data
            if len(self._held) < self._enough and data[:1] not in (b"]", b"}"):
                return []
            data = bytes(self._held)
            self._held.clear()
        at = 0
        while at < len(data):
            if self._fresh:
                at = self._in_bulk(data, at)
                continue
            opening = None if self._seen else _ROOT.match(data, at)
            opening = opening or self._opening.search(data, at)
            stop = opening.end() if opening else len(data)
            self._send(data[at:stop])
            self._fresh = opening is not None and self._opened
            at = stop
        return self._handed()

    @property
    def _opened(self) -> bool:
        """Whether a list whose items are the load is open and none of its items is."""
        return not self._values and (self._leaf or (self._listed and not self._frames))

    def _in_bulk(self, data: bytes, at: int) -> int:
        """Take the whole items of a list and return how far that went; what is left of them waits for more text."""
        found = whole_items(data, at, self._unfold.typed.get(self._key))
        for item in found.items:
            self._place(item)
        waiting = len(data) - found.end
        if found.ended or waiting > MOST or (not found.items and data[at:].lstrip()[:1] not in (b"{", b"")):
            self._fresh = False
            self._enough = BULK
            return found.end
        self._held += data[found.end :]
        self._enough = BULK if found.items else max(BULK, 2 * waiting)
        return len(data)

    def _send(self, data: bytes) -> None:
        try:
            self._parser.send(data)
        except (ijson.JSONError, StopIteration, OverflowError, UnicodeDecodeError) as error:
            self._take()
            raise ValueError(str(error).strip().split("\n")[0].strip(" .")[:200]) from None
        except SystemError:  # Python refuses so long a number, and ijson's C code leaves a broken event of it behind
            del self._events[-1:]
            self._take()
            raise ValueError(_TOO_LONG) from None
        self._take()

    def end(self) -> None:
        """Say that no more bytes come; a number at the very end is complete only now.

        Raises:
            ValueError: If they end inside a value.
        """
        try:
            if self._held:
                data = bytes(self._held)
                self._held.clear()
                at = self._in_bulk(data, 0)
                self._fresh = False
                self._send(bytes(self._held) or data[at:])
            self._parser.close()
        except (ijson.JSONError, StopIteration):
            raise ValueError("the text ends inside a record") from None
        except SystemError:
            del self._events[-1:]
            raise ValueError(_TOO_LONG) from None
        finally:
            self._take()
        if not self._seen:
            raise ValueError("the text ends inside a record")

    def rest(self) -> list[Piece]:
        """Return what is complete when the bytes end or break off."""
        if self._frames and self._pending:
            self._hand_on(self._frames[0])
        return self._handed()

    def _handed(self) -> list[Piece]:
        out, self._out = self._out, []
        return out

    def _take(self) -> None:
        events = self._events[:]
        del self._events[:]
        self._seen = self._seen or bool(events)
        values, keys = self._values, self._keys
        for event, value in events:
            if not values:
                self._outer(event, value)
            elif event == "map_key":
                keys[-1] = value
            elif event in ("end_map", "end_array"):
                done = values.pop()
                keys.pop()
                if not values:
                    self._place(done)
            else:
                start = event in ("start_map", "start_array")
                new: Any = ({} if event == "start_map" else []) if start else _plain(value)
                if type(values[-1]) is dict:
                    values[-1][keys[-1]] = new
                else:
                    values[-1].append(new)
                if start:
                    if len(values) + len(self._frames) > DEEPEST:
                        raise NestingError
                    values.append(new)
                    keys.append("")

    def _outer(self, event: str, value: Any) -> None:
        """Take one event that is not inside a value that is built whole."""
        inside = self._frames[-1] if self._frames else None
        if event == "map_key":
            self._key = value
        elif event == "end_map":
            self._close()
        elif event == "end_array":
            if inside is None:
                self._listed = False
            else:
                self._frames.pop()
                self._leaf = False
        elif event == "start_array" and type(inside) is dict and self._key in self._cut:
            new: list[Any] = []
            inside[self._key] = new
            self._leaf = self._key in self._unfold.leaves
            self._frames.append(new)
        elif event == "start_array" and inside is None and not self._listed:
            self._listed = True
            self._item = 0
        elif event == "start_map" and self._opens(inside):
            self._frames.append(self._shell(inside))
        elif event in ("start_map", "start_array"):
            self._values.append({} if event == "start_map" else [])
            self._keys.append("")
        else:
            self._place(_plain(value))

    def _opens(self, inside: Any) -> bool:
        """Whether an object that begins here is on the way to what is cut."""
        if type(inside) is dict:
            return self._key in self._unfold.inner
        return inside is None or not self._leaf

    def _shell(self, inside: Any) -> dict[str, Any]:
        """Return an empty object for what begins here, in its place."""
        shell: dict[str, Any] = {}
        if type(inside) is dict:
            inside[self._key] = shell
        elif inside is not None:
            inside.append(shell)
        else:
            self._item += 1
        return shell

    def _close(self) -> None:
        shell = self._frames.pop()
        if not self._frames:
            if self._pending or not self._before:
                self._hand_on(shell)
            self._pending = self._before = 0

    def _place(self, value: Any) -> None:
        """Put a complete value where it belongs."""
        if not self._frames:
            self._item += 1
            self._out.append(Piece(self._item if self._listed else None, 0, value))
            return
        inside = self._frames[-1]
        if type(inside) is dict:
            if self._before and type(inside.get(self._key)) is not list and any(key in self._cut for key in inside):
                self.late[self._key] = value
            inside[self._key] = value
            return
        inside.append(value)
        if self._leaf:
            self._pending += 1
            if self._pending >= self._unfold.piece:
                self._hand_on(self._frames[0])
                self._start_afresh()

    def _hand_on(self, root: Any) -> None:
        self._out.append(Piece(self._item if self._listed else None, self._before, root))
        self._before += self._pending
        self._pending = 0

    def _start_afresh(self) -> None:
        """Open the same containers again, with their plain fields and none of the items that were handed on."""
        frames: list[Any] = []
        for old in self._frames:
            new: Any = {k: v for k, v in old.items() if k not in self._cut} if type(old) is dict else []
            if frames and type(frames[-1]) is list:
                frames[-1].append(new)
            elif frames:
                frames[-1][next(key for key, item in self._frames[len(frames) - 1].items() if item is old)] = new
            frames.append(new)
        self._frames = frames


def _plain(value: Any) -> Any:
    return float(value) if type(value) is Decimal else value
