"""The documents in what Elasticsearch takes and gives: bulk bodies, search answers, dumps, ES|QL, Kibana's CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from llmscope.sources._batch import Rows
from llmscope.sources._json import kind_of
from llmscope.sources._unfold import NestingError, Unfold

UNFOLD: Final = Unfold(inner=frozenset({"hits", "rawResponse", "response"}), leaves=frozenset({"hits"}))
"""The lists ``hits`` within objects ``hits``, which may be read piece by piece."""

_ACTIONS: Final = frozenset({"index", "create", "update", "delete"})
_OF_ACTION: Final = frozenset(
    {"_index", "_id", "_type", "_routing", "routing", "pipeline", "version", "version_type", "if_seq_no",
     "if_primary_term", "require_alias", "require_data_stream", "dynamic_templates", "list_executed_pipelines",
     "retry_on_conflict", "op_type"}
)  # fmt: skip
_OF_HIT: Final = ("_id", "_index", "_type", "_routing", "_score", "_ignored", "sort")


class Document(NamedTuple):
    """One document: what it says, and what its index says of it."""

    place: str
    source: dict[str, Any]
    about: dict[str, Any]


def is_action(record: Any) -> bool:
    """Whether a decoded record is the line of a bulk body that says what to do with the next.

    Example:
        >>> is_action({"index": {"_index": "logs"}}), is_action({"index": 3})
        (True, False)
    """
    if type(record) is not dict or len(record) != 1:
        return False
    ((name, value),) = record.items()
    return name in _ACTIONS and type(value) is dict and value.keys() <= _OF_ACTION


def is_hit(record: Any) -> bool:
    """Whether a decoded record is a document as a search finds it, or as ``elasticdump`` writes it."""
    if type(record) is not dict:
        return False
    return type(record.get("_source")) is dict or ("_index" in record and type(record.get("fields")) is dict)


def hits(record: Any) -> list[Any] | None:
    """Return what a search answer found; None where a record is no search answer."""
    found = record.get("hits") if type(record) is dict else None
    listed = found.get("hits") if type(found) is dict else None
    return listed if type(listed) is list else None


def documents(records: Iterable[tuple[str, dict[str, Any]]], rows: Rows) -> Iterator[Document]:
    """Yield each document that a stream of records is or holds.

    Args:
        records: With their places, in the order of the file.
        rows: Takes the rejects, and notes of searches that are not whole.
    """
    action: tuple[str, str, dict[str, Any]] | None = None
    for place, record in records:
        if action is not None:
            yield from _of_bulk(place, record, action[1], action[2], rows)
            action = None
        elif is_action(record):
            ((name, about),) = record.items()
            if name != "delete":
                action = (place, name, about)
        else:
            yield from _held(place, record, rows)
    if action is not None:
        rows.reject(action[0], "the bulk body ends before the document of this line", {action[1]: action[2]})


def _of_bulk(place: str, record: dict[str, Any], name: str, about: dict[str, Any], rows: Rows) -> Iterator[Document]:
    if name == "update":
        source = record.get("doc", record.get("upsert"))
        if type(source) is not dict:
            rows.reject(place, "an update by script: it holds no document", record)
            return
        record = source
    yield Document(place, record, about)


def _held(place: str, record: dict[str, Any], rows: Rows) -> Iterator[Document]:
    if is_hit(record):
        yield _hit(place, record)
        return
    found = hits(record)
    if found is not None:
        _note(place, record, rows)
        for number, hit in enumerate(found):
            where = f"{place}, hits[{number}]"
            if is_hit(hit):
                yield _hit(where, hit)
            else:
                rows.reject(where, "it has no _source", hit)
        return
    if type(record.get("columns")) is list and (values := record.get("values", record.get("rows"))) is not None:
        yield from _of_table(place, record["columns"], values, rows)
        return
    answers = _answers(record)
    for where, answer in answers:
        if type(answer) is dict:
            yield from _held(f"{place}, {where}", answer, rows)
        else:
            rows.reject(f"{place}, {where}", f"expected an answer, found {kind_of(answer)}", answer)
    if not answers:
        yield Document(place, record, {})


def _answers(record: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the search answers in one of an asynchronous search, a multi-search or Kibana's inspector."""
    for key in ("rawResponse", "response"):
        if hits(record.get(key)) is not None:
            return [(key, record[key])]
    answers = record.get("responses")
    return [(f"responses[{index}]", answer) for index, answer in enumerate(answers)] if type(answers) is list else []


def _hit(place: str, hit: dict[str, Any]) -> Document:
    about = {key: hit[key] for key in _OF_HIT if hit.get(key) not in (None, [])}
    source = hit["_source"] if type(hit.get("_source")) is dict else {}
    fields = hit.get("fields")
    if type(fields) is dict:
        told = flat(source)
        source = source | {
            key: value[0] if type(value) is list and len(value) == 1 else value
            for key, value in fields.items()
            if key not in told
        }
    return Document(place, source, about)


def _of_table(place: str, columns: list[Any], values: Any, rows: Rows) -> Iterator[Document]:
    """Yield the rows of an answer of ES|QL or SQL."""
    names = [column.get("name") if type(column) is dict else column for column in columns]
    if type(values) is not list:
        rows.reject(place, "columns and values are not a table", columns)
        return
    for number, row in enumerate(values):
        if type(row) is list and len(row) == len(names):
            told = {name: value for name, value in zip(map(str, names), row, strict=True) if value is not None}
            yield Document(f"{place}, values[{number}]", told, {})
        else:
            rows.reject(f"{place}, values[{number}]", "it has not as many values as there are columns", row)


def _note(place: str, answer: dict[str, Any], rows: Rows) -> None:
    shards = answer.get("_shards")
    failed = shards.get("failed") if type(shards) is dict else 0
    if answer.get("timed_out") is True or failed:
        rows.notes.append(f"{place}: the search was not whole (timed out, or {failed or 0} shards failed)")


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return a document with dotted keys, whether it is written nested, dotted or mixed.

    Raises:
        NestingError: It is nested too deeply.

    Example:
        >>> flat({"log": {"level": "info"}, "trace.id": "1"})
        {'log.level': 'info', 'trace.id': '1'}
    """
    out: dict[str, Any] = {}
    try:
        _flatten(record, "", out)
    except RecursionError:
        raise NestingError from None
    return out


def _flatten(record: dict[str, Any], prefix: str, out: dict[str, Any]) -> None:
    for key, value in record.items():
        if type(value) is dict and value:
            _flatten(value, f"{prefix}{key}.", out)
        elif value is not None:
            out[f"{prefix}{key}"] = value
