"""The least that reading a text format in Python costs: its bytes decoded, and rows as wide as ours put into Arrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa

from llmscope.sources import Batch
from llmscope.sources._batch import PACKED_ROWS, Rows

Action = Callable[[], object]


def decoder(path: Path) -> Action | None:
    """Return what decodes a file held in memory and drops it, or None where no library but ours reads it.

    JSON that stands in strings is decoded too, since every reader has to. YAML is PyYAML's C parser, protobuf is
    opentelemetry-proto.
    """
    return _DECODERS.get(path.suffix, lambda _: None)(path)


def packer(batches: list[Batch]) -> Action:
    """Return what puts the rows of batches, which stand ready as dictionaries, into Arrow as our readers do."""
    tables = [(name, table) for batch in batches for name, table in batch.tables().items() if table.num_rows]
    packs = [(name, pack) for name, table in tables for pack in _packs(table)]

    def pack_all() -> None:
        for name, pack in packs:
            rows = Rows("log")
            setattr(rows, name, pack)
            rows.take()

    return pack_all


def _packs(table: pa.Table) -> Iterator[list[dict[str, Any]]]:
    times = [field.with_type(pa.int64()) if pa.types.is_timestamp(field.type) else field for field in table.schema]
    for batch in table.cast(pa.schema(times)).to_batches(PACKED_ROWS):
        yield batch.to_pylist()


def _json(path: Path) -> Action:
    texts: list[bytes | str] = [path.read_bytes()] if path.suffix == ".json" else path.read_bytes().splitlines()
    return _each(orjson.loads, texts + [inner for text in texts for inner in _inner(orjson.loads(text))])


def _inner(value: Any) -> Iterator[str]:
    """Yield the strings that are JSON objects or lists, at any depth, and those within them."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _inner(item)
    elif isinstance(value, str) and value[:1] in ("{", "["):
        try:
            decoded = orjson.loads(value)
        except ValueError:
            return
        yield value
        yield from _inner(decoded)


def _csv(path: Path) -> Action:
    text = path.read_text(encoding="utf-8")
    return lambda: [None for _ in csv.reader(io.StringIO(text, newline=""))]


def _yaml(path: Path) -> Action:
    import yaml

    text = path.read_bytes()
    return lambda: yaml.load(text, yaml.CSafeLoader)


def _protobuf(path: Path) -> Action:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    data = memoryview(path.read_bytes())
    messages: list[bytes | str] = []
    while data:
        size = 4 + int.from_bytes(data[:4], "big")
        messages.append(bytes(data[4:size]))
        data = data[size:]
    return _each(ExportTraceServiceRequest.FromString, messages)


def _each(decode: Callable[[Any], object], texts: list[bytes | str]) -> Action:
    def decode_all() -> None:
        for text in texts:
            decode(text)

    return decode_all


_DECODERS: Final[dict[str, Callable[[Path], Action | None]]] = {
    ".json": _json, ".jsonl": _json, ".csv": _csv, ".yaml": _yaml, ".binpb": _protobuf,
}  # fmt: skip
