"""Attributes of every convention fill the same columns."""

from __future__ import annotations

import json

import pytest

from llmscope import schema
from llmscope.sources._semconv import fill
from llmscope.sources._texts import Event

START = 1_750_000_000_000_000


def row(attributes, events=(), **given):
    out = {"start_time": START, "status": "ok"} | given
    fill(out, attributes, [Event(name, time, values) for name, time, values in events])
    return {key: value for key, value in out.items() if value is not None}


IN = [{"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
      {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]}]  # fmt: skip
OUT = [{"role": "assistant", "parts": [{"type": "text", "content": "Rainy."}], "finish_reason": "stop"}]

CALL = {
    "otel 1.37": {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20, "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.response.finish_reasons": ["stop"], "gen_ai.conversation.id": "c1", "user.id": "u1",
        "gen_ai.input.messages": json.dumps(IN), "gen_ai.output.messages": json.dumps(OUT),
    },
    "otel 1.37 structured": {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20, "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.response.finish_reasons": ["stop"], "gen_ai.conversation.id": "c1", "enduser.id": "u1",
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.input.messages": IN[1:], "gen_ai.output.messages": OUT,
    },
    "otel 1.27": {
        "gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.prompt_tokens": 100,
        "gen_ai.usage.completion_tokens": 20, "gen_ai.usage.cache_read_input_tokens": 40,
        "gen_ai.response.finish_reasons": '["stop"]', "session.id": "c1", "user.id": "u1",
        "gen_ai.prompt": '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather in Paris?"}]',
        "gen_ai.completion": '[{"role": "assistant", "content": "Rainy.", "finish_reason": "stop"}]',
    },
    "traceloop": {
        "llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.prompt_tokens": 100,
        "gen_ai.usage.completion_tokens": 20, "llm.usage.total_tokens": 120,
        "gen_ai.usage.cache_read_input_tokens": 40,
        "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": "Be brief.",
        "gen_ai.prompt.1.role": "user", "gen_ai.prompt.1.content": "Weather in Paris?",
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "Rainy.",
        "gen_ai.completion.0.finish_reason": "stop",
        "traceloop.association.properties.session_id": "c1", "traceloop.association.properties.user_id": "u1",
    },
    "openinference": {
        "openinference.span.kind": "LLM", "llm.provider": "openai", "llm.request.model_name": "gpt-4o",
        "llm.response.model_name": "gpt-4o-2024-08-06", "llm.token_count.prompt": 100, "llm.token_count.completion": 20,
        "llm.token_count.total": 120, "llm.token_count.prompt_details.cache_read": 40, "llm.finish_reason": "stop",
        "session.id": "c1", "user.id": "u1", "input.value": '{"messages": []}', "input.mime_type": "application/json",
        "llm.input_messages.0.message.role": "system", "llm.input_messages.0.message.content": "Be brief.",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.contents.0.message_content.type": "text",
        "llm.input_messages.1.message.contents.0.message_content.text": "Weather in Paris?",
        "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "Rainy.",
    },
}  # fmt: skip


@pytest.mark.parametrize("convention", CALL)
def test_a_call_reads_the_same_in_every_convention(convention):
    got = row(CALL[convention])
    assert got["operation"] == "chat"
    assert (got["provider"], got["model"], got["response_model"]) == ("openai", "gpt-4o", "gpt-4o-2024-08-06")
    assert (got["input_tokens"], got["output_tokens"], got["cache_read_tokens"]) == (100, 20, 40)
    assert (got["session_id"], got["user_id"], got["finish_reason"]) == ("c1", "u1", "stop")
    assert (got["input"], got["output"]) == ("Weather in Paris?", "Rainy.")
    assert json.loads(got["input_messages"]) == IN
    assert json.loads(got["output_messages"])[0]["parts"] == OUT[0]["parts"]
    assert got["cost_usd"] == pytest.approx((60 * 2.5 + 40 * 1.25 + 20 * 10) / 1e6)


def test_message_events_of_old_conventions_are_messages():
    events = [
        ("gen_ai.system.message", 0, {"content": "Be brief."}),
        ("gen_ai.user.message", 0, {"content": "Weather in Paris?"}),
        ("gen_ai.choice", 0, {"index": 0, "finish_reason": "stop", "message": '{"content": "Rainy."}'}),
    ]
    got = row({"gen_ai.operation.name": "chat", "gen_ai.system": "openai"}, events)
    assert json.loads(got["input_messages"]) == IN
    assert (got["input"], got["output"], got["finish_reason"]) == ("Weather in Paris?", "Rainy.", "stop")
    events = [
        ("gen_ai.content.prompt", 0, {"gen_ai.prompt": '[{"role": "user", "content": "Why?"}]'}),
        ("gen_ai.content.completion", 0, {"gen_ai.completion": '[{"role": "assistant", "content": "So."}]'}),
    ]
    got = row({}, events)
    assert (got["input"], got["output"]) == ("Why?", "So.")
    details = {"gen_ai.input.messages": IN, "gen_ai.output.messages": OUT}
    got = row({}, [("gen_ai.client.inference.operation.details", 0, details)])
    assert (got["input"], got["output"]) == ("Weather in Paris?", "Rainy.")


def test_tool_calls_keep_name_arguments_and_answer():
    got = row({
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "Go",
        "llm.input_messages.1.message.role": "assistant",
        "llm.input_messages.1.message.tool_calls.0.tool_call.id": "t1",
        "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "search",
        "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"q": "x"}',
        "llm.input_messages.2.message.role": "tool", "llm.input_messages.2.message.tool_call_id": "t1",
        "llm.input_messages.2.message.content": "found",
    })  # fmt: skip
    messages = json.loads(got["input_messages"])
    assert messages[1]["parts"] == [{"type": "tool_call", "id": "t1", "name": "search", "arguments": {"q": "x"}}]
    assert messages[2]["parts"] == [{"type": "tool_call_response", "id": "t1", "response": "found"}]
    assert got["input"] == "Go"
    assert "output" not in got


@pytest.mark.parametrize(
    ("attributes", "operation"),
    [
        ({"gen_ai.operation.name": "execute_tool"}, "execute_tool"),
        ({"gen_ai.operation.name": "made up", "openinference.span.kind": "AGENT"}, "invoke_agent"),
        ({"openinference.span.kind": "CHAIN"}, "other"),
        ({"openinference.span.kind": "RETRIEVER"}, "retrieval"),
        ({"openinference.span.kind": "reranker"}, "rerank"),
        ({"openinference.span.kind": "EMBEDDING"}, "embeddings"),
        ({"openinference.span.kind": "GUARDRAIL"}, "guardrail"),
        ({"openinference.span.kind": "EVALUATOR"}, "evaluate"),
        ({"traceloop.span.kind": "workflow"}, "invoke_workflow"),
        ({"traceloop.span.kind": "tool", "traceloop.entity.name": "t"}, "execute_tool"),
        ({"llm.request.type": "completion"}, "text_completion"),
        ({"db.system": "postgresql", "db.statement": "select 1"}, "db"),
        ({"http.request.method": "GET", "url.full": "https://x"}, "http"),
        ({"gen_ai.request.model": "m", "gen_ai.usage.output_tokens": 3}, "chat"),
        ({"anything": 1}, "other"),
    ],
)
def test_the_kind_of_operation_is_known(attributes, operation):
    got = row(attributes)
    assert got["operation"] == operation
    assert operation in schema.OPERATIONS


def test_a_tool_and_an_agent_have_their_names_and_texts():
    got = row({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather",
               "gen_ai.tool.call.arguments": {"city": "Paris"}, "gen_ai.tool.call.result": '{"t": 57}'})  # fmt: skip
    assert (got["tool"], got["input"], got["output"]) == ("weather", '{"city":"Paris"}', '{"t": 57}')
    got = row({"traceloop.span.kind": "agent", "traceloop.entity.name": "planner",
               "traceloop.entity.input": '{"input": "plan"}', "traceloop.entity.output": "done"})  # fmt: skip
    assert (got["agent"], got["input"], got["output"]) == ("planner", "plan", "done")


def test_retrieval_has_its_query_and_documents():
    got = row({"openinference.span.kind": "RETRIEVER", "input.value": "refund rules",
               "retrieval.documents.0.document.content": "One.", "retrieval.documents.0.document.score": 0.9,
               "retrieval.documents.1.document.content": "Two."})  # fmt: skip
    assert (got["input"], got["output"]) == ("refund rules", "One.\n\nTwo.")
    got = row({"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "q"})
    assert got["input"] == "q"


@pytest.mark.parametrize(
    ("counts", "inclusive"),
    [
        ({"input_tokens": 10, "cache_read.input_tokens": 90}, 100),
        ({"input_tokens": 10, "cache_read.input_tokens": 5, "cache_creation.input_tokens": 20}, 35),
        ({"input_tokens": 100, "cache_read.input_tokens": 90}, 100),
        ({"input_tokens": 100, "output_tokens": 7, "cache_read.input_tokens": 90, "total_tokens": 197}, 190),
        ({"input_tokens": 100, "output_tokens": 7, "cache_read.input_tokens": 90, "total_tokens": 107}, 100),
        ({"input_tokens": "42"}, 42),
        ({"input_tokens": -1}, None),
        ({"input_tokens": True}, 1),
    ],
)
def test_input_tokens_include_cached_ones(counts, inclusive):
    got = row({"gen_ai.provider.name": "anthropic"} | {f"gen_ai.usage.{key}": value for key, value in counts.items()})
    assert got.get("input_tokens") == inclusive


def test_time_to_first_token_is_in_milliseconds():
    assert row({"gen_ai.response.time_to_first_chunk": 0.25})["ttft_ms"] == 250
    assert row({"gen_ai.server.time_to_first_token": "0.5"})["ttft_ms"] == 500
    event = [("First Token Stream Event", START * 1000 + 7_500_000, {})]
    assert row({}, event)["ttft_ms"] == 7.5
    assert row({"gen_ai.response.time_to_first_chunk": 0.25}, event)["ttft_ms"] == 250
    assert "ttft_ms" not in row({}, [("First Token Stream Event", START * 1000 - 5, {})])


def test_the_sources_own_cost_wins():
    call = CALL["otel 1.37"]
    assert row(call | {"llm.cost.total": 1.5})["cost_usd"] == 1.5
    assert row(call | {"gen_ai.usage.cost": "0.25"})["cost_usd"] == 0.25
    assert row(call | {"llm.cost.prompt": 1.0, "llm.cost.completion": 0.5})["cost_usd"] == 1.5
    assert "cost_usd" not in row(call | {"gen_ai.request.model": "mine", "gen_ai.response.model": "mine"})


def test_a_provider_is_named_as_opentelemetry_names_it():
    for given, name in {
        "Azure": "azure.ai.openai",
        "vertex_ai": "gcp.vertex_ai",
        "OpenAI": "openai",
        "xai": "x_ai",
    }.items():
        assert row({"gen_ai.system": given})["provider"] == name
    langchain = {"openinference.span.kind": "LLM", "metadata": '{"ls_provider": "anthropic"}'}
    assert row(langchain)["provider"] == "anthropic"


def test_odd_values_never_raise():
    for key in CALL["traceloop"] | CALL["openinference"] | CALL["otel 1.37"]:
        for value in (
            None,
            "",
            5,
            -1.5,
            True,
            [],
            {},
            [1],
            {"a": []},
            "[",
            '[{"role": 5}]',
            '[null, 3, "x"]',
            "{}",
            10**30,
        ):
            got = row({key: value})
            assert got["operation"] in schema.OPERATIONS
            for name in ("input_messages", "output_messages"):
                assert isinstance(json.loads(got.get(name, "[]")), list)


def test_googles_adk_has_requests_and_answers_in_geminis_shape():
    asked = {"model": "gemini-2.5-flash", "config": {"system_instruction": "Be brief."},
             "contents": [{"role": "user", "parts": [{"text": "Weather in Paris?"}]}]}  # fmt: skip
    answer = {"content": {"role": "model", "parts": [{"text": "Rainy."}]}, "finish_reason": "STOP"}
    found = row(
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "gemini-2.5-flash",
            "gcp.vertex.agent.llm_request": json.dumps(asked),
            "gcp.vertex.agent.llm_response": json.dumps(answer),
            "gcp.vertex.agent.session_id": "s1",
        }
    )
    assert (found["operation"], found["input"], found["output"]) == ("chat", "Weather in Paris?", "Rainy.")
    assert (found["finish_reason"], found["session_id"]) == ("STOP", "s1")
    assert json.loads(found["input_messages"]) == IN
    tool = row(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "search",
            "gcp.vertex.agent.llm_request": "{}",
            "gcp.vertex.agent.tool_call_args": '{"to": "OSL"}',
            "gcp.vertex.agent.tool_response": '{"flights": 3}',
        }
    )
    assert (tool["tool"], tool["input"], tool["output"]) == ("search", '{"to": "OSL"}', '{"flights": 3}')
