import datetime as dt
import json

import pytest

USER = {"role": "user", "content": "What is the capital of Norway?"}
ANSWER = {"role": "assistant", "content": "Oslo."}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1794830400,
    "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "message": ANSWER, "finish_reason": "stop", "logprobs": None}],
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 40},
        "completion_tokens_details": {"reasoning_tokens": 8},
    },
}
REQUEST = {
    "model": "gpt-4o",
    "messages": [{"role": "system", "content": "Be brief."}, USER],
    "temperature": 0.2,
    "user": "u7",
}
NOON = dt.datetime(2026, 11, 16, 12)


def said(message):
    return [part.get("content") for part in message["parts"]]


def test_a_request_with_its_response_is_one_chat_span(load, lines):
    span = load(lines({"request": REQUEST, "response": COMPLETION, "latency_ms": 850, "locale": "nb"})).span
    assert (span["operation"], span["name"], span["status"], span["source"]) == ("chat", "chat gpt-4o", "ok", "chat")
    assert (span["model"], span["response_model"], span["user_id"]) == ("gpt-4o", "gpt-4o-2024-08-06", "u7")
    assert (span["input"], span["output"], span["finish_reason"]) == (USER["content"], "Oslo.", "stop")
    assert [message["role"] for message in span["input_messages"]] == ["system", "user"]
    assert said(span["output_messages"][0]) == ["Oslo."]
    assert (span["input_tokens"], span["output_tokens"], span["cache_read_tokens"], span["reasoning_tokens"]) == (
        100,
        20,
        40,
        8,
    )
    assert (span["start_time"], span["duration_ms"]) == (NOON, 850)
    assert span["end_time"] == NOON + dt.timedelta(milliseconds=850)
    assert span["cost_usd"] == pytest.approx(60 * 2.5e-6 + 40 * 1.25e-6 + 20 * 1e-5)
    assert span["parent_id"] is None
    assert span["attributes"] == {
        "request.temperature": 0.2,
        "response.id": "chatcmpl-1",
        "response.object": "chat.completion",
        "response.usage.total_tokens": 120,
        "llmscope.cost.source": "list price",
        "locale": "nb",
        "file.name": "log.jsonl",
    }


def test_a_completion_alone_is_a_chat_span_without_a_question(load):
    span = load(json.dumps(COMPLETION).encode()).span
    assert (span["input"], span["output"], span["model"]) == (None, "Oslo.", "gpt-4o-2024-08-06")


def test_a_batch_line_is_read_on_its_way_in_and_out(load, lines):
    given = load(lines({"custom_id": "r1", "method": "POST", "url": "/v1/chat/completions", "body": REQUEST})).span
    assert (given["input"], given["output"], given["model"], given["status"]) == (
        USER["content"],
        None,
        "gpt-4o",
        "unset",
    )
    back = load(
        lines(
            {
                "id": "b1",
                "custom_id": "r1",
                "response": {"status_code": 200, "request_id": "x", "body": COMPLETION},
                "error": None,
            }
        )
    ).span
    assert (back["output"], back["status"], back["input_tokens"]) == ("Oslo.", "ok", 100)
    assert back["attributes"]["custom_id"] == "r1"


def test_a_failed_call_is_an_error_with_its_type_and_message(load, lines):
    body = {"error": {"message": "Rate limit reached", "type": "rate_limit_error", "code": "429"}}
    span = load(lines({"request": REQUEST, "response": {"status_code": 429, "body": body}})).span
    assert (span["status"], span["error_type"], span["error_message"]) == (
        "error",
        "rate_limit_error",
        "Rate limit reached",
    )
    assert span["input"] == USER["content"]


def test_a_fine_tuning_line_is_one_call_whose_answer_is_the_last_message(load, lines):
    span = load(lines({"messages": [USER, ANSWER]})).span
    assert (span["operation"], span["input"], span["output"], span["status"]) == (
        "chat",
        USER["content"],
        "Oslo.",
        "unset",
    )
    assert (span["start_time"], span["duration_ms"], span["cost_usd"]) == (None, None, None)


def test_a_responses_object_keeps_reasoning_text_and_calls(load, lines):
    response = {
        "object": "response",
        "created_at": 1794830400,
        "model": "o4-mini",
        "status": "completed",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Oslo."}]},
            {"type": "function_call", "call_id": "c1", "name": "map", "arguments": '{"city": "Oslo"}'},
        ],
        "usage": {
            "input_tokens": 50,
            "input_tokens_details": {"cached_tokens": 10},
            "output_tokens": 30,
            "output_tokens_details": {"reasoning_tokens": 16},
        },
    }
    request = {"model": "o4-mini", "instructions": "Be brief.", "input": "Capital?"}
    span = load(lines({"request": request, "response": response})).span
    assert (span["input"], span["output"], span["finish_reason"]) == ("Capital?", "Oslo.", "completed")
    assert [part["type"] for part in span["output_messages"][0]["parts"]] == ["reasoning", "text", "tool_call"]
    assert span["output_messages"][0]["parts"][2]["arguments"] == {"city": "Oslo"}
    assert (span["input_tokens"], span["cache_read_tokens"], span["reasoning_tokens"]) == (50, 10, 16)
    assert span["input_messages"][0]["role"] == "system"


def test_anthropic_counts_cached_tokens_beside_the_input_and_we_do_not(load, lines):
    response = {
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4",
        "content": [
            {"type": "text", "text": "Oslo."},
            {"type": "tool_use", "id": "t1", "name": "map", "input": {"city": "Oslo"}},
        ],
        "stop_reason": "tool_use",
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 85,
            "output_tokens": 20,
        },
    }
    request = {"model": "claude-sonnet-4", "system": "Be brief.", "max_tokens": 99, "messages": [USER]}
    span = load(lines({"request": request, "response": response})).span
    assert (span["input_tokens"], span["cache_read_tokens"], span["cache_write_tokens"]) == (100, 85, 5)
    assert span["attributes"]["response.usage.input_tokens"] == 10, "the source's own number is kept"
    assert (span["output"], span["finish_reason"]) == ("Oslo.", "tool_use")
    assert [message["role"] for message in span["input_messages"]] == ["system", "user"]


def test_cached_tokens_of_openai_are_part_of_the_input_already(load, lines):
    assert load(lines({"request": REQUEST, "response": COMPLETION})).span["input_tokens"] == 100


def test_gemini_requests_and_responses(load, lines):
    span = load(
        lines(
            {
                "request": {"contents": [{"role": "user", "parts": [{"text": "Capital?"}]}]},
                "response": {
                    "candidates": [
                        {"content": {"role": "model", "parts": [{"text": "Oslo."}]}, "finishReason": "STOP"}
                    ],
                    "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3},
                    "modelVersion": "gemini-2.5-flash",
                },
            }
        )
    ).span
    assert (span["input"], span["output"], span["finish_reason"]) == ("Capital?", "Oslo.", "STOP")
    assert (span["input_tokens"], span["output_tokens"], span["model"]) == (7, 3, "gemini-2.5-flash")


def test_a_gateway_log_in_the_manner_of_litellm(load, lines):
    span = load(
        lines(
            {
                "id": "x",
                "call_type": "acompletion",
                "model": "gpt-4o",
                "custom_llm_provider": "azure",
                "messages": [USER],
                "response": COMPLETION,
                "startTime": 1794830400.0,
                "endTime": 1794830402.0,
                "completionStartTime": 1794830400.5,
                "response_cost": 0.01,
                "end_user": "u1",
                "status": "success",
                "metadata": {"session_id": "s1"},
            }
        )
    ).span
    assert (span["start_time"], span["duration_ms"], span["ttft_ms"]) == (NOON, 2000, 500)
    assert (span["provider"], span["cost_usd"], span["user_id"], span["session_id"]) == (
        "azure.ai.openai",
        0.01,
        "u1",
        "s1",
    )
    assert (span["name"], span["status"], span["output"]) == ("acompletion", "ok", "Oslo.")


def test_a_proxy_log_in_the_manner_of_helicone_with_bodies_as_text(load, lines):
    span = load(
        lines(
            {
                "request_body": json.dumps(REQUEST),
                "response_body": json.dumps(COMPLETION),
                "request_created_at": "2026-11-16T12:00:00Z",
                "response_created_at": "2026-11-16T12:00:03Z",
                "response_status": 200,
                "delay_ms": 2900,
                "time_to_first_token": 640,
                "request_user_id": "u2",
            }
        )
    ).span
    assert (span["start_time"], span["duration_ms"], span["ttft_ms"], span["status"]) == (NOON, 2900, 640, "ok")
    assert (span["input"], span["output"], span["user_id"]) == (USER["content"], "Oslo.", "u2")


def test_a_log_of_messages_and_an_answer_in_words(load, lines):
    span = load(lines({"messages": [USER], "response": "Oslo.", "model": "m", "latency": 1.5})).span
    assert (span["output"], span["duration_ms"]) == ("Oslo.", 1500)


def test_preferences_answer_with_the_chosen_reply_and_do_not_repeat_the_question(load, lines):
    span = load(
        lines({"prompt": [USER], "chosen": [USER, ANSWER], "rejected": [{"role": "assistant", "content": "Bergen."}]})
    ).span
    assert (span["input"], span["output"]) == (USER["content"], "Oslo.")
    assert len(span["output_messages"]) == 1
    assert span["attributes"]["rejected"] == [{"role": "assistant", "content": "Bergen."}]


def test_a_chunk_of_a_stream_is_rejected_as_such(load, lines):
    loaded = load(lines(COMPLETION, {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "O"}}]}))
    assert loaded.reasons == ["it is a chunk of a stream, not a whole response"]


def test_embedding_requests_are_embeddings(load, lines):
    body = {"model": "text-embedding-3-small", "input": ["a", "b"]}
    span = load(lines({"custom_id": "1", "url": "/v1/embeddings", "body": body})).span
    assert span["operation"] == "embeddings"


def test_a_shape_with_an_unknown_field_keeps_it_under_its_own_path(load, lines):
    span = load(lines({"messages": [USER, ANSWER], "model": "m", "odd": {"deep": {"er": [1]}}})).span
    assert span["attributes"]["odd.deep.er"] == [1]


def test_a_text_column_beside_messages_is_kept_as_an_attribute(load, lines):
    span = load(lines({"messages": [USER, ANSWER], "prompt": "short form"})).span
    assert span["input"] == USER["content"]
    assert span["attributes"]["prompt"] == "short form"


def test_a_document_that_lists_its_records_is_read_record_by_record(load):
    calls = [{"messages": [USER, ANSWER], "model": "m", "cost": 1}, {"messages": [USER], "response": "Bergen."}, 7]
    loaded = load(json.dumps({"version": 2, "info": {"by": "us"}, "results": calls}, indent=1).encode())
    assert [span["output"] for span in loaded.spans] == ["Oslo.", "Bergen."]
    assert [span["attributes"]["version"] for span in loaded.spans] == [2, 2]
    assert loaded.spans[0]["attributes"]["info.by"] == "us"
    assert [(reject["position"], reject["reason"]) for reject in loaded.rejects] == [
        ("line 1, results[2]", "it is no object")
    ]


def test_scores_under_one_key_are_scores_by_name(load, lines):
    loaded = load(lines({"messages": [USER, ANSWER], "scores": {"relevance": 4, "tone": "kind"}}))
    assert {score["name"]: score["value"] or score["label"] for score in loaded.scores} == {
        "relevance": 4,
        "tone": "kind",
    }


def test_inputs_and_outputs_are_a_request_and_a_response(load, lines):
    span = load(lines({"inputs": {"messages": [USER], "temperature": 1}, "outputs": COMPLETION, "latency": 2.0})).span
    assert (span["input"], span["output"], span["duration_ms"]) == (USER["content"], "Oslo.", 2000)
    span = load(lines({"input": [USER], "output": ANSWER, "model": "m"})).span
    assert (span["input"], span["output"]) == (USER["content"], "Oslo.")


def test_messages_in_a_column_of_a_table_are_read(load):
    content = f"model,latency_ms,messages\nm,12,{json.dumps(json.dumps([USER, ANSWER])).replace(chr(92) + chr(34), chr(34) * 2)}\n"
    span = load(content.encode(), "log.csv").span
    assert (span["input"], span["output"], span["duration_ms"], span["model"]) == (USER["content"], "Oslo.", 12, "m")
