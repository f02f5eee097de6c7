"""One call of a model, told by every generation of OpenTelemetry GenAI and every vendor, fills the same columns."""

from __future__ import annotations

import json

import pytest

from llmscope.sources._semconv import fill
from llmscope.sources._texts import Event

START = 1_750_000_000_000_000
ASK, SYSTEM, SAY = "Weather in Paris?", "Be brief.", "Rainy."
USER, ASSISTANT = {"role": "user", "content": ASK}, {"role": "assistant", "content": SAY}
IN = [{"role": "user", "parts": [{"type": "text", "content": ASK}]}]
OUT = [{"role": "assistant", "parts": [{"type": "text", "content": SAY}], "finish_reason": "stop"}]
ADK_REQUEST = {"model": "gemini-2.5-flash", "config": {"system_instruction": SYSTEM},
               "contents": [{"role": "user", "parts": [{"text": ASK}]}]}  # fmt: skip
ADK_RESPONSE = {"content": {"role": "model", "parts": [{"text": SAY}]}, "finish_reason": "STOP"}


def row(attributes, events=(), **given):
    out = {"start_time": START, "status": "ok", "duration_ms": 2000.0} | given
    fill(out, attributes, [Event(name, time, dict(values)) for name, time, values in events])
    return {key: value for key, value in out.items() if value is not None}


EXPECTED = {"operation": "chat", "provider": "openai", "model": "gpt-4o", "input_tokens": 100, "output_tokens": 20,
            "input": ASK, "output": SAY, "finish_reason": "stop"}  # fmt: skip
"""What each of the calls below says, unless it says otherwise."""

TOKENS = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
STOP = {"gen_ai.response.finish_reasons": ["stop"]}
CALLS = {
    # OpenTelemetry, from 1.26 to the repository of its own
    "1.26 content events": (
        {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.prompt_tokens": 100,
         "gen_ai.usage.completion_tokens": 20, **STOP},
        [("gen_ai.content.prompt", 0, {"gen_ai.prompt": json.dumps([USER])}),
         ("gen_ai.content.completion", 0, {"gen_ai.completion": json.dumps([ASSISTANT])})],
        {"operation": "chat"},
    ),
    "1.28 message events": (
        {**CHAT, "gen_ai.system": "openai", **TOKENS},
        [("gen_ai.system.message", 0, {"content": SYSTEM}), ("gen_ai.user.message", 0, {"content": ASK}),
         ("gen_ai.choice", 0, {"index": 0, "finish_reason": "stop", "message": json.dumps({"content": SAY})})],
        {},
    ),
    "1.36 details event": (
        {**CHAT, "gen_ai.system": "openai", **TOKENS, **STOP},
        [("gen_ai.client.inference.operation.details", 0,
          {"gen_ai.input.messages": IN, "gen_ai.output.messages": OUT})],
        {},
    ),
    "1.37 parts": (
        {**CHAT, "gen_ai.provider.name": "openai", **TOKENS, **STOP, "gen_ai.input.messages": json.dumps(IN),
         "gen_ai.output.messages": json.dumps(OUT), "gen_ai.system_instructions": '[{"type":"text","content":"x"}]'},
        [], {},
    ),
    "1.41 cache, reasoning and first chunk": (
        {**CHAT, "gen_ai.provider.name": "openai", **TOKENS, **STOP, "gen_ai.input.messages": IN,
         "gen_ai.output.messages": OUT, "gen_ai.usage.cache_read.input_tokens": 40,
         "gen_ai.usage.cache_creation.input_tokens": 10, "gen_ai.usage.reasoning.output_tokens": 5,
         "gen_ai.usage.text.input_tokens": 100, "gen_ai.response.time_to_first_chunk": 0.25},
        [], {"cache_read_tokens": 40, "cache_write_tokens": 10, "reasoning_tokens": 5, "ttft_ms": 250.0},
    ),
    "cache_write, a renaming in flight": (
        {**CHAT, "gen_ai.provider.name": "openai", **TOKENS, **STOP, "gen_ai.input.messages": IN,
         "gen_ai.output.messages": OUT, "gen_ai.usage.cache_write.input_tokens": 10},
        [], {"cache_write_tokens": 10},
    ),
    # OpenLLMetry (Traceloop)
    "openllmetry 0.5, llm.*": (
        {"llm.request.type": "chat", "llm.vendor": "OpenAI", "llm.request.model": "gpt-4o",
         "llm.usage.prompt_tokens": 100, "llm.usage.completion_tokens": 20, "llm.usage.total_tokens": 120,
         "llm.prompts.0.role": "user", "llm.prompts.0.content": ASK, "llm.completions.0.content": SAY,
         "llm.completions.0.finish_reason": "stop"},
        [], {},
    ),
    "openllmetry, gen_ai.prompt.N": (
        {"llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-4o",
         "gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 20, "gen_ai.prompt.0.role": "user",
         "gen_ai.prompt.0.content": ASK, "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": SAY,
         "gen_ai.completion.0.finish_reason": "stop", "gen_ai.usage.cache_read_input_tokens": 40},
        [], {"cache_read_tokens": 40},
    ),
    # OpenInference (Arize, Phoenix)
    "openinference": (
        {"openinference.span.kind": "LLM", "llm.system": "openai", "llm.model_name": "gpt-4o",
         "llm.token_count.prompt": 100, "llm.token_count.completion": 20, "llm.token_count.total": 120,
         "llm.token_count.prompt_details.cache_read": 40, "llm.token_count.completion_details.reasoning": 5,
         "llm.input_messages.0.message.role": "user",
         "llm.input_messages.0.message.contents.0.message_content.type": "text",
         "llm.input_messages.0.message.contents.0.message_content.text": ASK,
         "llm.input_messages.0.message.contents.1.message_content.type": "image",
         "llm.input_messages.0.message.contents.1.message_content.image.image.url": "https://x.test/a.png",
         "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": SAY,
         "llm.cost.total": 0.5, "llm.cost.prompt": 0.3, "llm.finish_reason": "stop", "llm.tools.0.tool.json_schema": "{}"},
        [], {"cache_read_tokens": 40, "reasoning_tokens": 5, "cost_usd": 0.5},
    ),
    # Vercel AI SDK
    "ai sdk 3": (
        {"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4o", "ai.model.provider": "openai.chat",
         "ai.usage.promptTokens": 100, "ai.usage.completionTokens": 20, "ai.prompt.messages": json.dumps([USER]),
         "ai.result.text": SAY, "ai.finishReason": "stop"},
        [], {},
    ),
    "ai sdk 5": (
        {"ai.operationId": "ai.streamText.doStream", "ai.model.id": "gpt-4o", "ai.model.provider": "openai.responses",
         "gen_ai.system": "openai.responses", "gen_ai.request.model": "gpt-4o", **TOKENS,
         "ai.usage.inputTokens": 100, "ai.usage.outputTokens": 20, "ai.usage.totalTokens": 120,
         "ai.usage.cachedInputTokens": 40, "ai.usage.reasoningTokens": 5, "ai.response.msToFirstChunk": 250.5,
         "ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": ASK}]}]),
         "ai.response.text": SAY, "ai.response.finishReason": "stop", "ai.telemetry.metadata.userId": "u1"},
        [], {"cache_read_tokens": 40, "reasoning_tokens": 5, "ttft_ms": 250.5, "user_id": "u1"},
    ),
    # pydantic-ai and logfire
    "pydantic-ai 1, event list": (
        {**CHAT, "gen_ai.system": "openai", **TOKENS, **STOP, "gen_ai.usage.details.cache_read_tokens": 40,
         "gen_ai.usage.details.reasoning_tokens": 5, "events": json.dumps([
             {"event.name": "gen_ai.user.message", "content": ASK, "role": "user", "gen_ai.message.index": 0},
             {"event.name": "gen_ai.choice", "index": 0, "message": ASSISTANT}])},
        [], {"cache_read_tokens": 40, "reasoning_tokens": 5},
    ),
    "logfire's own instrumentation": (
        {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "request_data": json.dumps({"messages": [USER]}),
         "response_data": json.dumps({"message": ASSISTANT, "usage": {"prompt_tokens": 100}}), **TOKENS, **STOP},
        [], {},
    ),
    # others
    "litellm": (
        {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "llm.request.type": "completion",
         "gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 20, "gen_ai.usage.total_tokens": 120,
         "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": ASK, "gen_ai.completion.0.content": SAY,
         "gen_ai.completion.0.finish_reason": "stop", "gen_ai.cost.total_cost": 0.25, "llm.user": "u1"},
        [], {"operation": "text_completion", "cost_usd": 0.25, "user_id": "u1"},
    ),
    "semantic kernel and azure, event content": (
        {**CHAT, "gen_ai.system": "az.ai.openai", **TOKENS},
        [("gen_ai.user.message", 0, {"gen_ai.event.content": json.dumps(USER)}),
         ("gen_ai.choice", 0, {"gen_ai.event.content": json.dumps(
             {"message": ASSISTANT, "finish_reason": "stop", "index": 0})})],
        {"provider": "azure.ai.openai"},
    ),
    "google adk": (
        {"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash", **TOKENS,
         "gen_ai.usage.experimental.reasoning_tokens": 5, "gcp.vertex.agent.llm_request": json.dumps(ADK_REQUEST),
         "gcp.vertex.agent.llm_response": json.dumps(ADK_RESPONSE), "gcp.vertex.agent.session_id": "s1"},
        [], {"provider": "gcp.vertex.agent", "model": "gemini-2.5-flash", "reasoning_tokens": 5, "session_id": "s1",
             "finish_reason": "STOP"},
    ),
    "strands, times in milliseconds": (
        {**CHAT, "gen_ai.system": "strands-agents", **TOKENS, "gen_ai.usage.total_tokens": 120,
         "gen_ai.usage.cache_read_input_tokens": 0, "gen_ai.usage.cache_write_input_tokens": 10,
         "gen_ai.server.time_to_first_token": 150},
        [("gen_ai.user.message", 0, {"content": json.dumps([{"text": ASK}])}),
         ("gen_ai.choice", 0, {"finish_reason": "stop", "message": json.dumps([{"text": SAY}])})],
        {"provider": "strands-agents", "cache_write_tokens": 10, "ttft_ms": 150},
    ),
    "langfuse sdk 3": (
        {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o",
         "gen_ai.system": "openai", "langfuse.observation.input": json.dumps(ASK),
         "langfuse.observation.output": SAY, "langfuse.observation.usage_details": '{"input":100,"output":20,"total":120}',
         "langfuse.observation.cost_details": '{"input":0.2,"output":0.05,"total":0.25}', **STOP,
         "langfuse.observation.completion_start_time": '"2025-06-15T15:06:40.250000Z"', "langfuse.session.id": "s1"},
        [], {"cost_usd": 0.25, "ttft_ms": 250.0, "session_id": "s1", "input": json.dumps(ASK)},
    ),
    "mlflow over otlp": (
        {"mlflow.spanType": '"CHAT_MODEL"', "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
         "mlflow.spanInputs": json.dumps({"question": ASK}), "mlflow.spanOutputs": json.dumps({"answer": SAY}),
         "mlflow.chat.tokenUsage": '{"input_tokens":100,"output_tokens":20,"total_tokens":120}', **STOP},
        [], {},
    ),
    "sentry": (
        {"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", **TOKENS,
         "gen_ai.usage.input_tokens.cached": 40, "gen_ai.usage.output_tokens.reasoning": 5,
         "gen_ai.request.messages": json.dumps([USER]), "gen_ai.response.text": SAY, **STOP},
        [], {"cache_read_tokens": 40, "reasoning_tokens": 5},
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", CALLS)
def test_a_call_of_a_model_reads_the_same_from_everyone(who):
    attributes, events, differing = CALLS[who]
    before = dict(attributes)
    got = row(attributes, events)
    expected = EXPECTED | differing
    assert {column: got.get(column) for column in expected} == expected
    assert before.items() <= attributes.items(), "every attribute stays as it was"


OTHERS = {
    "otel workflow": ({"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "w"}, "invoke_workflow", {}),
    "otel plan, around calls": (
        {"gen_ai.operation.name": "plan", "gen_ai.request.model": "m", "gen_ai.output.messages": OUT}, "other", {}),
    "otel memory": (
        {"gen_ai.operation.name": "search_memory", "gen_ai.memory.query.text": "likes",
         "gen_ai.memory.records": '[{"content":"tea"},{"content":"rain"}]'},
        "retrieval", {"input": "likes", "output": "tea\n\nrain"}),
    "mcp": (
        {"mcp.method.name": "tools/call", "gen_ai.tool.name": "weather", "mcp.session.id": "x",
         "gen_ai.tool.call.arguments": '{"city":"Paris"}', "gen_ai.tool.call.result": "rain", "error.type": "tool_error"},
        "execute_tool", {"tool": "weather", "input": '{"city":"Paris"}', "output": "rain", "error_type": "tool_error"}),
    "ai sdk, around calls": (
        {"ai.operationId": "ai.streamText", "ai.model.id": "gpt-4o", "ai.usage.promptTokens": 1,
         "ai.prompt": json.dumps({"system": SYSTEM, "prompt": ASK}), "ai.response.text": SAY},
        "invoke_agent", {"input": ASK, "output": SAY, "model": "gpt-4o"}),
    "ai sdk tool": (
        {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "weather", "ai.toolCall.args": '{"a":1}',
         "ai.toolCall.result": '"rain"'},
        "execute_tool", {"tool": "weather", "input": '{"a":1}', "output": '"rain"'}),
    "ai sdk embedding": (
        {"ai.operationId": "ai.embed.doEmbed", "ai.model.id": "e", "ai.usage.tokens": 7}, "embeddings",
        {"input_tokens": 7, "model": "e"}),
    "pydantic-ai run": (
        {"agent_name": "planner", "model_name": "gpt-4o", "final_result": SAY, "gen_ai.aggregated_usage.input_tokens": 9,
         "pydantic_ai.all_messages": json.dumps([*IN, *OUT])},
        "invoke_agent", {"agent": "planner", "model": "gpt-4o", "input": ASK, "output": SAY, "input_tokens": 9}),
    "pydantic-ai tool": (
        {"gen_ai.tool.name": "t", "gen_ai.tool.call.id": "1", "tool_arguments": "{}", "tool_response": "done"},
        "execute_tool", {"tool": "t", "input": "{}", "output": "done"}),
    "crewai": (
        {"traceloop.span.kind": "agent", "crewai.agent.role": "writer"}, "invoke_agent", {"agent": "writer"}),
    "adk tool": (
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "gcp.vertex.agent.tool_call_args": '{"a":1}',
         "gcp.vertex.agent.tool_response": '{"b":2}'},
        "execute_tool", {"input": '{"a":1}', "output": '{"b":2}'}),
    "openinference reranker": (
        {"openinference.span.kind": "RERANKER", "reranker.query": "q", "reranker.model_name": "r",
         "reranker.output_documents.0.document.content": "One."},
        "rerank", {"input": "q", "output": "One.", "model": "r"}),
    "openinference graph node": (
        {"openinference.span.kind": "AGENT", "agent.name": "a", "graph.node.id": "n", "session.id": "s", "user.id": "u"},
        "invoke_agent", {"agent": "a", "session_id": "s", "user_id": "u"}),
    "azure agents": ({"gen_ai.operation.name": "process_thread_run", "gen_ai.agent.name": "a"}, "invoke_agent", {}),
}  # fmt: skip


@pytest.mark.parametrize("who", OTHERS)
def test_agents_tools_and_searches_of_everyone_are_known(who):
    attributes, operation, columns = OTHERS[who]
    got = row(attributes)
    assert got["operation"] == operation
    assert {column: got.get(column) for column in columns} == columns


def test_a_tool_whose_input_and_output_are_events_has_them():
    got = row({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}, [
        ("gen_ai.tool.message", 0, {"role": "tool", "content": '{"city": "Paris"}', "id": "1"}),
        ("gen_ai.choice", 0, {"message": '[{"text": "rain"}]', "id": "1"}),
    ])  # fmt: skip
    assert (got["input"], got["output"]) == ('{"city": "Paris"}', "rain")


def test_documents_of_a_vector_search_are_its_output():
    events = [("db.query.result", 0, {"db.query.result.document": text}) for text in ("One.", "Two.")]
    got = row({"db.system": "chroma", "db.operation": "query"}, events)
    assert (got["operation"], got["output"]) == ("db", "One.\n\nTwo.")


def test_tool_calls_beside_the_text_belong_to_the_answer():
    calls = [{"toolCallId": "c1", "toolName": "weather", "input": '{"city": "Paris"}'}]
    got = row({"ai.operationId": "ai.streamText.doStream", "ai.response.text": "", "ai.response.toolCalls": json.dumps(calls),
               "ai.prompt.messages": json.dumps([USER, {"role": "tool", "content": [
                   {"type": "tool-result", "toolCallId": "c0", "toolName": "t", "output": {"type": "text", "value": "x"}}]}])})  # fmt: skip
    (answer,) = json.loads(got["output_messages"])
    assert answer["parts"] == [{"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}}]
    assert json.loads(got["input_messages"])[1]["parts"] == [
        {"type": "tool_call_response", "id": "c0", "response": {"type": "text", "value": "x"}}
    ]


def test_seconds_longer_than_the_call_are_milliseconds():
    assert row({"gen_ai.server.time_to_first_token": 0.15})["ttft_ms"] == 150
    assert row({"gen_ai.server.time_to_first_token": 150})["ttft_ms"] == 150
    assert row({"gen_ai.server.time_to_first_token": 3000})["ttft_ms"] == 3_000_000
