"""How well each check does on labelled texts: what ``python -m benchmarks.quality`` prints, half of them unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

WEAK: Final = 0.9
"""Precision below which a check is called weak."""


class Measured(NamedTuple):
    """How well a check does.

    Attributes:
        precision: Share of what it flags that is right.
        recall: Share of what it should flag that it does.
        false_alarms: Share of what is right that it flags.
        on: The labelled texts.
    """

    precision: float
    recall: float
    false_alarms: float
    on: str


_ENCODING: Final = Measured(1.0, 0.992, 0.0, "answers read as Windows-1252 (HaluEval, WildBench)")
_GIBBERISH: Final = Measured(1.0, 0.965, 0.0, "answers with letters drawn anew (HaluEval, WildBench)")
_PERSONAL: Final = Measured(1.0, 0.885, 0.0, "sentences with personal data that has a form (presidio-research)")

MEASURED: Final[Mapping[str, Measured]] = {
    "input_encoding": _ENCODING,
    "input_gibberish": _GIBBERISH,
    "input_pii": _PERSONAL,
    "truncated": Measured(0.980, 0.739, 0.0158, "cut answers without a finish reason (HaluEval, WildBench)"),
    "repetition": Measured(0.997, 0.997, 0.0033, "answers with planted loops (HaluEval, WildBench)"),
    "gibberish": _GIBBERISH,
    "encoding": _ENCODING,
    "invalid_json": Measured(0.985, 1.0, 0.0146, "broken records (HaluEval)"),
    "language_mismatch": Measured(1.0, 0.522, 0.0, "answers in another language (HaluEval, WildBench)"),
    "refusal": Measured(1.0, 0.912, 0.0, "answers to sensitive questions (LLMDrift)"),
    "no_answer": Measured(1.0, 0.836, 0.0, "answers of unknown (BBQ)"),
    "inconsistent": Measured(1.0, 1.0, 0.0, "answers of two releases of a model (LLMDrift)"),
    "ungrounded": Measured(0.887, 0.480, 0.0551, "answers beside the tools of another run (tau-bench)"),
    "pii": _PERSONAL,
}
"""By the name of the check; those without labelled texts are left out. About half of the texts of a set are at fault:
among fewer faults, precision is lower, which ``false_alarms`` tells."""
