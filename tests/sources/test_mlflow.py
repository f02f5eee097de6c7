"""MLflow traces of each schema: spans, ids, assessments, trees, and what the trace states of tokens and cost."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from arbitrary import anything
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow_traces import INFO, START, USAGE, V2, V3, attributes, dumped, response, span, usage, with_spans

from llmscope import open as open_scope
from llmscope.sources import mlflow
from llmscope.sources._file import File

BLANK = "<redacted>"


def changed(document, **info):
    return document | {"info": document["info"] | info}


def requests(*documents):
    scope = open_scope()
    scope.load([b"".join(dumped(document) + b"\n" for document in documents)])
    return scope.sql("SELECT input_tokens, output_tokens, cost_usd, duration_ms FROM requests").fetchall()


def test_a_trace_of_schema_3_is_its_spans_with_hexadecimal_ids(load):
    root, call = load(dumped(V3)).spans
    assert (root["trace_id"], root["span_id"], root["parent_id"]) == (INFO["trace_id"], "85d31c0f8ae23b0f", None)
    assert (call["span_id"], call["parent_id"]) == ("6a61c50cf46a20ea", "85d31c0f8ae23b0f")
    assert (root["operation"], call["operation"], root["status"]) == ("invoke_agent", "chat", "ok")
    assert (root["duration_ms"], call["duration_ms"], call["ttft_ms"]) == (5098.717066, 2000, 250)
    assert root["start_time"] == dt.datetime(2025, 12, 2, 16, 52, 20, 818061)
    assert (call["model"], call["response_model"], call["finish_reason"]) == ("gpt-4o", "gpt-4o-2024-08-06", "stop")
    assert (call["input_tokens"], call["output_tokens"], call["cost_usd"]) == (100, 20, 0.00045)
    assert (root["input_tokens"], root["cost_usd"]) == (None, None)
    for one in (root, call):
        assert (one["input"], one["output"]) == ("Where is it?", "On its way.")
        assert (one["session_id"], one["user_id"], one["release"]) == ("s-1", "u-1", "m-7")
    assert call["attributes"]["temperature"] == 0.5
    assert (root["attributes"]["metadata.plan"], root["attributes"]["tags.locale"]) == ("pro", "de")
    assert root["attributes"]["mlflow.trace.execution_duration_ms"] == 5098
    assert "metadata.plan" not in call["attributes"]


def test_a_trace_of_schema_2_keeps_its_errors(load):
    root, tool = load(dumped(V2)).spans
    assert (root["trace_id"], root["span_id"]) == ("tr-415f56a12dcc49f311ce9eb82590a1cf", "9fe048696a2fc2c5")
    assert (tool["parent_id"], tool["operation"], tool["tool"]) == ("9fe048696a2fc2c5", "execute_tool", "find_order")
    assert (tool["status"], tool["error_type"], tool["error_message"]) == (
        "error",
        "ValueError",
        "ValueError: no such order",
    )
    assert root["duration_ms"] == 5098
    assert tool["events"][0]["name"] == "exception"


def test_spans_of_mlflow_3_5_and_of_its_api_are_read_too(load):
    newer = {
        "trace_info": INFO,
        "spans": [
            {
                "trace_id": "3OCAzbcg0kO4o8j+XOp/wQ==",
                "spanId": "hdMcD4riOw8=",
                "parentSpanId": "",
                "name": "agent",
                "startTimeUnixNano": str(START),
                "endTimeUnixNano": str(START + 1_000_000),
                "status": {"code": 1},
                "attributes": [
                    {"key": "mlflow.spanType", "value": {"stringValue": '"AGENT"'}},
                    {"key": "zip", "value": {"stringValue": "01234"}},
                ],
            }
        ],
    }
    plain = with_spans(INFO | {"trace_id": "trace:/main.logs/3f"}, span("a", identity="85d31c0f8ae23b0f"))
    listed = load(dumped({"traces": [newer, plain], "next_page_token": "x"})).spans
    assert [one["span_id"] for one in listed] == ["85d31c0f8ae23b0f"] * 2
    assert [one["trace_id"] for one in listed] == [INFO["trace_id"], "trace:/main.logs/3f"]
    assert [one["duration_ms"] for one in listed] == [1, 1]
    assert (listed[0]["operation"], listed[0]["status"], listed[0]["attributes"]["zip"]) == (
        "invoke_agent",
        "ok",
        "01234",
    )


def test_assessments_are_scores_and_overridden_ones_are_not(load):
    loaded = load(dumped(V3))
    told = [(s["name"], s["value"], s["label"], s["explanation"], s["annotator"], s["span_id"]) for s in loaded.scores]
    assert told == [
        ("helpful", 1.0, None, "good", "human", None),
        ("relevance", None, "yes", None, "llm", None),
        ("expectation.answer", None, '{"a":1}', None, "code", "6a61c50cf46a20ea"),
    ]
    assert loaded.scores[0]["time"] == dt.datetime(2025, 12, 2, 17)
    assert len(loaded.spans[0]["attributes"]["mlflow.trace.assessments"]) == 4


def test_tokens_cost_and_latency_of_a_trace_are_those_it_states():
    assert requests(V3) == [(100, 20, 0.00045, 5098.717066)]


def test_usage_that_only_the_trace_states_is_the_roots():
    info = {key: value for key, value in INFO.items() if key != "assessments"}
    silent = with_spans(info, span("top"), span("llm", "top", **attributes(spanType="CHAT_MODEL", llm_model="gpt-4o")))
    assert requests(silent) == [(100, 20, 0.00045, 1.0)]


def test_what_a_span_and_one_above_it_both_state_counts_as_mlflow_counts_it():
    stated = INFO | {"trace_metadata": {"mlflow.trace.tokenUsage": json.dumps(USAGE)}}
    inner = usage(input_tokens=60, output_tokens=10, total_tokens=70)
    nested = with_spans(stated, span("top"), span("chain", "top", **usage()), span("llm", "chain", **inner))
    assert requests(nested)[0][:2] == (100, 20)
    same = with_spans(stated, span("top"), span("chain", "top", **usage()), span("llm", "chain", **usage()))
    assert requests(same)[0][:2] == (100, 20)


def test_tokens_that_no_span_accounts_for_are_told_on_the_root(load):
    stated = INFO | {"trace_metadata": {"mlflow.trace.tokenUsage": json.dumps(USAGE)}}
    part = usage(input_tokens=60, output_tokens=10, total_tokens=70)
    root, call = load(dumped(with_spans(stated, span("top"), span("llm", "top", **part)))).spans
    assert root["attributes"]["llmscope.tokens.unexplained"] == 50
    assert (call["input_tokens"], root["input_tokens"]) == (60, None)


def test_list_prices_do_not_add_to_a_cost_that_the_trace_states():
    stated = INFO | {"trace_metadata": {"mlflow.trace.cost": '{"total_cost": 0.5}'}}
    model = attributes(spanType="CHAT_MODEL") | {"mlflow.llm.model": '"gpt-4o"'} | usage()
    priced = span("a", "top", **model, **{"mlflow.llm.cost": '{"total_cost": 0.5}'})
    assert requests(with_spans(stated, span("top"), priced, span("b", "top", **model)))[0][2] == 0.5


def test_blanked_ids_still_give_a_tree(load):
    blanked = json.loads(json.dumps(V3))
    blanked["info"]["trace_id"] = BLANK
    for one in blanked["data"]["spans"]:
        one["trace_id"] = one["span_id"] = BLANK
        one["parent_span_id"] = one["parent_span_id"] and BLANK
        one["attributes"]["mlflow.traceRequestId"] = json.dumps(BLANK)
    (root, call), (other, _) = load(dumped(blanked)).spans, load(dumped(changed(blanked, state="ERROR"))).spans
    assert (root["parent_id"], call["parent_id"]) == (None, root["span_id"])
    assert root["span_id"] != call["span_id"]
    assert root["trace_id"] not in (BLANK, other["trace_id"])
    assert root["attributes"]["mlflow.trace.trace_id"] == BLANK


def test_a_trace_without_spans_is_one_span(load):
    only = load(dumped(INFO | {"response_preview": "On its way."}))
    assert (only.span["name"], only.span["duration_ms"], only.span["status"]) == ("agent", 5098, "ok")
    assert (only.span["input"], only.span["output"]) == ("Where is it?", "On its way.")
    assert (only.span["input_tokens"], only.span["cost_usd"]) == (100, 0.00045)
    assert len(only.scores) == 3


def test_the_file_of_spans_that_mlflow_2_keeps_is_a_trace(load):
    loaded = load(dumped(V2["data"]))
    assert [one["span_id"] for one in loaded.spans] == ["9fe048696a2fc2c5", "05cda85e0ae63831"]
    assert loaded.spans[0]["trace_id"] == "tr-415f56a12dcc49f311ce9eb82590a1cf"


def test_a_response_longer_than_what_detection_reads_at_first_is_known_by_the_trace_in_it(load):
    long = response(V3)
    long["output"][0]["content"][0]["text"] = "word " * 40_000
    loaded = load(dumped(long))
    assert [one["trace_id"] for one in loaded.spans] == [INFO["trace_id"]] * 2


def test_several_roots_hang_from_the_trace(load):
    loaded = load(dumped(with_spans(INFO, span("a"), span("b"), span("c", "b"))))
    whole, one, two, three = loaded.spans
    assert (whole["name"], whole["parent_id"], whole["duration_ms"]) == ("agent", None, 5098)
    assert one["parent_id"] == two["parent_id"] == whole["span_id"]
    assert three["parent_id"] == two["span_id"]


def test_spans_that_are_each_others_parents_do_not_hang_the_reader(load):
    loaded = load(dumped(with_spans(INFO, span("a", "b"), span("b", "a"), span("c", "c"))))
    assert len(loaded.spans) == 4


@pytest.mark.parametrize(
    "document", [V3, V2, response(V3), {"traces": [{"trace_info": INFO, "spans": V3["data"]["spans"]}]}]
)
def test_nothing_of_a_trace_is_lost(lost, document):
    file = File(dumped(document))
    assert mlflow.sniff(file)
    assert lost(document, list(mlflow.read(file))) == []


@pytest.mark.parametrize(
    "record",
    [
        {"object": "response", "output": [], "id": "resp_1"},
        {"trace_id": "a", "span_id": "b", "name": "c", "attributes": {"llm.model_name": "x"}},
        {"info": {"version": 1}, "data": {"spans": 3}},
        {"request_id": "a", "request": "q", "response": "r", "execution_time_ms": 12},
        {"traces": [{"id": "x", "name": "y"}]},
    ],
)
def test_other_records_are_left_to_their_formats(record):
    assert not mlflow.sniff(File(dumped(record)))


OF_SPAN = st.sampled_from(sorted({*V3["data"]["spans"][0], *V2["data"]["spans"][0], "links"}))
OF_INFO = st.sampled_from(sorted({*INFO, *V2["info"], "execution_duration"}))


@settings(max_examples=60)
@given(
    st.sampled_from([V3, V2]),
    st.dictionaries(OF_INFO, anything, max_size=4),
    st.lists(st.dictionaries(OF_SPAN, anything, max_size=4), max_size=3),
    st.dictionaries(st.text(max_size=5), anything, max_size=2),
)
def test_any_trace_is_spans_or_rejects(base, info, spans, more):
    made = [one | change | more for one, change in zip(base["data"]["spans"] * 2, spans, strict=False)]
    document = more | {"info": base["info"] | info, "data": {"spans": made}}
    batches = list(mlflow.read(File(json.dumps(document).encode())))
    told = sum(batch.spans.num_rows + batch.rejects.num_rows for batch in batches)
    assert told >= max(len(made), 1)
