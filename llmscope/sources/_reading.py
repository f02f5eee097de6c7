"""How one flat log is read: which of its fields fill which columns, in which unit, and what becomes of the rest."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from llmscope import schema
from llmscope.errors import UnknownAttributeError, near
from llmscope.schema import TOKEN_COLUMNS
from llmscope.sources import _values
from llmscope.sources._batch import Row
from llmscope.sources._cells import count
from llmscope.sources._columns import SCORE, Target, guess, known_targets, normal
from llmscope.sources._tokens import MORE, tokens

SAMPLE: Final = 1_000
"""Records that are looked at to tell units that no name tells."""

_EXPLICIT: Final = -1
_REMEMBERED: Final = 50_000  # names of fields; there are more only where names carry identifiers
_TIMES: Final = frozenset({"start_time", "end_time", "first_token_time"})
_LENGTHS: Final = frozenset({"duration_ms", "ttft_ms"})
_COUNTS: Final = frozenset(TOKEN_COLUMNS)
_BESIDE: Final = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens", "cache_write_input_tokens"})
_TEXTS: Final = frozenset(
    {"trace_id", "span_id", "parent_id", "name", "operation", "service", "environment", "release", "provider", "model",
     "response_model", "session_id", "user_id", "agent", "tool", "finish_reason", "input", "output", "error_message"}
)  # fmt: skip
_ERRORS: Final = frozenset({"error_type", "error_message"})


class _Slot(NamedTuple):
    """What is done with the values of one field: None for ``column`` keeps them as an attribute."""

    column: str | None
    rank: int
    convert: Callable[[Any], Any] | None


class _Placed(NamedTuple):
    """Which field fills which column of one record, and what fills none."""

    chosen: dict[str, tuple[str, _Slot]]
    attributes: dict[str, Any]
    scores: list[Row]
    judged: bool


class Reading:
    """The meaning of a log's fields, found from their names, from a sample of values and from what a person said.

    Args:
        sample: Records as flat dictionaries (nested keys joined by dots).
        columns: Our column -> their field; these are taken as said and win over what is guessed.

    Attributes:
        notes: What was assumed where names left it open, for a person to check.

    Raises:
        UnknownAttributeError: ``columns`` names a field that the sample does not have, or a column that is not ours.
    """

    def __init__(self, sample: list[dict[str, Any]], columns: Mapping[str, str] | None = None) -> None:
        self.notes: list[str] = []
        self._targets: dict[str, Target | None] = {}
        self._said = _said(columns or {}, sample)
        self._blocked = {target.column for target in self._said.values()}
        self._units: dict[str, str] = {}
        self._day_first: set[str] = set()
        self._slots: dict[str, _Slot] = {}
        self._learn(sample)
        self._slots.clear()  # what was tried before the units were known

    def target(self, name: str) -> Target | None:
        """Return where a field's values go; None for an attribute."""
        if name not in self._targets:
            said = self._said.get(name)
            if said is None:
                said = guess(name)
                if said is not None and said.column in self._blocked:
                    said = None
            self._targets[name] = said
        return self._targets[name]

    def row(self, record: Mapping[str, Any]) -> tuple[Row, list[Row]]:
        """Turn one flat record into columns of a span, with what is left as ``attributes`` (a dict), and its scores.

        Raises:
            ValueError: A value cannot be what its field says; the text names the field.
        """
        placed = self._place(record)
        row: Row = {}
        for column, (name, slot) in placed.chosen.items():
            try:
                if slot.convert is None:
                    kept = _outcome(row, column, record[name])
                else:
                    row[column] = slot.convert(record[name])
                    kept = row[column] is not None and column not in MORE
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            if not kept:
                placed.attributes[name] = record[name]
        row["attributes"] = placed.attributes
        _reconcile(row, placed.chosen, record)
        _complete(row, judged=placed.judged)
        return row, placed.scores

    def _place(self, record: Mapping[str, Any]) -> _Placed:
        """Choose for each column the field that says it best; what is left are attributes and scores."""
        chosen: dict[str, tuple[str, _Slot]] = {}
        attributes: dict[str, Any] = {}
        scores: list[Row] = []
        judged = False
        for name, value in record.items():
            slot = self._slots.get(name) or self._slot(name)
            column = slot.column
            if column is None or _values.is_null(value):
                judged = judged or column in _ERRORS
                if value is not None:
                    attributes[name] = value
            elif column.startswith(SCORE):
                if isinstance(value, dict | list):
                    attributes[name] = value
                else:
                    scores.append(_score(column.removeprefix(SCORE), value))
            elif column not in chosen:
                chosen[column] = (name, slot)
            elif slot.rank < chosen[column][1].rank:
                other = chosen[column][0]
                attributes[other] = record[other]
                chosen[column] = (name, slot)
            else:
                attributes[name] = value
        return _Placed(chosen, attributes, scores, judged)

    def _slot(self, name: str) -> _Slot:
        """Return, and remember, what is done with the values of a field."""
        if name not in self._slots:
            if len(self._slots) > _REMEMBERED:
                self._slots.clear()
                self._targets.clear()
            target = self.target(name)
            if target is None:
                self._slots[name] = _Slot(None, 0, None)
            else:
                self._slots[name] = _Slot(target.column, target.rank, self._converter(name, target.column))
        return self._slots[name]

    def _converter(self, name: str, column: str) -> Callable[[Any], Any] | None:
        if column in _TEXTS:
            return _parent if column == "parent_id" else _plain_text
        if column in _TIMES:
            return functools.partial(
                _values.time_us, unit_of_number=self._unit(name), day_first=name in self._day_first
            )
        if column in _LENGTHS:
            return functools.partial(_values.duration_ms, unit_of_number=self._unit(name))
        if column in _COUNTS or column in MORE:
            return _values.count if column in _COUNTS else count
        if column == "cost_usd":
            return _cents if self._unit(name) == "cents" else _values.money
        return None

    def _unit(self, name: str) -> str | None:
        target = self.target(name)
        return (target.unit if target is not None else None) or self._units.get(name)

    def _learn(self, sample: list[dict[str, Any]]) -> None:
        names = dict.fromkeys(name for record in sample for name in record)
        for name in names:
            target = self.target(name)
            if target is None:
                continue
            values = [record[name] for record in sample if not _values.is_null(record.get(name))]
            if target.column in _LENGTHS and target.unit is None:
                self._learn_length(name, target.column, values, sample)
            elif target.column in _TIMES:
                self._learn_time(name, values)

    def _learn_length(self, name: str, column: str, values: list[Any], sample: list[dict[str, Any]]) -> None:
        numbers = _numbers(values)
        if not numbers:
            return
        typical = statistics.median(numbers)
        spans = self._measured(sample, name) if column == "duration_ms" else []
        if spans and typical:
            seconds = statistics.median(spans)
            unit = min(
                ("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9), key=lambda u: abs(seconds * u[1] / typical - 1)
            )
            self._units[name] = unit[0]
            self.notes.append(f"{name} is read in {unit[0]}: that fits the start and end times")
            return
        unit_ = "s" if typical < 60 else "ms" if typical < 1e7 else "ns"
        self._units[name] = unit_
        self.notes.append(
            f"{name} names no unit and is read in {unit_} (median {typical:g}); to say otherwise, pass "
            f"columns={{'{column.removesuffix('_ms')}_{'ms' if unit_ == 's' else 's'}': '{name}'}}"
        )

    def _measured(self, sample: list[dict[str, Any]], but: str) -> list[float]:
        """Seconds from start to end of the records that tell both."""
        spans = []
        for record in sample:
            try:
                row, _ = self.row({name: value for name, value in record.items() if name != but})
            except ValueError:
                continue
            if row.get("start_time") is not None and row.get("end_time") is not None and row.get("duration_ms"):
                spans.append(row["duration_ms"] / 1e3)
        return spans

    def _learn_time(self, name: str, values: list[Any]) -> None:
        firsts = [match for value in values if isinstance(value, str) and (match := _values.slashed(value))]
        if firsts:
            if any(first > 12 for first, _ in firsts):
                self._day_first.add(name)
            elif not any(second > 12 for _, second in firsts):
                self.notes.append(f"{name} is read with the month first; no value tells whether that is right")
        numbers = _numbers(values)
        target = self.target(name)
        if numbers and len(numbers) == len(values) and max(numbers) < 1e8 and not _dates(values):
            whole = all(number == int(number) for number in numbers)
            unit = (target.unit if target else None) or ("ms" if whole and max(numbers) > 100_000 else "s")
            self._units[name] = unit
            self.notes.append(f"{name} holds no dates; it is read as {unit} since the start of 1970")


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested objects as one, with keys joined by dots; lists stay as they are.

    Example:
        >>> flat({"a": {"b": 1}, "c": [2]})
        {'a.b': 1, 'c': [2]}
    """
    out: dict[str, Any] = {}
    _flatten(record, prefix, out)
    return out


def _flatten(record: Mapping[str, Any], prefix: str, out: dict[str, Any]) -> None:
    for key, value in record.items():
        if isinstance(value, dict) and value:
            _flatten(value, f"{prefix}{key}.", out)
        else:
            out[f"{prefix}{key}"] = value


def _said(columns: Mapping[str, str], sample: list[dict[str, Any]]) -> dict[str, Target]:
    fields = dict.fromkeys(name for record in sample for name in record)
    said = {}
    for ours, theirs in columns.items():
        if fields and theirs not in fields:
            raise UnknownAttributeError(
                f"columns={{{ours!r}: {theirs!r}}}: there is no field {theirs!r}.{near(theirs, fields)} "
                f"The fields are {', '.join(fields)}."
            )
        target = _ours(ours)
        if target is None:
            raise UnknownAttributeError(
                f"columns={{{ours!r}: {theirs!r}}}: {ours!r} is no column of spans.{near(ours, known_targets())} "
                f"Columns are {', '.join(schema.SPANS.names)} and score.<name>; any other field is an attribute."
            )
        named = guess(theirs)
        unit = named.unit if named is not None and named.column == target.column and named.unit else target.unit
        said[theirs] = Target(target.column, unit, _EXPLICIT)
    return said


def _ours(name: str) -> Target | None:
    if name.startswith(SCORE) and len(name) > len(SCORE):
        return Target(name)
    return guess(name)


def _plain_text(value: Any) -> str | None:
    if type(value) is str:
        return value
    return None if isinstance(value, dict | list) else _values.text(value)


def _parent(value: Any) -> str | None:
    """Return the id of a parent; there is none where a table says that a span is a root."""
    told = _plain_text(value)
    return None if told is not None and (told.lower() == "root" or not told.strip("0-")) else told


def _cents(value: Any) -> float | None:
    dollars = _values.money(value)
    return None if dollars is None else dollars / 100


def _numbers(values: list[Any]) -> list[float]:
    numbers = []
    for value in values:
        try:
            number = _values.number(value) if not isinstance(value, bool) else None
        except ValueError:
            continue
        if number is not None and number >= 0:
            numbers.append(number)
    return numbers


def _dates(values: list[Any]) -> bool:
    """Whether numbers below 10^8 are dates such as 20261124."""
    return all(len(str(value)) == 8 for value in values)


def _score(name: str, value: Any) -> Row:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return {"name": name, "value": float(value.lower() == "true")}
    try:
        return {"name": name, "value": _values.number(value)}
    except ValueError:
        return {"name": name, "label": _values.text(value)}


def _outcome(row: Row, column: str, value: Any) -> bool:
    """Fill status and error columns; what they say is joined in ``_complete``."""
    if column == "error_type":
        if value in (0, "0", False, 0.0, "0.0") or (isinstance(value, str) and _values.status(value) == "ok"):
            row.setdefault("status", "ok")
        elif value is True:
            row["status"] = "error"
        elif isinstance(value, dict):
            kind = value.get("type") or value.get("code") or value.get("name")
            row["error_type"] = _values.text(kind) or "error"
            row["error_message"] = row.get("error_message") or _values.text(value.get("message"))
            return False
        elif isinstance(value, str) and len(value) > 60:
            row["error_type"], row["error_message"] = "error", row.get("error_message") or value
        else:
            row["error_type"] = _values.text(value)
        return True
    if column == "failed":
        said = _values.status(value)
        row["status"] = {"ok": "error", "error": "ok"}.get(said or "", row.get("status"))
    else:
        said = _values.status(value)
        if said is not None:
            row["status"] = "error" if "error" in (said, row.get("status")) else said
        if column == "status_code":
            if said == "error":
                row.setdefault("error_type", _values.text(value))
            return False
    return said is not None and column != "status"


def _reconcile(row: Row, chosen: Mapping[str, tuple[str, _Slot]], record: Mapping[str, Any]) -> None:
    """Make the counts of tokens those of the store; a number that no column holds any more stays as an attribute."""
    more = {column: row.pop(column) for column in MORE if column in row}
    stated = {column: row[column] for column in TOKEN_COLUMNS if row.get(column) is not None}
    if not more and len(stated.keys() - {"input_tokens", "output_tokens"}) == 0:
        return
    leaves = {column: normal(chosen[column][0].rpartition(".")[2]) for column in stated}
    beside = set()
    if leaves.get("input_tokens") == "input_tokens" and "usage" in chosen["input_tokens"][0].lower():
        beside = {column for column, leaf in leaves.items() if leaf in _BESIDE}
    if leaves.get("reasoning_tokens", "").startswith("thoughts"):
        beside.add("reasoning_tokens")
    for column, value in tokens(stated | more, row["attributes"], exclusive=beside).items():
        if value != row.get(column):
            row[column] = value
            if column in stated:
                row["attributes"][chosen[column][0]] = record[chosen[column][0]]


def _complete(row: Row, *, judged: bool) -> None:
    """Derive what follows from what is known: the third of start, end and duration, and the status."""
    start, end, duration = row.get("start_time"), row.get("end_time"), row.get("duration_ms")
    if start is not None and end is not None:
        if end < start:
            raise ValueError("it ends before it starts")
        row["duration_ms"] = (end - start) / 1_000 if duration is None else duration
    elif start is not None and duration is not None:
        row["end_time"] = start + round(duration * 1_000)
    elif end is not None and duration is not None:
        row["start_time"] = end - round(duration * 1_000)
    first = row.pop("first_token_time", None)
    if first is not None and start is not None and row.get("ttft_ms") is None and first >= start:
        row["ttft_ms"] = (first - start) / 1_000
    if row.get("error_type") is not None or row.get("error_message") is not None:
        row["status"] = "error"
    elif row.get("status") is None:
        row["status"] = "ok" if judged else "unset"
