"""Suspects: which steps of one failed run most likely made it fail, told without a model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.analysis import _signs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WEIGHTS: Final = {
    "failed": 1.0,
    "gave an error": 0.1,
    "call failed": 0.45,
    "call gave nothing": 0.45,
    "first decision": 0.65,
    "unseen values": 0.45,
    "supposes": 0.6,
    "takes back": 0.65,
    "taken back": 0.2,
    "changes": 2.0,
    "first change": 0.6,
    "repeats": 0.2,
    "slow": 0.2,
    "long": 0.2,
}
"""How much each sign adds to the score of a step, as a logarithm of odds.

Fitted together (a conditional logit, rounded) on half of the labelled runs that ``benchmarks/suspects.py`` names, but
for those of which these runs tell nothing or too little: ``failed``, ``gave an error``, ``repeats``, ``slow`` and
``long`` are set by judgement."""

_CARRIED_OUT: Final = -1.3
"""What a step has that only carries out what another called for: a mistake is more often in the call."""

_CLOSING: Final = -0.6
_SPOKEN: Final = 0.1
"""For each e-fold of the length of what a step says: who decides more can be wrong in more."""

_BEFORE: Final = 20
"""Steps before one among which it is looked whether it repeats what they said."""

_SAME: Final = 0.7
"""Share of the words of the question that the opening of a run repeats when it only hands the task on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    Attributes:
        who: The agent or tool, empty where unknown.
        said: What came out of it: the answer of a model, the result of a tool.
        asked: What was put to it just before, as far as known.
        calls: The tools that it calls.
        is_tool: Whether it carries out what another step called for.
        error: The error it ended with; None where it did not.
        slow: Whether it took longer than 99 % of its kind elsewhere, as far as known.
        long: Whether more tokens came out than of 99 % of its kind.
    """

    who: str
    said: str = ""
    asked: str = ""
    calls: Sequence[_signs.Call] = field(default_factory=tuple)
    is_tool: bool = False
    error: str | None = None
    slow: bool = False
    long: bool = False


def rank_steps(steps: Sequence[Step], question: str = "") -> pd.DataFrame:
    """Rank the steps of one failed run by how likely each made it fail.

    Each step is given the signs that speak against it: it failed, or what it called failed or gave nothing; it is the
    first decision, on which all others rest; it brings in values that nothing before it told; it says that it supposes
    something; it takes back what was said, or is taken back by the next one; it changes something in the world; it
    repeats a call, or itself; it took longer, or said more, than 99 % of its kind elsewhere. What a tool gives back is
    held against the step that called it. Signs that are read from words read English.

    It is a ranking, no probability: a score only says before which other steps of the same run one should be looked at.

    Args:
        steps: The steps in their order.
        question: What the run was asked to do.

    Returns:
        One row per step, the most suspect first, of equal ones the earliest: ``step`` (its place, from 1), ``score``
        (the sum of ``WEIGHTS`` of its signs, and of its length and part), ``signs`` (names in ``WEIGHTS``) and
        ``reasons`` (one in words for each sign).

    Example:
        >>> run = [Step("planner", "Look up the price, then book.", calls=[("search", "{}")]),
        ...        Step("search", "Error: no such city", is_tool=True),
        ...        Step("planner", "Let's assume the price is $60.")]
        >>> rank_steps(run, "Book a flight.")[["step", "signs"]].to_numpy().tolist()
        [[1, ['call failed', 'first decision']], [3, ['unseen values', 'supposes']], [2, ['gave an error']]]
    """
    rows = [
        (
            place + 1,
            _score(steps[place], found),
            [sign for sign, _, _ in found],
            [words for _, _, words in found],
        )
        for place, found in enumerate(_found(steps, question))
    ]
    table = pd.DataFrame(rows, columns=["step", "score", "signs", "reasons"])
    return table.sort_values(["score", "step"], ascending=[False, True], kind="stable", ignore_index=True)


def _score(step: Step, found: Sequence[tuple[str, float, str]]) -> float:
    score = sum(WEIGHTS[sign] * size for sign, size, _ in found)
    if step.is_tool:
        return score + _CARRIED_OUT
    return score + _SPOKEN * math.log1p(len(step.said)) + (_CLOSING if _closes(step) else 0.0)


def _closes(step: Step) -> bool:
    return not step.calls and _signs.ends(step.said)


def _found(steps: Sequence[Step], question: str) -> Iterator[list[tuple[str, float, str]]]:
    """Yield for each step its signs, each with how strong it is and a reason in words."""
    known = _signs.values(question)
    calls: dict[_signs.Call, int] = {}
    texts: list[str] = []
    places: list[int] = []
    decided = changed = False
    for place, step in enumerate(steps):
        found: list[tuple[str, float, str]] = []
        if step.error is not None:
            found.append(("failed", 1.0, f"it failed: {_signs.quoted(step.error)}" if step.error else "it failed"))
        elif step.is_tool and _signs.fails(step.said):
            found.append(("gave an error", 1.0, f"its result is an error: {_signs.quoted(step.said)}"))
        told = " ".join([step.said, *(arguments for _, arguments in step.calls)])
        asked = _signs.values(step.asked)
        if not step.is_tool:
            found += _of_results(_results(steps, place))
            begins = not _closes(step) and not decided and not (place == 0 and _hands_on(step, question))
            if begins:
                decided = True
                found.append(("first decision", 1.0, "the first decision, on which all others rest"))
            found += _of_words(step, told, known | asked, opening=not decided)
            found += _of_answer(steps, place)
            changing = [name for name, _ in step.calls if _signs.changes(name)]
            if changing:
                found.append(("changes", 1.0, f"changes something ({', '.join(dict.fromkeys(changing))})"))
                if not changed:
                    found.append(("first change", 1.0, "the first change of the run"))
                changed = True
            found += _of_repeats(step, calls, texts, places)
            texts.append(step.said)
            places.append(place)
        found += _of_size(step)
        known |= _signs.values(told) | asked
        calls |= {call: place for call in step.calls if call not in calls}
        yield found


def _hands_on(step: Step, question: str) -> bool:
    """Whether the opening of a run only repeats what was asked."""
    wanted = _signs.words(question)
    return bool(wanted) and len(_signs.words(step.said) & wanted) >= _SAME * len(wanted)


def _results(steps: Sequence[Step], place: int) -> list[Step]:
    """Return the tools' steps that follow one, up to the next that is none."""
    results = []
    for step in steps[place + 1 :]:
        if not step.is_tool:
            break
        results.append(step)
    return results


def _of_results(results: Sequence[Step]) -> Iterator[tuple[str, float, str]]:
    failed = next((one for one in results if one.error is not None or _signs.fails(one.said)), None)
    if failed is not None:
        why = _signs.quoted(failed.error or failed.said)
        yield "call failed", 1.0, f"what it called ({failed.who or 'a tool'}) failed: {why}"
    empty = next((one for one in results if one is not failed and _signs.nothing(one.said)), None)
    if empty is not None:
        yield "call gave nothing", 1.0, f"what it called ({empty.who or 'a tool'}) gave nothing back"


def _of_words(step: Step, told: str, known: set[str], *, opening: bool) -> Iterator[tuple[str, float, str]]:
    new = sorted(_signs.values(told) - known)
    if new:
        some = ", ".join(new[:3]) + (", …" if len(new) > 3 else "")
        yield "unseen values", math.log1p(len(new)), f"brings in what nothing before it told: {some}"
    if opening:
        return
    word = _signs.supposes(step.said)
    if word:
        yield "supposes", 1.0, f"supposes something, or goes without it (“{word}”)"
    word = _signs.corrects(step.said)
    if word:
        yield "takes back", 1.0, f"changes its course (“{word}”)"


def _of_answer(steps: Sequence[Step], place: int) -> Iterator[tuple[str, float, str]]:
    answer = next((step for step in steps[place + 1 :] if not step.is_tool), None)
    if answer is not None and _signs.corrects(answer.said):
        yield "taken back", 1.0, f"the next step does not go along: {_signs.quoted(answer.said)}"


def _of_repeats(
    step: Step, calls: dict[_signs.Call, int], texts: Sequence[str], places: Sequence[int]
) -> Iterator[tuple[str, float, str]]:
    again = next((call for call in step.calls if call in calls), None)
    if again is not None:
        yield "repeats", 1.0, f"calls {again[0]} with the same arguments as step {calls[again] + 1} did"
        return
    same = _signs.alike(step.said, texts[-_BEFORE:])
    if same is not None:
        yield "repeats", 1.0, f"says what step {places[-_BEFORE:][same] + 1} said"


def _of_size(step: Step) -> Iterator[tuple[str, float, str]]:
    if step.slow:
        yield "slow", 1.0, "took longer than 99 % of its kind"
    if step.long:
        yield "long", 1.0, "put out more tokens than 99 % of its kind"
