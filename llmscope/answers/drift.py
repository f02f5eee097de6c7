"""Did what people write, or what the model answers, change: how surely, where, by how much, and what is it called?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.charts import _format
from llmscope.errors import EmbeddingError, near

if TYPE_CHECKING:
    import altair as alt

    from llmscope.analysis.drift import VectorDrift
    from llmscope.answers.columns import ColumnDrift
    from llmscope.measures._blocks import Blocks
    from llmscope.store.selection import Selection
    from llmscope.text.embeddings import Embedded
    from llmscope.text.models import ModelLike

S = TypeVar("S")

SAMPLE: Final = 5_000
"""Texts of each window that are compared where nobody says how many."""

LINES: Final = 12
"""Regions that the words name one by one."""

_READ: Final = 2_000
"""Texts of a region, and of all others, from which its name is told."""

_SNIPPET: Final = 240
_SHOWN: Final = ["region", "trace_id", "span_id", "text"]


@dataclass(frozen=True, repr=False, eq=False)
class Drift(Answer, Generic[S]):
    """Two windows of texts compared; see :func:`drift` for the columns of ``frame`` and ``examples``.

    Attributes:
        frame: One row per region in which the windows differ, the surest first.
        examples: The most typical texts of each region.
        test: The test behind it, with its statistics; None where a window has fewer than two texts.
        reference: What the current window was compared with.
        selection: The current window.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    examples: pd.DataFrame
    test: VectorDrift | None
    reference: Selection
    selection: Selection
    what: str
    model: str
    sampled: tuple[int, int]
    totals: tuple[int, int]
    blocks: Blocks
    _scope: Callable[[Selection], S] = field(repr=False)
    _keys: Sequence[Any] = field(repr=False)

    @property
    def p_value(self) -> float:
        """How often two windows of one and the same traffic differ as much; NaN where nothing could be tested."""
        return float("nan") if self.test is None else self.test.p_value

    @property
    def drifted(self) -> bool:
        """Whether the windows differ by more than chance would have it, at five percent: what a pipeline asks for."""
        return self.test is not None and self.test.drifted

    @cached_property
    def columns(self) -> ColumnDrift:
        """The other columns of the same two windows: latency, tokens, models, and what texts are like."""
        from llmscope.answers.columns import column_drift

        return column_drift(self.selection, self.reference)

    def region(self, name: str) -> S:
        """Return the compared rows of a region as a scope; of one that vanished or shrank, those of the reference.

        Raises:
            ValueError: There is no such region; near names are suggested.
        """
        known = self.frame["region"].tolist()
        if name not in known:
            raise ValueError(f"There is no region {name!r}.{near(name, known)} .frame lists them.")
        at = known.index(name)
        fewer = self.frame["kind"].iloc[at] in ("vanished", "shrank")
        return self._scope((self.reference if fewer else self.selection).among(self._keys[at], f"about {name}"))

    def chart(self) -> alt.TopLevelMixin:
        """Return the share of each region in both windows."""
        from llmscope.charts.drift import drift_chart

        if self.test is None:
            return drift_chart(self.frame, title="Nothing can be compared", empty=self._head())
        return drift_chart(self.frame, title=self._head().partition(": ")[0].rstrip("."))

    def table(self) -> pd.DataFrame:
        """Return the regions as people read them, each with its most typical text."""
        first = self.examples.drop_duplicates("region").set_index("region")["text"]
        return pd.DataFrame(
            {
                "region": self.frame["region"],
                "kind": self.frame["kind"],
                "reference": [_format.share(value) for value in self.frame["reference_share"]],
                "current": [_format.share(value) for value in self.frame["current_share"]],
                "p": [_words.p_value(value) for value in self.frame["p_value"]],
                "example": [first[name][:120] for name in self.frame["region"]],
            }
        )

    def text(self) -> str:
        """Return the verdict, the regions in which the windows differ, and what would have been found."""
        lines = [
            f"Reference: {_words.counted(self.reference, self.totals[0])} with {self._text}.",
            f"Current: {_words.counted(self.selection, self.totals[1])} with {self._text}.",
            self._head(),
        ]
        lines += [f"  {_line(row)}" for row in self.frame.head(LINES).to_dict("records")]
        more = len(self.frame) - LINES
        lines += [f"  … {_format.plural(more, 'more region')} in .frame"] if more > 0 else []
        return "\n".join([*lines, *self._notes()])

    @property
    def _text(self) -> str:
        return f"an {self.what}" if self.what in ("input", "output") else self.what

    def _head(self) -> str:
        if self.test is None:
            return (
                f"Nothing can be compared: a window has fewer than two {_words.noun(self.selection)} with {self._text}."
            )
        sure = _words.p_value(self.p_value)
        if not self.drifted:
            return f"No drift: the {self.what}s differ no more than chance would have it ({sure})."
        if self.frame.empty:
            return f"The {self.what}s drifted ({sure}), a little everywhere: in no region for sure."
        regions = _format.plural(len(self.frame), "region differs", "regions differ")
        return f"The {self.what}s drifted ({sure}): {regions}."

    def _notes(self) -> list[str]:
        if self.test is None:
            return []
        notes = []
        own = self.test.statistics.set_index("statistic")["p_value"]
        if self.drifted and own["distance"] <= 0.01:
            farther = "less" if self.test.farther > 0 else "more"
            notes.append(f"Texts are {farther} like the usual ones than they were ({_words.p_value(own['distance'])}).")
        least = self.test.detectable_share
        if not np.isnan(least):
            notes.append(f"A new topic of {_format.share(least)} of the current window would have been seen.")
        if self.sampled != self.totals:
            told = " and ".join(f"{n:,} of {total:,}" for n, total in zip(self.sampled, self.totals, strict=True))
            notes.append(f"Compared: a sample of {told} (sample=None for all).")
        alike = f"those of one {self.blocks.noun} taken together" if self.blocks.name else "each taken as independent"
        notes.append(f"Texts as {self.model} understands them, {alike}; p values are corrected for all looked at.")
        return notes


def drift(
    selection: Selection,
    reference: Selection,
    field: str = "input",
    *,
    model: ModelLike = None,
    vectors: str | Mapping[str, Any] | None = None,
    sample: int | None = SAMPLE,
    groups: str | None = "auto",
    scope: Callable[[Selection], S],
) -> Drift[S]:
    """Return whether the texts of a selection differ from those of a reference, and where.

    The test is that of :func:`llmscope.analysis.drift.drift_vectors`: it stays quiet when nothing happened, finds
    small new topics as well as diffuse shifts, and is run on the embeddings, never on a map.

    Args:
        selection: The current window.
        reference: What it is compared with, such as the week before.
        field: ``input``, ``output``, or any other column or attribute key with texts.
        model: The embedding model, see ``answers.map.draw_map``; ``"static"`` for all of the traffic, the default one
            for a sample: it sees small topics and texts out of scope more surely.
        vectors: Vectors that exist already, likewise.
        sample: Most texts of each window, the same ones on every machine; None for all.
        groups: What makes texts alike, so that one talkative session is not taken for change: a column or attribute
            key, a width of time such as ``"1h"``, None for independent rows, ``"auto"`` for the session, else the user,
            where there is one.
        scope: What makes a scope of a selection.

    Returns:
        An answer whose ``frame`` has one row per region in which the windows differ: ``region`` (its name: phrases that
        tell it from the rest), ``kind`` (``new``, ``vanished``, ``grew``, ``shrank``), ``reference_share``,
        ``current_share``, ``difference`` with its 95 % interval ``low`` and ``high``, ``p_value`` (corrected) and
        ``rows`` (of the current window, or of the reference where it vanished or shrank). ``examples`` has ``region``,
        ``trace_id``, ``span_id`` and ``text`` (its first 240 characters). ``region(name)`` is a scope, to open, to
        explain, or to export as a data set.

    Raises:
        EmbeddingError: There is no model, a package is missing, or the vectors are of different models.
        UnknownAttributeError: No row has such an attribute.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"start_time": f"2026-11-{16 + i // 90}", "prompt": "crypto" if i > 150 else "refund",
        ...           "v": [float(i > 150), i % 90 / 90]} for i in range(180)]
        >>> _ = scope.load(calls)
        >>> drift = scope.between("2026-11-17").drift(scope.between(until="2026-11-17"), vectors="v")
        >>> drift.drifted, drift.frame["region"].tolist()
        (True, ['crypto'])
    """
    from llmscope.analysis.drift import drift_vectors
    from llmscope.measures._blocks import blocks
    from llmscope.text.atlas import Source

    source = Source(field, model, vectors)
    windows = (reference, selection)
    found = [source.of(window, sample) for window in windows]
    alike = blocks(windows, groups)
    test: VectorDrift | None = None
    regions, keys, examples = _none()
    if min(len(part) for part in found) > 1:
        if found[0].model != found[1].model:
            raise EmbeddingError(f"The windows are of two models, {found[0].model} and {found[1].model}.")
        labels = [group_labels(window, part, alike) for window, part in zip(windows, found, strict=True)]
        pair = None if alike.name is None else (labels[0], labels[1])
        test = drift_vectors(found[0].vectors[found[0].at], found[1].vectors[found[1].at], pair)
        regions, keys, examples = _regions(test, found)
    return Drift(
        regions,
        examples,
        test,
        reference,
        selection,
        field,
        found[1].model,
        (len(found[0]), len(found[1])),
        (found[0].total, found[1].total),
        alike,
        scope,
        keys,
    )


def group_labels(window: Selection, found: Embedded, alike: Blocks) -> Sequence[Any]:
    """Return the group of each row of a window that was embedded, none where rows are independent."""
    if alike.name is None:
        return []
    rows = window.among(found.rows, "embedded").table
    told = window.run(rows.select("trace_id", "span_id", group=alike.group(rows)))
    keys = found.rows.to_pandas()
    return keys.merge(told, on=["trace_id", "span_id"], how="left")["group"].tolist()


def _regions(test: VectorDrift, found: Sequence[Embedded]) -> tuple[pd.DataFrame, list[Any], pd.DataFrame]:
    """Name the regions of a test; their rows, and their most typical texts."""
    from llmscope.text.topics import name_groups

    fewer = [kind in ("vanished", "shrank") for kind in test.regions["kind"]]
    rows = [
        before if less else now
        for less, before, now in zip(fewer, test.regions["reference_members"], test.regions["members"], strict=True)
    ]
    parts = [found[0] if less else found[1] for less in fewer]
    texts = [_texts(part, at) for part, at in zip(parts, rows, strict=True)]
    names = name_groups(texts, [text for part in found for text in _texts(part, np.arange(len(part)))])
    frame = test.regions.drop(columns=["members", "reference_members", "examples"])
    frame.insert(0, "region", names)
    frame["rows"] = [len(at) for at in rows]
    keys = [part.rows.take(at) for part, at in zip(parts, rows, strict=True)]
    shown = []
    for name, part, at in zip(names, parts, test.regions["examples"], strict=True):
        table = part.rows.take(at).to_pandas()
        table.insert(0, "region", name)
        table["text"] = [" ".join(text[:_SNIPPET].split()) for text in _texts(part, at)]
        shown.append(table)
    return frame, keys, pd.concat(shown, ignore_index=True) if shown else pd.DataFrame(columns=_SHOWN)


def _texts(part: Embedded, rows: Any) -> list[str]:
    position = part.at
    return [part.texts[number] for number in position[rows[:: max(len(rows) // _READ, 1)]]]


def _none() -> tuple[pd.DataFrame, list[Any], pd.DataFrame]:
    """Return what there is where nothing was compared."""
    names = ["region", "kind", "reference_share", "current_share", "difference", "low", "high", "p_value", "rows"]
    return pd.DataFrame(columns=names), [], pd.DataFrame(columns=_SHOWN)


def _line(row: Mapping[Any, Any]) -> str:
    before, now = _format.share(row["reference_share"]), _format.share(row["current_share"])
    sides = [f"{100 * abs(row[side]):.1f}" for side in ("low", "high")]
    if row["difference"] < 0:
        sides.reverse()
    sign = "+" if row["difference"] > 0 else "\u2212"
    size = f"{sign}{sides[0]} to {sides[1]} points, {_words.p_value(row['p_value'])}"
    return f"{row['region']}: {row['kind']}, {before} to {now} ({size})"
