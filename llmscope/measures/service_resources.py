"""Resource metrics of services, hosts or pods: one value per service, metric and minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd

from llmscope.measures._buckets import buckets
from llmscope.measures.resources import expression, series

if TYPE_CHECKING:
    from collections.abc import Collection

    from llmscope.store.selection import Selection

_EVERY: Final = "1m"


def service_resources(selection: Selection, services: Collection[str]) -> pd.DataFrame:
    """Return the resource metrics of services per minute.

    A series is of a service where one of its attributes has the service's name as its value, whatever its key is
    (``service.name``, ``pod``, ``k8s.pod.name``, ``host`` …).

    Args:
        selection: Its range of time; metrics belong to no request, so other filters do not narrow them.
        services: Names of services, hosts or pods.

    Returns:
        One row per service, metric and minute with points: ``service, metric, value`` (of a gauge the mean, of a
        counter the increase per second; where a service has several series of a metric, their sum).
    """
    points = series(selection.metrics)
    span = buckets(selection, points, "time", _EVERY)
    found = selection.run(expression(points, span))
    names = set(services)
    found["service"] = [_service(text, names) for text in found["attributes"]]
    found["value"] = found["mean"].fillna(found["increase"] / span.seconds)
    known = found.dropna(subset=["service", "value"])
    summed = known.groupby(["service", "name", "bucket"])["value"].sum().reset_index()
    return pd.DataFrame({"service": summed["service"], "metric": summed["name"], "value": summed["value"]})


def _service(attributes: object, names: set[str]) -> str | None:
    try:
        told: Any = orjson.loads(str(attributes))
    except orjson.JSONDecodeError:
        return None
    values = told.values() if isinstance(told, dict) else ()
    return next((value for value in values if isinstance(value, str) and value in names), None)
