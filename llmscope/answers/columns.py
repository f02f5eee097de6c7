"""Did any column change: latency, tokens, cost, the mix of models, the length and language of what people write?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from llmscope import schema
from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import face, readable
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.measures._blocks import Blocks
    from llmscope.measures.columns import Column
    from llmscope.store.selection import Selection

USUAL: Final = (
    "duration_ms", "ttft_ms", "input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens", "cost_usd",
    "status", "error_type", "finish_reason", "operation", "name", "provider", "model", "response_model", "service",
    "environment", "release", "agent", "tool", "spans", "failed_spans",
)  # fmt: skip
"""Columns that are compared where nobody names any, as far as a row has a value."""

TEXTS: Final = ("input", "output")

ROWS: Final = 20_000
"""Texts of a window that are described."""

LINES: Final = 15


@dataclass(frozen=True, repr=False, eq=False)
class ColumnDrift(Answer):
    """Columns of two windows compared; see :func:`column_drift` for the columns of ``frame``."""

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    values: pd.DataFrame
    """Each value of each category in both windows, see :func:`llmscope.analysis.columns.compare_columns`."""
    selection: Selection
    reference: Selection
    blocks: Blocks
    sampled: int | None
    """Texts of a window that were described, where these are fewer than all."""
    rows: tuple[int, int]
    """What was counted in the reference and in the current window."""

    @cached_property
    def changed(self) -> pd.DataFrame:
        """The columns that changed."""
        return self.frame[self.frame["change"].isin(["changed", "missing"])].reset_index(drop=True)

    def chart(self) -> alt.TopLevelMixin:
        """Return the columns by the share of rows that moved."""
        from llmscope.charts.columns import columns_chart

        return columns_chart(self.frame, title=f"What moved: {_words.counted(self.selection, self.rows[1])}")

    def table(self) -> pd.DataFrame:
        """Return the columns as people read them."""
        shown = readable(self.frame[["column", "change", "effect", "share_moved"]])
        shown["p"] = [_words.p_value(value) for value in self.frame["p_corrected"]]
        return shown

    def text(self) -> str:
        """Return which columns changed, by how much and how sure, in plain words."""
        head = (
            f"Reference: {_words.counted(self.reference, self.rows[0])}.\n"
            f"Current: {_words.counted(self.selection, self.rows[1])}."
        )
        tested = self.frame[self.frame["change"] != "untested"]
        if tested.empty:
            reasons = "; ".join(sorted(set(self.frame["reason"].dropna()))) or "there are no columns"
            return f"{head}\nNothing can be compared: {reasons}."
        about = f"{_format.plural(len(tested), 'column')} compared"
        if self.changed.empty:
            lines = [f"{about}: none changed more than chance would have it."]
        else:
            lines = [f"{about}, {len(self.changed)} changed:"]
            lines += [f"  {_line(row)}" for row in self.changed.head(LINES).to_dict("records")]
            more = len(self.changed) - LINES
            lines += [f"  … {more} more in .changed"] if more > 0 else []
        alike = (
            f"rows of one {self.blocks.noun} are taken together"
            if self.blocks.name
            else "rows are taken as independent"
        )
        notes = f"p values are corrected for all that was compared; {alike}."
        if self.sampled is not None:
            notes += f" Texts are told from a sample of about {_format.count(self.sampled)} of each window."
        return "\n".join([head, *lines, notes])


def column_drift(
    selection: Selection,
    reference: Selection,
    columns: Sequence[str] | None = None,
    *,
    groups: str | None = "auto",
    sample: int = ROWS,
) -> ColumnDrift:
    """Return which columns changed from a reference window to the current one, how sure and by how much.

    Numbers are compared by Kolmogorov and Smirnov's and Anderson and Darling's statistics, categories by chi-square;
    p values are drawn, so that ties and small windows are no matter, and corrected together (Benjamini and Hochberg).

    Args:
        selection: The current window.
        reference: What it is compared with.
        columns: Columns, attribute keys, ``score.<name>``, or descriptors of a text: ``input.words``,
            ``output.language`` …, see ``measures.descriptors.DESCRIPTORS``. None for the usual ones that have values.
        groups: What makes rows alike, so that it is not taken for change: a column or attribute key, a width of time
            such as ``"1h"``, None for independent rows, ``"auto"`` for the session, else the user, where there is one.
        sample: Texts of a window that are described, the same in every run.

    Returns:
        An answer whose ``frame`` has one row per column, those that changed most first, with the columns of
        :func:`llmscope.analysis.columns.compare_columns` and ``effect``, the change in words; ``values`` has the values
        of categories.

    Raises:
        UnknownAttributeError: A name is no column, attribute, score or descriptor.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"model": m, "start_time": f"2026-11-16T10:{i}:00Z", "latency_ms": 100 + i % 7 + (m == "b") * 90}
        ...          for i in range(10, 50) for m in "ab"]
        >>> _ = scope.load(calls)
        >>> column_drift(scope.where(model="b")._selection, scope.where(model="a")._selection, ["duration_ms"])
        Reference: 40 requests, model = a.
        Current: 40 requests, model = b.
        1 column compared, 1 changed:
          duration_ms: median 103 ms to 193 ms, p95 106 ms to 196 ms (100 % of rows moved, p < 0.001)
        p values are corrected for all that was compared; rows are taken as independent.
    """
    from llmscope.analysis.columns import compare_columns
    from llmscope.measures._blocks import blocks
    from llmscope.measures.columns import columns as counted
    from llmscope.measures.figures import count

    windows = (reference, selection)
    alike = blocks(windows, groups)
    names = list(columns) if columns is not None else _usual(windows)
    plain = [name for name in names if _descriptor(name) is None]
    found: list[Column] = counted(windows, plain, alike)
    told, least = _described(windows, [name for name in names if _descriptor(name)], alike, sample)
    compared = compare_columns([*found, *told])
    frame = compared.frame
    if columns is None:
        frame = frame[frame["reason"] != "no row has a value"].reset_index(drop=True)
    frame["effect"] = [_effect(row, compared.values) for row in frame.to_dict("records")]
    rows = count(reference), count(selection)
    return ColumnDrift(frame, compared.values, selection, reference, alike, least, rows)


def _usual(windows: Sequence[Selection]) -> list[str]:
    """Return the usual columns that a row of either window has a value of, and the descriptors of texts."""
    from llmscope.measures.descriptors import DESCRIPTORS

    known: set[str] = set()
    for window in windows:
        table = window.table
        row = window.run(
            table.aggregate(**{name: table[name].count() for name in USUAL if name in table.columns})
        ).iloc[0]
        known |= {str(name) for name, count in row.items() if count}
    return [name for name in USUAL if name in known] + [f"{text}.{told}" for text in TEXTS for told in DESCRIPTORS]


def _descriptor(name: str) -> tuple[str, str] | None:
    from llmscope.measures.descriptors import DESCRIPTORS

    field, _, told = name.partition(".")
    return (field, told) if field in TEXTS and told in DESCRIPTORS else None


def _described(
    windows: Sequence[Selection], names: Sequence[str], alike: Blocks, sample: int
) -> tuple[list[Column], int | None]:
    """Return descriptors of texts as columns, and how many texts of a window were read where these are not all."""
    from llmscope.measures.columns import tabulated
    from llmscope.measures.descriptors import descriptors
    from llmscope.quality.language import languages, scripts

    found, least = [], None
    for field in TEXTS:
        told = [parts[1] for name in names if (parts := _descriptor(name)) and parts[0] == field]
        if not told:
            continue
        frames = []
        for window in windows:
            frame, total = descriptors(window, field, rows=sample, groups=alike)
            least = len(frame) if len(frame) < total else least
            texts = [text if isinstance(text, str) else None for text in frame["text"]]
            frame["script"] = pd.Series(scripts(texts), dtype=object)
            if "language" in told:
                frame["language"] = pd.Series(languages(texts), dtype=object)
            frames.append(frame)
        if not any(frame["text"].notna().any() for frame in frames):
            continue
        found += [
            tabulated(f"{field}.{one}", [(frame[one], frame["block"]) for frame in frames], alike) for one in told
        ]
    return found, least


def _effect(row: Mapping[Any, Any], values: pd.DataFrame) -> str:
    """Return what a column was and is."""
    name = str(row["column"])
    if row["change"] == "untested":
        return str(row["reason"])
    gone = ""
    if row["p_missing_corrected"] <= 0.05 and row["kind"] == "number":
        gone = f", missing in {_change(row, 'missing_share', _format.share)}"
    if row["kind"] == "number":
        write = _writer(name)
        return f"median {_change(row, 'median', write)}, p95 {_change(row, 'p95', write)}{gone}"
    own = values[values["column"] == name]
    told = own[own["kind"] != "same"].head(3)
    parts = [_value(value) for value in (told if len(told) else own.head(1)).to_dict("records")]
    new = own[(own["kind"] == "new") & ~own.index.isin(told.index)]
    return ", ".join(parts) + (f", and {_format.plural(len(new), 'further new value')}" if len(new) else "")


def _value(value: Mapping[Any, Any]) -> str:
    name = "missing" if value["value"] is None else str(value["value"])[:40]
    shares = f"{_format.share(value['reference_share'])} to {_format.share(value['current_share'])}"
    return f"{name} {shares}" + (f" ({value['kind']})" if value["kind"] in ("new", "vanished") else "")


def _writer(name: str) -> Any:
    unit = next((column.unit for column in schema.REQUESTS.columns if column.name == name), "")
    return face(name) or (lambda value: f"{_format.short(value)} {unit}".rstrip())


def _change(row: Mapping[Any, Any], name: str, write: Any) -> str:
    sides = (row[f"reference_{name}"], row[f"current_{name}"])
    return " to ".join(write(side) if side is not None and not np.isnan(side) else _format.UNKNOWN for side in sides)


def _line(row: Mapping[Any, Any]) -> str:
    p = row["p_corrected"] if row["change"] == "changed" else row["p_missing_corrected"]
    return f"{row['column']}: {row['effect']} ({_format.share(row['share_moved'])} of rows moved, {_words.p_value(p)})"
