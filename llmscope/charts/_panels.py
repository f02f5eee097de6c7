"""Small panels on one time axis: bars for what adds up, lines for what does not, a legend beside the title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from llmscope.charts import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import altair as alt

_DAY = 86_400.0
_LETTERS = 28
"""Letters of a label of the legend; of a longer one, such as the name of a host, the middle is left out."""
_LETTER = 6.2
"""Pixels of a letter, about."""
_NARROW = 560
"""Pixels of a plotting area in a narrow page, in which a legend has to fit beside a title as well."""
_SYMBOL = 34
"""Pixels of a symbol of the legend with the space around it."""


def time_label(seconds: float) -> str:
    """Return the Vega expression for the labels of an axis of UTC times that is so many seconds long."""
    if seconds > 400 * _DAY:
        return "utcFormat(datum.value, utcmonth(datum.value) == 0 ? '%Y' : '%b')"
    if seconds > 600:
        midnight = "utchours(datum.value) == 0 && utcminutes(datum.value) == 0"
        return f"utcFormat(datum.value, {midnight} ? '%b %d' : '%H:%M')"
    return "utcFormat(datum.value, '%H:%M:%S')"


class Panels:
    """Builds panels for the same buckets of time.

    Args:
        times: Starts of the buckets shown, in order, UTC.
        seconds: Width of a bucket.
        width: Width of the plotting area in pixels.
    """

    def __init__(self, times: pd.Series[pd.Timestamp], seconds: float, width: int) -> None:
        self._seconds = seconds
        self._width = width
        first, last = times.min(), times.max() + pd.Timedelta(seconds=seconds)
        self._domain = [int(first.timestamp() * 1000), int(last.timestamp() * 1000)]
        self._length = (last - first).total_seconds()
        self._panels: list[tuple[Any, dict[str, Any]]] = []

    def add(
        self,
        title: str,
        table: pd.DataFrame,
        scale: alt.Scale,
        label: str,
        text: Callable[[float | None], str],
        *,
        bars: bool = False,
        stacked: bool = True,
        legend: bool = True,
        height: int = 80,
    ) -> None:
        """Add a panel.

        Args:
            title: What is drawn.
            table: ``time, line, value``; a line is one colour.
            scale: Colours by line.
            label: Vega expression for the labels of the value axis.
            text: Writes a value in the tooltip.
            bars: Whether values add up over time, and are drawn as bars.
            stacked: Whether bars stand on each other, rather than before each other.
            legend: Whether the colours are named beside the title.
            height: Of the plotting area, in pixels.
        """
        import altair as alt

        lines: list[str] = list(scale.domain)
        table = self._placed(table, lines, stacked=bars and stacked)
        axis = alt.Axis(labelExpr=label, tickCount=3)
        key = alt.Legend(
            title=None, direction="horizontal", columnPadding=12, symbolType="square" if bars else "stroke",
            symbolStrokeWidth=0 if bars else 2.5, **self._legend(title, lines),
        )  # fmt: skip
        colour = alt.Color("line:N", scale=scale, legend=key if legend else None)
        if bars:
            shown = table[table["high"] > table["low"]]
            gap = 0.5 if self._width * self._seconds / self._length > 3 else 0
            mark = alt.Chart(theme.values(shown[["time", "end", "line", "low", "high"]])).mark_rect(x2Offset=-gap)
            x, y = alt.X("time:T", **self._axis()), alt.Y("high:Q", title=None, axis=axis, scale=alt.Scale(zero=True))
            marks = [mark.encode(x=x, x2="end:T", y=y, y2="low:Q", color=colour)]
        else:
            x, y = (
                alt.X("middle:T", **self._axis()),
                alt.Y("value:Q", title=None, axis=axis, scale=alt.Scale(zero=True)),
            )
            mark = alt.Chart(theme.values(table[["middle", "line", "value"]])).mark_line(strokeWidth=1.6)
            marks = [mark.encode(x=x, y=y, color=colour)]
            alone = table.loc[table["alone"], ["middle", "line", "value"]]
            if len(alone):
                dots = alt.Chart(theme.values(alone)).mark_point(filled=True, size=22, opacity=1)
                marks.append(dots.encode(x=x, y=y, color=colour))
        panel = alt.layer(*marks, self._hover(table, lines, text), theme.heading(title))
        self._panels.append((panel, {"height": height, "width": self._width}))

    def _legend(self, title: str, lines: Sequence[str]) -> dict[str, Any]:
        """Beside the title where that has room, else in columns below the panel."""
        import altair as alt

        begin = theme.beside(title)
        widths = [round(_LETTER * min(len(line), _LETTERS)) + _SYMBOL for line in lines]
        if begin + sum(widths) <= min(self._width, _NARROW):
            return {"orient": "none", "legendX": begin, "legendY": -22}
        # The page may give the chart less width than it was drawn for: the legend then has fewer columns.
        columns = alt.ExprRef(expr=f"max(1, min({len(lines)}, floor(width / {max(widths)})))")
        half = _LETTERS // 2
        short = (
            f"length(datum.label) > {_LETTERS} ? slice(datum.label, 0, {half - 1}) + '…' + "
            f"slice(datum.label, -{half}) : datum.label"
        )
        return {"orient": "bottom", "columns": columns, "labelExpr": short, "labelLimit": max(widths), "offset": 4}

    def chart(self, title: str) -> alt.TopLevelMixin:
        """Return the panels one under the other; only the last shows the time axis."""
        import altair as alt

        drawn = []
        for index, (panel, properties) in enumerate(self._panels):
            if index < len(self._panels) - 1:
                for layer in panel.layer[:-1]:
                    layer.encoding.x.axis = alt.Axis(labels=False, ticks=False, domainOpacity=0.2, title=None)
            drawn.append(panel.properties(**properties))
        heading = alt.TitleParams(text=title, fontSize=13, offset=12, fontWeight="normal")
        chart: alt.VConcatChart = theme.themed(alt.vconcat(*drawn, title=heading).resolve_scale(color="independent"))
        return chart

    def _placed(self, table: pd.DataFrame, lines: Sequence[str], *, stacked: bool) -> pd.DataFrame:
        """Add where a mark begins and ends, and whether it has no neighbour that a line could go to."""
        place = {line: index for index, line in enumerate(lines)}
        table = table.assign(place=table["line"].map(place)).sort_values(["place", "time"], ignore_index=True)
        width = pd.Timedelta(seconds=self._seconds)
        table["end"] = table["time"] + width
        table["middle"] = table["time"] + width / 2
        known = table["value"].notna()
        before = known.groupby(table["line"]).shift(1, fill_value=False)
        after = known.groupby(table["line"]).shift(-1, fill_value=False)
        table["high"] = table["value"].fillna(0).astype("float64")
        if stacked:
            table["high"] = table.groupby("time")["high"].cumsum()
        table["low"] = table["high"] - table["value"].fillna(0) if stacked else 0.0
        table["alone"] = known & ~before & ~after
        return table

    def _axis(self) -> dict[str, Any]:
        import altair as alt

        return {
            "title": None,
            "scale": alt.Scale(type="utc", domain=self._domain, nice=False),
            "axis": alt.Axis(labelExpr=time_label(self._length), title=None, tickCount=max(3, self._width // 110)),
        }

    def _hover(self, table: pd.DataFrame, lines: Sequence[str], text: Callable[[float | None], str]) -> Any:
        """One transparent column per bucket, which shows every line's value under the pointer."""
        import altair as alt

        wide = table.pivot_table(index="time", columns="line", values="value", aggfunc="first", dropna=False)
        tips = pd.DataFrame({"time": wide.index})
        tips["end"] = tips["time"] + pd.Timedelta(seconds=self._seconds)
        tips["when"] = tips["time"].dt.strftime("%Y-%m-%d %H:%M:%S UTC" if self._seconds < 60 else "%Y-%m-%d %H:%M UTC")
        shown = [line for line in lines if line in wide.columns]
        for index, line in enumerate(shown):
            tips[f"v{index}"] = [text(None if pd.isna(value) else float(value)) for value in wide[line]]
        return (
            alt.Chart(theme.values(tips))
            .mark_rect(opacity=0)
            .encode(
                x=alt.X("time:T", **self._axis()),
                x2="end:T",
                tooltip=[
                    alt.Tooltip("when:N", title="from"),
                    *(alt.Tooltip(f"v{index}:N", title=line) for index, line in enumerate(shown)),
                ],
            )
        )
