"""Steps of a number or a time, in words with their units."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pandas as pd

from llmscope.answers._table import face
from llmscope.charts import _format


def step_labels(key: str, edges: Sequence[Any], labels: int) -> list[str | None]:
    """Return the range of each step between edges, and None for the one of unknown values where there is one.

    Example:
        >>> step_labels("duration_ms", (100.0, 900.0, 2000.0), 3)
        ['100–900 ms', '900 ms–2.0 s', None]
    """  # noqa: RUF002  (an en dash is what stands between two numbers)
    if isinstance(edges[0], pd.Timestamp):
        told = [f"{edge:%b %d %H:%M}" for edge in edges]
        between = [f"{low} to {high}" for low, high in itertools.pairwise(told)]
    else:
        write = face(key) or _format.short
        between = [_format.between(write(low), write(high)) for low, high in itertools.pairwise(edges)]
    return [*between, *[None] * (labels - len(between))]
