"""Content made to break readers: every format ends in rows, rejects or an error of ours, soon and in little memory."""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import subprocess
import sys
import textwrap
import time

import pytest
import zstandard

from llmscope import sources
from llmscope.errors import LlmscopeError
from llmscope.sources import _compressed

FORMATS = [form.NAME for form in sources.FORMATS]
SECONDS = 30
"""Far more than any of these takes alone, on a machine that does other things."""

SEEDS = {
    "otlp": {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "name": "a", "startTimeUnixNano": "1750000000000000000", "attributes": [{"key": "k", "value": {"stringValue": "v"}}]}]}]}]},
    "chat": {"messages": [{"role": "user", "content": "Hi"}], "usage": {"prompt_tokens": 3}, "latency_ms": 4},
    "table": {"model": "m", "prompt": "p", "response": "r", "latency_ms": 4},
    "prometheus": {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"__name__": "up"}, "value": [1763942400, "1"]}]}},
    "langfuse": {"id": "t", "timestamp": "2026-01-01T00:00:00Z", "name": "n", "observations": [{"id": "o", "traceId": "t", "type": "GENERATION", "startTime": "2026-01-01T00:00:00Z", "usage": {"input": 1}, "input": "x"}]},
    "langsmith": {"post": [{"id": "a", "trace_id": "a", "name": "n", "run_type": "llm", "start_time": "2026-01-01T00:00:00Z", "inputs": {"x": 1}}], "patch": []},
    "mlflow": {"info": {"trace_id": "tr-1", "request_time": "2026-01-01T00:00:00Z"}, "data": {"spans": [{"name": "a", "span_id": "1", "trace_id": "1", "start_time_unix_nano": 1750000000000000000, "attributes": {"k": "v"}}]}},
    "opik": {"id": "t", "name": "n", "start_time": "2026-01-01T00:00:00Z", "project_id": "p", "input": {"x": 1}, "spans": []},
    "jaeger": {"data": [{"traceID": "1", "spans": [{"traceID": "1", "spanID": "2", "operationName": "a", "startTime": 1750000000000000, "duration": 5, "tags": [{"key": "k", "type": "string", "value": "v"}]}], "processes": {}}]},
    "zipkin": {"traceId": "1", "id": "2", "name": "a", "timestamp": 1750000000000000, "duration": 5, "localEndpoint": {"serviceName": "s"}, "tags": {"k": "v"}},
    "tempo": {"batches": [{"resource": {}, "instrumentationLibrarySpans": [{"spans": [{"traceId": "AAAAAAAAAAAAAAAAAAAAAQ==", "spanId": "AAAAAAAAAAE=", "name": "a", "startTimeUnixNano": "1750000000000000000"}]}]}]},
    "datadog": [[{"trace_id": 1, "span_id": 2, "name": "a", "resource": "r", "service": "s", "start": 1750000000000000000, "duration": 5, "meta": {"k": "v"}, "metrics": {"m": 1}}]],
    "newrelic": {"eventType": "LlmChatCompletionSummary", "timestamp": 1750000000000, "trace_id": "t", "span_id": "s", "duration": 5},
    "elastic": {"@timestamp": "2026-01-01T00:00:00Z", "ecs": {"version": "8"}, "message": "m", "trace": {"id": "t"}},
    "inspect": {"version": 2, "status": "success", "eval": {"task": "t", "created": "2026-01-01T00:00:00Z"}, "samples": [{"id": 1, "epoch": 1, "input": "x", "scores": {}}]},
    "promptflow": {"flow_runs": [{"run_id": "r", "start_time": "2026-01-01T00:00:00Z", "inputs": {"x": 1}, "api_calls": []}], "node_runs": []},
    "trajectory": {"traj": [{"role": "user", "content": "x"}], "reward": 1},
    "http": {"version": 1, "interactions": [{"request": {"method": "POST", "uri": "https://api.openai.com/v1/chat/completions", "body": "{}"}, "response": {"status": {"code": 200}, "body": {"string": "{}"}, "headers": {}}}]},
}  # fmt: skip
"""A small document of each format; one that is not here is tried with ``OTHER``."""

OTHER = {"id": "a", "trace_id": "t", "name": "n", "timestamp": "2026-01-01T00:00:00Z", "input": "x", "usage": {"n": 1}}
DEEP = b"[" * 100_000 + b"]" * 100_000
WEIRD = {
    "100,000 levels": DEEP,
    "100,000 levels of objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 5,000 digits": b"9" * 5_000,
    "a float beyond all": b"1e999999",
    "a tiny exponent": b"1e-999999",
    "a 64-bit number and one more": b"18446744073709551616",
    "a negative number": b"-9223372036854775809",
    "not a number": b"NaN",
    "half a surrogate pair": b'"\\ud800"',
    "no UTF-8": b'"\xff\xfe\xc3"',
    "a NUL": b'"a\\u0000b\x00"',
    "null": b"null",
    "an empty list": b"[]",
    "a list of all kinds": b'[null, true, 1.5, "x", {"a": []}]',
    "an object for a text": b'{"content": {"content": 1}}',
    "an empty text": b'""',
}
HOLLOW = ("null", "an empty list", "an object for a text")
"""Of these, what may stand where a list of records is expected, so that there is nothing to read."""


def outcome(content, name):
    """Read a file; return the rows and rejects there were, None for an error of ours."""
    started = time.monotonic()
    count = None
    with contextlib.suppress(LlmscopeError):
        count = sum(
            table.num_rows
            for batch in sources.read(sources.File(content, name="x"), format=name)
            for table in batch.tables().values()
        )
    assert time.monotonic() - started < SECONDS
    return count


def refusal(content, name):
    """Read what cannot be read; return why not: the message of an error of ours, or the reasons of the rejects."""
    try:
        batches = list(sources.read(sources.File(content, name="x"), format=name))
    except LlmscopeError as error:
        return [str(error)]
    return [reason for batch in batches for reason in batch.rejects["reason"].to_pylist()]


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
        yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
        yield path
    else:
        yield path


MARK = "@@here@@"


def put(value, path, new):
    """Return a document as JSON with other bytes in one place."""
    document = json.loads(json.dumps(value))
    if not path:
        return new
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = MARK
    return json.dumps(document).encode().replace(f'"{MARK}"'.encode(), new)


@pytest.mark.parametrize("name", FORMATS)
def test_anything_in_any_place_of_a_document_is_read_or_rejected(name):
    seed = SEEDS.get(name, OTHER)
    for path in leaves(seed):
        for what, content in WEIRD.items():
            document = put(seed, path, content)
            for file in (document, document + b"\n" + document):
                try:
                    count = outcome(file, name)
                except Exception as error:
                    error.add_note(f"{what} at {'.'.join(map(str, path))}")
                    raise
                assert count != 0 or not path or what in HOLLOW, (what, path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_deeply_nested_document_is_refused_with_a_reason(name):
    for content in (DEEP, WEIRD["100,000 levels of objects"], b'{"a":' * 100_000, b"[" * 1_000_000):
        reasons = refusal(content, name)
        assert reasons
        assert all(reasons)


@pytest.mark.parametrize("name", FORMATS)
def test_a_document_cut_or_flipped_anywhere_is_read_or_rejected(name):
    whole = json.dumps(SEEDS.get(name, OTHER)).encode()
    for at in range(7, len(whole), 7):
        assert outcome(whole[:at], name) != 0
        assert outcome(whole[:at] + b"\x00" + whole[at:], name) != 0
        assert outcome(whole[:at] + b"\xff" + whole[at + 1 :], name) != 0 or name == "otlp"  # ignores unknown fields
        assert outcome(whole + b"\n" + whole[:at] + b"\n" + whole, name) != 0
        assert outcome(gzip.compress(whole)[:at], name) != 0


@functools.cache
def bombs():
    contents = (
        b"\0" * 30_000_000,
        b'{"messages":[{"role":"user","content":"' + b"x" * 30_000_000,
        b"[" * 30_000_000,
        b"a,b\n" * 7_000_000,
    )
    return [zstandard.compress(content) for content in contents] + [gzip.compress(contents[1], 1)]


@pytest.mark.parametrize("name", FORMATS)
def test_a_decompression_bomb_is_refused_by_every_reader(monkeypatch, name):
    monkeypatch.setattr(_compressed, "FREE_BYTES", 3_000_000)
    monkeypatch.setattr(_compressed, "MAX_EXPANSION", 100)
    for content in bombs():
        started = time.monotonic()
        assert refusal(content, name)
        assert time.monotonic() - started < SECONDS


PROGRAM = """
    import resource, sys, time
    from llmscope import sources
    from llmscope.errors import LlmscopeError

    for form in sources.FORMATS:
        started = time.monotonic()
        try:
            for batch in sources.read(sources.File(sys.argv[1]), format=form.NAME):
                pass
        except LlmscopeError:
            pass
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(form.NAME, used, round(time.monotonic() - started, 1), flush=True)
"""


def test_a_line_without_an_end_takes_no_reader_beyond_a_gigabyte(tmp_path):
    program = textwrap.dedent(PROGRAM)
    (tmp_path / "x").write_bytes(b'{"messages":[{"role":"user","content":"' + b"x" * 60_000_000)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x")], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    measured = [line.split() for line in done.stdout.splitlines()]
    assert {name for name, *_ in measured} == set(FORMATS)
    assert max(int(megabytes) for _, megabytes, _ in measured) < 1_000, measured
