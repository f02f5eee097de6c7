"""Every check of inputs and outputs: its name, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: What follows ``quality.`` in the grammar of metrics.
        side: Of which text it is.
        finds: What is wrong where it fails, in words.
        of: What it looks at: one ``row`` alone, or the ``others`` of the selection as well.
    """

    name: str
    side: Literal["input", "output"]
    finds: str
    of: Literal["row", "others"] = "row"


CHECKS: Final[Mapping[str, Check]] = {
    check.name: check
    for check in (
        Check("input_encoding", "input", "holds wrongly decoded or control characters"),
        Check("input_gibberish", "input", "has letters that form no words"),
        Check("input_length", "input", "is far longer or shorter than the others", "others"),
        Check("input_duplicate", "input", "repeats what the same caller sent in the minute before", "others"),
        Check("input_format", "input", "is no JSON object where nearly all others are", "others"),
        Check("input_schema", "input", "has other keys or kinds of values than nearly all others", "others"),
        Check("input_pii", "input", "holds personal data"),
        Check("input_injection", "input", "tries to take the place of the instructions"),
        Check("empty", "output", "is empty", "others"),
        Check("truncated", "output", "stops before it ends"),
        Check("repetition", "output", "ends in a loop"),
        Check("gibberish", "output", "has letters that form no words"),
        Check("encoding", "output", "holds wrongly decoded or control characters"),
        Check("invalid_json", "output", "is no JSON where JSON was asked for"),
        Check("language_mismatch", "output", "is in another language than its prompt"),
        Check("refusal", "output", "declines what it was asked"),
        Check("no_answer", "output", "says that it does not know"),
        Check("inconsistent", "output", "contradicts other answers to the same prompt", "others"),
        Check("ungrounded", "output", "says what no retrieved document says"),
        Check("pii", "output", "holds personal data"),
    )
}
"""Every check by its name, inputs first."""

OWN: Final = tuple(check.name for check in CHECKS.values() if check.of == "row")
"""Those that look at one row alone."""
