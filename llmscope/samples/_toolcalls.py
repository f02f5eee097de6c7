"""Tool calls: in parallel, with failures and one retry; the carrier's tracking service has a bad afternoon."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from llmscope.samples._calendar import SECOND, TOOL_TIMEOUT, within
from llmscope.samples._cast import SLOW, STRAY
from llmscope.samples._model import AGENT
from llmscope.samples._request import ASSISTANT, CLIENT, Span
from llmscope.samples._run import Run
from llmscope.samples._tools import TRACKING, Tool

_TIMEOUT = 8 * SECOND


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call as the model sees it: id, arguments and what came back, as JSON."""

    id: str
    tool: Tool
    arguments: str
    result: str
    timed_out: bool


def prepare(run: Run, tools: tuple[Tool, ...]) -> list[tuple[str, Tool, str]]:
    """Return id, tool and arguments (JSON) of the calls that the model asks for."""
    slots = run.session.slots
    return [(f"call_{run.dice.hexadecimal(24)}", tool, orjson.dumps(tool.arguments(slots)).decode()) for tool in tools]


def execute(run: Run, clock: int, parent: Span, asked: list[tuple[str, Tool, str]]) -> tuple[int, list[Called]]:
    """Run the calls at the same time; return when the last one is done, and what they gave."""
    done, last = [], clock
    for one in asked:
        start = clock + run.dice.between(150, 900)
        end, called = _attempts(run, start, parent, one)
        done.append(called)
        last = max(last, end)
    return last + run.dice.between(200, 1500), done


def _attempts(run: Run, clock: int, parent: Span, asked: tuple[str, Tool, str]) -> tuple[int, Called]:
    dice = run.dice
    identifier, tool, arguments = asked
    for attempt in range(2):
        span = run.span(
            f"execute_tool {tool.name}",
            ASSISTANT,
            clock,
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": tool.name,
                "gen_ai.tool.type": "function",
                "gen_ai.tool.description": tool.description,
                "gen_ai.tool.call.id": identifier,
                "gen_ai.tool.call.arguments": arguments,
                "gen_ai.agent.name": AGENT,
                **run.shared,
            },
            parent=parent,
            kind=CLIENT,
        )
        if attempt:
            span.attributes["retry.attempt"] = attempt
        error, message = _failure(run, tool, clock, attempt)
        if error is None:
            result = orjson.dumps(tool.result(dice, run.session.slots)).decode()
            span.attributes["gen_ai.tool.call.result"] = result
            span.end = clock + dice.heavy(tool.usual, SLOW)
            return span.end, Called(identifier, tool, arguments, result, timed_out=False)
        span.end = clock + (_TIMEOUT + dice.below(20_000) if error == "timeout" else dice.heavy(tool.usual, SLOW))
        run.fail(span, error, message)
        if error == "not_found":
            break
        clock = span.end + dice.heavy(400_000, STRAY)
    return span.end, Called(identifier, tool, arguments, f'{{"error":"{error}"}}', timed_out=error == "timeout")


def _failure(run: Run, tool: Tool, clock: int, attempt: int) -> tuple[str | None, str]:
    dice = run.dice
    if tool.name == TRACKING and within(clock, TOOL_TIMEOUT) and dice.chance((8000, 8500)[attempt]):
        return "timeout", "carrier gateway did not answer within 8 s"
    if dice.chance(110):
        return dice.pick(
            (
                ("not_found", f"{tool.name}: no such record"),
                ("upstream_503", f"{tool.name}: 503 Service Unavailable"),
                ("upstream_503", f"{tool.name}: 503 Service Unavailable"),
                ("timeout", f"{tool.name} did not answer within 8 s"),
            )
        )
    return None, ""
