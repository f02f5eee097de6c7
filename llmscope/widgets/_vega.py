"""Charts as the page draws them: compiled to Vega here, so that the bundle need not carry Vega-Lite."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import altair as alt


def compiled(chart: dict[str, Any] | alt.TopLevelMixin) -> bytes:
    """Return an Altair chart, or a Vega-Lite specification, as a Vega specification in UTF-8 JSON."""
    lite = chart if isinstance(chart, dict) else chart.to_dict()
    return _vega(orjson.dumps(lite, option=orjson.OPT_SERIALIZE_NUMPY))


@functools.lru_cache(maxsize=64)
def _vega(lite: bytes) -> bytes:
    """Compile by the Vega-Lite release that Altair writes."""
    import altair as alt
    import vl_convert

    release = alt.SCHEMA_VERSION.lstrip("v").rsplit(".", 1)[0]
    return orjson.dumps(vl_convert.vegalite_to_vega(lite.decode(), vl_version=release))


def drawings(units: set[str]) -> dict[str, Any]:
    """Return the panels of the live board for axes of these units, as Vega specifications."""
    from llmscope.charts import theme

    drawn = {unit: orjson.loads(_drawing(unit)) for unit in sorted(units)}
    for drawing in drawn.values():
        drawing["config"] |= theme.locale()
    return drawn


@functools.cache
def _drawing(unit: str) -> bytes:
    from llmscope.charts.panel import panel

    return compiled(panel(unit))
