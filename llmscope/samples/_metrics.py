"""Resource metrics on the time axis of the traffic: processors, memory and GPU of each host, and its queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from llmscope.samples._calendar import (
    END,
    HOUR,
    MINUTE,
    SLOW_PROVIDER,
    START,
    TOOL_TIMEOUT,
    busyness,
    release,
    within,
)
from llmscope.samples._cast import HOSTS, MARKETS, PLANS, REGIONS
from llmscope.samples._dice import Dice, lognormal
from llmscope.samples._otlp import attributes

_MIB: Final = 1_048_576
_NOISE: Final = lognormal(0.16)
_BURSTS: Final = lognormal(0.6)
_SERIES: Final = {
    "system.cpu.utilization": ("1", "Share of the processors that is busy"),
    "system.memory.usage": ("By", "Memory in use"),
    "hw.gpu.utilization": ("1", "Share of time in which the GPU is busy"),
    "hw.gpu.memory.usage": ("By", "GPU memory in use"),
    "support.queue.depth": ("{request}", "Requests that wait for a worker"),
}


def lines(seed: int, step: int) -> Iterator[bytes]:
    """Yield OTLP metrics as JSON, a line for each host and hour, in the order of time.

    Args:
        seed: The seed of the traffic.
        step: Time between two points in microseconds; it divides an hour.
    """
    dice = Dice(seed, 2)
    loads = {region: _loads(region) for region in REGIONS}
    for hour in range(START, END, HOUR):
        for region in REGIONS:
            for host in HOSTS[region]:
                points = [_values(dice, region, host, time, loads[region]) for time in range(hour, hour + HOUR, step)]
                yield _line(region, host, points, list(range(hour, hour + HOUR, step)))


def _loads(region: str) -> list[int]:
    """Return the expected traffic of a region at the start of each hour, in thousandths of its peak."""
    hours = [
        sum(
            busyness(time, market.utc_offset, plan)
            * market.share
            * PLANS[plan]
            * market.regions.count(region)
            // len(market.regions)
            for market in MARKETS
            for plan in PLANS
        )
        for time in range(START, END + HOUR, HOUR)
    ]
    peak = max(hours)
    return [1000 * hour // peak for hour in hours]


def _values(dice: Dice, region: str, host: str, time: int, loads: list[int]) -> dict[str, float | int]:
    hour, rest = divmod(time - START, HOUR)
    load = loads[hour] + (loads[hour + 1] - loads[hour]) * rest // HOUR
    busy = min(dice.heavy(90 + 620 * load // 1000, _NOISE), 995)
    if host.startswith("gpu"):
        return {
            "system.cpu.utilization": busy // 3 / 1000,
            "system.memory.usage": (21_000 + dice.below(900)) * _MIB,
            "hw.gpu.utilization": min(dice.heavy(40 + 780 * load // 1000, _NOISE), 998) / 1000,
            "hw.gpu.memory.usage": (14_800 + 5 * load + dice.below(400)) * _MIB,
        }
    since_deploy = next((n for n in range(1, 200) if release(time - n * HOUR, region) != release(time, region)), 60)
    waiting = dice.heavy(load // 150, _BURSTS)
    if region == "eu-central-1" and within(time, SLOW_PROVIDER):
        waiting = waiting * 2 + dice.heavy(load // 200 + 1, _BURSTS)
    if within(time, TOOL_TIMEOUT):
        waiting = waiting * 3 + dice.heavy(load // 100 + 1, _BURSTS)
    return {
        "system.cpu.utilization": busy / 1000,
        "system.memory.usage": (3_100 + 18 * since_deploy + 2 * load + dice.below(260)) * _MIB,
        "support.queue.depth": waiting,
    }


def _line(region: str, host: str, points: list[dict[str, float | int]], times: list[int]) -> bytes:
    metrics: list[dict[str, Any]] = []
    for name in points[0]:
        unit, description = _SERIES[name]
        listed = [
            {"timeUnixNano": f"{time}000", **_number(point[name])} for time, point in zip(times, points, strict=True)
        ]
        metrics.append({"name": name, "unit": unit, "description": description, "gauge": {"dataPoints": listed}})
    resource = {
        "service.name": "support-search" if host.startswith("gpu") else "support-assistant",
        "deployment.environment.name": "production",
        "cloud.region": region,
        "host.name": host,
    }
    scope = {"scope": {"name": "luma.hostmetrics", "version": "1.1.0"}, "metrics": metrics}
    wrapped = {"resource": {"attributes": attributes(resource)}, "scopeMetrics": [scope]}
    return orjson.dumps({"resourceMetrics": [wrapped]}, option=orjson.OPT_APPEND_NEWLINE)


def _number(value: float) -> dict[str, Any]:
    return {"asDouble": value} if isinstance(value, float) else {"asInt": str(value)}


def step_of(spans: int) -> int:
    """Return the time between two points that suits so many spans: small sets have coarse metrics."""
    return 10 * MINUTE if spans >= 10_000 else 30 * MINUTE
