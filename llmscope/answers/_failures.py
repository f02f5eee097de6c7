"""What the failures of two groups of requests say: what is new among it, and what is said more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

ALPHA: Final = 0.05
"""Share of false findings among those that are told, as Benjamini and Hochberg control it."""

ORDER: Final = ("new", "more", "fewer", "gone", "same")

COLUMNS: Final = (
    "change", "where", "error_type", "template", "before", "after", "share_before", "share_after", "p_value",
    "trace_id", "example",
)  # fmt: skip


def said(before: Selection, after: Selection) -> pd.DataFrame:
    """Return the templates of what failed spans and log records of errors say, before and after.

    Returns:
        One row per template: ``change`` (``new``, ``more``, ``fewer``, ``gone`` or, where chance would have it as much,
        ``same``), ``where`` (the step, or the service of a log), ``error_type``, ``template``, in how many requests
        ``before`` and ``after``, which ``share_before`` and ``share_after`` of all these are, ``p_value`` (of the exact
        conditional test of two rates, corrected for all templates), and a ``trace_id`` with what was said there,
        ``example``. What is new comes first, then what is said more; of these what most requests have.
    """
    import pyarrow as pa

    from llmscope.analysis.multiplicity import corrected
    from llmscope.analysis.templates import mined
    from llmscope.measures.failures import failures, in_requests

    keys = ["where", "error_type", "message"]
    sides = (before, after)
    both = pd.concat([failures(side) for side in sides])
    messages: pd.DataFrame = both.groupby(keys, as_index=False).agg(failures=("failures", "sum"))
    messages = messages.sort_values(["failures", *keys], ascending=[False, True, True, True], ignore_index=True)
    if messages.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    messages["text"] = ""
    for _, group in messages.groupby(keys[:2], sort=False):
        messages.loc[group.index, "text"] = mined(group["message"].tolist())
    told = messages.groupby([*keys[:2], "text"], sort=False)
    messages["template"] = told.ngroup()
    given = pa.Table.from_pandas(messages[[*keys, "template"]], preserve_index=False)
    frame: pd.DataFrame = messages.drop_duplicates("template").set_index("template")[["where", "error_type", "text"]]
    counted = [
        in_requests(side, given).set_index("template").reindex(frame.index).reset_index(drop=True) for side in sides
    ]
    n = [_requests(side) for side in sides]
    hits = [side["requests"].fillna(0).to_numpy(np.int64) for side in counted]
    frame = (
        frame.reset_index(drop=True)
        .rename(columns={"text": "template"})
        .assign(
            before=hits[0],
            after=hits[1],
            share_before=hits[0] / n[0] if n[0] else np.nan,
            share_after=hits[1] / n[1] if n[1] else np.nan,
            p_value=corrected(_p_values(hits, n)),
            trace_id=counted[1]["trace_id"].fillna(counted[0]["trace_id"]),
            example=counted[1]["example"].fillna(counted[0]["example"]),
        )
    )
    frame["change"] = [_change(row) for row in frame.to_dict("records")]
    frame["order"] = frame["change"].map(ORDER.index)
    by = ["order", "after", "before", "where", "template"]
    ordered: pd.DataFrame = frame.sort_values(by, ascending=[True, False, False, True, True], ignore_index=True)
    return ordered[list(COLUMNS)]


def line(row: Mapping[Any, Any]) -> str:
    """Return a template with what became of it, in plain words."""
    kind = f"{row['where'] or _format.UNKNOWN}{', ' if row['error_type'] else ''}{row['error_type']}"
    sides = f"{_format.count(row['before'])} to {_format.plural(row['after'], 'request')}"
    shares = f"{_format.share(row['share_before'])} to {_format.share(row['share_after'])}"
    text = f": {row['template'][:160]}" if row["template"] else ""
    trace = f", as in trace {row['trace_id']}" if isinstance(row["trace_id"], str) else ""
    return f"{row['change']}, {kind}{text} ({sides}, {shares}, {_words.p_value(row['p_value'])}{trace})"


def _requests(side: Selection) -> int:
    table = side.requests
    return int(side.run(table.aggregate(n=table.count()))["n"].iloc[0])


def _p_values(hits: list[NDArray[np.int64]], n: list[int]) -> NDArray[np.float64]:
    """Return how often chance deals failures as unevenly to the two sides, given how many there are of each."""
    from scipy.special import bdtr, bdtrc

    if not all(n):
        return np.full(len(hits[0]), np.nan)
    both, share = hits[0] + hits[1], n[1] / sum(n)
    fewer, more = bdtr(hits[1], both, share), np.where(hits[1] > 0, bdtrc(hits[1] - 1, both, share), 1.0)
    tails: NDArray[np.float64] = np.minimum(1, 2 * np.minimum(fewer, more))
    return tails


def _change(row: Mapping[Any, Any]) -> str:
    if not row["p_value"] <= ALPHA:
        return "same"
    if row["share_after"] > row["share_before"]:
        return "new" if row["before"] == 0 else "more"
    return "gone" if row["after"] == 0 else "fewer"
