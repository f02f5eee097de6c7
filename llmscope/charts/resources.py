"""Resource use over time: one panel per metric, a line per host or device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import _format, theme
from llmscope.charts._panels import Panels

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt
    import pandas as pd

PANELS: Final = 8
"""Most metrics that are drawn under each other."""

_RUNTIME: Final = ("process_", "python_", "go_", "jvm_", "nodejs_", "promhttp_", "scrape_")
"""How names begin by which client libraries of Prometheus tell about their own process."""

BYTES: Final = (
    "datum.value == 0 ? '0' : datum.value < 1e6 ? format(datum.value / 1e3, '~r') + ' kB' : "
    "datum.value < 1e9 ? format(datum.value / 1e6, '~r') + ' MB' : format(datum.value / 1e9, '~r') + ' GB'"
)


def resources_chart(frame: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw what :func:`llmscope.measures.resources.resources` returns.

    Args:
        frame: The table, with its ``attrs``.
        title: What is counted, as a line above the panels.
        width: Width of the plotting area in pixels.

    Returns:
        A panel for each of at most eight metrics (see :func:`drawn`), all on one time axis.
    """
    if frame.empty:
        return theme.nothing("No resource metrics in this range of time.", title, width)
    panels = Panels(frame["time"], float(frame.attrs["seconds"]), width)
    for metric in drawn(frame):
        part = frame[frame["metric"] == metric]
        unit = str(part["unit"].iloc[0])
        label, text, word = faces(unit, metric)
        table = part.rename(columns={"series": "line"})[["time", "line", "value"]]
        lines = list(dict.fromkeys(table["line"]))
        scale = theme.colours(lines)
        panels.add(f"{metric}{f', {word}' if word else ''}", table, scale, label, text, legend=lines != [""])
    return panels.chart(title or "Resource use")


def drawn(frame: pd.DataFrame) -> list[str]:
    """Return the metrics that are drawn, in the order of the frame.

    Where there are more than ``PANELS``, those that changed come first, and after them those of the runtime itself.
    """
    names = list(dict.fromkeys(frame["metric"]))
    values = frame.groupby(["metric", "series"])["value"]
    changed = (values.max() > values.min()).groupby("metric").any()
    ranked = sorted(names, key=lambda name: (not changed[name], name.startswith(_RUNTIME), names.index(name)))
    return sorted(ranked[:PANELS], key=names.index)


def faces(unit: str, metric: str = "") -> tuple[str, Callable[[float | None], str], str]:
    """Return how values of a UCUM unit are written on an axis and in text, and the word for the heading."""
    if unit in ("By", "bytes"):
        return BYTES, amount_of_bytes, ""
    if unit == "ms":
        return theme.MS, _format.duration, ""
    if unit == "%":
        return (
            "format(datum.value, '~r') + ' %'",
            lambda value: _format.share(None if value is None else value / 100),
            "",
        )
    if unit in ("1", "") and "utilization" in metric:
        return theme.PERCENT, _format.share, ""
    word = "" if unit in ("", "1") else unit.strip("{}").replace("}/s", "/s")
    return theme.NUMBER, _format.short, word


def amount_of_bytes(number: float | None) -> str:
    """Return bytes in words.

    Example:
        >>> [amount_of_bytes(number) for number in (512, 3_200_000_000, None)]
        ['512 B', '3.2 GB', '—']
    """
    if number is None or number != number:  # noqa: PLR0124  (NaN differs from itself)
        return _format.UNKNOWN
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if abs(number) >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number:.0f} B"
