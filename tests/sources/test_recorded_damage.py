"""Damaged, hostile and arbitrary recorded HTTP ends in rows or rejects."""

from __future__ import annotations

import orjson
import pytest
from arbitrary import anything
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_calls import CHAT, OPENAI, as_json, call, cassette, stream
from recorded_providers import PROVIDERS
from recorded_streams import STREAMS

from llmscope.sources import read
from llmscope.sources._file import File

BOMB = b"interactions:\n- request: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    f"  k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n".encode() for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (BOMB, "repetitions by aliases counted"),
        (b"interactions:\n- request: " + b"[" * 200 + b"]" * 200 + b"\n", "nested more than 100 levels"),
        (b"interactions:\n- request: *nothing\n", "stands for nothing"),
        (cassette(call())[:-40] + b"\n  : {: [\n", "not YAML"),
        (b"interactions:\n- 7\n- request: {method: GET}\n", "it has no request"),
        (b"interactions:\n- request: &a {self: *a}\n", "stands for nothing"),
        (b'{"interactions": [{"request": {"method": "GET"}}, 7]}', "it has no request"),
    ],
    ids=["bomb", "deep", "unknown alias", "cut", "a number", "in itself", "a number in JSON"],
)
def test_damaged_and_hostile_cassettes_are_refused_with_a_reason(load, data, reason):
    assert any(reason in text for text in load(data, format="http").reasons)


def test_what_stands_before_damage_is_read(load):
    data = cassette(call(), call())
    loaded = load(data[: len(data) * 3 // 4] + b"\n\t: {", format="http")
    assert len(loaded.spans) == 1
    assert len(loaded.rejects) == 1


KEYS = st.sampled_from(
    ["model", "messages", "input", "prompt", "contents", "choices", "usage", "usageMetadata", "candidates", "output", "content",
     "error", "message", "delta", "type", "response", "index", "results", "meta", "role", "object", "created", "text", "system"]
)  # fmt: skip
BODIES = st.dictionaries(KEYS, anything, max_size=4) | anything
URLS = st.sampled_from(
    [OPENAI, *(url for url, *_ in PROVIDERS.values()), *(url for url, *_ in STREAMS.values()), "x", "http://[", ""]
)


def damaged(one, extra, drop):
    return {key: value for key, value in (one | extra).items() if key not in drop}


CALLS = st.builds(
    lambda url, asked, told, status, streamed, extra, drop: damaged(
        call(asked, stream(*told) if streamed and isinstance(told, list) else told, url=url, status=status), extra, drop
    ),
    URLS,
    BODIES,
    BODIES | st.lists(st.dictionaries(KEYS, anything, max_size=3), min_size=1, max_size=3),
    anything | st.sampled_from([200, 404]),
    st.booleans(),
    st.dictionaries(st.sampled_from(["request", "response", "recorded_at", "x"]), anything, max_size=1),
    st.sets(st.sampled_from(["request", "response"]), max_size=1),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CALLS, min_size=1, max_size=2), st.sampled_from([as_json, lambda calls: cassette(*calls)]))
def test_any_call_is_read_or_rejected(calls, write):
    batches = list(read(File(write(calls)), format="http"))
    assert sum(batch.spans.num_rows + batch.rejects.num_rows for batch in batches) >= len(calls)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_a_stream_cut_or_shuffled_anywhere_is_read(name, data):
    url, body, _ = STREAMS[name]
    start = data.draw(st.integers(0, len(body)))
    stop = data.draw(st.integers(start, len(body)))
    batches = list(read(File(orjson.dumps({"interactions": [call(CHAT, body[start:stop], url=url)]})), format="http"))
    assert sum(batch.spans.num_rows for batch in batches) == 1


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_after_the_first_line_of_a_cassette_end_in_rows_or_rejects(tail):
    batches = list(read(File(b"interactions:\n- request:\n    method: GET\n" + tail), format="http"))
    assert sum(batch.spans.num_rows + batch.rejects.num_rows for batch in batches) > 0
