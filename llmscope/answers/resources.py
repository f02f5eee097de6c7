"""What did the machines do meanwhile: CPU, GPU, memory and other metrics?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import altair as alt

    from llmscope.store.selection import Selection


@dataclass(frozen=True, repr=False, eq=False)
class Resources(Answer):
    """Resource metrics over time; see :func:`resources` for the columns of ``frame``."""

    frame: pd.DataFrame
    selection: Selection

    def chart(self) -> alt.TopLevelMixin:
        """Return the panels of :func:`llmscope.charts.resources.resources_chart`."""
        from llmscope.charts.resources import PANELS, resources_chart

        metrics = self.frame["metric"].nunique()
        left_out = f", {PANELS} of {metrics} metrics (names= picks others)" if metrics > PANELS else ""
        return resources_chart(self.frame, title=f"Resource metrics{self._range()}{left_out}")

    def table(self) -> pd.DataFrame:
        """Return the mean and the largest value of each series, as people read them."""
        rows = []
        for (metric, series), part in self.frame.groupby(["metric", "series"], sort=False):
            text = self._face(part)
            rows.append(
                {
                    "metric": metric,
                    "series": series or _format.UNKNOWN,
                    "mean": text(part["value"].mean()),
                    "largest": text(part["max"].max() if part["max"].notna().any() else part["value"].max()),
                    "points": _format.count(part["points"].sum()),
                }
            )
        return readable(pd.DataFrame(rows, columns=["metric", "series", "mean", "largest", "points"]))

    def text(self) -> str:
        """Return the answer in plain words."""
        if self.frame.empty:
            return f"No resource metrics{self._range()}."
        lines = []
        for metric, part in self.frame.groupby("metric", sort=False):
            text = self._face(part)
            known = part.dropna(subset="value").sort_values("value")
            peak = known.iloc[-1] if len(known) else None
            line = f"{metric}: mean {text(part['value'].mean())}"
            if peak is not None:
                where = f" on {peak['series']}" if peak["series"] else ""
                line += f", highest {text(peak['value'])} at {peak['time']:%Y-%m-%d %H:%M}{where}"
            lines.append(line)
        count = _format.plural(self.frame["metric"].nunique(), "resource metric")
        return (
            f"{count}{self._range()}, means per {_format.width_in_words(self.frame.attrs['every'])}:\n  "
            + "\n  ".join(lines)
        )

    def _face(self, part: pd.DataFrame) -> Callable[[float | None], str]:
        from llmscope.charts.resources import faces

        _, text, word = faces(str(part["unit"].iloc[0]), str(part["metric"].iloc[0]))
        return lambda value: f"{text(value)} {word}".strip()

    def _range(self) -> str:
        since, until = self.selection.since, self.selection.until
        if since is None and until is None:
            if self.frame.empty:
                return ""
            since = self.frame["time"].min()
            until = self.frame["time"].max() + pd.Timedelta(seconds=self.frame.attrs["seconds"])
        first = "the beginning" if since is None else f"{since:%Y-%m-%d %H:%M}"
        last = "the end" if until is None else f"{until:%Y-%m-%d %H:%M}"
        return f", {first} to {last} UTC"


def resources(selection: Selection, *, every: str = "auto", names: Sequence[str] | None = None) -> Resources:
    """Return resource metrics over time, on the same time axis as traffic.

    Args:
        selection: Its range of time; metrics belong to no request, so other filters do not narrow them.
        every: Width of a bucket of time: ``"auto"``, or a number and a unit such as ``"1m"``.
        names: Which metrics; all by default.

    Returns:
        An answer whose ``frame`` has the columns ``time, metric, series, value, max, points, unit`` of
        :func:`llmscope.measures.resources.resources`.

    Raises:
        ValueError: ``every`` is no width of time.
        UnknownAttributeError: One of ``names`` is no metric of the selection.

    Example:
        >>> import llmscope
        >>> print(resources(llmscope.open()._selection))
        No resource metrics.
    """
    from llmscope.measures.resources import resources as measure

    return Resources(measure(selection, every, names), selection)
