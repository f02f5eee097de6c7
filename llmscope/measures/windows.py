"""How long windows are, so that counts of windows of different length can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from llmscope.store.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence


def seconds(windows: Sequence[Selection]) -> list[float]:
    """Return how long each window is, in seconds: its range of time, as far as the store has anything of that time.

    Where there is no range, it is all that the store has; NaN where nothing in it has a time, or all has the same.
    """
    found = []
    for window in windows:
        everything = Selection(window.store, window.unit)
        time = everything.table.start_time
        told = everything.run(everything.table.aggregate(first=time.min(), last=time.max())).iloc[0]
        if pd.isna(told["first"]):
            found.append(float("nan"))
            continue
        first, last = pd.Timestamp(told["first"]), pd.Timestamp(told["last"])
        since = max(first, pd.Timestamp(window.since)) if window.since else first
        until = min(last, pd.Timestamp(window.until)) if window.until else last
        found.append((until - since).total_seconds() if until > since else float("nan"))
    return found
