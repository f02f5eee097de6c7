"""Altair and Vega-Lite outputs, compiled when the report is written and drawn by the same bundle as our widgets."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

LITE: Final = ("application/vnd.vegalite.v6+json", "application/vnd.vegalite.v5+json")
VEGA: Final = ("application/vnd.vega.v6+json", "application/vnd.vega.v5+json")


_EMBEDDED = re.compile(r"\}\)\(\s*(?=\{)")


def from_altair_html(html: str) -> tuple[str, dict[str, Any]] | None:
    """Find the chart in the HTML of Altair's default renderer, which would fetch Vega from the network.

    Returns:
        The mime type it has and its specification, or None where the HTML is no such chart.
    """
    if "vegaEmbed" not in html or not (start := _EMBEDDED.search(html)):
        return None
    try:
        spec, _ = json.JSONDecoder().raw_decode(html, start.end())
    except ValueError:
        return None
    return (LITE[1] if "/v5" in str(spec.get("$schema", "")) else LITE[0]), spec


def _without_remote_data(value: Any, removed: Counter[str]) -> Any:
    """Replace data that would be fetched by no data."""
    if isinstance(value, Mapping):
        kept: dict[str, Any] = {}
        for key, item in value.items():
            if key == "url" and isinstance(item, str) and not item.startswith("data:"):
                removed["remote data source"] += 1
                kept["values"] = []
            else:
                kept[key] = _without_remote_data(item, removed)
        return kept
    if isinstance(value, list):
        return [_without_remote_data(item, removed) for item in value]
    return value


def _rows(spec: Any) -> int:
    """Rows of inline data in a specification."""
    if isinstance(spec, Mapping):
        own = len(spec["values"]) if isinstance(spec.get("values"), list) else 0
        named = sum(len(rows) for rows in spec.get("datasets", {}).values() if isinstance(rows, list))
        rest = sum(_rows(item) for key, item in spec.items() if key not in {"values", "datasets"})
        return own + named + rest
    return sum(_rows(item) for item in spec) if isinstance(spec, list) else 0


def compile_chart(mime: str, spec: Mapping[str, Any]) -> tuple[bytes, int, Counter[str]]:
    """Compile a chart to Vega.

    Args:
        mime: One of ``LITE`` or ``VEGA``.
        spec: The specification in the output.

    Returns:
        Vega as JSON, the rows of data in it, and a count of what was removed.

    Raises:
        ValueError: Vega-Lite does not accept the specification.
    """
    removed: Counter[str] = Counter()
    own = _without_remote_data(dict(spec), removed)
    rows = _rows(own)
    if mime in LITE:
        import vl_convert

        major = "5." if mime == LITE[1] else "6."
        release = [release for release in vl_convert.get_vegalite_versions() if release.startswith(major)][-1]
        own = vl_convert.vegalite_to_vega(json.dumps(own), vl_version=release)
    return json.dumps(own, separators=(",", ":")).encode(), rows, removed
