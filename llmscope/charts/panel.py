"""The charts of the live board: pictures without data, whose bins the page puts in while a brush moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt

BINS: Final = "bins"
"""Name of the data: rows of ``x0, x1`` (edges of a bin), ``all``, ``n`` (selected) and ``bad`` (failed among them)."""

PADDING: Final = {"left": 46, "right": 10, "top": 8, "bottom": 22}
"""Room around the plot in pixels; the page lays the brush over the plot, and so has to know."""

_USD: Final = "'$' + format(datum.value, datum.value < 1 ? '.1r' : '~s')"

LABELS: Final = {"ms": theme.MS, "USD": _USD, "": theme.NUMBER}
"""Labels of a logarithmic axis by unit; its labelled values have one digit that is not zero."""

_COUNT: Final = f"datum.value % 1 ? '' : {theme.NUMBER}"
_SHARE: Final = "format(datum.value * 100, '~r') + ' %'"


def panel(unit: str) -> alt.TopLevelMixin:
    """Draw a histogram of bins that are not known yet: pale for all, coloured for what is selected.

    The page sets the colours (``rest``, ``bar``, ``error``), the labelled values of a logarithmic axis (``ticks``) and
    ``compare``: then ``n`` and ``all`` are the shares of the selection and of the rest, and both show.

    Args:
        unit: ``time`` for bins of time in milliseconds since 1970, UTC; ``ms``, ``USD`` or empty (a number) for
            logarithmic bins.

    Example:
        >>> panel("ms").to_dict()["data"]
        {'name': 'bins'}
    """
    import altair as alt

    colors = {"rest": "#ccd3db", "bar": theme.ACCENT, "error": theme.ERROR}
    params = [alt.param(name=name, value=color) for name, color in colors.items()]
    params += [alt.param(name="compare", value=False), alt.param(name="ticks", value=[])]
    params.append(alt.param(name="gap", expr=f"width / max(1, length(data('{BINS}'))) > 3 ? 1 : 0"))
    bars = [
        _bars(unit, "all:Q", None, fill=alt.expr("rest")),
        _bars(unit, "n:Q", "bad:Q", fill=alt.expr("bar"), fillOpacity=alt.expr("compare ? 0.55 : 1")),
        _bars(unit, "bad:Q", None, fill=alt.expr("error")),
    ]
    chart = alt.layer(*bars, data=alt.NamedData(name=BINS)).add_params(*params)
    chart = chart.properties(width=300, height=120, autosize=alt.AutoSizeParams(type="none"), padding=PADDING)
    themed: alt.LayerChart = chart.configure(
        aria=False,  # the page has words and a table for it
        mark={"invalid": None},
        view={"stroke": None},
        axisX={"grid": False, "labelOverlap": True, "labelFlush": True, "tickSize": 4},
        axisY={"domain": False, "ticks": False, "labelPadding": 6, "tickCount": 3},
    )
    return themed


def _bars(unit: str, top: str, bottom: str | None, **mark: Any) -> alt.Chart:
    import altair as alt

    y2: Any = alt.datum(0) if bottom is None else alt.Y2(bottom)
    y_axis = alt.Axis(title=None, labelExpr=f"compare ? {_SHARE} : {_COUNT}")
    y_scale = alt.Scale(zero=True, nice=3)
    bars = alt.Chart().mark_rect(x2Offset=alt.expr("-gap"), **mark)
    y = alt.Y(top, title=None, axis=y_axis, scale=y_scale)
    encoded: alt.Chart = bars.encode(x=_x(unit), x2="x1", y=y, y2=y2)
    return encoded


def _x(unit: str) -> alt.X:
    import altair as alt

    if unit == "time":
        ticks = alt.Axis(title=None, tickCount=alt.expr("max(2, ceil(width / 95))"), format=_CLOCK)
        return alt.X("x0:T", scale=alt.Scale(type="utc", nice=False), axis=ticks)
    ticks = alt.Axis(title=None, values=alt.expr("ticks"), labelExpr=LABELS[unit])
    return alt.X("x0:Q", scale=alt.Scale(type="log", nice=False), axis=ticks)


_CLOCK: Final = {
    "year": "%Y", "quarter": "%b %d", "month": "%b %d", "week": "%b %d", "date": "%b %d", "day": "%b %d",
    "hours": "%H:%M", "minutes": "%H:%M", "seconds": "%H:%M:%S", "milliseconds": "%H:%M:%S.%L",
}  # fmt: skip
