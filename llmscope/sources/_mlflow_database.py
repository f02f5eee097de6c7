"""MLflow's own SQLite database (``mlflow.db``), trace by trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources._batch import Rows
from llmscope.sources._file import File
from llmscope.sources._json import Record
from llmscope.sources._messages import decoded
from llmscope.sources._sqlite import columns, database, is_database, objects

if TYPE_CHECKING:
    import sqlite3

_OF_ASSESSMENT: Final = {
    "name": "assessment_name",
    "created_timestamp": "create_time_ms",
    "last_updated_timestamp": "last_update_time_ms",
    "assessment_metadata": "metadata",
}


def has_traces(file: File) -> bool:
    """Whether a file is a database of MLflow with traces."""
    return is_database(file) and {"trace_info", "trace_tags"} <= columns(file).keys()


def stored(file: File, rows: Rows) -> Iterator[Record]:
    """Yield each trace with its place, in the shape of schema v3.

    Args:
        file: A database of MLflow.
        rows: Takes a note where spans are kept elsewhere.
    """
    tables = columns(file)
    with database(file) as connection:
        total = connection.execute("SELECT count(*) FROM trace_info").fetchone()[0]
        told = without = 0
        for number, info in enumerate(objects(connection, "SELECT * FROM trace_info ORDER BY rowid"), 1):
            trace = info.pop("request_id", info.get("trace_id"))
            spans = _spans(connection, tables, trace)
            without += not spans
            yield f"trace {number}", {"info": _info(connection, tables, trace, info), "data": {"spans": spans}}
            position = file.size * number // max(total, 1)
            if file.on_bytes is not None:
                file.on_bytes(position - told)
            told = position
        if without:
            rows.notes.append(
                f"{without} traces have no spans in the database: MLflow before 3 keeps them in files, traces.json"
            )


def _info(connection: sqlite3.Connection, tables: Any, trace: Any, info: dict[str, Any]) -> dict[str, Any]:
    out = info | {"trace_id": trace}
    for table, key in (
        ("trace_request_metadata", "trace_metadata"),
        ("trace_tags", "tags"),
        ("trace_metrics", "metrics"),
    ):
        if table in tables:
            pairs = objects(connection, f'SELECT "key", value FROM {table} WHERE request_id = ?', (trace,))
            out[key] = {str(pair["key"]): pair.get("value") for pair in pairs if "key" in pair}
    out.setdefault("trace_metadata", {})
    if "assessments" in tables:
        found = objects(connection, "SELECT * FROM assessments WHERE trace_id = ? ORDER BY rowid", (trace,))
        out["assessments"] = [_assessment(item) for item in found]
    return out


def _assessment(item: dict[str, Any]) -> dict[str, Any]:
    out = {_OF_ASSESSMENT.get(key, key): value for key, value in item.items()}
    kind = "expectation" if str(out.pop("assessment_type", "")).lower() == "expectation" else "feedback"
    out[kind] = {"value": _plain(out.pop("value", None))}
    out["source"] = {key: out.pop(key) for key in ("source_type", "source_id") if key in out}
    out["valid"] = bool(out.get("valid", True))
    return out


def _plain(value: Any) -> Any:
    """Return the value that a text of JSON says."""
    inside = decoded(f"[{value}]")
    return inside[0] if isinstance(inside, list) and len(inside) == 1 else value


def _spans(connection: sqlite3.Connection, tables: Any, trace: Any) -> list[Any]:
    if "content" not in tables.get("spans", ()):
        return []
    query = "SELECT * FROM spans WHERE trace_id = ? ORDER BY start_time_unix_nano"
    return [_span(row) for row in objects(connection, query, (trace,))]


def _span(row: dict[str, Any]) -> Any:
    """Return a span as its JSON says; columns that only the table has are added to its attributes."""
    content = decoded(row.get("content"))
    if not isinstance(content, dict):
        return content
    attributes = content.get("attributes")
    if isinstance(attributes, dict):
        for column, key in (("model_name", "mlflow.llm.model"), ("model_provider", "mlflow.llm.provider")):
            if column in row:
                attributes.setdefault(key, row[column])
        if "total_cost" in row and "mlflow.llm.cost" not in attributes:
            attributes["mlflow.llm.cost"] = {
                key: row[key] for key in ("input_cost", "output_cost", "total_cost") if key in row
            }
    return content
