"""Coverage-guided fuzzing of the two front doors: ``python tests/fuzz/fuzz.py otlp|json [libFuzzer options]``.

``otlp`` reads bytes as OTLP protobuf in every framing; ``json`` detects a file and reads it, and forces every format on
it in turn. Anything but rows, rejects and an error of ours is a finding, and so are seconds of work on a few kilobytes.
The corpus, and what breaks a reader, are written to the working directory.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["llmscope.sources"]):
    from llmscope import sources
    from llmscope.errors import LlmscopeError

SECONDS = 5.0
ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"


def otlp(data: bytes) -> None:
    """Read protobuf: as it is, and with the length of a message before it."""
    for content in (data, len(data).to_bytes(4, "big") + data):
        _read(content, "otlp")


def json(data: bytes) -> None:
    """Read a document by its content, and as a format that its first byte chooses."""
    _read(data, None)
    if data:
        _read(data[1:], sources.FORMATS[data[0] % len(sources.FORMATS)].NAME)


def _read(content: bytes, name: str | None) -> None:
    started = time.monotonic()
    with contextlib.suppress(LlmscopeError):
        for batch in sources.read(sources.File(content, name="x"), format=name):
            for table in batch.tables().values():
                table.validate(full=True)
    taken = time.monotonic() - started
    if taken > SECONDS:
        raise TimeoutError(f"{taken:.1f} s for {len(content)} bytes")


def seeds(folder: Path) -> None:
    """Write what fuzzing begins from: the beginnings of the samples, and their spans in protobuf."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(path for path in SAMPLES.rglob("*") if path.is_file()):
        with contextlib.suppress(OSError, LlmscopeError):
            file = sources.File(path)
            (folder / path.name).write_bytes(b"\x00" + file.head[:4096])
    rows = {
        "trace_id": "1" * 32,
        "span_id": "2" * 16,
        "name": "a",
        "attributes": '{"a": [1, {"b": null}]}',
        "source": "x",
    }
    from llmscope.sources._batch import Rows

    batch = Rows(
        "x", spans=[rows], metrics=[{"name": "m", "time": 1, "kind": "gauge"}], logs=[{"time": 1, "body": "b"}]
    )
    tables = {name: [table] for name, table in batch.take().tables().items() if name != "rejects"}
    sources.export(folder / "otlp.pb", "otlp-proto", tables)


def main() -> None:
    """Fuzz one door."""
    door = {"otlp": otlp, "json": json}[sys.argv[1]]
    corpus = Path.cwd() / f"corpus-{sys.argv[1]}"
    seeds(corpus)
    atheris.Setup([sys.argv[0], str(corpus), *sys.argv[2:]], door)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
