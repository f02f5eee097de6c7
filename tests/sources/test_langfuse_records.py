"""Any record of Langfuse is a row or a reject: batches of events, damaged records, pages of any size, other tools."""

from __future__ import annotations

import json

import pytest
from arbitrary import anything
from hypothesis import given, settings
from hypothesis import strategies as st
from langfuse_records import CALL, ROOT, SCORE, TRACE, by_id, event, observation, text

from llmscope import sources
from llmscope.sources import langfuse


def test_an_ingestion_batch_is_merged_by_id(load, missing):
    batch = {
        "batch": [
            event("trace-create", {"id": "t1", "name": "answer", "userId": "u1", "metadata": {"a": 1}, "tags": ["x"]}),
            event(
                "span-create", {"id": "o1", "traceId": "t1", "name": "handle", "startTime": "2026-11-16T10:00:00Z"}, 1
            ),
            event(
                "generation-create", {"id": "o2", "traceId": "t1", "parentObservationId": "o1", "model": "gpt-4o"}, 2
            ),
            event(
                "generation-update",
                {
                    "id": "o2",
                    "traceId": "t1",
                    "endTime": "2026-11-16T10:00:05Z",
                    "output": "Ho",
                    "usage": {"promptTokens": 7, "completionTokens": 3, "totalTokens": 10},
                },
                3,
            ),
            event("span-update", {"id": "o1", "endTime": "2026-11-16T10:00:06Z"}, 4),
            event("trace-create", {"id": "t1", "output": "Ho", "metadata": {"b": 2}, "tags": ["y"]}, 5),
            event("score-create", {"traceId": "t1", "name": "tone", "value": "rude"}, 6),
            event("sdk-log", {"log": {"error": "lost"}}, 7),
        ],
        "metadata": {"sdk_name": "python"},
    }
    loaded = load(text(batch))
    root, call = by_id(loaded, "o1"), by_id(loaded, "o2")
    assert (root["parent_id"], root["duration_ms"], root["output"], root["user_id"]) == (None, 6000.0, "Ho", "u1")
    assert (root["attributes"]["metadata.a"], root["attributes"]["metadata.b"]) == (1, 2)
    assert root["attributes"]["langfuse.trace.tags"] == ["x", "y"]
    assert (call["operation"], call["model"], call["input_tokens"], call["output"]) == ("chat", "gpt-4o", 7, "Ho")
    assert call["duration_ms"] == 3000.0, "it starts when it was created"
    assert [(score["name"], score["label"], score["annotator"]) for score in loaded.scores] == [
        ("tone", "rude", "code")
    ]
    assert len(loaded.logs) == 1
    assert len(loaded.spans) == 2
    assert missing(batch) == []


def test_a_record_that_cannot_be_read_is_rejected_by_itself(load):
    broken = {"trace": TRACE, "observations": [ROOT, CALL | {"startTime": "yesterday"}]}
    loaded = load(text([broken, {"unknown": 1}, 3]))
    assert [span["span_id"] for span in loaded.spans] == ["o1"]
    assert {(reject["position"], reject["reason"]) for reject in loaded.rejects} == {
        ("line 1, item 1, observation o2", "startTime: 'yesterday' is not a time"),
        ("line 1, item 2", "it is no trace, observation, score or event of Langfuse"),
        ("line 1, item 3", "expected an object, found a number"),
    }


def test_a_page_that_is_larger_than_memory_allows_is_read_in_pieces(load, monkeypatch):
    monkeypatch.setattr("llmscope.sources._json.WHOLE", 10_000)
    monkeypatch.setattr("llmscope.sources._json.PIECE", 1_000)
    page = {"data": [observation(id=f"o{number}", name="x" * 100) for number in range(200)], "meta": {"page": 1}}
    loaded = load(text(page))
    assert len(loaded.spans) == 200
    assert loaded.rejects == []


@pytest.mark.parametrize(
    "other",
    [
        {"id": "1", "timestamp": "2026-11-16", "user_id": "u", "session_id": "s", "tags": [], "prompt": "Hi"},
        {"trace": {"id": "1", "start_time": "2026-11-16", "name": "x"}, "spans": []},
        {"id": "1", "trace_id": "t", "type": "llm", "start_time": "2026-11-16", "end_time": None},
        {"data": [], "meta": {}},
        {"messages": [{"role": "user", "content": "Hi"}]},
    ],
)
def test_records_of_other_tools_are_not_claimed(other):
    assert not langfuse.sniff(sources.File(text(other)))


odd = st.dictionaries(
    st.sampled_from([*CALL, *ROOT, "usage", "scores", "events", "unit", "gen_ai.prompt.0.content"])
    | st.text(max_size=5),
    anything,
    max_size=5,
)
otel = st.dictionaries(
    st.sampled_from(
        ["gen_ai.input.messages", "gen_ai.system", "llm.input_messages.0.message", "tool.name", "input.value"]
    ),
    anything,
)
records = st.one_of(
    odd.map(lambda fields: CALL | fields),
    odd.map(lambda fields: TRACE | fields),
    odd.map(lambda fields: SCORE | fields),
    st.tuples(odd, odd, otel).map(
        lambda three: {
            "trace": TRACE | three[0],
            "observations": [ROOT | three[1], CALL | {"metadata": {"attributes": three[2]}}],
        }
    ),
    odd.map(lambda fields: event("generation-create", {"id": "o"} | fields)),
    st.tuples(odd, odd).map(
        lambda two: {
            "batch": [
                event("trace-create", {"id": "t1", "events": 1} | two[0]),
                event("score-create", SCORE | two[1]),
                event("generation-update", CALL | two[1]),
            ]
        }
    ),
    st.lists(odd.map(lambda fields: event("span-update", fields)), max_size=2).map(lambda batch: {"batch": batch}),
    anything.filter(lambda value: not isinstance(value, list)),
)


@settings(max_examples=150)
@given(st.lists(records, min_size=1, max_size=5))
def test_any_record_is_a_row_or_a_reject(documents):
    lines = [json.dumps(document).encode() for document in documents]
    for content in (*lines, b"\n".join(lines)):
        batches = sources.read(sources.File(content, name="x"), format="langfuse")
        assert any(table.num_rows for batch in batches for table in batch.tables().values())
