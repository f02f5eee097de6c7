"""What two windows made of the same prompt: a row for each answer, with its scores and attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd

from llmscope.measures._hash import hashed
from llmscope.measures.columns import scored
from llmscope.measures.cube import telling
from llmscope.measures.labels import extracted, plain
from llmscope.measures.texts import texts

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

ROWS: Final = 100_000
"""About how many answers of a window are read: those to the same prompts in both."""

CORRECT: Final = "correct"
"""Name of the score that a label gives: whether the answer agrees with it."""

_USUAL: Final = ("operation", "service", "environment", "release", "agent", "tool", "status")
_PROBED: Final = 2_000
_READ: Final = 2_000


def answered(
    windows: tuple[Selection, Selection],
    field: str,
    pair: str,
    *,
    scores: Sequence[str] = (),
    label: str | None = None,
    extract: str | None = None,
    by: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the answers of the reference and of the current window.

    Args:
        windows: The reference and the current one.
        field: The text that is the answer: ``output``, or any column or attribute key.
        pair: What tells that two rows are of the same prompt: ``input``, or any column or attribute key.
        scores: Columns with numbers, or ``score.<name>``.
        label: A column or attribute with the true answer; then there is a score ``correct``, 1 or 0.
        extract: Regular expression whose first match in the answer is compared with the label.
        by: Columns and attribute keys.

    Returns:
        For each window a frame of ``key`` and ``answer`` (a hash of the prompt and of the answer, without surrounding
        blanks), ``text`` (its first 2,000 characters), the scores and the attributes by their names. Of many rows, the
        same prompts are left out in both.

    Raises:
        UnknownAttributeError: A name is no column, no attribute and no score.
    """
    tables = [_table(window, field, pair, scores=scores, label=label, extract=extract, by=by) for window in windows]
    counts = [
        int(window.run(table.count().name("n").as_table())["n"].iloc[0])
        for window, table in zip(windows, tables, strict=True)
    ]
    every = max(1, -(-max(counts) // ROWS))
    frames = []
    for window, table in zip(windows, tables, strict=True):
        kept = table if every == 1 else table.filter(table.key.cast("uint64") % every == 0)
        frame = window.run(kept)
        frame[list(by)] = frame[list(by)].astype(object).where(frame[list(by)].notna(), None)
        frames.append(frame)
    return frames[0], frames[1]


def _table(
    window: Selection, field: str, pair: str, *, scores: Sequence[str], label: str | None, extract: str | None,
    by: Sequence[str],
) -> Any:  # fmt: skip
    for name in (*by, *([label] if label else []), *(name for name in scores if not name.startswith("score."))):
        window.column(name)
    keys = texts(window, pair).rename(prompt="text")
    answers = texts(window, field)
    facts = scored(window, scores)
    same = ["trace_id", "span_id"]
    drop = ["trace_id_right", "span_id_right"]
    joined = facts.inner_join(keys, same).drop(*(name for name in drop if name in facts.columns))
    joined = joined.left_join(answers, same)
    said = joined.text.fill_null("").strip()
    chosen: dict[str, Any] = {name: joined[name].cast("float64") for name in scores}
    if label is not None:
        told = said if extract is None else extracted(said, extract)
        chosen[CORRECT] = (plain(told) == plain(joined[label].cast("string"))).fill_null(False).cast("float64")
    chosen |= {name: joined[name].cast("string") for name in by}
    return joined.select(
        key=hashed(joined.prompt.strip()).cast("int64"),
        answer=hashed(said).cast("int64"),
        text=said.substr(0, _READ),
        **chosen,
    )


def attributes(windows: Sequence[Selection], most: int = 12) -> list[str]:
    """Return columns and attribute keys with a few values each, which may tell for whom something changed."""
    found: dict[str, set[str]] = {}
    for window in windows:
        spans = window.spans
        read = window.run(spans.select("attributes").filter(spans.attributes != "{}").limit(_PROBED))["attributes"]
        for text in read.dropna():
            for key, value in orjson.loads(text).items():
                if isinstance(value, str | int | float | bool):
                    found.setdefault(key, set()).add(str(value))
    few = [
        key for key, values in found.items() if 2 <= len(values) <= 30 and not key.startswith(("llmscope.", "file."))
    ]
    own = telling(windows[0], [name for name in _USUAL if name in windows[0].table.columns])
    return [*own, *sorted(few, key=lambda key: (len(found[key]), key))][:most]
