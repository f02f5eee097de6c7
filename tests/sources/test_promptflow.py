import json

import pytest
from arbitrary import mutated
from hypothesis import given, settings
from hypothesis import strategies as st

import llmscope
from llmscope.errors import UnreadableFileError
from llmscope.sources import File, detect, read

LLM = {
    "name": "openai.resources.chat.completions.Completions.create", "type": "LLM", "node_name": None, "error": None,
    "inputs": {"api_base": "https://x.openai.azure.com/", "model": "gpt-4o", "messages": [{"role": "user", "content": "Why?"}], "temperature": 0.2},
    "output": {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
               "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Because."}}],
               "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25, "prompt_tokens_details": {"cached_tokens": 8}}},
    "start_time": 1794830400.25, "end_time": 1794830401.5, "children": None,
}  # fmt: skip
NODE_CALL = {
    "name": "chat", "type": "Tool", "node_name": "answer", "inputs": {"question": "Why?"}, "output": "Because.", "error": None,
    "start_time": 1794830400.0, "end_time": 1794830402.0, "children": [LLM],
}  # fmt: skip
LINE = {
    "run_id": "run_0", "root_run_id": "run", "parent_run_id": "run", "flow_id": "default_flow_id", "status": "Completed", "error": None,
    "inputs": {"question": "Why?", "line_number": 0}, "output": {"answer": "Because."}, "result": {"answer": "Because."}, "metrics": {"grade": 4.5},
    "start_time": "2026-11-16T12:00:00Z", "end_time": "2026-11-16T12:00:02.500000Z", "index": 0, "api_calls": [NODE_CALL], "variant_id": "v1", "tags": {"team": "red"},
    "system_metrics": {"duration": 2.5, "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
}  # fmt: skip
NODE = {
    "node": "answer", "flow_run_id": "run", "run_id": "run_answer_0", "parent_run_id": "run_0", "status": "Completed", "index": 0, "inputs": {"question": "Why?"}, "output": "Because.",
    "result": "Because.", "error": None, "start_time": "2026-11-16T11:59:59.9Z", "end_time": "2026-11-16T12:00:02.1Z", "api_calls": [NODE_CALL], "logs": {"stdout": "printed words", "stderr": ""},
    "system_metrics": {"duration": 2.2, "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}, "cached_run_id": None,
}  # fmt: skip
LINE_RECORD = {
    "line_number": 0,
    "run_info": LINE,
    "start_time": "2026-11-16T12:00:00",
    "end_time": "2026-11-16T12:00:02.5",
    "name": "",
    "description": "",
    "status": "Completed",
    "tags": None,
}
NODE_RECORD = {
    "node_name": "answer",
    "line_number": 0,
    "run_info": NODE,
    "start_time": "2026-11-16T11:59:59.9",
    "end_time": "2026-11-16T12:00:02.1",
    "status": "Completed",
}


def test_a_line_is_a_root_its_nodes_and_their_calls(load, lines):
    content = lines(LINE_RECORD)
    assert detect(File(content, name="000000000.jsonl")) == "promptflow"
    root, node, call = load(content).spans
    assert (root["trace_id"], root["span_id"], root["parent_id"], root["operation"]) == (
        "run_0",
        "run_0",
        None,
        "invoke_workflow",
    )
    assert (node["span_id"], node["parent_id"], node["name"], node["operation"]) == (
        "run_answer_0",
        "run_0",
        "answer",
        "other",
    )
    assert (call["span_id"], call["parent_id"], call["operation"]) == ("run_answer_0.0", "run_answer_0", "chat")
    assert (root["duration_ms"], node["duration_ms"], call["duration_ms"]) == (2500.0, 2000.0, 1250.0)
    assert root["attributes"]["tags.team"] == "red"


def test_the_call_of_a_model_has_its_tokens_messages_and_provider(load, lines):
    call = load(lines(LINE_RECORD)).spans[2]
    assert (call["input_tokens"], call["output_tokens"], call["cache_read_tokens"]) == (20, 5, 8)
    assert (call["provider"], call["model"], call["response_model"], call["finish_reason"]) == (
        "azure.ai.openai",
        "gpt-4o",
        "gpt-4o-2024-08-06",
        "stop",
    )
    assert (call["input"], call["output"], call["status"]) == ("Why?", "Because.", "ok")
    assert call["attributes"]["inputs"]["temperature"] == 0.2


def test_tokens_of_a_line_are_counted_once(load, lines):
    spans = load(lines(LINE_RECORD)).spans
    assert [span["input_tokens"] for span in spans] == [None, None, 20]
    silent = LINE | {"api_calls": [NODE_CALL | {"children": [LLM | {"output": "streamed words"}]}]}
    spans = load(lines(LINE_RECORD | {"run_info": silent})).spans
    assert [(span["input_tokens"], span["output_tokens"]) for span in spans] == [(20, 5), (None, None), (None, None)]


def test_metrics_of_a_run_are_scores(load, lines):
    (score,) = load(lines(LINE_RECORD)).scores
    assert (score["name"], score["value"], score["trace_id"]) == ("grade", 4.5, "run_0")


def test_a_node_tells_the_same_spans_and_the_rest_is_a_log_record(load, lines):
    line, node = load(lines(LINE_RECORD)), load(lines(NODE_RECORD))
    assert node.spans == line.spans[1:]
    (record,) = node.logs
    assert (record["span_id"], record["trace_id"], record["body"]) == (
        "run_answer_0",
        "run_0",
        "node answer: Completed",
    )
    assert record["attributes"]["logs.stdout"] == "printed words"


def test_a_test_run_holds_both_in_one_document(tmp_path):
    path = tmp_path / "flow.detail.json"
    path.write_text(json.dumps({"flow_runs": [LINE], "node_runs": [NODE]}))
    scope = llmscope.open()
    report = scope.load(path)
    assert (report.spans, report.duplicates, report.rejected, report.logs) == (3, 2, 0, 1)


def test_a_node_that_called_nothing_is_a_span(load, lines):
    bypassed = NODE | {"api_calls": None, "status": "Bypassed", "node": "skip", "run_id": "run_skip_0"}
    span = load(lines(NODE_RECORD | {"run_info": bypassed})).span
    assert (span["span_id"], span["parent_id"], span["name"], span["status"]) == (
        "run_skip_0",
        "run_0",
        "skip",
        "unset",
    )


def test_errors_have_the_type_of_the_exception(load, lines):
    error = {
        "message": "no such url",
        "code": "UserError",
        "innerError": {"code": "ToolExecutionError"},
        "debugInfo": {"type": "ValueError", "message": "no"},
    }
    failed = LINE | {
        "status": "Failed",
        "error": error,
        "api_calls": [NODE_CALL | {"error": {"message": "bad", "type": "KeyError"}}],
    }
    root, node, _ = load(lines(LINE_RECORD | {"run_info": failed})).spans
    assert (root["status"], root["error_type"], root["error_message"]) == ("error", "ValueError", "no such url")
    assert (node["status"], node["error_type"], node["error_message"]) == ("error", "KeyError", "bad")


@pytest.mark.parametrize(
    ("kind", "name", "operation"),
    [("LLM", "Completion.create", "text_completion"), ("LLM", "Embeddings.create", "embeddings"), ("Embedding", "embed", "embeddings"), ("Retrieval", "search", "retrieval"), ("Function", "f", "other")],
)  # fmt: skip
def test_operations_follow_the_type_and_the_name(load, lines, kind, name, operation):
    call = NODE_CALL | {"type": kind, "name": name, "children": None, "node_name": None}
    assert load(lines(LINE_RECORD | {"run_info": LINE | {"api_calls": [call]}})).spans[1]["operation"] == operation


def test_nothing_of_a_run_is_lost(lines, lost):
    for record in (LINE_RECORD, NODE_RECORD):
        assert lost(record, list(read(File(lines(record))))) == []


def test_other_files_in_the_folder_of_a_run_are_refused_with_a_reason(tmp_path):
    (tmp_path / "flow_artifacts").mkdir()
    (tmp_path / "flow_artifacts" / "000000000.jsonl").write_text(json.dumps(LINE_RECORD))
    (tmp_path / "instance_results.jsonl").write_text('{"line_number": 0, "status": "Completed", "answer": "x"}')
    report = llmscope.open().load(tmp_path)
    assert (report.spans, report.files, list(report.skipped)) == (3, 1, [str(tmp_path / "instance_results.jsonl")])
    with pytest.raises(UnreadableFileError, match="folder of a Prompt flow run"):
        llmscope.open().load(tmp_path / "instance_results.jsonl")


@pytest.mark.parametrize("document", [{"flow_runs": []}, {"flow_runs": [], "node_runs": [], "version": 1}])
def test_a_test_run_without_runs_is_a_reject(load, lines, document):
    assert load(lines(document), format="promptflow").reasons == ["it is no run of a line or node: it has no run_id"]


@given(st.data())
@settings(max_examples=80)
def test_any_record_of_these_shapes_becomes_rows_or_rejects(data):
    record = data.draw(st.sampled_from([LINE_RECORD, NODE_RECORD, {"flow_runs": [LINE], "node_runs": [NODE]}]))
    content = json.dumps(mutated(data.draw, record)).encode()
    batches = list(read(File(content), format="promptflow"))
    assert sum(table.num_rows for batch in batches for table in batch.tables().values()) > 0 or content == b"[]"
