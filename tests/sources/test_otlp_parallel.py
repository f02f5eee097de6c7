"""Several processes read one file: the same batches, in the same order, with the same places."""

from __future__ import annotations

import json

import pytest

from llmscope.sources import _parallel, otlp
from llmscope.sources._file import File


def line(number):
    span = {"traceId": f"{number + 1:032x}", "spanId": f"{number + 1:016x}", "name": f"n{number}",
            "startTimeUnixNano": 1_750_000_000_000_000_000 + number, "attributes": {"filler": "x" * 300}}  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(_parallel, "SMALLEST", 1000)
    monkeypatch.setattr(_parallel, "CHUNK", 100_000)
    monkeypatch.setattr(_parallel.os, "cpu_count", lambda: 2)
    lines = [line(number) for number in range(1500)]
    lines[700] = "{broken"
    path = tmp_path / "spans.jsonl"
    path.write_text("\n".join(lines))
    return path


def flat(batches):
    batches = list(batches)
    spans = [row for batch in batches for row in batch.spans.to_pylist()]
    return spans, [row for batch in batches for row in batch.rejects.to_pylist()]


def test_workers_give_what_one_process_gives(path):
    file = File(path)
    assert _parallel.worth_it(file)
    with file.open() as stream:
        alone = flat(otlp.read_json(stream, file.name))
    together = flat(otlp.read(file))
    assert together == alone
    assert len(together[0]) == 1499
    assert [row["position"] for row in together[1]] == ["line 701"]


def test_a_worker_that_dies_loses_nothing(path, monkeypatch):
    started = _parallel._start

    def dying():
        worker = started()
        worker.kill()
        return worker

    monkeypatch.setattr(_parallel, "_start", dying)
    assert len(flat(otlp.read(File(path)))[0]) == 1499


def test_a_very_long_line_is_read_here(path, monkeypatch):
    monkeypatch.setattr(_parallel, "LONGEST_LINE", 150_000)
    spans = [{"traceId": "1" * 32, "spanId": f"{n + 1:016x}", "startTimeUnixNano": 1} for n in range(3000)]
    long = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    path.write_text(path.read_text() + "\n" + long + "\n" + line(1) + "\n")
    assert len(flat(otlp.read(File(path)))[0]) == 1499 + 3001


def test_stopping_early_leaves_no_worker(path, monkeypatch):
    workers = []
    started = _parallel._start

    def kept():
        workers.append(started())
        return workers[-1]

    monkeypatch.setattr(_parallel, "_start", kept)
    batches = otlp.read(File(path))
    next(batches)
    batches.close()
    assert workers
    assert all(worker.poll() is not None for worker in workers)


@pytest.mark.parametrize("head", [b'{\n "resourceSpans": [', b'[{"resourceSpans": []}', b"\n"])
def test_only_lines_are_shared_out(head, path):
    path.write_bytes(head + b" " * 5000)
    assert not _parallel.worth_it(File(path))
