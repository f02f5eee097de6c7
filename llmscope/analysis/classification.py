"""How well predictions agree with labels: accuracy, precision, recall and F1, each with an interval."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from llmscope.analysis.intervals import Interval, wilson_interval

NOTHING: Final = None
"""Prediction of what was not predicted: wrong, whatever its label."""

_DRAWS: Final = 2_000
_PRIOR: Final = 1.0
"""Observations that the draws of macro F1 add, spread over the table, so that a perfect table is not certain."""

_SEED: Final = 20_261_116

_ENOUGH: Final = 5
"""Observations of the rarest label below which macro F1 has no interval: the draws would promise too much."""

CLASS_COLUMNS: Final = (
    "class", "support", "predicted", "correct",
    "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high", "f1", "f1_low", "f1_high",
)  # fmt: skip
OVERALL_COLUMNS: Final = (
    "n", "correct", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "macro_f1_low", "macro_f1_high",
)  # fmt: skip


def by_class(counts: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return precision, recall and F1 of every class, one row each, the most frequent first.

    Precision and recall are shares, with Wilson's interval. F1 is 2p / (1 + p), where p is the share of the correct
    among all that have or were given the class; it rises with p, so the interval of p gives that of F1. Observations
    count as independent: many calls of one session make the intervals too narrow.

    Args:
        counts: Columns ``label``, ``prediction`` (``NOTHING`` where there was none) and ``count``.
        confidence: Nominal coverage of the intervals, between 0 and 1.

    Returns:
        ``CLASS_COLUMNS``: ``support`` observations have the class, ``predicted`` were given it, ``correct`` are both.
        What has no denominator, such as the precision of a class that was never predicted, is NaN. Every class that
        is a label or a prediction has a row.

    Example:
        >>> counts = pd.DataFrame({"label": ["a", "a", "b"], "prediction": ["a", "b", "b"], "count": [8, 2, 5]})
        >>> by_class(counts)[["class", "support", "precision", "recall"]].to_dict("records")[0]
        {'class': 'a', 'support': 10, 'precision': 1.0, 'recall': 0.8}
    """
    classes, matrix = confusion(counts)
    rows = []
    for index, name in enumerate(classes):
        correct = int(matrix[index, index])
        support, predicted = int(matrix[index].sum()), int(matrix[:, index].sum())
        rows.append(
            {
                "class": name,
                "support": support,
                "predicted": predicted,
                "correct": correct,
                **_rate("precision", correct, predicted, confidence),
                **_rate("recall", correct, support, confidence),
                **_f1(correct, support + predicted - correct, confidence),
            }
        )
    frame = pd.DataFrame(rows, columns=list(CLASS_COLUMNS))
    return frame.sort_values("support", ascending=False, kind="stable", ignore_index=True)


def overall(counts: pd.DataFrame, confidence: float = 0.95) -> dict[str, float]:
    """Return accuracy and macro F1, with their intervals, as a row of ``OVERALL_COLUMNS``.

    Accuracy has Wilson's interval. Macro F1, the mean of the F1 of every class that is a label, has a percentile
    interval of 2,000 Dirichlet draws of the table of counts, from a fixed seed, and
    none where a label occurs fewer than five times. It speaks of the labels that occur.

    Args:
        counts: As for :func:`by_class`.
        confidence: Nominal coverage, between 0 and 1.

    Example:
        >>> counts = pd.DataFrame({"label": ["a", "b"], "prediction": ["a", "b"], "count": [8, 2]})
        >>> overall(counts)["accuracy"]
        1.0
    """
    _, matrix = confusion(counts)
    total, correct = int(matrix.sum()), int(np.trace(matrix))
    low, high = _macro_interval(matrix, confidence)
    return {
        "n": total,
        "correct": correct,
        **_rate("accuracy", correct, total, confidence),
        "macro_f1": float(_macro_f1(matrix[None], matrix.sum(axis=1) > 0)[0]) if total else float("nan"),
        "macro_f1_low": low,
        "macro_f1_high": high,
    }


def confusion(counts: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Return the classes in order of name and the table of counts: a row a label, a column a prediction.

    The last column, one more than there are classes, counts what was not predicted.
    """
    labels = list(counts["label"])
    predictions = [NOTHING if pd.isna(value) else value for value in counts["prediction"]]
    classes = sorted({*labels, *(value for value in predictions if value is not NOTHING)})
    place: dict[str | None, int] = {name: index for index, name in enumerate(classes)}
    place[NOTHING] = len(classes)
    matrix = np.zeros((len(classes), len(classes) + 1), dtype=np.int64)
    for label, prediction, count in zip(labels, predictions, counts["count"], strict=True):
        matrix[place[label], place[prediction]] += int(count)
    return classes, matrix


def _rate(name: str, part: int, whole: int, confidence: float) -> dict[str, float]:
    bounds = wilson_interval(part, whole, confidence) or Interval(float("nan"), float("nan"))
    return {name: part / whole if whole else float("nan"), f"{name}_low": bounds.low, f"{name}_high": bounds.high}


def _f1(correct: int, either: int, confidence: float) -> dict[str, float]:
    share = _rate("f1", correct, either, confidence)
    return {name: 2 * value / (1 + value) for name, value in share.items()}


def _macro_f1(matrices: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Macro F1 of each of many tables, over the known classes."""
    classes = matrices.shape[1]
    correct = np.diagonal(matrices, axis1=1, axis2=2)
    support, predicted = matrices.sum(axis=2), matrices[:, :, :classes].sum(axis=1)
    either = support + predicted
    f1 = 2 * correct / np.where(either > 0, either, 1)
    return np.asarray(f1[:, known].mean(axis=1))


def _macro_interval(matrix: np.ndarray, confidence: float) -> tuple[float, float]:
    support = matrix.sum(axis=1)
    known = support > 0
    if not known.any() or support[known].min() < _ENOUGH:
        return float("nan"), float("nan")
    chance = np.random.default_rng(_SEED)
    possible = np.repeat(known, matrix.shape[1])  # what is no label here cannot have been one in a draw
    drawn = np.zeros((_DRAWS, matrix.size))
    drawn[:, possible] = chance.dirichlet(matrix.ravel()[possible] + _PRIOR / possible.sum(), size=_DRAWS)
    found = _macro_f1(drawn.reshape(_DRAWS, *matrix.shape), known)
    tail = (1 - confidence) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    stated = float(_macro_f1(matrix[None], known)[0])
    return min(float(low), stated), max(float(high), stated)
