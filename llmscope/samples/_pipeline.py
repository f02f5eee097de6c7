"""One request through the system: gateway, guardrail, retrieval, reranking, model, tools, postprocessing."""

from __future__ import annotations

from typing import Any, Final

import orjson

from llmscope.samples._calendar import HOUR, busyness, release
from llmscope.samples._cast import HOSTS, SLOW, STRAY
from llmscope.samples._dice import Dice
from llmscope.samples._knowledge import guard, postprocess, retrieve
from llmscope.samples._model import AGENT, Prompt, call
from llmscope.samples._phrases import Document
from llmscope.samples._prompt import PROMPT_TOKENS, PROMPTS, TOOL_TOKENS, prompt_version
from llmscope.samples._quality import judge, refuses
from llmscope.samples._request import ASSISTANT, GATEWAY, SERVER, Request, Span
from llmscope.samples._run import Run
from llmscope.samples._session import Session, answer, question
from llmscope.samples._toolcalls import Called, execute, prepare
from llmscope.samples._tools import calls

_SIZES: Final = ((110, "small"), (300, "medium"))
"""Tokens of question and conversation below which the gateway calls a prompt small or medium; else large."""


def serve(dice: Dice, session: Session, time: int) -> Request:
    """Return the next request of a conversation, with its spans, and move the conversation on."""
    text, thanked = question(dice, session, time)
    size = session.tokens(text) + sum(tokens for _, _, tokens in session.history)
    running = release(time, session.region)
    request = Request(
        trace_id=dice.hexadecimal(32),
        start=time,
        session_id=session.id,
        user_id=session.user_id,
        locale=session.market.locale,
        plan=session.plan,
        channel=session.channel,
        region=session.region,
        host=HOSTS[session.region][dice.below(3)],
        release=running,
        prompt_version=prompt_version(time, session.region),
        prompt_size=next((name for limit, name in _SIZES if size < limit), "large"),
        topic=session.topic,
        turn=session.turn,
        question=text,
    )
    run = Run(dice, session, request)
    root = run.span("POST /v1/assistant", GATEWAY, time, {}, parent=None, kind=SERVER)
    busy = busyness(time // HOUR * HOUR, session.market.utc_offset, "pro")
    clock = time + dice.heavy(1_800, STRAY) + dice.heavy(busy * 2, SLOW)
    failed = False
    if dice.chance(25):
        request.error, root.message = "upstream_connect_error", "support-assistant refused the connection"
    else:
        clock, allowed = guard(run, clock, root)
        if allowed:
            clock, failed = _assist(run, clock + dice.heavy(1_200, STRAY), root, thanked=thanked)
        else:
            request.answer, request.refused = dice.pick(session.phrases.refusals).say(dice, session.slots), True
    _finish(run, root, clock + dice.heavy(1_500, STRAY))
    if request.error is None and request.model:
        session.remember(text, request.answer)
        judge(run, failed=failed)
    return request


def _assist(run: Run, clock: int, root: Span, *, thanked: bool) -> tuple[int, bool]:
    """Run the agent; return when it is done and whether it answered without a tool result that it needed."""
    request = run.request
    agent = run.span(
        f"invoke_agent {AGENT}",
        ASSISTANT,
        clock,
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": AGENT,
            "gen_ai.agent.version": request.release,
            "gen_ai.conversation.id": request.session_id,
            **run.shared,
        },
        parent=root,
    )
    read, written = request.input_tokens, request.output_tokens
    clock, failed = _loop(run, clock + run.dice.heavy(2_500, STRAY), agent, thanked=thanked)
    agent.end = clock
    if request.error is not None:
        run.fail(agent, request.error, root.message)
        return clock, False
    agent.attributes["gen_ai.usage.input_tokens"] = request.input_tokens - read
    agent.attributes["gen_ai.usage.output_tokens"] = request.output_tokens - written
    return postprocess(run, clock + run.dice.heavy(700, STRAY), root), failed


def _loop(run: Run, clock: int, agent: Span, *, thanked: bool) -> tuple[int, bool]:
    dice, request, session = run.dice, run.request, run.session
    documents: list[Document] = []
    if not thanked:
        found = retrieve(run, clock, agent)
        if found is None:
            return _last(request, clock), False
        clock, documents = found
        clock += dice.heavy(3_000, STRAY)
    request.refused = not thanked and refuses(run)
    done: list[Called] = []
    if not thanked and not request.refused and (tools := calls(dice, request.topic)):
        asked = prepare(run, tools)
        parts = [
            {"type": "tool_call", "id": key, "name": tool.name, "arguments": orjson.Fragment(arguments)}
            for key, tool, arguments in asked
        ]
        end = call(run, clock, agent, prompt=_prompt(run, documents, []), parts=parts, tokens=14 + 22 * len(asked))
        if end is None:
            return _last(request, clock), False
        clock, done = execute(run, end + dice.heavy(1_500, STRAY), agent, asked)
    missing = any(called.timed_out for called in done)
    if missing and dice.chance(4500):
        request.error, request.spans[0].message = "tool_timeout", "deadline exceeded while waiting for a tool"
        return clock, False
    request.answer = _wording(run, documents, thanked=thanked, missing=missing)
    text = [{"type": "text", "content": request.answer}]
    end = call(
        run, clock, agent, prompt=_prompt(run, documents, done), parts=text, tokens=session.tokens(request.answer)
    )
    return (end, missing) if end is not None else (_last(request, clock), False)


def _last(request: Request, clock: int) -> int:
    """Return when the last span so far has ended, if that is after ``clock``."""
    return max(clock, *[span.end for span in request.spans])


def _wording(run: Run, documents: list[Document], *, thanked: bool, missing: bool) -> str:
    dice, said, slots = run.dice, run.session.phrases, run.session.slots
    if run.request.refused:
        return dice.pick(said.refusals).say(dice, slots)
    if missing:
        return dice.pick(said.failures).say(dice, slots)
    return answer(dice, run.session, document=documents[0].title if documents else "", thanked=thanked)


def _prompt(run: Run, documents: list[Document], done: list[Called]) -> Prompt:
    session, request = run.session, run.request
    tokens = PROMPT_TOKENS[request.prompt_version] + TOOL_TOKENS + session.tokens(request.question) + 12
    instructions = [{"type": "text", "content": PROMPTS[request.prompt_version]}]
    if documents:
        excerpts = "\n\n".join([f"[{document.id}] {document.title}\n{document.content}" for document in documents])
        instructions.append({"type": "text", "content": excerpts})
        tokens += session.tokens(excerpts)
    messages: list[dict[str, Any]] = []
    for role, text, count in session.history:
        messages.append({"role": role, "parts": [{"type": "text", "content": text}]})
        tokens += count
    messages.append({"role": "user", "parts": [{"type": "text", "content": request.question}]})
    if done:
        asked = [
            {"type": "tool_call", "id": it.id, "name": it.tool.name, "arguments": orjson.Fragment(it.arguments)}
            for it in done
        ]
        messages.append({"role": "assistant", "parts": asked})
        for it in done:
            part = {"type": "tool_call_response", "id": it.id, "response": orjson.Fragment(it.result)}
            messages.append({"role": "tool", "parts": [part]})
            tokens += 30 + len(it.result) * 10 // 34
    return Prompt(orjson.dumps(instructions).decode(), orjson.dumps(messages).decode(), tokens)


def _finish(run: Run, root: Span, end: int) -> None:
    request = run.request
    request.end = root.end = max(end, _last(request, end))
    root.attributes = {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": "support-assistant",
        "http.request.method": "POST",
        "http.route": "/v1/assistant",
        "http.response.status_code": 200,
        "gen_ai.input.messages": _message("user", request.question),
        **run.shared,
        "metadata.turn": request.turn + 1,
    }
    if request.error is not None:
        request.answer = run.dice.pick(run.session.phrases.failures).say(run.dice, run.session.slots)
        root.attributes["http.response.status_code"] = 504 if "timeout" in request.error else 502
        run.fail(root, request.error, root.message)
    root.attributes["gen_ai.output.messages"] = _message("assistant", request.answer)


def _message(role: str, text: str) -> str:
    return orjson.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}]).decode()
