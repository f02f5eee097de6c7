"""Fields read by an exact list, as single messages of an agent's run are whose format says what each field means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llmscope.sources._batch import Row
from llmscope.sources._cells import count, moment, real, seconds_ms, text
from llmscope.sources._reading import Reading

_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "start_time": moment,
    "end_time": moment,
    "duration_ms": seconds_ms,
    "input_tokens": count,
    "output_tokens": count,
    "cache_read_tokens": count,
    "cost_usd": real,
}


class ExactReading(Reading):
    """Reads fields by an exact list, where ``Reading`` guesses; a value that does not fit stays an attribute.

    Args:
        fields: Their field (nested keys joined by dots) -> our column. Times are ISO 8601 or counted from 1970,
            durations are seconds, money is US dollars.

    Example:
        >>> ExactReading({"metrics.prompt_tokens": "input_tokens"}).row({"metrics.prompt_tokens": 9, "step_id": 1})[0]
        {'status': 'unset', 'input_tokens': 9, 'attributes': {'step_id': 1}}
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__([])
        self._fields = fields

    def row(self, record: Mapping[str, Any]) -> tuple[Row, list[Row]]:
        """Return the columns a record fills, with every other field in ``attributes``; never any scores."""
        row: Row = {"status": "unset"}
        attributes: dict[str, Any] = {}
        for name, value in record.items():
            column = self._fields.get(name)
            convert: Callable[[Any], Any] = _CONVERT.get(column or "", text)
            found = None if column is None else convert(value)
            if column is not None and found is not None and column not in row:
                row[column] = found
            elif value is not None:
                attributes[name] = value
        row["attributes"] = attributes
        return row, []
