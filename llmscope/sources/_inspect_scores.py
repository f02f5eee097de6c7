"""Scores of Inspect as rows of ``scores``: grades, numbers, and structures of these."""

from __future__ import annotations

import math
from typing import Any, Final

from llmscope.sources._batch import Row
from llmscope.sources._cells import real, text

_GRADES: Final = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Correct, partial, incorrect, no answer: as Inspect's ``value_to_float`` counts them."""
_WORDS: Final = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


def score_rows(name: str, score: dict[str, Any]) -> list[Row]:
    """Return the rows of one score: one, or one for each entry of a structured value.

    Args:
        name: Of the scorer.
        score: Inspect's ``Score``.

    Example:
        >>> score_rows("match", {"value": "C", "explanation": "Same."})
        [{'name': 'match', 'value': 1.0, 'label': 'C', 'explanation': 'Same.', 'annotator': 'code'}]
        >>> [(row["name"], row["value"]) for row in score_rows("judge", {"value": {"tone": 3, "facts": 4}})]
        [('judge.tone', 3.0), ('judge.facts', 4.0)]
    """
    value = score.get("value")
    if isinstance(value, dict | list) and value:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        named = [(f"{name}.{key}", item) for key, item in entries]
    else:
        named = [(name, value)]
    said = {"explanation": text(score.get("explanation")), "annotator": _annotator(name, score)}
    return [{"name": key, **_value(item)} | said for key, item in named]


def _value(value: Any) -> Row:
    if isinstance(value, str):
        grade = _GRADES.get(value, _WORDS.get(value.lower()))
        return {"value": real(value) if grade is None else grade, "label": value or None}
    if isinstance(value, float) and not math.isfinite(value):  # not scored
        return {"value": None, "label": None}
    number = real(value)
    return {"value": number, "label": None if number is not None else text(value)}


def _annotator(name: str, score: dict[str, Any]) -> str:
    """Return who judged: a model where the name says graded by one or its dialogue is kept, else code."""
    metadata = score.get("metadata")
    graded = isinstance(metadata, dict) and "grading" in metadata
    return "llm" if graded or "model_graded" in name else "code"
