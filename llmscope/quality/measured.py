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


MEASURED: Final[Mapping[str, Measured]] = {}
