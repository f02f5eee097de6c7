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
from llmscope.answers._looks import Look, looks, regions
from llmscope.charts import _format
from llmscope.errors import near

if TYPE_CHECKING:
    import altair as alt

    from llmscope.analysis.drift import VectorDrift
    from llmscope.answers.columns import ColumnDrift
    from llmscope.answers.map import Map
    from llmscope.answers.mean_change import MeanChange
    from llmscope.measures._blocks import Blocks
    from llmscope.store.selection import Selection
    from llmscope.text.atlas import Source
    from llmscope.text.models import ModelLike

S = TypeVar("S")

SAMPLE: Final = 5_000
"""Texts of each window that a slow model embeds where nobody says how many."""

LINES: Final = 12
"""Regions that the words name one by one."""


@dataclass(frozen=True, repr=False, eq=False)
class Drift(Answer, Generic[S]):
    """Two windows of texts compared; see :func:`drift` for the columns of ``frame`` and ``examples``.

    Attributes:
        frame: One row per region in which the windows differ, the surest first.
        examples: The most typical texts of each region.
        looks: The tests behind it and what they compared: one, or that of all texts and then that of a sample.
        reference: What the current window was compared with.
        selection: The current window.
        source: Where the texts and vectors come from.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    examples: pd.DataFrame
    looks: Sequence[Look]
    reference: Selection
    selection: Selection
    source: Source
    blocks: Blocks
    _scope: Callable[[Selection], S] = field(repr=False)
    _keys: Sequence[Any] = field(repr=False)
    _rows: Sequence[Any] = field(repr=False)
    _maps: list[Map[S]] = field(repr=False, default_factory=list)

    @property
    def what(self) -> str:
        """Which texts are compared: ``input``, ``output`` or another column or key."""
        return self.source.field

    @property
    def test(self) -> VectorDrift | None:
        """The surer of the tests, with its statistics; None where nothing could be compared."""
        tests = [look.test for look in reversed(self.looks) if look.test]
        return min(tests, key=lambda test: test.p_value, default=None)

    @property
    def p_value(self) -> float:
        """How often two windows of one and the same traffic differ as much; NaN where nothing could be tested.

        Of two looks it is twice the smaller p value (Bonferroni), however much they have in common.
        """
        from llmscope.analysis.multiplicity import bonferroni

        tests = [look.test.p_value for look in self.looks if look.test]
        return bonferroni(tests) if tests else float("nan")

    @property
    def drifted(self) -> bool:
        """Whether the windows differ by more than chance would have it, at five percent: what a pipeline asks for."""
        return self.test is not None and self.test.drifted

    @property
    def verdict(self) -> str:
        """``drift``, ``no drift``, or ``unknown`` where nothing could be compared."""
        if self.test is None:
            return "unknown"
        return "drift" if self.drifted else "no drift"

    @cached_property
    def columns(self) -> ColumnDrift:
        """The other columns of the same two windows: latency, tokens, models, and what texts are like."""
        from llmscope.answers.columns import column_drift

        return column_drift(self.selection, self.reference)

    def mean(self, metric: str) -> MeanChange:
        """Return why a mean changed, such as ``score.helpful``: other texts came, or the same kind does otherwise.

        Drift of a score is told from drift of the mix: see ``answers.mean_change.mean_change``.

        Raises:
            QueryError: There is no such metric, or it is no mean.
            UnknownAttributeError: No counted row has a score of that name.
        """
        from llmscope.answers.mean_change import mean_change

        return mean_change((self.reference, self.selection), self.looks[-1], self.blocks, metric)

    def region(self, name: str) -> S:
        """Return the compared rows of a region as a scope; of one that vanished or shrank, those of the reference.

        Like any scope it can be opened, explained, sliced and written: ``.export("new", format="datasets")`` is a set
        to relabel or to fine-tune on.

        Raises:
            ValueError: There is no such region; near names are suggested.
        """
        known = self.frame["region"].tolist()
        if name not in known:
            raise ValueError(f"There is no region {name!r}.{near(name, known)} .frame lists them.")
        at = known.index(name)
        fewer = self.frame["kind"].iloc[at] in ("vanished", "shrank")
        return self._scope((self.reference if fewer else self.selection).among(self._keys[at], f"about {name}"))

    @property
    def regions(self) -> dict[str, Any]:
        """``trace_id`` and ``span_id`` of the compared rows of each region by its name, of both windows."""
        return dict(zip(self.frame["region"], self._rows, strict=True))

    def map(self, *, by: str | Sequence[str] = (), fresh: bool = False) -> Map[S]:
        """Return both windows on one map: coloured by window, with what has more of each shaded and regions outlined.

        It is to look at: the test knows the vectors, not the map. The store's map is used if there is one, and the
        display of the drift then holds this map too; else it is drawn, which takes UMAP half a minute, once.

        Args:
            by: What else to colour by, see ``Scope.map``: columns, attribute keys, ``score.<name>``.
            fresh: Whether to draw the store's map anew, after other texts came.

        Raises:
            EmbeddingError: umap-learn is not installed.
            UnknownAttributeError: No row has such an attribute.
        """
        from llmscope.answers import _drift_map

        if by or fresh or not self._maps:
            self._maps[:] = [_drift_map.drawn(self, by, fresh=fresh)]
        return self._maps[0]

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
            f"Reference: {_words.counted(self.reference, self.looks[-1].totals[0])} with {self._text}.",
            f"Current: {_words.counted(self.selection, self.looks[-1].totals[1])} with {self._text}.",
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
            if min(self.looks[-1].rows) < 2:
                few = f"a window has fewer than two {_words.noun(self.selection)} with {self._text}"
                return f"Nothing can be compared: {few}."
            one = f"all of a window is of one {self.blocks.noun}, which tells nothing of the others"
            return f"Nothing can be compared: {one} (groups=None takes rows as independent)."
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
        if len(self.looks) > 1:
            told = " and ".join(_told(look) for look in self.looks)
            notes.append(f"Compared: {told}; p is twice the smaller of the two.")
        elif self.looks[0].rows != self.looks[0].totals:
            notes.append(f"Compared: {_sample(self.looks[0])} (sample=None for all).")
        notes += _power(self.looks)
        alike = f"those of one {self.blocks.noun} taken together" if self.blocks.name else "each taken as independent"
        models = " and ".join(look.model for look in self.looks)
        notes.append(
            f"Texts as {models} understand{'s' if len(self.looks) == 1 else ''} them, {alike}; p values are corrected "
            "for all looked at."
        )
        notes.append(".map() shows both windows on one map, which no test looks at.")
        return notes

    def _widget(self) -> dict[str, Any]:
        from llmscope.answers import _drift_map

        if not self._maps and (saved := _drift_map.saved(self)):
            self._maps.append(saved)
        if not self._maps:
            return super()._widget()
        shown = _drift_map.widget(self, self._maps[0])._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


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

    Of a contextual model, such as the default one, a CPU embeds some hundred texts a second; of the static one that is
    distilled from it ten thousand, but that sees small topics and texts out of scope less surely. So where a window has
    more than ``sample`` different texts whose vectors are not kept yet there are two looks: at all texts (100,000 of
    each window, which is what the test takes) with the static model, and at the sample with the contextual one. Each
    is tested at half the level, and ``p_value`` is twice the smaller of the two p values: whichever model sees it, and
    whatever they have in common, no more than five percent of comparisons of like with like are called drift
    (Bonferroni). Regions are those that the contextual model locates in the sample, then those that only the static one
    saw; their p values are doubled too. ``text()`` says what was compared, by which model, and what each would have
    seen. With a static model, a function, given vectors or ``sample=None`` there is one look.

    Args:
        selection: The current window.
        reference: What it is compared with, such as the week before.
        field: ``input``, ``output``, or any other column or attribute key with texts.
        model: The embedding model, see ``answers.map.draw_map``; ``"static"`` for the fast one alone.
        vectors: Vectors that exist already, likewise; then there is one look, at the sample.
        sample: Most texts of each window that a model reads, the same ones on every machine; None for all.
        groups: What makes texts alike, so that one talkative session is not taken for change: a column or attribute
            key, a width of time such as ``"1h"``, None for independent rows, ``"auto"`` for the session, else the user,
            where there is one.
        scope: What makes a scope of a selection.

    Returns:
        An answer whose ``frame`` has one row per region in which the windows differ: ``region`` (its name: phrases that
        tell it from the rest), ``kind`` (``new``, ``vanished``, ``grew``, ``shrank``), ``reference_share``,
        ``current_share``, ``difference`` with its 95 % interval ``low`` and ``high``, ``p_value`` (corrected), ``rows``
        (of the current window, or of the reference where it vanished or shrank) and ``model`` (that located it).
        ``examples`` has ``region``,
        ``trace_id``, ``span_id`` and ``text`` (its first 240 characters). ``region(name)`` is a scope, to open, to
        explain, or to export as a data set; ``map()`` shows where it lies.

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
    from llmscope.measures._blocks import blocks
    from llmscope.text.atlas import Source

    windows = (reference, selection)
    alike = blocks(windows, groups)
    source = Source(field, model, vectors)
    seen = looks(windows, source, sample, alike)
    told = regions(seen)
    return Drift(told.frame, told.examples, seen, reference, selection, source, alike, scope, told.keys, told.rows)


def _told(look: Look) -> str:
    """Return what one of two looks compared and how sure it is."""
    p = _words.p_value(float("nan") if look.test is None else look.test.p_value)
    return f"{'all texts' if look.rows == look.totals else _sample(look)} with {look.model} ({p})"


def _sample(look: Look) -> str:
    told = " and ".join(f"{n:,} of {total:,}" for n, total in zip(look.rows, look.totals, strict=True))
    return f"a sample of {told}"


def _power(seen: Sequence[Look]) -> list[str]:
    """Return what would have been found."""
    least = [float("nan") if look.test is None else look.test.detectable_share for look in seen]
    parts = [
        _format.share(share) + (f" by {look.model}" if len(seen) > 1 else "")
        for look, share in zip(seen, least, strict=True)
        if not np.isnan(share)
    ]
    return [f"A new topic of {', of '.join(parts)} of the current window would have been seen."] if parts else []


def _line(row: Mapping[Any, Any]) -> str:
    before, now = _format.share(row["reference_share"]), _format.share(row["current_share"])
    sides = [f"{100 * abs(row[side]):.1f}" for side in ("low", "high")]
    if row["difference"] < 0:
        sides.reverse()
    sign = "+" if row["difference"] > 0 else "\u2212"
    size = f"{sign}{sides[0]} to {sides[1]} points, {_words.p_value(row['p_value'])}"
    return f"{row['region']}: {row['kind']}, {before} to {now} ({size})"
