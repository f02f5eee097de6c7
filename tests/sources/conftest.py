"""Reading bytes the way the store does, for tests of formats."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from llmscope import schema, sources

JSON_COLUMNS = {
    column.name
    for table in (schema.SPANS, schema.METRICS, schema.LOGS)
    for column in table.columns
    if column.type == "JSON"
}


@dataclass
class Loaded:
    """All rows of a file by table, with JSON columns decoded."""

    spans: list = field(default_factory=list)
    scores: list = field(default_factory=list)
    metrics: list = field(default_factory=list)
    logs: list = field(default_factory=list)
    rejects: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def span(self):
        (only,) = self.spans
        return only

    @property
    def reasons(self):
        return [reject["reason"] for reject in self.rejects]


def _decoded(row):
    return {
        key: json.loads(value) if key in JSON_COLUMNS and value is not None else value for key, value in row.items()
    }


def _load(source, name=None, **options):
    files = [sources.File(source, name=name or "log.jsonl")] if isinstance(source, bytes) else sources.find(source)
    loaded = Loaded()
    for file in files:
        for batch in sources.read(file, **options):
            loaded.notes.extend(batch.notes)
            for table, rows in batch.tables().items():
                getattr(loaded, table).extend(_decoded(row) for row in rows.to_pylist())
    return loaded


@pytest.fixture(scope="session")
def load():
    """Return a function from bytes, a path or a frame to what is read from it."""
    return _load


@pytest.fixture(scope="session")
def lines():
    """Return a function from objects to JSON lines."""
    return lambda *records: b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture(scope="session")
def missing(lost):
    """Return a function that lists what is lost of a document when its bytes are read."""

    def missing_of(document, data=None):
        return lost(document, list(sources.read(sources.File(data or json.dumps(document).encode()))))

    return missing_of
