"""Two windows of texts as one model understands them, or as two do: a fast one all of them, a slow one a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.errors import EmbeddingError

if TYPE_CHECKING:
    from llmscope.analysis.drift import VectorDrift
    from llmscope.measures._blocks import Blocks
    from llmscope.store.selection import Selection
    from llmscope.text.atlas import Source
    from llmscope.text.embeddings import Embedded

_READ: Final = 2_000
"""Texts of a region, and of all others, from which its name is told."""

_SNIPPET: Final = 240
_FEWER: Final = ("vanished", "shrank")
_SHOWN: Final = ["region", "trace_id", "span_id", "text"]
_FRAME: Final = [
    "region", "kind", "reference_share", "current_share", "difference", "low", "high", "p_value", "rows", "model",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Two windows, the reference first, as one model understands them.

    Attributes:
        found: Their texts and vectors.
        test: The test of these; None where a window has fewer than two texts, or one group of alike ones.
    """

    found: tuple[Embedded, Embedded]
    test: VectorDrift | None

    @property
    def model(self) -> str:
        """What made the vectors."""
        return self.found[1].model

    @property
    def rows(self) -> tuple[int, int]:
        """How many texts of each window were compared."""
        return len(self.found[0]), len(self.found[1])

    @property
    def totals(self) -> tuple[int, int]:
        """How many texts each window has."""
        return self.found[0].total, self.found[1].total


def looks(windows: tuple[Selection, Selection], source: Source, sample: int | None, alike: Blocks) -> list[Look]:
    """Return the looks at two windows, that of the slow model last: see ``answers.drift.drift`` for which there are."""
    from llmscope.analysis.drift import ALPHA, TESTED
    from llmscope.text.atlas import Source
    from llmscope.text.embeddings import lacking
    from llmscope.text.models import fast, model

    if source.vectors is not None or sample is None:
        return [_look(windows, source, sample, alike, ALPHA)]
    slow, quick = model(source.model), fast(source.model)
    if slow.name == quick.name:
        return [_look(windows, source, sample, alike, ALPHA)]
    if max(lacking(window, source.field, slow) for window in windows) <= sample:
        return [_look(windows, source, max(sample, TESTED), alike, ALPHA)]
    return [
        _look(windows, Source(source.field, quick), TESTED, alike, ALPHA / 2),
        _look(windows, source, sample, alike, ALPHA / 2),
    ]


def _look(
    windows: tuple[Selection, Selection], source: Source, sample: int | None, alike: Blocks, alpha: float
) -> Look:
    from llmscope.analysis.drift import drift_vectors

    found = source.of(windows[0], sample), source.of(windows[1], sample)
    if min(len(part) for part in found) < 2:
        return Look(found, None)
    if found[0].model != found[1].model:
        raise EmbeddingError(f"The windows are of two models, {found[0].model} and {found[1].model}.")
    groups = None
    if alike.name is not None:
        groups = group_labels(windows[0], found[0], alike), group_labels(windows[1], found[1], alike)
        if min(len(set(labels)) for labels in groups) < 2:
            return Look(found, None)  # how one group differs from the others says nothing of the window
    test = drift_vectors(found[0].by_row, found[1].by_row, groups, alpha=alpha)
    return Look(found, test)


def group_labels(window: Selection, found: Embedded, alike: Blocks) -> Sequence[Any]:
    """Return the group of each row of a window that was embedded."""
    rows = window.among(found.rows, "embedded").table
    told = window.run(rows.select("trace_id", "span_id", group=alike.group(rows)))
    keys = found.rows.to_pandas()
    return keys.merge(told, on=["trace_id", "span_id"], how="left")["group"].tolist()


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Where windows differ, by name: see ``answers.drift.drift`` for the columns.

    Attributes:
        keys: The rows of each that it is shown by, in one window.
        rows: The rows of each in both windows.
    """

    frame: pd.DataFrame
    examples: pd.DataFrame
    keys: Sequence[Any]
    rows: Sequence[Any]


def regions(seen: Sequence[Look]) -> Regions:
    """Return the regions that looks tell: those of the last, then what only the one before it saw."""
    from llmscope.text.topics import name_groups

    held = [_Region(look, row) for look in reversed(seen) if look.test for row in look.test.regions.to_dict("records")]
    slow = [region for region in held if region.look is seen[-1]]
    held = [*slow, *(region for region in held if region.look is not seen[-1] and not region.among(slow))]
    others = [text for part in seen[-1].found for text in _texts(part, np.arange(len(part)))] if held else []
    names = name_groups([_texts(region.part, region.members) for region in held], others)
    frame, shown = [], []
    for name, region in zip(names, held, strict=True):
        told = {column: region.row[column] for column in _FRAME if column in region.row}
        p = min(1.0, len(seen) * float(region.row["p_value"]))
        rows, model = len(region.members), region.look.model
        frame.append({"region": name, **told, "p_value": p, "rows": rows, "model": model})
        table = region.part.rows.take(region.row["examples"]).to_pandas()
        table.insert(0, "region", name)
        table["text"] = [" ".join(text[:_SNIPPET].split()) for text in _texts(region.part, region.row["examples"])]
        shown.append(table)
    return Regions(
        pd.DataFrame(frame, columns=_FRAME),
        pd.concat(shown, ignore_index=True) if shown else pd.DataFrame(columns=_SHOWN),
        [region.part.rows.take(region.members) for region in held],
        [region.both for region in held],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """A region of a look, and the rows that it is shown by: of the reference where it has fewer now."""

    look: Look
    row: dict[Any, Any]

    @property
    def fewer(self) -> bool:
        return self.row["kind"] in _FEWER

    @property
    def part(self) -> Embedded:
        return self.look.found[0 if self.fewer else 1]

    @property
    def members(self) -> Any:
        return self.row["reference_members" if self.fewer else "members"]

    @property
    def both(self) -> Any:
        import pyarrow as pa

        members = self.row["reference_members"], self.row["members"]
        return pa.concat_tables(part.rows.take(rows) for part, rows in zip(self.look.found, members, strict=True))

    def among(self, others: Sequence[_Region]) -> bool:
        """Return whether most rows of this region that another look compared too are in one of its regions."""
        alike = [other for other in others if other.fewer == self.fewer]
        if not alike:
            return False
        mine = self.keys & set(_keys(alike[0].part.rows))
        inside = set().union(*(other.keys for other in alike))
        return 2 * len(mine & inside) > len(mine)

    @property
    def keys(self) -> set[tuple[str, str]]:
        return set(_keys(self.part.rows.take(self.members)))


def _keys(rows: Any) -> zip[tuple[str, str]]:
    return zip(rows["trace_id"].to_pylist(), rows["span_id"].to_pylist(), strict=True)


def _texts(part: Embedded, rows: Any) -> list[str]:
    """Return some thousand texts of rows."""
    position = part.at
    return [part.texts[number] for number in position[rows[:: max(len(rows) // _READ, 1)]]]
