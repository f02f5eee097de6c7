"""How good an answer is, and who says so: thumbs of customers and a judge model."""

from __future__ import annotations

from typing import Final

from llmscope.samples._calendar import MINUTE, SECOND, WORSE_ANSWERS, within
from llmscope.samples._dice import lognormal
from llmscope.samples._request import Request, Score
from llmscope.samples._run import Run

JUDGED: Final = 5000
"""Share of answers that the judge model reads, in hundredths of a percent."""

_DELAY: Final = lognormal(0.8)
_GOOD: Final = (
    "Answers the question with the right policy and a clear next step.",
    "Correct and complete, cites the matching article.",
    "Helpful; tone fits, no invented facts.",
)
_BAD: Final = (
    "Does not address what the customer asked.",
    "Vague: no next step, repeats the question.",
    "Claims something the excerpts do not say.",
)
_REFUSED: Final = ("Refuses although the excerpts contain the answer.", "Sends the customer away without reason.")
_FAILED: Final = ("Only an apology: the tool result is missing.",)


def affected(request: Request) -> bool:
    """Return whether a request is of those that get worse answers."""
    return request.locale == "fr-FR" and request.plan == "free" and within(request.start, WORSE_ANSWERS)


def refuses(run: Run) -> bool:
    """Return whether the model declines to answer."""
    return run.dice.chance(2400 if affected(run.request) else 170)


def judge(run: Run, *, failed: bool) -> None:
    """Add the scores that a request gets after its end."""
    dice, request = run.dice, run.request
    good = not failed and not request.refused and not dice.chance(4200 if affected(request) else 1300)
    judged, rated = dice.chance(JUDGED), dice.chance(1700)
    if judged:
        value = dice.between(72, 100) if good else dice.between(8, 38) if request.refused else dice.between(15, 60)
        reasons = _GOOD if good else _REFUSED if request.refused else _FAILED if failed else _BAD
        time = request.end + dice.heavy(40 * SECOND, _DELAY)
        request.scores.append(
            Score("helpfulness", value, "pass" if value >= 60 else "fail", dice.pick(reasons), time, "llm")
        )
    if rated:
        up = dice.chance(9000 if good else 2000)
        time = request.end + dice.heavy(MINUTE // 3, _DELAY)
        request.scores.append(Score("thumbs", int(up), "up" if up else "down", "", time, "human"))
