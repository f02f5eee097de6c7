"""The look that every picture shares: quiet axes, one accent, colours for colour-blind eyes, on light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

WIDTH: Final = 860
"""Width of the plotting area, in pixels, where the page does not say."""

ACCENT: Final = "#3b82c4"
ERROR: Final = "#d55e00"
MUTED: Final = "#8b919b"
INK: Final = "#767d88"
"""Text: as far from white as from black, so that a picture without a ground reads on both."""

GROUPS: Final = ("#3b82c4", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#a6761d", "#8f7ee7", MUTED)
"""Okabe and Ito's palette as far as it reads on white and on black; vermilion is kept for errors. The last is for the
group of everything else."""

OTHER_GROUP: Final = "(other)"
UNKNOWN_GROUP: Final = "—"

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

MS: Final = (
    "datum.value == 0 ? '0' : datum.value < 1 ? format(datum.value, '~g') + ' ms' : datum.value < 1000 ? "
    "format(datum.value, ',~r') + ' ms' : "
    "datum.value < 120000 ? format(datum.value / 1000, '~r') + ' s' : format(datum.value / 60000, '~r') + ' min'"
)
"""Label of an axis in milliseconds."""

NUMBER: Final = "datum.value < 1000 ? format(datum.value, '~r') : replace(format(datum.value, '~s'), 'G', 'B')"
"""Label of an axis of counts: 950, 12k, 3.4M."""

USD: Final = (
    "datum.value == 0 ? '$0' : '$' + (datum.value >= 1000 ? format(datum.value, '~s') : "
    "format(datum.value, datum.value < 1 ? '.2r' : '~r'))"
)
PERCENT: Final = "format(datum.value * 100, '~r') + ' %'"


def themed(chart: Any) -> Any:
    """Return the chart with the look applied; the user's own Altair theme is neither used nor changed.

    Numbers and dates are written as Altair was told to, as by
    ``alt.renderers.set_embed_options(format_locale="de-DE", time_format_locale="de-DE")``; by default in English.
    """
    return chart.configure(
        **locale(),
        background="transparent",
        font=FONT,
        padding={"left": 4, "right": 8, "top": 4, "bottom": 4},
        axis={
            "labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal",
            "gridColor": "#808080", "gridOpacity": 0.16, "domain": False, "ticks": False, "labelPadding": 6,
            "labelOverlap": True,
        },
        axisX={"grid": False, "domain": True, "domainColor": "#808080", "domainOpacity": 0.4, "ticks": True,
               "tickColor": "#808080", "tickOpacity": 0.4, "tickSize": 4, "labelPadding": 3},
        view={"stroke": None},
        title={"anchor": "start", "color": INK, "subtitleColor": INK, "fontSize": 12, "fontWeight": 600,
               "subtitleFontSize": 11, "offset": 8, "frame": "group"},
        legend={"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11,
                "titleFontWeight": "normal", "orient": "top", "symbolType": "square", "symbolSize": 70, "offset": 4,
                "padding": 0, "labelLimit": 180},
        text={"color": INK, "fontSize": 11, "font": FONT},
        concat={"spacing": 14},
        bar={"discreteBandSize": {"band": 0.8}},
    )  # fmt: skip


def locale() -> dict[str, Any]:
    """Return the part of a chart's configuration that says how to write numbers and dates, if Altair was told."""
    import altair as alt

    embed = alt.renderers.options.get("embed_options", {})
    told = {"number": embed.get("formatLocale"), "time": embed.get("timeFormatLocale")}
    parts = {part: _definition(part, said) for part, said in told.items() if said}
    return {"locale": parts} if parts else {}


def _definition(part: str, said: Any) -> Any:
    """Return what d3 needs to know of a locale, which Altair takes as a name or spelt out."""
    if isinstance(said, dict):
        return said
    import vl_convert

    return vl_convert.get_format_locale(said) if part == "number" else vl_convert.get_time_format_locale(said)


def values(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the rows as data inside the chart: times as milliseconds since 1970 (UTC), unknown as null.

    A chart is made from a small table, so Altair's limit of 5,000 rows and its data transformers stay out of it; and
    so do its check of every row against a schema and, since they are a tuple, its copies of every row at each step.
    """
    columns: dict[str, list[Any]] = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            column = column.astype("datetime64[ms]").astype("int64")
        columns[str(name)] = [None if pd.isna(value) else value for value in column.tolist()]
    rows = tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return {"values": rows}


def group_name(value: object) -> str:
    """Return the name under which a group is drawn; the one without a value has an em dash."""
    return UNKNOWN_GROUP if value is None or value != value else str(value)  # noqa: PLR0124  (NaN differs from itself)


def nothing(text: str, title: str, width: int) -> alt.TopLevelMixin:
    """Return a picture that says there is nothing to draw."""
    import altair as alt

    mark = alt.Chart({"values": ({"text": text},)}).mark_text(align="left", color=INK, fontSize=13)
    placed = mark.encode(text="text:N", x=alt.value(0), y=alt.value(20))
    chart: alt.Chart = themed(placed.properties(width=width, height=40, title=title or " "))
    return chart


def colours(groups: Sequence[str]) -> alt.Scale:
    """Return the colour scale of groups; the one of everything else is grey."""
    import altair as alt

    others = [group for group in groups if group in (UNKNOWN_GROUP, OTHER_GROUP)]
    named = [group for group in groups if group not in others]
    palette = [GROUPS[index % (len(GROUPS) - 1)] for index in range(len(named))] + [MUTED, "#b9bec6"][: len(others)]
    return alt.Scale(domain=[*named, *others], range=palette)


def beside(heading: str) -> int:
    """Return where in pixels there is room beside the heading of a panel, in the widest of the fonts."""
    return 16 + round(7.9 * len(heading))


def heading(text: str) -> Any:
    """Return a layer with the heading of a panel; unlike Vega's own title it leaves room for a legend beside it."""
    import altair as alt

    mark = alt.Chart({"values": ({"text": text},)}).mark_text(
        align="left", baseline="middle", fontSize=12, fontWeight=600, color=INK
    )
    return mark.encode(text="text:N", x=alt.value(0), y=alt.value(-15))
