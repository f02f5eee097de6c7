"""The same prompts in two windows: how many answers changed, which scores did, for whom, and what it is that drifts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import numpy as np
import pandas as pd

from llmscope.analysis.distributions import compare_counts
from llmscope.analysis.intervals import wilson_interval
from llmscope.analysis.multiplicity import corrected

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA: Final = 0.05
FEWEST: Final = 10
"""Pairs below which nothing is told of a part."""

_DRAWS: Final = 1_999
_FLIPPED: Final = 2_000
"""Pairs up to which signs are flipped; of more, the mean is normal."""
_WORDS: Final = 256
_READ: Final = 2_000
_SEED: Final = 20_260_101


def compare_answers(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """Return how many answers to the same prompt changed, against how often a window disagrees with itself.

    Args:
        reference: ``key`` and ``answer``, a row for each answer.
        current: Likewise.

    Returns:
        ``prompts`` (in both windows), ``changed`` (probability that two answers to a prompt, one of each window, are
        not the same) with its 95 % interval ``low, high``; over the ``repeated`` prompts, those with several answers in
        a window: ``within`` (probability that two answers of one window are not the same), ``between`` and the
        ``p_value`` of between being no larger. NaN where unknown.
    """
    counts = [side.groupby(["key", "answer"]).size() for side in (reference, current)]
    totals = [side.groupby("key").size() for side in (reference, current)]
    shared = totals[0].index.intersection(totals[1].index)
    nothing = dict.fromkeys(("changed", "low", "high", "within", "between", "p_value"), np.nan)
    if not len(shared):
        return {"prompts": 0, "repeated": 0, **nothing}
    met = pd.concat(counts, axis=1, join="inner", keys=["one", "other"])
    agree = (met["one"] * met["other"]).groupby(level="key").sum().reindex(shared, fill_value=0)
    between = 1 - agree / (totals[0][shared] * totals[1][shared])
    own = []
    for side, total in zip(counts, totals, strict=True):
        number = total[shared][total[shared] > 1]
        pairs = (side * (side - 1)).groupby(level="key").sum().reindex(number.index)
        own.append(1 - pairs / (number * (number - 1)))
    within = pd.concat(own, axis=1).mean(axis=1)
    excess = (between.reindex(within.index) - within).to_numpy(float)
    if set(between.unique()) <= {0.0, 1.0}:
        interval = wilson_interval(int(between.sum()), len(between)) or (np.nan, np.nan)
    else:
        half = 1.96 * float(between.std()) / len(between) ** 0.5
        interval = (float(between.mean()) - half, float(between.mean()) + half)
    return nothing | {
        "prompts": len(shared), "repeated": len(within), "changed": float(between.mean()),
        "low": max(interval[0], 0.0), "high": min(interval[1], 1.0),
        "within": float(within.mean()), "between": float(between.reindex(within.index).mean()),
        "p_value": _larger(excess),
    }  # fmt: skip


def vectors(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return what each text says as a vector: how often each word occurs (hashed), and how many there are."""
    return np.array([_words(text) for text in texts]).reshape(len(texts), _WORDS + 1)


def compare_vectors(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    """Return the p value of the answers to the same prompts having moved in a direction.

    Were the windows the same, either answer to a prompt might as well have been the other's: the signs of the
    differences are flipped at random. It needs no repeated prompts, and finds what is common to the changes.

    Args:
        reference: A vector of each answer, of shape (prompts, width).
        current: Those of the other window, to the same prompts.
    """
    if len(reference) < 2:
        return float("nan")
    delta = np.asarray(current, np.float64) - reference
    size = np.sqrt((delta**2).sum(axis=0))
    delta = delta[:, size > 0] / size[size > 0]
    if not delta.shape[1]:
        return 1.0
    dice = np.random.default_rng(_SEED)
    observed = (delta.sum(axis=0) ** 2).sum()
    signs = dice.choice([-1.0, 1.0], size=(_DRAWS, len(delta)))
    drawn = ((signs @ delta) ** 2).sum(axis=1)
    return float((1 + (drawn >= observed * (1 - 1e-12)).sum()) / (1 + _DRAWS))


def _words(text: str) -> NDArray[np.float64]:
    words = text[:_READ].lower().split()
    counts = np.bincount([crc32(word.encode("utf-8", "replace")) % _WORDS for word in words], minlength=_WORDS)
    return np.append(np.log1p(counts), np.log1p(len(words)))


SCORE_COLUMNS: Final = (
    "score", "by", "value", "pairs", "reference", "current", "difference", "low", "high", "p_value", "p_corrected",
)  # fmt: skip


def compare_scores(pairs: pd.DataFrame, scores: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Compare scores pair by pair: over all, and for each value of some attributes.

    Args:
        pairs: One row per prompt, as :func:`matched` returns them.
        scores: Which scores.
        by: Which attributes.

    Returns:
        One row per score, attribute and value (both None for all): number of ``pairs``, the means ``reference`` and
        ``current``, their ``difference`` with its 95 % interval ``low, high`` (of shares that of Bonett and Price, of
        numbers Student's), ``p_value`` (of shares McNemar's exact test, of numbers by flipping signs) and
        ``p_corrected`` (all rows together, Benjamini and Hochberg).
    """
    rows = []
    for score in scores:
        one, other = pairs[f"{score}_reference"], pairs[f"{score}_current"]
        known = pairs[one.notna() & other.notna()]
        rows.append({"score": score, "by": None, "value": None, **_paired(known, score)})
        for name in by:
            parts: Any = known.groupby(name, sort=True)
            rows += [
                {"score": score, "by": name, "value": value, **_paired(part, score)}
                for value, part in parts
                if len(part) >= FEWEST
            ]
    frame = pd.DataFrame(rows, columns=list(SCORE_COLUMNS)).astype({"by": object, "value": object})
    frame[["by", "value"]] = frame[["by", "value"]].where(frame[["by", "value"]].notna(), None)
    frame["p_corrected"] = corrected(frame["p_value"].to_numpy(float))
    return frame


def reversals(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of attributes in whose values a score rose for some and fell for others, surely both.

    Args:
        frame: What :func:`compare_scores` returns.
    """
    cells = frame[frame["by"].notna() & (frame["p_corrected"] <= ALPHA)]
    kept = [
        part for _, part in cells.groupby(["score", "by"]) if part["difference"].min() < 0 < part["difference"].max()
    ]
    return pd.concat(kept, ignore_index=True) if kept else cells.iloc[:0]


def matched(
    reference: pd.DataFrame, current: pd.DataFrame, scores: Sequence[str], by: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per prompt of both windows, and the attributes that belong to the prompt.

    Returns:
        The mean of each score in either window (``<score>_reference``, ``<score>_current``), the first text of either
        (``text_…``), ``same`` (whether all answers are one), and the attributes. One that differs between the windows,
        such as the model, does not belong to the prompt and is left out.
    """
    sides = []
    for name, side in (("reference", reference), ("current", current)):
        grouped = side.groupby("key")
        parts: dict[str, Any] = {f"{score}_{name}": grouped[score].mean() for score in scores}
        parts |= {f"text_{name}": grouped["text"].first(), f"answers_{name}": grouped["answer"].nunique()}
        parts |= {f"answer_{name}": grouped["answer"].first()}
        parts |= {f"{one}_{name}": grouped[one].first() for one in by}
        sides.append(pd.DataFrame(parts))
    pairs = sides[0].join(sides[1], how="inner")
    pairs["same"] = (
        (pairs["answers_reference"] == 1)
        & (pairs["answers_current"] == 1)
        & (pairs["answer_reference"] == pairs["answer_current"])
    )
    held = []
    for name in by:
        one, other = pairs.pop(f"{name}_reference"), pairs.pop(f"{name}_current")
        if len(pairs) and (one.fillna("") == other.fillna("")).mean() > 0.99 and len(one.unique()) > 1:
            pairs[name] = one
            held.append(name)
    return pairs, held


def drifts(
    windows: tuple[pd.DataFrame, pd.DataFrame],
    pairs: pd.DataFrame,
    *,
    scores: Sequence[str],
    by: Sequence[str],
    output: float,
    inputs: float = float("nan"),
) -> pd.DataFrame:
    """Tell apart what drifts: input, mix, output, judge or the score through the answers.

    Args:
        windows: Answers of the reference and of the current window.
        pairs: What :func:`matched` returns of them.
        scores: Which scores.
        by: Attributes that belong to the prompt.
        output: p value of the answers having changed, see :func:`compare_answers` and :func:`compare_vectors`.
        inputs: p value of the prompts having drifted, see :func:`analysis.drift.drift_vectors`; NaN where unknown.

    Returns:
        One row per kind of drift (and score, or attribute): ``drift``, ``of``, ``pairs``, ``effect`` (input: share of
        the current prompts that the reference lacks; mix: share of rows that moved; output: share of prompts with other
        answers; judge: mean change of the score of answers that are the same; score: that of answers that are not, less
        the judge's where it is known), ``p_value``, ``p_corrected`` and ``found`` (``yes``, ``no`` or ``unknown``).
    """
    reference, current = windows
    new = ~current["key"].isin(set(reference["key"]))
    rows: list[dict[str, Any]] = [
        {
            "drift": "input",
            "of": None,
            "pairs": len(current),
            "effect": new.mean() if len(current) else np.nan,
            "p_value": inputs,
        }
    ]
    for name in by:
        values = [side[name].value_counts(dropna=False) for side in (reference, current)]
        one, other = pd.concat(values, axis=1).fillna(0).to_numpy(float).T
        moved = np.abs(one / max(one.sum(), 1) - other / max(other.sum(), 1)).sum() / 2
        rows.append(
            {
                "drift": "mix",
                "of": name,
                "pairs": int(one.sum() + other.sum()),
                "effect": moved,
                "p_value": compare_counts(one, other, ordered=False).p_value,
            }
        )
    rows.append(
        {
            "drift": "output",
            "of": None,
            "pairs": len(pairs),
            "effect": 1 - pairs["same"].mean() if len(pairs) else np.nan,
            "p_value": output,
        }
    )
    for score in scores:
        delta = (pairs[f"{score}_current"] - pairs[f"{score}_reference"]).dropna()
        same = pairs.loc[delta.index, "same"].astype(bool)
        judge, other = delta[same].to_numpy(float), delta[~same].to_numpy(float)
        known = len(judge) >= FEWEST
        rows.append(
            {
                "drift": "judge",
                "of": score,
                "pairs": len(judge),
                "effect": judge.mean() if known else np.nan,
                "p_value": _flipped(judge) if known else np.nan,
            }
        )
        rows.append(
            {"drift": "score", "of": score, "pairs": len(other), **_through_answers(other, judge if known else None)}
        )
    frame = pd.DataFrame(rows).astype({"of": object})
    frame["of"] = frame["of"].where(frame["of"].notna(), None)
    frame["p_corrected"] = corrected(frame["p_value"].to_numpy(float))
    frame["found"] = np.where(
        frame["p_corrected"].isna(), "unknown", np.where(frame["p_corrected"] <= ALPHA, "yes", "no")
    )
    return frame


def _through_answers(other: NDArray[np.float64], judge: NDArray[np.float64] | None) -> dict[str, float]:
    from scipy import stats

    if len(other) < FEWEST:
        return {"effect": np.nan, "p_value": np.nan}
    if judge is None or not judge.any():
        return {"effect": float(other.mean()), "p_value": _flipped(other)}
    tested = stats.ttest_ind(other, judge, equal_var=False) if other.std() + judge.std() > 0 else None
    p = float(tested.pvalue) if tested is not None else float(other[0] == judge[0])
    return {"effect": float(other.mean() - judge.mean()), "p_value": p}


def _paired(part: pd.DataFrame, score: str) -> dict[str, Any]:
    from scipy import stats

    one, other = part[f"{score}_reference"].to_numpy(float), part[f"{score}_current"].to_numpy(float)
    n = len(one)
    if not n:
        return {"pairs": 0}
    delta = other - one
    row = {"pairs": n, "reference": one.mean(), "current": other.mean(), "difference": delta.mean()}
    if set(np.unique([one, other])) <= {0.0, 1.0}:
        rose, fell = int((delta > 0).sum()), int((delta < 0).sum())
        p = stats.binomtest(rose, rose + fell).pvalue if rose + fell else 1.0
        up, down = (rose + 1) / (n + 2), (fell + 1) / (n + 2)
        half = 1.96 * ((up + down - (up - down) ** 2) / (n + 2)) ** 0.5
        return row | {"low": max(up - down - half, -1), "high": min(up - down + half, 1), "p_value": float(p)}
    half = float(stats.t.ppf(0.975, n - 1) * delta.std(ddof=1) / n**0.5) if n > 1 else np.nan
    return row | {"low": delta.mean() - half, "high": delta.mean() + half, "p_value": _flipped(delta)}


def _flipped(delta: NDArray[np.float64]) -> float:
    """Return the p value of a mean of differences being zero, by flipping their signs."""
    n = len(delta)
    if n < 2:
        return float("nan")
    if not delta.any():
        return 1.0
    if n > _FLIPPED:
        from scipy.special import ndtr

        return float(2 * ndtr(-abs(delta.sum()) / np.sqrt((delta**2).sum())))
    dice = np.random.default_rng(_SEED)
    drawn = np.abs(dice.choice([-1.0, 1.0], size=(_DRAWS, n)) @ delta)
    return float((1 + (drawn >= abs(delta.sum()) * (1 - 1e-12)).sum()) / (1 + _DRAWS))


def _larger(excess: NDArray[np.float64]) -> float:
    """Return the one-sided p value of a mean above zero."""
    from scipy import stats

    if len(excess) < FEWEST:
        return float("nan")
    if excess.std() == 0:
        return 1.0 if excess[0] <= 0 else 0.0
    return float(stats.ttest_1samp(excess, 0, alternative="greater").pvalue)
