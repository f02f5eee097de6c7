"""What the two windows of an explanation are called: one before the other, or a selection and the rest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sides:
    """What the two windows are called.

    Attributes:
        rest: What the baseline is all else of, such as ``requests, model = gpt-4o``; empty where it is a window of its
            own.
    """

    rest: str = ""
    baseline: str = "Baseline"
    current: str = "Now"
    head: str = "{} to {}"
    change: str = "change"
    as_before: str = "had it behaved as before"
    as_much: str = "with as much as before"
    new: str = "New at the same time: "
    instead: str = "in place of {}"
    inseparable: str = "what else came at that time cannot be told from it"


def against_rest(rest: str) -> Sides:
    """Return what a selection and the rest are called, of which neither came first."""
    return Sides(
        rest,
        "The rest of",
        "Selected",
        "{} in the rest, {} of what is selected",
        "difference",
        "were it as in the rest",
        "with as much as in the rest",
        "Only in what is selected: ",
        "where the rest has {}",
        "what else only the selection has cannot be told from it",
    )
