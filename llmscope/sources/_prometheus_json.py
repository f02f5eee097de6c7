"""What Prometheus' HTTP API and promtool answer in JSON, and VictoriaMetrics' export: series with their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import Batch, Rows
from llmscope.sources._cells import real
from llmscope.sources._file import File
from llmscope.sources._json import kind_of, records
from llmscope.sources._prometheus_points import kind_of_name, point, unit_of
from llmscope.sources._prometheus_text import nanoseconds, plain
from llmscope.sources._unfold import Unfold

_UNFOLD: Final = Unfold(inner=frozenset({"data"}), leaves=frozenset({"result"}))


def is_answer(record: object) -> bool:
    """Whether a record is an answer of the API, or one series of it."""
    if not isinstance(record, dict):
        return False
    data = record.get("data", record)
    if isinstance(data, dict) and data.get("resultType") in ("matrix", "vector", "scalar"):
        return True
    return isinstance(record.get("metric"), dict) and any(
        _is_timed(record.get(key)) for key in ("value", "values", "histogram", "histograms")
    ) | (isinstance(record.get("timestamps"), list) and isinstance(record.get("values"), list))


def _is_timed(value: object) -> bool:
    if isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
    return isinstance(value, list) and len(value) == 2 and type(value[0]) in (int, float)


def read(file: File) -> Iterator[Batch]:
    """Yield every value of every series; one that cannot be read is rejected on its own."""
    rows = Rows(file.name)
    with file.open() as stream:
        for place, record in records(stream, rows.reject, unfold=_UNFOLD):
            for where, series in _series(record, place, rows):
                for _ in _points(series, where, rows):
                    if rows.full:
                        yield rows.take()
    yield rows.take()


def _series(record: dict[str, Any], place: str, rows: Rows) -> Iterator[tuple[str, dict[str, Any]]]:
    if type(record.get("metric")) is dict:
        yield place, record
        return
    for kind in ("warnings", "infos"):
        rows.notes.extend(f"{rows.file}: the query warned: {text}" for text in record.get(kind) or ())
    data = record.get("data", record)
    result = data.get("result") if type(data) is dict else None
    if type(data) is dict and data.get("resultType") == "scalar":
        yield place, {"metric": {"__name__": "scalar"}, "value": result}
        return
    if type(result) is not list:
        rows.reject(place, "it holds no series: neither data.result nor metric", record)
        return
    for index, series in enumerate(result):
        where = f"{place}, result[{index}]"
        if type(series) is dict and type(series.get("metric")) is dict:
            yield where, series
        else:
            rows.reject(where, "it is no series: it has no metric with labels", series)


def _points(series: dict[str, Any], place: str, rows: Rows) -> Iterator[None]:
    labels = {str(key): value for key, value in series["metric"].items()}
    name = str(labels.pop("__name__", "") or "value")
    unit, kind = unit_of(name), kind_of_name(name)
    labels |= {key: value for key, value in series.items() if key not in _FIELDS}
    pairs, histograms = _pairs(series), _listed(series, "histogram")
    if not pairs and not histograms:
        rows.reject(place, "it has no values", series)
    for index, pair in enumerate(pairs):
        yield
        try:
            rows.metrics.append(_value(name, unit, kind, labels, pair))
        except ValueError as error:
            rows.reject(f"{place}, values[{index}]", str(error), pair)
    for index, pair in enumerate(histograms):
        yield
        try:
            rows.metrics.append(_histogram(name, unit, labels, pair))
        except ValueError as error:
            rows.reject(f"{place}, histograms[{index}]", str(error), pair)


_FIELDS: Final = frozenset({"metric", "value", "values", "timestamps", "histogram", "histograms"})


def _pairs(series: dict[str, Any]) -> list[Any]:
    times, values = series.get("timestamps"), series.get("values")
    if type(times) is list and type(values) is list:
        longest = max(len(times), len(values))
        filled = (each + [None] * (longest - len(each)) for each in (times, values))
        return [list(pair) for pair in zip(*filled, strict=True)]
    return _listed(series, "value")


def _listed(series: dict[str, Any], field: str) -> list[Any]:
    many, one = series.get(f"{field}s"), series.get(field)
    listed = many if type(many) is list else [] if many is None else [many]
    return listed if one is None else [*listed, one]


def _timed(pair: Any) -> tuple[int, Any]:
    if type(pair) is not list or len(pair) != 2:
        raise ValueError(f"expected a time and a value, found {kind_of(pair)}")
    time, value = pair
    if type(time) not in (int, float, str):
        raise ValueError(f"its time is {kind_of(time)}")
    return nanoseconds(str(time)) // 1000, value


def _value(name: str, unit: str | None, kind: str, labels: dict[str, Any], pair: Any) -> dict[str, Any]:
    time, value = _timed(pair)
    attributes = dict(labels)
    number = real(value)
    if number is None:
        if value is None:
            attributes["otel.metric.value"] = None
        elif type(value) is str:
            attributes["otel.metric.value"] = plain(value)
        else:
            raise ValueError(f"its value is {kind_of(value)}")
    return point(name, time, number, unit=unit, kind=kind, attributes=attributes)


def _histogram(name: str, unit: str | None, labels: dict[str, Any], pair: Any) -> dict[str, Any]:
    time, value = _timed(pair)
    if type(value) is not dict:
        raise ValueError(f"its histogram is {kind_of(value)}")
    attributes = dict(labels)
    for field, found in value.items():
        number = real(found)
        kept = found if number is None else int(number) if number.is_integer() and abs(number) < 2**53 else number
        attributes["prometheus.buckets" if field == "buckets" else f"otel.metric.{field}"] = kept
    total, count = real(value.get("sum")), real(value.get("count"))
    mean = total / count if total is not None and count else None
    return point(name, time, mean, unit=unit, kind="histogram", attributes=attributes)
