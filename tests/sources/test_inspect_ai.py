import io
import json
import zipfile
import zlib

import pytest
import zstandard
from arbitrary import anything, mutated
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.errors import UnreadableFileError
from llmscope.sources import File, _inspect_log, _inspect_zip, detect, inspect_ai, read
from llmscope.sources._inspect_refs import resolved

USAGE = {
    "input_tokens": 9,
    "output_tokens": 4,
    "total_tokens": 113,
    "input_tokens_cache_read": 60,
    "input_tokens_cache_write": 40,
}
ANSWER = {
    "model": "claude-sonnet-4-20250514",
    "choices": [
        {
            "message": {
                "id": "m3", "role": "assistant", "source": "generate", "content": [
                    {"type": "reasoning", "reasoning": "They want a sum.", "signature": "abc"}, {"type": "text", "text": "Adding."},
                ],
                "tool_calls": [{"id": "c1", "function": "add", "arguments": {"x": 1}, "type": "function"}],
            },
            "stop_reason": "tool_calls",
        }
    ],
    "usage": USAGE, "time": 1.5,
}  # fmt: skip
LONG = "attachment://" + "a" * 32
EVENTS = [
    {"event": "span_begin", "timestamp": "2026-11-16T12:00:00+00:00", "id": "s1", "span_id": "s1", "type": "solver", "name": "generate", "working_start": 0.5},
    {
        "event": "model", "uuid": "u1", "timestamp": "2026-11-16T12:00:01+00:00", "completed": "2026-11-16T12:00:03+00:00",
        "span_id": "s1", "model": "anthropic/claude-sonnet-4", "role": "grader", "tools": [{"name": "add"}], "tool_choice": "auto", "config": {"seed": 7},
        "input": [{"id": "m1", "role": "system", "content": "Be brief."}, {"id": "m2", "role": "user", "content": LONG, "source": "input"}],
        "output": ANSWER, "call": {"request": {"messages": [{"role": "user", "content": LONG}]}, "response": {"id": "r"}, "time": 1.4},
        "working_time": 1.9,
    },
    {"event": "span_begin", "timestamp": "2026-11-16T12:00:03+00:00", "id": "s2", "span_id": "s2", "parent_id": "s1", "type": "tool", "name": "add"},
    {
        "event": "tool", "timestamp": "2026-11-16T12:00:03+00:00", "completed": "2026-11-16T12:00:04+00:00", "span_id": "s1",
        "type": "function", "id": "c1", "function": "add", "arguments": {"x": 1}, "result": "2", "events": [],
    },
    {"event": "sandbox", "timestamp": "2026-11-16T12:00:03.5+00:00", "span_id": "s2", "action": "exec", "cmd": "echo 2", "result": 0, "output": "2\n"},
    {"event": "span_end", "timestamp": "2026-11-16T12:00:04+00:00", "id": "s2", "span_id": "s2"},
    {"event": "info", "timestamp": "2026-11-16T12:00:04+00:00", "span_id": "s1", "source": "me", "data": {"note": "kept"}},
    {"event": "logger", "timestamp": "2026-11-16T12:00:04+00:00", "span_id": "s1", "message": {"level": "warning", "message": "careful", "name": "x"}},
    {"event": "score", "timestamp": "2026-11-16T12:00:04.5+00:00", "span_id": "s1", "intermediate": True, "score": {"value": 0.25}},
    {"event": "span_end", "timestamp": "2026-11-16T12:00:05+00:00", "id": "s1", "span_id": "s1"},
]  # fmt: skip
SAMPLE = {
    "id": "q1", "epoch": 2, "input": "What is 1 + 1?", "target": "2", "messages": [{"role": "user", "content": "What is 1 + 1?"}, {"role": "assistant", "content": "2"}],
    "output": {"model": "claude", "choices": [{"message": {"role": "assistant", "content": "2"}, "stop_reason": "stop"}]},
    "scores": {"match": {"value": "P", "answer": "2", "explanation": "Half.", "metadata": {"k": "v"}}, "judge": {"value": {"tone": 3, "ok": True}}},
    "metadata": {"locale": "nb"}, "store": {"seen": 12345}, "events": EVENTS, "model_usage": {"anthropic/claude-sonnet-4": USAGE},
    "started_at": "2026-11-16T12:00:00+00:00", "completed_at": "2026-11-16T12:00:06+00:00", "total_time": 6.0, "working_time": 5.5,
    "uuid": "sample-uuid", "attachments": {"a" * 32: "A long question about sums.", "b" * 32: "unused words"},
}  # fmt: skip
LOG = {
    "version": 2, "status": "success",
    "eval": {"task": "sums", "run_id": "run", "created": "2026-11-16T12:00:00+00:00", "model": "anthropic/claude-sonnet-4", "task_id": "t",
             "dataset": {"name": "d", "sample_ids": list(range(900))}, "tags": ["nightly"], "metadata": {"team": "red"}, "config": {"epochs": 2}, "revision": {"commit": "abc123"}},
    "plan": {"steps": [{"solver": "generate"}]},
    "results": {"scores": [{"name": "match", "scorer": "match", "reducer": "mean", "metrics": {"accuracy": {"name": "accuracy", "value": 0.5}}}]},
    "stats": {"started_at": "2026-11-16T12:00:00+00:00", "completed_at": "2026-11-16T12:00:07+00:00", "model_usage": {}},
    "samples": [SAMPLE], "reductions": [{"scorer": "match", "samples": [{"value": 0.5, "sample_id": "q1"}]}],
}  # fmt: skip


def log(**changes):
    return json.dumps(LOG | {"samples": [SAMPLE | changes]}).encode()


def archive(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, value in members.items():
            file.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
    return out.getvalue()


def zstd_archive(members):
    """Return an archive with Zstandard members, which Python 3.11 cannot write: stored ones, then patched."""
    packed = {
        name: (json.dumps(value).encode(), zstandard.compress(json.dumps(value).encode()))
        for name, value in members.items()
    }
    data = bytearray(archive({name: inner for name, (_, inner) in packed.items()}, zipfile.ZIP_STORED))
    for plain, inner in packed.values():
        crc = zlib.crc32(inner).to_bytes(4, "little")
        at = 0
        while (at := data.find(crc, at)) >= 0:
            data[at - 6 : at - 4] = (93).to_bytes(2, "little")
            data[at : at + 4] = zlib.crc32(plain).to_bytes(4, "little")
            data[at + 8 : at + 12] = len(plain).to_bytes(4, "little")
            at += 12
    return bytes(data)


def members(**extra):
    header = {key: value for key, value in LOG.items() if key not in ("samples", "reductions")}
    return {
        "_journal/start.json": {"version": 2, "eval": LOG["eval"], "plan": LOG["plan"]},
        "samples/q1_epoch_2.json": SAMPLE, "_journal/summaries/1.json": [], "summaries.json": [],
        "reductions.json": LOG["reductions"], "header.json": header,
    } | extra  # fmt: skip


def by_name(loaded):
    return {span["name"]: span for span in loaded.spans}


def test_a_sample_is_a_tree_of_what_happened(load):
    loaded = load(log(), "log.json")
    tree = {span["span_id"]: span["parent_id"] for span in loaded.spans}
    spans = by_name(loaded)
    assert [(span["name"], span["operation"]) for span in loaded.spans] == [
        ("sums", "invoke_workflow"), ("generate", "other"), ("chat claude-sonnet-4", "chat"), ("execute_tool add", "execute_tool"), ("sandbox exec", "other"),
    ]  # fmt: skip
    assert {span["trace_id"] for span in loaded.spans} == {"sample-uuid"}
    assert tree["u1"] == "s1"
    assert tree["s2"] == "s1", "the span around the tool is the tool"
    assert spans["sandbox exec"]["parent_id"] == "s2"
    assert (spans["execute_tool add"]["input"], spans["execute_tool add"]["output"]) == ('{"x":1}', "2")
    assert spans["execute_tool add"]["attributes"]["gen_ai.tool.call.id"] == "c1"


def test_the_root_has_the_times_task_and_metadata(load):
    root = by_name(load(log()))["sums"]
    assert (root["duration_ms"], str(root["start_time"]), str(root["end_time"])) == (
        6000.0,
        "2026-11-16 12:00:00",
        "2026-11-16 12:00:06",
    )
    assert (root["service"], root["release"], root["status"], root["model"], root["provider"]) == (
        "sums",
        "abc123",
        "ok",
        "claude-sonnet-4",
        "anthropic",
    )
    assert (root["input"], root["output"], root["finish_reason"]) == ("What is 1 + 1?", "2", "stop")
    kept = root["attributes"]
    assert (kept["metadata.locale"], kept["target"], kept["epoch"], kept["working_time"], kept["eval.tags"]) == (
        "nb",
        "2",
        2,
        5.5,
        ["nightly"],
    )
    assert "eval.dataset.sample_ids" not in kept, "what is long stands in the record of the header only"


def test_cached_tokens_stand_beside_the_input_where_the_total_says_so(load):
    chat = by_name(load(log()))["chat claude-sonnet-4"]
    assert (chat["input_tokens"], chat["output_tokens"], chat["cache_read_tokens"], chat["cache_write_tokens"]) == (
        109,
        4,
        60,
        40,
    )
    inclusive = {"input_tokens": 100, "output_tokens": 4, "total_tokens": 104, "input_tokens_cache_read": 60}
    events = [EVENTS[1] | {"output": ANSWER | {"usage": inclusive}}]
    chat = by_name(load(log(events=events)))["chat claude-sonnet-4"]
    assert (chat["input_tokens"], chat["cache_read_tokens"]) == (100, 60)


def test_an_answer_from_the_cache_of_inspect_counts_no_tokens(load):
    chat = by_name(load(log(events=[EVENTS[1] | {"cache": "read"}])))["chat claude-sonnet-4"]
    assert (chat["input_tokens"], chat["output_tokens"], chat["cost_usd"]) == (None, None, 0.0)
    assert chat["attributes"]["output.usage.input_tokens"] == 9


def test_the_cost_that_the_log_states_is_taken(load):
    events = [EVENTS[1] | {"output": ANSWER | {"usage": USAGE | {"total_cost": 0.0421}}}]
    assert by_name(load(log(events=events)))["chat claude-sonnet-4"]["cost_usd"] == 0.0421


def test_a_sample_whose_calls_are_not_logged_has_its_usage_on_the_root(load):
    usage = {
        "a/b": USAGE,
        "openai/gpt-4o": {"input_tokens": 5, "output_tokens": 1, "total_tokens": 6, "total_cost": 0.5},
    }
    root = load(log(events=[], model_usage=usage)).span
    assert (root["input_tokens"], root["output_tokens"], root["cost_usd"]) == (114, 5, 0.5)


def test_usage_that_no_call_explains_is_noted(load):
    usage = {"anthropic/claude-sonnet-4": USAGE | {"total_tokens": 200}}
    loaded = load(log(model_usage=usage))
    assert by_name(loaded)["sums"]["attributes"]["llmscope.tokens.unexplained"] == 87
    assert by_name(loaded)["sums"]["input_tokens"] is None


def test_scores_are_numbers_with_their_grade(load):
    scores = load(log()).scores
    assert [(score["name"], score["value"], score["label"], score["span_id"]) for score in scores] == [
        ("match", 0.5, "P", None), ("judge.tone", 3.0, None, None), ("judge.ok", 1.0, None, None), ("intermediate", 0.25, None, "s1"),
    ]  # fmt: skip
    assert scores[0]["explanation"] == "Half."
    assert str(scores[3]["time"]) == "2026-11-16 12:00:04.500000"


@pytest.mark.parametrize(
    ("value", "number", "label"),
    [("C", 1.0, "C"), ("I", 0.0, "I"), ("N", 0.0, "N"), ("yes", 1.0, "yes"), ("4.5", 4.5, "4.5"), ("refused", None, "refused"), (True, 1.0, None), (float("nan"), None, None)],
)  # fmt: skip
def test_every_kind_of_score_is_read(load, value, number, label):
    score = load(log(scores={"s": {"value": value}})).scores[0]
    assert (score["value"], score["label"]) == (number, label)


def test_messages_keep_reasoning_calls_and_ids(load):
    chat = by_name(load(log()))["chat claude-sonnet-4"]
    system, user = chat["input_messages"]
    assert (system["role"], user["parts"][0]["content"], user["id"]) == ("system", "A long question about sums.", "m2")
    (answer,) = chat["output_messages"]
    assert [part["type"] for part in answer["parts"]] == ["reasoning", "text", "tool_call"]
    assert answer["parts"][0] == {"type": "reasoning", "signature": "abc", "content": "They want a sum."}
    assert (answer["parts"][2]["name"], answer["parts"][2]["arguments"]) == ("add", {"x": 1})
    assert (chat["input"], chat["output"], chat["finish_reason"]) == (
        "A long question about sums.",
        "Adding.",
        "tool_calls",
    )
    assert (chat["model"], chat["response_model"]) == ("claude-sonnet-4", "claude-sonnet-4-20250514")


def test_attachments_are_resolved_but_data_is_kept_once(load):
    picture = "data:image/png;base64,AAAA"
    sample = {
        "input": [{"role": "user", "content": [{"type": "image", "image": LONG}]}],
        "messages": [],
        "output": {},
        "events": [],
        "attachments": {"a" * 32: picture},
    }
    root = load(log(**sample)).span
    assert root["attributes"]["attachments." + "a" * 32] == picture
    assert root["input_messages"][0]["parts"][0] == {"type": "uri", "modality": "image", "uri": LONG}


def test_steps_and_nested_events_of_logs_before_spans(load):
    events = [
        {"event": "step", "action": "begin", "type": "solver", "name": "plan", "timestamp": "2025-01-01T00:00:00Z"},
        {"event": "subtask", "name": "dig", "input": {"q": 1}, "result": "found", "timestamp": "2025-01-01T00:00:01Z",
         "events": [EVENTS[1] | {"uuid": None, "span_id": None}, {"event": "tool", "function": "f", "arguments": {}, "result": "x", "events": [{"event": "sandbox", "action": "read_file", "file": "a.txt"}]}]},
        {"event": "step", "action": "end", "type": "solver", "name": "plan", "timestamp": "2025-01-01T00:00:09Z"},
    ]  # fmt: skip
    loaded = load(log(events=events))
    names = {span["span_id"]: span["name"] for span in loaded.spans}
    parents = {span["name"]: names.get(span["parent_id"]) for span in loaded.spans}
    assert parents == {
        "sums": None,
        "plan": "sums",
        "dig": "plan",
        "chat claude-sonnet-4": "dig",
        "execute_tool f": "dig",
        "sandbox read_file": "execute_tool f",
    }
    assert by_name(loaded)["plan"]["duration_ms"] == 9000.0


def test_the_first_logs_had_a_transcript_and_one_score(load):
    sample = {key: value for key, value in SAMPLE.items() if key not in ("events", "attachments", "scores", "uuid")}
    sample |= {"transcript": {"events": [EVENTS[1]], "content": {"a" * 32: "Words."}}, "score": {"value": "C"}}
    sample["transcript"]["events"] = [json.loads(json.dumps(EVENTS[1]).replace("attachment://", "tc://"))]
    old = LOG | {"samples": [sample], "results": {"scorer": {"name": "includes"}, "metrics": {}}}
    loaded = load(json.dumps(old).encode())
    assert by_name(loaded)["chat claude-sonnet-4"]["input"] == "Words."
    assert [(score["name"], score["value"]) for score in loaded.scores] == [("includes", 1.0)]
    again = load(json.dumps(old).encode(), "elsewhere.json")
    assert loaded.spans[0]["trace_id"] == again.spans[0]["trace_id"], "it does not depend on the name of the file"


def test_pools_of_messages_and_calls_are_expanded(load):
    event = EVENTS[1] | {
        "input": [],
        "input_refs": [[0, 1], [2, 3]],
        "call": {"request": {"model": "m"}, "call_refs": [[1, 2]], "call_key": "messages", "response": {}},
    }
    pools = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "no"},
            {"role": "user", "content": LONG},
        ],
        "calls": ["no", {"role": "user", "content": "raw"}],
    }
    chat = by_name(load(log(events=[event], events_data=pools)))["chat claude-sonnet-4"]
    assert [message["parts"][0]["content"] for message in chat["input_messages"]] == [
        "Be brief.",
        "A long question about sums.",
    ]
    assert chat["attributes"]["call.request.messages"] == [{"role": "user", "content": "raw"}]


def test_an_error_and_a_limit_of_a_sample(load):
    error = {"message": "TimeoutError('slow')", "traceback": "Traceback …", "traceback_ansi": "…"}
    root = by_name(load(log(error=error, limit={"type": "token", "limit": 500})))["sums"]
    assert (root["status"], root["error_type"], root["error_message"]) == (
        "error",
        "TimeoutError",
        "TimeoutError('slow')",
    )
    assert (root["attributes"]["limit.type"], root["attributes"]["error.traceback"]) == ("token", "Traceback …")
    tool = EVENTS[3] | {"error": {"type": "permission", "message": "no"}}
    failed = by_name(load(log(events=[tool])))["execute_tool add"]
    assert (failed["status"], failed["error_type"], failed["error_message"]) == ("error", "permission", "no")


def test_the_header_is_a_record_with_everything_and_its_metrics_are_points(load):
    loaded = load(log())
    logged = [row for row in loaded.logs if row["trace_id"] is None]
    assert [(row["body"], row["severity"], str(row["time"])) for row in logged] == [
        ("eval of sums: success", "INFO", "2026-11-16 12:00:07")
    ]
    assert logged[0]["attributes"]["eval.dataset.sample_ids"] == list(range(900))
    assert [(row["name"], row["value"], row["attributes"]["reducer"]) for row in loaded.metrics] == [
        ("match.accuracy", 0.5, "mean")
    ]
    assert [row["body"] for row in loaded.logs if row["trace_id"]] == ["careful"]


def test_nothing_of_a_log_is_lost(lost):
    whole = LOG | {"samples": [resolved(SAMPLE)]}
    whole["samples"][0]["events"] = [event for event in whole["samples"][0]["events"] if event["event"] != "span_end"]
    assert lost(whole, list(read(File(log())))) == []


@pytest.mark.parametrize("pack", [archive, zstd_archive, lambda given: archive(given, zipfile.ZIP_STORED)])
def test_an_archive_reads_as_the_json_does(load, pack):
    content = pack(members())
    assert detect(File(content, name="log.eval")) == "inspect"
    packed, plain = load(content, "log.eval"), load(log(), "log.json")
    assert packed.rejects == []
    for table in ("spans", "scores", "metrics", "logs"):
        assert getattr(packed, table) == getattr(plain, table)


def test_a_log_that_was_not_finished_is_read_as_far_as_it_goes(load):
    started = {key: value for key, value in members().items() if key.startswith(("_journal/start", "samples"))}
    loaded = load(archive(started), "log.eval")
    assert (len(loaded.spans), loaded.logs[-1]["body"]) == (5, "eval of sums: started")


def test_a_sample_in_pieces_is_put_together(load):
    shell = {
        key: value for key, value in SAMPLE.items() if key not in ("events", "attachments", "messages", "metadata")
    }
    event = EVENTS[1] | {"input": [], "input_refs": [[0, 1]]}
    prefix = "samples/q1_epoch_2"
    pieces = {
        f"{prefix}/sample.json": shell | {"message_refs": [[0, 2]], "sequences": {"events": [1, 2]}},
        f"{prefix}/metadata.json": {"locale": "nb"}, f"{prefix}/skeleton.json": {}, f"{prefix}/events/stats.json": {},
        f"{prefix}/messages/0.json": [{"role": "user", "content": "attachment://1"}], f"{prefix}/messages/1.json": [{"role": "assistant", "content": "2"}],
        f"{prefix}/events/1.json": EVENTS[3:4], f"{prefix}/events/0.json": [event], f"{prefix}/calls/0.json": [],
        f"{prefix}/attachments/0.json": ["no", "Second words."],
    }  # fmt: skip
    kept = {name: value for name, value in members().items() if not name.startswith("samples/")}
    loaded = load(archive(kept | pieces), "log.eval")
    assert loaded.rejects == []
    assert [span["name"] for span in loaded.spans] == ["sums", "chat claude-sonnet-4", "execute_tool add"]
    assert loaded.spans[1]["input"] == "Second words."
    assert loaded.spans[0]["attributes"]["metadata.locale"] == "nb"


def test_a_damaged_member_is_a_reject_and_the_others_are_read(load):
    content = bytearray(archive(members(**{"samples/q2_epoch_1.json": b"{not json", "extra.bin": b"1"})))
    at = content.find(b"PK\x03\x04") + 100
    content[at : at + 20] = bytes(20)  # inside _journal/start.json, which a header makes superfluous
    loaded = load(bytes(content), "log.eval")
    assert len(loaded.spans) == 5
    assert [(reject["position"], reject["reason"][:30]) for reject in loaded.rejects] == [
        ("samples/q2_epoch_1.json", "this member of the archive can"), ("extra.bin", "this member of the archive is "),
    ]  # fmt: skip


def test_a_cut_archive_is_an_error_that_says_so(load):
    with pytest.raises(UnreadableFileError, match=r"table of contents cannot be read.*Fetch it again"):
        load(archive(members())[:-40], "log.eval")


def test_a_bomb_is_refused(load, monkeypatch):
    monkeypatch.setattr(_inspect_zip, "MEMBER_BYTES", 1 << 20)
    bomb = archive(members(**{"samples/b_epoch_1.json": b" " * (2 << 20)}))
    loaded = load(bomb, "log.eval")
    assert [reject["reason"] for reject in loaded.rejects] == [
        "this member of the archive cannot be read: it holds more than 1 MB; a sample is read whole, so such a one is refused"
    ]
    monkeypatch.setattr(_inspect_zip, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(_inspect_zip, "MAX_EXPANSION", 2)
    with pytest.raises(UnreadableFileError, match="decompression bomb"):
        load(bomb, "log.eval")


def test_a_zip_of_something_else_stays_an_error(load):
    with pytest.raises(UnreadableFileError, match="a ZIP archive"):
        load(archive({"notes.txt": b"x"}), "notes.zip")
    with pytest.raises(UnreadableFileError, match="no Inspect log"):
        load(archive({"results.json": {"accuracy": 1}}), "results.zip")


def test_a_long_log_is_read_sample_by_sample(load, monkeypatch):
    samples = [SAMPLE | {"uuid": f"u{number}"} for number in range(5)]
    whole = json.dumps(LOG | {"samples": samples}).encode()
    plain = load(whole)
    monkeypatch.setattr(_inspect_log, "WHOLE", 1000)
    monkeypatch.setattr(_inspect_log, "PIECE", 500)
    monkeypatch.setattr(inspect_ai, "_HELD", 1000)
    pieces = load(whole)
    assert len(list(inspect_ai.read(File(whole)))) > 5, "batches are handed on as they fill"
    for table in ("spans", "scores", "metrics", "rejects"):
        assert getattr(pieces, table) == getattr(plain, table)
    assert pieces.logs[-1]["attributes"]["reductions"] == LOG["reductions"]
    cut = load(whole[: len(whole) * 2 // 3])
    assert 5 < len(cut.spans) < 25
    assert "not JSON" in cut.reasons[0]


def test_deep_nesting_and_endless_references_are_refused(load, monkeypatch):
    deep = []
    for _ in range(300):
        deep = [deep]
    assert load(log(metadata={"x": deep})).reasons == ["it is nested more than 200 levels deep"]
    monkeypatch.setattr("llmscope.sources._inspect_refs.EVENT_CHARACTERS", 100)
    pools = {"messages": [{"role": "user", "content": "x" * 90}]}
    event = EVENTS[1] | {"input": [], "input_refs": [[0, 1]] * 9}
    assert "references of one event" in load(log(events=[event], events_data=pools)).reasons[0]


SMALL = LOG | {"eval": LOG["eval"] | {"dataset": {"name": "d"}}}


@given(st.data())
@settings(max_examples=60)
def test_any_log_of_this_shape_becomes_rows_or_rejects(data):
    batches = list(
        read(File(json.dumps(mutated(data.draw, SMALL, anything | st.just(LONG))).encode()), format="inspect")
    )
    assert sum(table.num_rows for batch in batches for table in batch.tables().values()) > 0


@given(st.binary(max_size=40), st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=60)
def test_any_damage_to_an_archive_is_a_reject_or_an_error(noise, at, cut):
    content = bytearray(archive(members()))
    content[at : at + len(noise)] = noise
    file = File(bytes(content[:cut] if cut > 2000 else content) or b"PK", name="log.eval")
    try:
        batches = list(read(file, format="inspect"))
    except UnreadableFileError:
        return
    assert sum(table.num_rows for batch in batches for table in batch.tables().values()) > 0
