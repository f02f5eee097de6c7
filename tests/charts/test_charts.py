from __future__ import annotations

import json

import pandas as pd
import pytest
import vl_convert

from llmscope.analysis.intervals import order_statistic_interval
from llmscope.analysis.stages import STAGES
from llmscope.charts import theme
from llmscope.charts.latency import BARS, latency_chart, merged
from llmscope.charts.resources import drawn, resources_chart
from llmscope.charts.traffic import traffic_chart
from llmscope.measures.latency import latency
from llmscope.measures.resources import COLUMNS, resources
from llmscope.measures.traffic import traffic

WIDTHS = (640, 1200)


def _stages(by=None):
    frame = pd.DataFrame({"stage": STAGES, "ms_per_request": [40.0, 210, 1100, 330, 60, 0], "requests": 5})
    frame = frame.assign(share=frame["ms_per_request"] / frame["ms_per_request"].sum(), of_requests=5)
    if by:
        frame.insert(0, by, "gpt-4o")
    frame.attrs["by"] = by
    return frame


@pytest.fixture(scope="module")
def charts(assistant):
    """Every picture of the assistant's requests, by name and width."""
    drawn = {}
    for width in WIDTHS:
        for by in (None, "model"):
            found = latency(assistant, order_statistic_interval, by)
            drawn[f"traffic {by} {width}"] = traffic_chart(traffic(assistant, by=by), title="600 requests", width=width)
            drawn[f"latency {by} {width}"] = latency_chart(*found, _stages(by), title="600 requests", width=width)
    return drawn


def _texts(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value) if key != "$schema" else ()
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def test_every_picture_becomes_vega_without_a_warning_and_without_a_url(charts, capfd):
    for name, chart in charts.items():
        spec = chart.to_dict()
        vega = vl_convert.vegalite_to_vega(spec)
        assert vega["marks"], name
        assert not [text for text in _texts(spec) if "://" in text], name
    assert "WARN" not in capfd.readouterr().err


def test_every_picture_says_what_is_counted_and_has_a_transparent_ground(charts):
    for chart in charts.values():
        spec = chart.to_dict()
        assert spec["title"]["text"] == "600 requests"
        assert spec["config"]["background"] == "transparent"


def test_a_picture_is_as_wide_as_asked_plus_its_labels(charts):
    for name, chart in charts.items():
        svg = vl_convert.vegalite_to_svg(chart.to_dict())
        width = float(svg.split('width="')[1].split('"')[0])
        asked = int(name.split()[-1])
        assert asked <= width <= asked + 260, name


def test_a_picture_takes_more_rows_than_altairs_limit_and_leaves_that_limit_alone(counted_many):
    import altair as alt

    spec = traffic_chart(counted_many).to_dict()
    assert len(json.dumps(spec)) > 100_000
    with pytest.raises(alt.MaxRowsError):
        alt.Chart(pd.DataFrame({"x": range(6000)})).mark_point().encode(x="x:Q").to_dict()


@pytest.fixture
def counted_many():
    times = pd.date_range("2026-11-16", periods=6000, freq="1min").astype("datetime64[us]")
    columns = ["errors", "error_rate", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "ttft_p50_ms",
               "ttft_p95_ms", "tokens_per_s", "cost_usd"]  # fmt: skip
    frame = pd.DataFrame({"time": times, "requests": 1, **dict.fromkeys(columns, 1.0)})
    frame.attrs.update(every="1m", seconds=60, by=None)
    return frame


def test_times_are_drawn_in_utc_whatever_the_zone_of_the_reader(assistant):
    spec = traffic_chart(traffic(assistant)).to_dict()
    first = spec["vconcat"][0]["layer"][0]
    assert first["encoding"]["x"]["scale"]["type"] == "utc"
    assert spec["datasets"][first["data"]["name"]][0]["time"] % 60_000 == 0


def test_panels_nobody_recorded_are_left_out(assistant):
    texts = set(_texts(traffic_chart(traffic(assistant)).to_dict()))
    assert "Latency" in texts
    assert "Time to first token" not in texts


def test_hostile_text_stays_data(assistant):
    spec = json.dumps(traffic_chart(traffic(assistant, by="model")).to_dict())
    svg = vl_convert.vegalite_to_svg(spec)
    assert "<script>" not in svg
    assert "alert(1)" in svg


def test_errors_are_vermilion_and_no_group_is():
    assert theme.ERROR not in theme.GROUPS
    scale = theme.colours(["a", "(other)", "b", "—"])
    assert scale.domain == ["a", "b", "(other)", "—"]
    assert scale.range[2] == theme.MUTED


def test_a_long_histogram_is_merged_into_few_bars_without_losing_a_request():
    low = [2 ** (number / 16) for number in range(-40, 500)]
    fine = pd.DataFrame({"low_ms": low, "high_ms": [edge * 2 ** (1 / 16) for edge in low], "requests": 1})
    coarse = merged(fine)
    assert len(coarse) <= BARS + 1
    assert coarse["requests"].sum() == 540
    assert coarse["low_ms"].iloc[1:].to_numpy() == pytest.approx(coarse["high_ms"].iloc[:-1].to_numpy())


def test_resource_metrics_are_drawn_with_their_units(monkeypatch):
    times = pd.date_range("2026-11-16", periods=3, freq="1h").astype("datetime64[us]")
    parts = [
        pd.DataFrame(
            {"time": times, "metric": metric, "series": series, "value": value, "max": value, "points": 1, "unit": unit}
        )
        for metric, series, value, unit in (
            ("system.cpu.utilization", "a", 0.5, "1"),
            ("system.cpu.utilization", "b", 0.7, "1"),
            ("system.memory.usage", "", 16e9, "By"),
            ("queue.depth", "", 7.0, "{request}"),
        )
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs.update(every="1h", seconds=3600)
    svg = vl_convert.vegalite_to_svg(resources_chart(frame).to_dict())
    for text in ("60 %", "15 GB", "queue.depth, request"):
        assert text in svg


@pytest.mark.parametrize("rows", [0, 1])
def test_nothing_and_one_row_are_drawn(counted, rows):
    selection = counted([{}] * rows)
    found = latency(selection, order_statistic_interval)
    empty = pd.DataFrame(columns=list(COLUMNS))
    for chart in (traffic_chart(traffic(selection)), latency_chart(*found), resources_chart(empty)):
        svg = vl_convert.vegalite_to_svg(chart.to_dict())
        assert ("No " in svg) == (not rows or "metrics" in svg)


def test_unknown_durations_are_not_drawn_as_zero(counted):
    found = latency(counted([{"ms": None}]), order_statistic_interval)
    assert "No requests with a known duration" in vl_convert.vegalite_to_svg(latency_chart(*found).to_dict())
    assert resources(counted()).empty


def _resource_frame(metrics):
    frame = pd.DataFrame(
        [
            {"time": pd.Timestamp("2026-11-16") + pd.Timedelta(minutes=minute), "metric": name, "series": series,
             "value": value, "max": value, "points": 1, "unit": ""}
            for name, by_series in metrics.items()
            for series, values in by_series.items()
            for minute, value in enumerate(values)
        ]
    )  # fmt: skip
    frame.attrs["seconds"] = 60.0
    return frame


def test_metrics_that_changed_are_drawn_before_those_of_the_runtime_and_those_that_did_not():
    still = {f"a{number}": {"": [1.0, 1.0]} for number in range(8)}
    runtime = {f"process_{number}": {"": [1.0, 2.0]} for number in range(6)}
    ours = {f"vllm:{number}": {"": [1.0, 2.0]} for number in range(4)}
    assert drawn(_resource_frame(still | runtime | ours)) == [
        "process_0", "process_1", "process_2", "process_3", "vllm:0", "vllm:1", "vllm:2", "vllm:3"
    ]  # fmt: skip


def test_a_legend_that_does_not_fit_beside_the_title_stands_below_in_columns():
    few = resources_chart(_resource_frame({"cpu": {"a": [1.0], "b": [2.0]}})).to_dict()
    many = resources_chart(_resource_frame({"cpu": {f"/v1/chat/completions {n}": [1.0] for n in range(8)}})).to_dict()
    legends = [each["vconcat"][0]["layer"][0]["encoding"]["color"]["legend"] for each in (few, many)]
    assert legends[0]["orient"] == "none"
    assert legends[1]["orient"] == "bottom"
    assert legends[1]["columns"] == {"expr": "max(1, min(8, floor(width / 170)))"}


def test_of_a_long_name_in_a_legend_the_middle_is_left_out():
    hosts = {f"ip-10-0-{n}.eu-central-1.compute.internal/gpu:{n}": [1.0, 2.0] for n in range(30)}
    chart = resources_chart(_resource_frame({"cpu": hosts}))
    svg = vl_convert.vegalite_to_svg(chart.to_dict())
    for n in (7, 29):
        name = f"ip-10-0-{n}.eu-central-1.compute.internal/gpu:{n}"
        assert f"{name[:13]}…{name[-14:]}" in svg
