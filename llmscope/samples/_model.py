"""Calls of the model: prompt, caching, streaming, failures, retries and the fallback to another provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from llmscope.samples._calendar import SECOND
from llmscope.samples._cast import DISTANCE, FALLBACK, FIRST_TOKEN, MODELS, STRAY, Model
from llmscope.samples._dice import lognormal, spread
from llmscope.samples._prompt import PROMPT_TOKENS, TOOL_TOKENS
from llmscope.samples._request import ASSISTANT, CLIENT, Span
from llmscope.samples._run import Run

AGENT: Final = "support-agent"
_REASONING: Final = lognormal(0.7)
_FAILURES: Final = spread(
    {
        ("rate_limit_exceeded", "429: Rate limit reached for {model}, please try again in 812ms.", 140_000): 4,
        ("rate_limit_exceeded", "429: Rate limit reached for {model}, please try again in 2.1s.", 190_000): 2,
        ("overloaded_error", "529: Overloaded", 1_300_000): 3,
        ("server_error", "500: The server had an error while processing your request. Sorry about that!", 2_400_000): 2,
        ("timeout", "Request to {model} timed out after 30 s", 30_000_000): 1,
    }
)
"""Error, message and usual duration in microseconds of a failed call, by how often it happens."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is given: the JSON of instructions and messages, and their size in tokens."""

    instructions: str
    messages: str
    tokens: int


def call(run: Run, clock: int, parent: Span, *, prompt: Prompt, parts: list[dict[str, Any]], tokens: int) -> int | None:
    """Call the model until it answers with ``parts``; return when it has, or None when every attempt failed.

    Args:
        run: The request.
        clock: When the first attempt begins.
        parent: The span that calls.
        prompt: What goes in.
        parts: Parts of the message that comes out.
        tokens: How many tokens they are.
    """
    dice, name = run.dice, run.session.model
    for attempt in range(3):
        if attempt == 2:
            if not dice.chance(6000):
                break
            name = FALLBACK[name]
        model = MODELS[name]
        span = _begin(run, clock, parent, prompt, model)
        if attempt:
            span.attributes["retry.attempt"] = attempt
        if not dice.chance((200, 3800, 1500)[attempt]):
            _answer(run, span, model, parts, (prompt.tokens, tokens))
            return span.end
        error, message, usual = dice.pick(_FAILURES)
        span.end = clock + (usual if error == "timeout" else dice.heavy(usual, FIRST_TOKEN))
        run.fail(span, error, message.format(model=name))
        clock = span.end + dice.heavy(700_000, STRAY)
    run.request.error, run.request.spans[0].message = error, f"no answer from {run.session.model} after retries"
    return None


def _begin(run: Run, clock: int, parent: Span, prompt: Prompt, model: Model) -> Span:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": model.provider,
        "gen_ai.request.model": model.name,
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.stream": run.request.channel not in ("api", "email"),
        "gen_ai.conversation.id": run.request.session_id,
        "gen_ai.agent.name": AGENT,
        "gen_ai.system_instructions": prompt.instructions,
        "gen_ai.input.messages": prompt.messages,
        "server.address": model.host,
        "server.port": 443,
        **run.shared,
    }
    run.request.model, run.request.provider = model.name, model.provider
    return run.span(f"chat {model.name}", ASSISTANT, clock, attributes, parent=parent, kind=CLIENT)


def _answer(run: Run, span: Span, model: Model, parts: list[dict[str, Any]], tokens: tuple[int, int]) -> None:
    """Give a span its answer: how long it took, what it used and cost; ``tokens`` are those in and out."""
    dice, request = run.dice, run.request
    given, written = tokens
    prefix = (PROMPT_TOKENS[request.prompt_version] + TOOL_TOKENS) // 128 * 128
    read = prefix if dice.chance(4000 if request.turn == 0 else 7000) else 0
    stored = prefix - read if model.caches_explicitly else 0
    thought = min(dice.heavy(90, _REASONING), 900) if model.reasons and dice.chance(5500) else 0
    first = dice.heavy(model.first * DISTANCE.get((model.provider, request.region), 1000) // 1000, FIRST_TOKEN)
    first += (given - read) * model.prefill + read * model.prefill // 10 + thought * SECOND // model.speed
    writing = written * SECOND // dice.heavy(model.speed, STRAY)
    if (
        model.provider == "azure.ai.openai"
        and request.region == "eu-central-1"
        and request.release == "3.42.0"
        and request.prompt_size == "large"
    ):
        first, writing = first * 9 // 2, writing * 3
    span.end = span.start + first + writing
    written += thought
    cost = (given - read - stored) * model.read + read * model.cached + stored * model.stored + written * model.write
    finish = "tool_call" if parts[0]["type"] == "tool_call" else "stop"
    attributes = span.attributes
    attributes["gen_ai.response.id"] = f"resp_{dice.hexadecimal(24)}"
    attributes["gen_ai.response.model"] = model.answers_as
    attributes["gen_ai.response.finish_reasons"] = [finish]
    attributes["gen_ai.usage.input_tokens"] = given
    attributes["gen_ai.usage.output_tokens"] = written
    attributes["gen_ai.usage.cache_read.input_tokens"] = read
    if stored:
        attributes["gen_ai.usage.cache_creation.input_tokens"] = stored
    if model.reasons:
        attributes["gen_ai.usage.reasoning.output_tokens"] = thought
    attributes["gen_ai.usage.cost"] = cost / 1e9
    if attributes["gen_ai.request.stream"]:
        attributes["gen_ai.response.time_to_first_chunk"] = first / 1e6
        if finish == "stop" and request.ttft is None:
            request.ttft = span.start + first - request.start
    message = {"role": "assistant", "parts": parts, "finish_reason": finish}
    attributes["gen_ai.output.messages"] = orjson.dumps([message]).decode()
    request.input_tokens += given
    request.output_tokens += written
    request.cache_read_tokens += read
    request.cost += cost
