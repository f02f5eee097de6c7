"""Signs that a step of an agent's run went wrong, told from its words, its calls and what came back; no model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

Call = tuple[str, str]
"""A call of a tool: its name, and its arguments as one text in which equal arguments are equal."""

_FAILED: Final = re.compile(
    r"^\s*[\"'{\[]*\s*(?:error\b|exception\b|fatal\b|failed\b|failure\b|exitcode: *[1-9])"
    r"|Traceback \(most recent call last\)|\b(?:\w+Error|\w+Exception): |\bexecution failed\b"
    r"|\"(?:error|isError|is_error)\": *(?:true|\"|\{)"
    r"|\bHTTP(?:/[\d.]+)? [45]\d\d\b|\bstatus(?:_code)?\"?[:=] *[45]\d\d\b",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"^\s*(?:exitcode: *0[^\n]*\n)?\s*(?:(?:code )?output:)?\s*"
    r"(?:\[\s*\]|\{\s*\}|none|null|nan|\"\"|''|no results?(?: found)?|not found|there is no code\b.*)?[\s.]*$",
    re.IGNORECASE | re.DOTALL,
)
_SUPPOSES: Final = re.compile(
    r"\b(?:assum(?:e|es|ed|ing)|assumption|suppos(?:e|ing)|hypothetical(?:ly)?|placeholder|simulat(?:e|ed|ing)|"
    r"for (?:the sake of|demonstration)|dummy|fictional|guess(?:ed|ing)?|unable to|cannot (?:access|directly)|"
    r"can't (?:access|directly)|don't have access|manual(?:ly)?|presum(?:e|ably)|likely)\b",
    re.IGNORECASE,
)
_CORRECTS: Final = re.compile(
    r"\b(?:incorrect(?:ly)?|mistake[ns]?|wrong|apologi[sz]e|apologies|sorry|correction|let'?s correct|misunder\w+|"
    r"didn'?t (?:work|return|find)|not (?:correct|right|what)|instead|overlooked|missed|unfortunately|issue with|"
    r"discrepanc\w+|inconsisten\w+)\b",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(r"^\W*(?:terminate|done|thank(?:s| you)|good ?bye)\b.{0,40}$", re.IGNORECASE | re.DOTALL)
_LOOKS: Final = re.compile(
    r"(?:^|[._/\-])(?:get|find|search|list|read|look|fetch|query|calc|calculate|think|check|retrieve|describe|view|show|"
    r"count|load|open|browse|scrape|visit|select|inspect|validate|verify|compare|terminal|computer|python|transfer)",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(r"[#\w][\w.\-:/#@]*\d[\w.\-:/#@]*")
_WORD: Final = re.compile(r"\w+")
_OPENING: Final = 2_000
"""Characters of a text that are looked at for words that stand at its beginning."""

SHOWN: Final = 80
"""Characters of a text that a reason quotes."""


def fails(text: str) -> bool:
    """Whether a result reads as an error.

    Example:
        >>> [fails(text) for text in ("Error: user not found", "exitcode: 1 (failed)", "All 3 errors are fixed.")]
        [True, True, False]
    """
    return bool(_FAILED.search(text))


def nothing(text: str) -> bool:
    r"""Whether a result holds nothing.

    Example:
        >>> [nothing(text) for text in ("", "[]", "exitcode: 0 (execution succeeded)\nCode output: ", "[1]")]
        [True, True, True, False]
    """
    return len(text) < _OPENING and bool(_NOTHING.match(text))


def supposes(text: str) -> str | None:
    """Return the word by which a step says that it assumes something or goes without; None where it does not.

    Example:
        >>> supposes("Let's assume the price is $60.")
        'assume'
    """
    found = _SUPPOSES.search(text)
    return found.group(0) if found else None


def corrects(text: str) -> str | None:
    """Return the word by which the beginning of a text takes back what was said before it.

    Example:
        >>> corrects("It appears that there was a mistake in the code.")
        'mistake'
    """
    found = _CORRECTS.search(text[:300])
    return found.group(0) if found else None


def ends(text: str) -> bool:
    """Whether a text only closes the conversation."""
    return len(text) < 100 and bool(_ENDS.match(text))


def changes(tool: str) -> bool:
    """Whether a tool changes something, told by its name: it is none that looks something up.

    Example:
        >>> changes("cancel_pending_order"), changes("get_order_details"), changes("orders.search")
        (True, False, False)
    """
    return not _LOOKS.search(tool)


def values(text: str) -> set[str]:
    """Return the values in a text that can be right or wrong: numbers, ids, dates and addresses.

    Example:
        >>> sorted(values("Order #W12 of 2024-05-20 costs $305.00, not 3 more."))
        ['#W12', '2024-05-20', '305.00']
    """
    found = (value.strip(".:-/") for value in _VALUE.findall(text))
    return {value for value in found if len(value) > 1}


def words(text: str) -> set[str]:
    """Return the words of a text, in lower case."""
    return set(_WORD.findall(text.lower()))


def alike(text: str, others: Sequence[str]) -> int | None:
    """Return which of some texts says nearly the same, to nine words in ten; None where none does.

    Example:
        >>> alike("The answer is 42, as computed above.", ["Hello!", "The answer is 42, as computed above!"])
        1
    """
    own = words(text)
    if len(own) < 4:
        return None
    for at, other in enumerate(others):
        said = words(other)
        if len(own & said) >= 0.9 * len(own | said):
            return at
    return None


class Spoken(NamedTuple):
    """What a model's answer says, and what it calls."""

    text: str
    calls: list[Call]


def spoken(messages: Any, output: str | None) -> Spoken:
    """Return the text and the calls of an answer.

    Args:
        messages: Its messages in the shape of ``gen_ai.output.messages``; None where there are none.
        output: Its text, where the messages hold none.

    Example:
        >>> call = {"type": "tool_call", "name": "find", "arguments": '{"b": 1, "a": 2}'}
        >>> spoken([{"role": "assistant", "parts": [{"type": "text", "content": "Let me see."}, call]}], None)
        Spoken(text='Let me see.', calls=[('find', '{"a": 2, "b": 1}')])
    """
    texts, calls = [], []
    for message in messages if isinstance(messages, list) else ():
        parts = message.get("parts") if isinstance(message, Mapping) else None
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, Mapping):
                continue
            if part.get("type") == "tool_call":
                calls.append((str(part.get("name")), arguments(part.get("arguments"))))
            elif isinstance(part.get("content"), str):
                texts.append(part["content"])
    return Spoken("\n".join(texts) or output or "", calls)


def arguments(value: Any) -> str:
    """Return the arguments of a call as one text, equal for equal arguments."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value).strip()
    return "" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)


def quoted(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text[: 4 * SHOWN].split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1].rstrip() + "…"
