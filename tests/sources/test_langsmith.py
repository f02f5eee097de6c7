"""LangSmith runs as SDKs send them, as the API answers them, and as bulk export writes them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import open as open_scope
from llmscope.sources import langsmith
from llmscope.sources._file import File
from llmscope.sources._spill import Spill

ROOT, CALL = "d0d84d31-923d-4cb5-94a8-40a0a0087578", "a8b34ded-ccd2-4fb7-bccb-9cd625066a14"
STARTED, ENDED = "2024-10-11T20:58:23.298773+00:00", "2024-10-11T20:58:24.417106+00:00"
POST = {
    "id": CALL,
    "trace_id": ROOT,
    "dotted_order": f"20241011T205823298773Z{ROOT}.20241011T205823298774Z{CALL}",
    "start_time": STARTED,
    "run_type": "llm",
    "name": "ChatOpenAI",
    "session_name": "shop",
    "inputs": {"messages": [{"role": "user", "content": "Where is my order?"}], "model": "gpt-4o-mini"},
    "outputs": {},
    "events": [],
    "tags": ["beta"],
    "extra": {
        "metadata": {
            "ls_provider": "openai",
            "ls_model_name": "gpt-4o-mini",
            "ls_model_type": "chat",
            "thread_id": "s-1",
            "user_id": "u-1",
            "locale": "de",
            "revision_id": "v1",
            "nested": {"deep": True},
        },
        "runtime": {"sdk": "langsmith-py", "sdk_version": "0.1.131"},
        "invocation_params": {"temperature": 0.5},
    },
}
PATCH = {
    "id": CALL,
    "trace_id": ROOT,
    "dotted_order": POST["dotted_order"],
    "parent_run_id": None,
    "end_time": ENDED,
    "tags": [],
    "outputs": {
        "choices": [{"finish_reason": "stop", "index": 0, "message": {"role": "assistant", "content": "On its way."}}],
        "model": "gpt-4o-mini-2024-07-18",
        "object": "chat.completion.chunk",
        "usage_metadata": {
            "input_tokens": 90,
            "output_tokens": 12,
            "total_tokens": 102,
            "input_token_details": {"cache_read": 64},
            "output_token_details": {"reasoning": 5},
        },
    },
    "events": [{"name": "new_token", "time": "2024-10-11T20:58:23.798773+00:00", "kwargs": {"token": {"id": "t"}}}],
}
RUN = {
    "id": ROOT,
    "trace_id": ROOT,
    "dotted_order": f"20260216T013518573255Z{ROOT}",
    "parent_run_ids": [],
    "name": "agent",
    "run_type": "chain",
    "start_time": "2026-02-16T01:35:18.573255",
    "end_time": "2026-02-16T01:35:24.573255",
    "status": "success",
    "session_id": "f966cc8b-6350-4583-99cf-1876b52b0f4e",
    "inputs": {"messages": [{"type": "human", "content": "Why?"}]},
    "outputs": {"messages": [{"type": "human", "content": "Why?"}, {"type": "ai", "content": "Because."}]},
    "prompt_tokens": 651,
    "completion_tokens": 705,
    "total_tokens": 1356,
    "prompt_token_details": {"cache_read": 0, "audio": 0},
    "total_cost": "0.00052065",
    "prompt_cost": "0.00009765",
    "first_token_time": "2026-02-16 01:35:21.817153",
    "error": None,
    "extra": {"metadata": {"session_id": "s-2"}},
}
MODEL = RUN | {
    "id": CALL,
    "parent_run_id": ROOT,
    "parent_run_ids": [ROOT],
    "dotted_order": f"{RUN['dotted_order']}.20260216T013519000000Z{CALL}",
    "run_type": "llm",
    "name": "ChatOpenAI",
    "extra": {"invocation_params": {"_type": "openai-chat", "model": "gpt-5-nano"}},
    "inputs": {"messages": [[{"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
                              "kwargs": {"content": "Why?", "type": "human"}}]]},
    "outputs": {"generations": [[{"text": "Because.", "generation_info": {"finish_reason": "stop"},
                                  "message": {"lc": 1, "type": "constructor",
                                              "id": ["langchain", "schema", "messages", "AIMessage"],
                                              "kwargs": {"content": "Because.",
                                                         "response_metadata": {"model_name": "gpt-5-nano-2025-08-07"}}}}]],
                "llm_output": {"token_usage": {"prompt_tokens": 1, "completion_tokens": 1}}},
}  # fmt: skip


def dumped(value):
    return json.dumps(value).encode()


def test_the_two_halves_of_a_run_become_one_span(load):
    span = load(dumped({"post": [POST], "patch": [PATCH]})).span
    assert (span["trace_id"], span["span_id"], span["parent_id"]) == (ROOT, CALL, ROOT)
    assert (span["name"], span["operation"], span["status"]) == ("ChatOpenAI", "chat", "ok")
    assert span["start_time"] == dt.datetime(2024, 10, 11, 20, 58, 23, 298773)
    assert (span["duration_ms"], span["ttft_ms"]) == (1118.333, 500.0)
    assert (span["provider"], span["model"], span["response_model"]) == (
        "openai",
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
    )
    assert (span["input_tokens"], span["output_tokens"], span["cache_read_tokens"]) == (90, 12, 64)
    assert span["reasoning_tokens"] == 5
    assert (span["input"], span["output"], span["finish_reason"]) == ("Where is my order?", "On its way.", "stop")
    assert (span["service"], span["session_id"], span["user_id"], span["release"]) == ("shop", "s-1", "u-1", "v1")
    assert span["attributes"]["metadata.locale"] == "de"
    assert span["attributes"]["metadata.nested.deep"] is True
    assert span["attributes"]["langsmith.extra.invocation_params.temperature"] == 0.5
    assert span["attributes"]["tags"] == ["beta"]
    assert span["resource"]["runtime.sdk"] == "langsmith-py"
    assert span["events"][0]["attributes"] == {"kwargs": {"token": {"id": "t"}}}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_halves_far_apart_in_a_file_are_joined_in_either_order(load, lines, order):
    bodies = [{"post": [POST]}, {"patch": [PATCH]}]
    between = {"post": [POST | {"id": "other", "trace_id": "other", "dotted_order": ""}]}
    loaded = load(lines(bodies[order[0]], between, bodies[order[1]]))
    assert [span["span_id"] for span in loaded.spans].count(CALL) == 1
    joined = next(span for span in loaded.spans if span["span_id"] == CALL)
    assert (joined["input"], joined["output"], joined["duration_ms"]) == ("Where is my order?", "On its way.", 1118.333)
    other = next(span for span in loaded.spans if span["span_id"] == "other")
    assert (other["status"], other["end_time"], other["trace_id"]) == ("unset", None, "other")


def test_records_of_starts_and_ends_without_a_body_are_joined_too(load, lines):
    start = {key: POST[key] for key in ("id", "name", "run_type", "inputs", "start_time", "trace_id", "dotted_order")}
    loaded = load(lines(start, PATCH))
    assert (loaded.span["output"], loaded.span["duration_ms"]) == ("On its way.", 1118.333)


def test_what_the_end_of_a_run_replaces_is_kept(load):
    span = load(dumped({"post": [POST], "patch": [PATCH | {"name": "renamed"}]})).span
    assert (span["name"], span["attributes"]["langsmith.post.name"]) == ("renamed", "ChatOpenAI")


def test_a_run_that_is_patched_twice_keeps_what_both_say(load):
    first = {"id": CALL, "trace_id": ROOT, "tags": ["first"]}
    span = load(dumped({"post": [POST], "patch": [first, PATCH]})).span
    assert (span["attributes"]["tags"], span["output"]) == (["beta", "first"], "On its way.")


def test_an_end_without_its_start_is_a_span_all_the_same(load):
    span = load(dumped({"patch": [PATCH]})).span
    assert (span["start_time"], span["output"], span["parent_id"]) == (None, "On its way.", ROOT)


def test_more_halves_than_memory_holds_wait_on_disk():
    spill = Spill(limit=200)
    for number in range(50):
        spill[f"{number}"] = {"n": number}
    spill["3"] = spill.get("3") | {"end": True}
    assert spill.get("3") == {"n": 3, "end": True}
    assert spill.get("nobody") is None
    assert [record["n"] for record in spill.values()] == list(range(50))
    spill.close()


def test_runs_of_the_api_keep_langsmiths_own_figures(load, lines):
    loaded = load(lines(RUN, MODEL))
    root, call = loaded.spans
    assert (root["operation"], root["parent_id"], call["parent_id"]) == ("other", None, ROOT)
    assert (root["input"], root["output"]) == ("Why?", "Because.")
    assert (call["input_tokens"], call["output_tokens"], call["cost_usd"]) == (651, 705, 0.00052065)
    assert call["ttft_ms"] == pytest.approx(3243.898)
    assert (call["input"], call["output"], call["finish_reason"]) == ("Why?", "Because.", "stop")
    assert (call["provider"], call["model"], call["response_model"]) == (
        "openai",
        "gpt-5-nano",
        "gpt-5-nano-2025-08-07",
    )
    assert root["attributes"]["langsmith.session_id"] == "f966cc8b-6350-4583-99cf-1876b52b0f4e"
    assert (root["session_id"], call["session_id"]) == ("s-2", None)


def test_a_chains_sums_are_not_counted_a_second_time(lines):
    scope = open_scope()
    scope.load([lines(RUN, MODEL)])
    ((tokens, cost, ms),) = scope.sql(
        "SELECT input_tokens + output_tokens, cost_usd, duration_ms FROM requests"
    ).fetchall()
    assert (tokens, cost, ms) == (1356, 0.00052065, 6000.0)


def test_zeros_of_runs_that_call_no_model_do_not_hide_the_sums_above_them(lines):
    tool = MODEL | {"run_type": "tool", "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "total_cost": 0}
    scope = open_scope()
    scope.load([lines(RUN, tool)])
    assert scope.sql("SELECT input_tokens, output_tokens, cost_usd FROM requests").fetchall() == [
        (651, 705, 0.00052065)
    ]


def test_a_model_that_is_free_costs_nothing(load):
    assert load(dumped(MODEL | {"total_cost": 0, "prompt_cost": 0})).span["cost_usd"] == 0


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"generations": [[{"message": {"kwargs": {"usage_metadata": {"input_tokens": 7, "output_tokens": 2}}}}]]}, (7, 2)),
        ({"llm_output": {"token_usage": {"prompt_tokens": 7, "completion_tokens": 2}}}, (7, 2)),
        ({"usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}}, (7, 2)),
        ({"usage": {"input_tokens": 7, "output_tokens": 2, "cache_read_input_tokens": 90}}, (97, 2)),
        ({"message": {"usage_metadata": {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}}}, (7, 2)),
        ({"generations": [[{"text": "a", "message": {"kwargs": {"usage_metadata": {"input_tokens": 7, "output_tokens": 2}}}}] * 2]}, (7, 2)),
        ({"generations": [[{"message": {"kwargs": {"response_metadata": {"token_usage": {"prompt_tokens": 7, "completion_tokens": 2}}}}}]]}, (7, 2)),
        ({"output": "nothing said"}, (None, None)),
    ],
)  # fmt: skip
def test_usage_is_found_where_each_integration_puts_it(load, outputs, expected):
    run = {key: value for key, value in MODEL.items() if "token" not in key and "cost" not in key}
    span = load(dumped(run | {"outputs": outputs})).span
    assert (span["input_tokens"], span["output_tokens"]) == expected


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ("ValueError('no such order')Traceback (most recent call last):\n\n  File x", "ValueError", "ValueError('no such order')"),
        ("Traceback (most recent call last):\n  File x\nopenai.RateLimitError: slow down", "openai.RateLimitError", "openai.RateLimitError: slow down"),
        ("TypeError: x is not a function\n    at run (a.js:1)", "TypeError", "TypeError: x is not a function"),
        ("it broke", None, "it broke"),
    ],
)  # fmt: skip
def test_an_error_gives_its_type_and_first_line_and_stays_whole(load, error, kind, message):
    span = load(dumped(RUN | {"error": error, "status": "error"})).span
    assert (span["status"], span["error_type"], span["error_message"]) == ("error", kind, message)
    assert span["attributes"].get("langsmith.error", message) == error


def test_epoch_milliseconds_and_times_without_a_zone_are_utc(load, lines):
    sent = RUN | {"start_time": 1771205718573, "end_time": 1771205724573}
    first, second = load(lines(sent, MODEL)).spans
    assert first["start_time"] == dt.datetime(2026, 2, 16, 1, 35, 18, 573000)
    assert second["start_time"] == dt.datetime(2026, 2, 16, 1, 35, 18, 573255)
    assert first["duration_ms"] == 6000


def test_old_runs_without_trace_ids_find_their_trace_through_the_runs_above(load, lines):
    old = {"run_type": "chain", "start_time": STARTED, "end_time": ENDED, "execution_order": 1, "serialized": {}}
    top = old | {"id": "a", "name": "top"}
    deep = [
        old | {"id": "c", "parent_run_id": "b", "name": "leaf"},
        old | {"id": "b", "parent_run_id": "a", "name": "mid"},
    ]
    loaded = load(lines(*deep, top))
    assert {span["span_id"]: (span["trace_id"], span["parent_id"]) for span in loaded.spans} == {
        "a": ("a", None),
        "b": ("a", "a"),
        "c": ("a", "b"),
    }


def test_runs_nested_in_runs_are_spans(load):
    child = {"id": "c", "name": "find", "run_type": "tool", "start_time": STARTED, "end_time": ENDED, "child_runs": []}
    top = {
        "id": "a",
        "name": "top",
        "run_type": "chain",
        "start_time": STARTED,
        "end_time": ENDED,
        "child_runs": [child],
    }
    loaded = load(dumped(top))
    assert [(span["span_id"], span["trace_id"], span["parent_id"], span["tool"]) for span in loaded.spans] == [
        ("a", "a", None, None),
        ("c", "a", "a", "find"),
    ]


def test_feedback_becomes_scores(load):
    stats = {
        "helpful": {"n": 2, "avg": 0.5, "values": {}, "comments": ["fine"], "sources": ['{"type": "app"}']},
        "category": {"n": 0, "avg": None, "values": {"BILLING": 2, "OTHER": 1}},
        "empty": {"n": 0, "avg": None, "values": {}},
    }
    listed = [
        {"key": "thumb", "score": True, "comment": "great", "feedback_source": {"type": "model"}, "created_at": ENDED}
    ]
    scores = load(dumped(RUN | {"feedback_stats": stats, "feedback": listed})).scores
    told = [(s["name"], s["value"], s["label"], s["explanation"], s["annotator"]) for s in scores]
    assert told == [
        ("helpful", 0.5, None, "fine", "human"),
        ("category", None, "BILLING", None, None),
        ("category", None, "OTHER", None, None),
        ("thumb", 1.0, None, "great", "llm"),
    ]
    assert {(s["trace_id"], s["span_id"]) for s in scores} == {(ROOT, ROOT)}


def test_feedback_of_its_own_is_a_score_and_a_log_record_of_what_scores_lack(load, lines, lost):
    record = {
        "id": "f1",
        "key": "correctness",
        "run_id": CALL,
        "trace_id": ROOT,
        "score": 0.25,
        "value": "partly",
        "comment": "missed one",
        "correction": {"answer": "42"},
        "feedback_source": {"type": "app", "user_id": "me"},
        "created_at": ENDED,
    }
    loaded = load(lines(record))
    (score,) = loaded.scores
    assert (score["name"], score["value"], score["label"], score["annotator"]) == (
        "correctness",
        0.25,
        "partly",
        "human",
    )
    assert (score["trace_id"], score["span_id"], score["explanation"]) == (ROOT, CALL, "missed one")
    assert loaded.logs[0]["attributes"]["langsmith.feedback.correction.answer"] == "42"
    assert lost(record, list(langsmith.read(File(lines(record))))) == []


def test_answers_of_the_api_and_webhooks_list_runs(load):
    answer = {"runs": [RUN, MODEL], "cursors": {"next": None}}
    assert [span["span_id"] for span in load(dumped(answer)).spans] == [ROOT, CALL]
    assert [span["span_id"] for span in load(dumped([answer])).spans] == [ROOT, CALL]


def test_a_dataframe_written_column_by_column_is_read(load, lines):
    loaded = load(pd.DataFrame([RUN, MODEL]).to_json().encode())
    assert [span["span_id"] for span in loaded.spans] == [ROOT, CALL]
    assert loaded.spans[1]["input_tokens"] == load(lines(MODEL)).span["input_tokens"]


def test_a_run_with_a_very_long_question_first_is_known_all_the_same(load):
    run = {"name": "chat", "inputs": {"question": "word " * 40_000}} | {k: v for k, v in RUN.items() if k != "inputs"}
    assert load(dumped({"runs": [run]})).span["span_id"] == ROOT


def multipart(*parts, boundary=b"--a0405"):
    out = b""
    for name, value in parts:
        kind = b"text/plain" if name.startswith("attachment") else b"application/json"
        content = value.encode() if isinstance(value, str) else dumped(value)
        head = b'Content-Disposition: form-data; name="' + name.encode() + b'"\r\nContent-Type: ' + kind
        out += boundary + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"
    return out + boundary + b"--\r\n"


FIELDS_APART = ("inputs", "outputs", "events", "extra")


def test_multipart_bodies_give_what_plain_bodies_give(load):
    bare = {key: value for key, value in POST.items() if key not in FIELDS_APART}
    ended = {key: value for key, value in PATCH.items() if key not in FIELDS_APART}
    parts = [(f"post.{CALL}", bare), *((f"post.{CALL}.{key}", POST[key]) for key in FIELDS_APART)]
    later = [(f"patch.{CALL}", ended), *((f"patch.{CALL}.{key}", PATCH[key]) for key in ("outputs", "events"))]
    judged = [("feedback.f1", {"key": "helpful", "run_id": CALL, "trace_id": ROOT, "score": 1})]
    file = [(f"attachment.{CALL}.note.txt", "a note")]
    loaded = load(multipart(*parts, *file) + multipart(*later, *judged, boundary=b"--other"))
    plain = load(dumped({"post": [POST], "patch": [PATCH]})).span
    attached = loaded.span["attributes"].pop("langsmith.attachments.note.txt.data")
    assert loaded.span["attributes"].pop("langsmith.attachments.note.txt.mime_type") == "text/plain"
    assert (loaded.span, attached) == (plain, "a note")
    assert [(score["name"], score["span_id"]) for score in loaded.scores] == [("helpful", CALL)]


def test_a_cut_or_broken_part_is_rejected_and_the_others_are_read(load):
    whole = multipart(
        (f"post.{CALL}", POST), (f"post.{CALL}.inputs", "{broken"), ("file", {}), (f"patch.{CALL}", PATCH)
    )
    loaded = load(whole[:-300])
    assert loaded.span["input"] == "Where is my order?"
    assert [reject["position"] for reject in loaded.rejects] == ["part 2", "part 3", "part 4"]


def columns(run):
    return {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in run.items()}


def test_bulk_export_as_parquet_gives_what_the_api_gives(load, lines, tmp_path):
    frame = pd.DataFrame([columns(RUN), columns(MODEL)])
    frame["start_time"] = pd.to_datetime(frame["start_time"])
    frame["end_time"] = pd.to_datetime(frame["end_time"])
    frame.to_parquet(tmp_path / "runs.parquet")
    exported, answered = load(tmp_path / "runs.parquet").spans, load(lines(RUN, MODEL)).spans
    assert exported == answered


def test_runs_written_by_pandas_as_csv_give_what_the_api_gives(load, lines):
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(MODEL))
    writer.writeheader()
    writer.writerows([RUN, MODEL])
    written, answered = load(out.getvalue().encode()).spans, load(lines(RUN, MODEL)).spans
    facts = ("span_id", "trace_id", "parent_id", "start_time", "input_tokens", "cost_usd", "input", "output", "model")
    assert [[span[name] for name in facts] for span in written] == [[span[name] for name in facts] for span in answered]


def test_nothing_of_a_run_is_lost(lost):
    document = {"post": [POST], "patch": [PATCH | {"error": "ValueError('x')Traceback …"}]}
    assert lost(document, list(langsmith.read(File(dumped(document))))) == []
    for run in (RUN, MODEL | {"feedback_stats": {"a": {"n": 3, "avg": 0.125, "stdev": 0.75}}, "app_path": "/o/1"}):
        assert lost(run, list(langsmith.read(File(dumped(run))))) == []


@pytest.mark.parametrize("body", [{"post": {"id": "a"}, "patch": []}, {"post": [], "patch": []}])
def test_a_body_without_runs_is_rejected(load, body):
    loaded = load(dumped(body), format="langsmith")
    assert (loaded.spans, len(loaded.rejects)) == ([], 1)


def test_what_is_no_list_of_runs_is_rejected_beside_one(load):
    body = {"post": [RUN], "patch": {"id": "a"}}
    loaded = load(dumped(body), format="langsmith")
    assert (len(loaded.spans), loaded.reasons) == (1, ["it is no list of runs"])


def test_a_run_without_an_id_is_rejected_with_its_place(load, lines):
    loaded = load(lines(RUN, {"run_type": "llm", "trace_id": ROOT, "start_time": STARTED}))
    assert (len(loaded.spans), loaded.reasons) == (1, ["the run has no id"])
    assert loaded.rejects[0]["position"] == "line 2"


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "user", "content": "Hi"}], "model": "gpt-4o"},
        {"id": 1, "run_type": "llm"},
        {"runs": [{"distance_km": 5}]},
        {"key": "a", "score": 1},
        {"trace_id": "a", "span_id": "b", "name": "c"},
    ],
)
def test_other_records_are_left_to_their_formats(record):
    assert not langsmith.sniff(File(dumped(record)))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*POST, *PATCH, *RUN, "feedback_stats", "feedback", "child_runs", "patch", "post", "runs"})


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([POST, PATCH, RUN, MODEL]),
            st.dictionaries(st.sampled_from(FIELDS), ANY, max_size=4),
            st.dictionaries(st.text(max_size=5), ANY, max_size=2),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_run_is_a_span_or_a_reject(made):
    document = []
    for base, changed, more, body in made:
        run = base | more | changed
        document.append({"post": [run]} if body else run)
    for told in (*document, document):
        batches = langsmith.read(File(dumped(told)))
        assert any(table.num_rows for batch in batches for table in batch.tables().values())
