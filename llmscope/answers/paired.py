"""The model was upgraded: which answers to the same prompts changed, did they get better, and for whom?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection
    from llmscope.text.models import ModelLike

TEXTS: Final = 2_000
"""Pairs of texts that are tested for what they say."""

LINES: Final = 8


@dataclass(frozen=True, repr=False, eq=False)
class PairedDrift(Answer):
    """The same prompts in two windows; see :func:`paired_drift` for the columns of ``frame``."""

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    kinds: pd.DataFrame
    """What drifts: one row each for input, mix, output, judge and score; see ``analysis.paired.drifts``."""
    answers: Mapping[str, float]
    """How many answers changed, see ``analysis.paired.compare_answers``; ``p_texts``, the p value of what they say
    having changed; and ``similarity``, the mean cosine of a pair where vectors were asked for."""
    selection: Selection
    reference: Selection
    pair: str

    @property
    def reversals(self) -> pd.DataFrame:
        """The parts in which a score rose for some and fell for others, which the overall mean hides."""
        from llmscope.analysis.paired import reversals

        return reversals(self.frame)

    def chart(self) -> alt.TopLevelMixin:
        """Return the change of each score, over all and for each part."""
        from llmscope.charts.paired import paired_chart

        return paired_chart(self.frame, title=f"The same prompts, {_words.counted(self.selection, self._count)}")

    def table(self) -> pd.DataFrame:
        """Return the scores as people read them."""
        return readable(
            self.frame[["score", "by", "value", "pairs", "reference", "current", "difference", "low", "high"]]
        )

    @property
    def _count(self) -> int:
        return int(self.answers["current_rows"])

    def text(self) -> str:
        """Return what changed to the same prompts, for whom, and what it is that drifts."""
        told = self.answers
        lines = [
            f"Reference: {_words.counted(self.reference, int(told['reference_rows']))}.",
            f"Current: {_words.counted(self.selection, self._count)}.",
        ]
        if not told["prompts"]:
            return "\n".join([*lines, f"No {self.pair} is in both windows, so nothing can be paired."])
        bounds = _format.between(_format.share(told["low"]), _format.share(told["high"]))
        lines.append(
            f"{_format.plural(told['prompts'], 'prompt')} in both; {_format.share(told['changed'])} of the answers "
            f"changed ({bounds}). {self._noise()}"
        )
        lines += [f"  {_line(row)}" for row in self.frame[self.frame["by"].isna()].to_dict("records")]
        lines += self._reversed()
        parts = self.frame[self.frame["by"].notna() & (self.frame["p_corrected"] <= 0.05)]
        parts = parts[~parts["by"].isin(set(self.reversals["by"]))]
        order = parts["difference"].abs().sort_values(ascending=False).index
        lines += [f"  {_line(row)}" for row in parts.loc[order].head(LINES).to_dict("records")]
        found = self.kinds[self.kinds["found"] == "yes"]
        lines.append(
            "What drifts: "
            + ("; ".join(_kind(row) for row in found.to_dict("records")) or "nothing that can be told")
            + "."
        )
        from llmscope.measures.pairs import CORRECT

        unknown = self.kinds[
            (self.kinds["found"] == "unknown") & (self.kinds["drift"] == "judge") & (self.kinds["of"] != CORRECT)
        ]
        if len(unknown):
            lines.append("Whether the judge drifts cannot be told: too few answers with a score are the same.")
        return "\n".join(lines)

    def _noise(self) -> str:
        told = self.answers
        if not told["repeated"]:
            return f"No prompt repeats within a window, so how often answers differ anyway is unknown. {self._said()}"
        return (
            f"Where a prompt repeats, answers of one window differ in {_format.share(told['within'])}, of both in "
            f"{_format.share(told['between'])} ({_p(told['p_value'])}). {self._said()}"
        )

    def _said(self) -> str:
        p = self.answers["p_texts"]
        if np.isnan(p):
            return ""
        what = "What they say" if "similarity" not in self.answers else "What they mean"
        return f"{what} {'moved' if p <= 0.05 else 'did not move'} in a direction ({_p(p)})."

    def _reversed(self) -> list[str]:
        lines = []
        for (score, by), part in self.reversals.groupby(["score", "by"]):
            ordered = part.sort_values("difference")
            overall = self.frame[(self.frame["score"] == score) & self.frame["by"].isna()].iloc[0]
            lines.append(f"Reversed by {by}, which the mean of {score} ({_signed(overall['difference'])}) hides:")
            lines += [f"  {_line(row)}" for row in ordered.to_dict("records")]
        return lines


def paired_drift(
    selection: Selection,
    reference: Selection,
    field: str = "output",
    pair: str = "input",
    *,
    scores: Sequence[str] = (),
    label: str | None = None,
    extract: str | None = None,
    by: Sequence[str] | None = None,
    model: ModelLike = None,
    meaning: bool = False,
) -> PairedDrift:
    r"""Return what changed between two windows in the answers to the same prompts.

    Args:
        selection: The current window, such as the calls of the new model.
        reference: What it is compared with.
        field: The text that is the answer.
        pair: What tells the same prompt: ``input``, or a column or attribute such as ``question_id``.
        scores: Columns with numbers, or ``score.<name>``.
        label: A column or attribute with the true answer: whether answers agree with it is the score ``correct``.
        extract: Regular expression whose first match in the answer is compared with the label, such as
            ``r"\b(yes|no)\b"``.
        by: Attributes of the prompts, to see for whom it changed; None for those with a few values.
        model: The embedding model, see ``answers.map.draw_map``.
        meaning: Whether to compare answers by their vectors instead of their words.

    Returns:
        An answer whose ``frame`` has one row per score, over all pairs and for each value of an attribute (``by``,
        ``value``): ``pairs``, the means ``reference`` and ``current``, ``difference`` with its 95 % interval ``low,
        high``, ``p_value`` (McNemar's for shares, flipped signs for numbers) and ``p_corrected``. ``answers`` tells how
        many answers changed, ``reversals`` what the mean hides, ``kinds`` what drifts: input (tested where ``meaning``
        is wanted or all prompts have kept vectors, else unknown), mix, output, judge, score.

    Raises:
        UnknownAttributeError: A name is no column, no attribute and no score.
        EmbeddingError: Vectors are asked for and there is no model.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"model": m, "prompt": f"{i}?", "response": m, "gold": "a"} for i in range(20) for m in "ab"]
        >>> _ = scope.load(calls)
        >>> answer = paired_drift(scope.where(model="b")._selection, scope.where(model="a")._selection, label="gold")
        >>> answer.frame[["score", "pairs", "reference", "current"]].to_numpy().tolist()
        [['correct', 20, 1.0, 0.0]]
    """
    from llmscope.analysis import paired
    from llmscope.measures.figures import count
    from llmscope.measures.pairs import CORRECT, answered, attributes

    windows = (reference, selection)
    names = attributes(windows) if by is None else list(by)
    names = [name for name in names if name not in (label, pair, *scores)] if by is None else names
    sides = answered(windows, field, pair, scores=scores, label=label, extract=extract, by=names)
    measured = [*([CORRECT] if label is not None else []), *scores]
    pairs, held = paired.matched(*sides, measured, names)
    told = paired.compare_answers(*sides)
    told |= {"reference_rows": count(reference), "current_rows": count(selection)}
    some = pairs.sort_index().head(TEXTS)
    texts = some["text_reference"].tolist(), some["text_current"].tolist()
    if meaning and len(some):
        vectors = _vectors(selection, texts, model)
        told["similarity"] = float((vectors[0] * vectors[1]).sum(axis=1).mean())
    else:
        vectors = [paired.vectors(side) for side in texts]
    told["p_texts"] = paired.compare_vectors(*vectors)
    tests = np.array([told["p_value"], told["p_texts"]])
    tests = tests[~np.isnan(tests)]
    output = min(1.0, float(tests.min()) * len(tests)) if len(tests) else float("nan")
    inputs = _inputs(windows, pair, model, meaning=meaning)
    kinds = paired.drifts(sides, pairs, scores=measured, by=held, output=output, inputs=inputs)
    return PairedDrift(paired.compare_scores(pairs, measured, held), kinds, told, selection, reference, pair)


def _inputs(windows: tuple[Selection, Selection], pair: str, given: ModelLike, *, meaning: bool) -> float:
    """Return the p value of the prompts having drifted: where they are texts whose vectors are kept, or asked for."""
    from llmscope.analysis.drift import drift_vectors
    from llmscope.answers.drift import SAMPLE
    from llmscope.text.embeddings import embed, kept

    chosen = given if meaning else kept(windows, pair)
    if chosen is None and not meaning:
        return float("nan")
    one, other = (embed(window, pair, given=chosen, sample=SAMPLE) for window in windows)
    return drift_vectors(one.by_row, other.by_row).p_value if min(len(one), len(other)) > 1 else float("nan")


def _vectors(selection: Selection, sides: tuple[list[str], list[str]], given: ModelLike) -> Any:
    from llmscope.text.embeddings import vectors_of
    from llmscope.text.models import model as model_of

    different = sorted({*sides[0], *sides[1]})
    place = {text: index for index, text in enumerate(different)}
    vectors = vectors_of(selection, different, model_of(given))
    return [vectors[[place[text] for text in side]] for side in sides]


def _line(row: Mapping[Any, Any]) -> str:
    from llmscope.charts.paired import row_name

    if not row["pairs"] or np.isnan(row["difference"]):
        return f"{row_name(dict(row))}: no pair has it in both windows"
    write = _written(row)
    return (
        f"{row_name(dict(row))}: {write(row['reference'])} to {write(row['current'])} "
        f"({_signed(row['difference'])}, {_signed(row['low'])} to {_signed(row['high'])}; {_p(row['p_corrected'])}, "
        f"{_format.plural(row['pairs'], 'pair')})"
    )


def _written(row: Mapping[Any, Any]) -> Any:
    from llmscope.measures.pairs import CORRECT

    return _format.share if row["score"] == CORRECT else lambda value: f"{value:.2f}"


def _kind(row: Mapping[Any, Any]) -> str:
    effect, of = row["effect"], row["of"]
    n = _format.plural(row["pairs"], "answer")
    return {
        "input": f"the inputs ({_format.share(effect)} of the prompts are new)",
        "mix": f"the mix by {of} ({_format.share(effect)} of the rows moved)",
        "output": f"the answers ({_format.share(effect)} of the prompts have another)",
        "judge": f"the judge of {of} ({n} stayed the same, their score changed by {_signed(effect)})",
        "score": f"{of} through the answers ({n} changed, their score by {_signed(effect)})",
    }[row["drift"]]


def _signed(value: float) -> str:
    return _format.UNKNOWN if np.isnan(value) else f"{value:+.2f}".replace("-", "\u2212")


def _p(value: float) -> str:
    if np.isnan(value):
        return "not tested"
    return _words.p_value(value)
