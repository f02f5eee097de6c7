"""Samples of one Prometheus family gathered into rows of ``metrics``: a histogram or summary is one row a point."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real
from llmscope.sources._finish import as_json
from llmscope.sources._prometheus_text import Sample, nanoseconds, number, plain

NAME: Final = "prometheus"

KINDS: Final = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "gaugehistogram": "histogram",
    "summary": "summary",
    "info": "gauge",
    "stateset": "gauge",
}
"""Our word for each type; what the source does not tell is ``untyped``."""

_UNITS: Final = {
    "seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns", "bytes": "By", "celsius": "Cel",
    "meters": "m", "metres": "m", "volts": "V", "amperes": "A", "joules": "J", "watts": "W", "grams": "g",
    "hertz": "Hz", "ratio": "1", "percent": "%", "tokens": "{token}",
}  # fmt: skip
"""Base units of names and of ``# UNIT``, and how UCUM writes them."""

_OF_TYPE: Final = {
    "counter": ("", "_total", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "summary": ("", "_sum", "_count", "_created"),
    "info": ("", "_info"),
}
_HELD: Final = 10_000
"""Series of a family that are gathered at once; a family that has more hands the first ones on."""


@dataclass(slots=True)
class _Point:
    """A histogram or summary in the making."""

    labels: dict[str, str]
    time: int | None
    buckets: dict[float, str] = field(default_factory=dict)
    quantiles: dict[str, str] = field(default_factory=dict)
    sum: str | None = None
    count: str | None = None
    exemplars: list[dict[str, Any]] = field(default_factory=list)

    def take(self, part: str, sample: Sample) -> bool:
        """Take one sample; False where its place is taken, so that it begins another point."""
        if part == "bucket":
            bound = number(sample.labels["le"])
            if bound in self.buckets:
                return False
            self.buckets[bound] = sample.value
            if sample.exemplar:
                self.exemplars.append(sample.exemplar)
        elif part == "quantile":
            if sample.labels["quantile"] in self.quantiles:
                return False
            self.quantiles[sample.labels["quantile"]] = sample.value
        elif getattr(self, part) is not None:
            return False
        else:
            setattr(self, part, sample.value)
        return True


@dataclass(slots=True)
class Family:
    """What is known of a metric, and its samples until they are handed on.

    Args:
        name: As ``# TYPE`` has it.
        type: As ``# TYPE`` has it; empty while nothing said it.
        help: Text of ``# HELP``.
        unit: Text of ``# UNIT``.
    """

    name: str
    type: str = ""
    help: str | None = None
    unit: str | None = None
    _simple: list[Sample] = field(default_factory=list)
    _points: dict[tuple[Any, ...], _Point] = field(default_factory=dict)
    _created: dict[tuple[Any, ...], Sample] = field(default_factory=dict)

    def owns(self, name: str) -> bool:
        """Whether a sample of this name belongs to the family."""
        if name == self.name:
            return self.type not in ("histogram", "gaugehistogram")
        return name.startswith(self.name) and name[len(self.name) :] in _OF_TYPE.get(self.type, ())

    def companion(self, name: str) -> bool:
        """Whether ``name`` is the family in which Prometheus clients tell when the series of this one began."""
        return self.type in ("counter", "histogram", "summary") and name == f"{self.base}_created"

    @property
    def base(self) -> str:
        """The name without ``_total``."""
        return self.name.removesuffix("_total")

    def add(self, sample: Sample, rows: Rows, scraped: int) -> None:
        """Take a sample of the family.

        Raises:
            ValueError: It lacks a label that its kind needs.
        """
        part = self._part(sample)
        if part == "created" and len(self._created) < _HELD:
            self._created[tuple(sorted(sample.labels.items()))] = sample
            return
        if part == "created":
            self._row(rows, sample, scraped, kind="gauge", attributes=dict(sample.labels))
            return
        if not part:
            self._simple.append(sample)
        else:
            self._gather(part, sample, rows, scraped)
        if len(self._simple) >= _HELD:
            self._hand_on_simple(rows, scraped)

    def hand_on(self, rows: Rows, scraped: int) -> None:
        """Turn everything held into rows."""
        self._hand_on_simple(rows, scraped)
        for point in self._points.values():
            self._add_point(point, rows, scraped)
        self._points.clear()
        left, self._created = self._created, {}
        for sample in left.values():  # of series that are not here, or not any more
            self._row(rows, sample, scraped, kind="gauge", attributes=dict(sample.labels))

    def _part(self, sample: Sample) -> str:
        if sample.name == f"{self.base}_created" and self.type in ("counter", "histogram", "summary"):
            return "created"
        rest = sample.name[len(self.name) :]
        if self.type in ("histogram", "gaugehistogram"):
            if rest == "_bucket":
                if "le" not in sample.labels:
                    raise ValueError("a bucket without the label le")
                number(sample.labels["le"])
                return "bucket"
            return rest.removeprefix("_g").removeprefix("_")
        if self.type == "summary":
            if rest:
                return rest.removeprefix("_")
            if "quantile" in sample.labels:
                return "quantile"
        return ""

    def _gather(self, part: str, sample: Sample, rows: Rows, scraped: int) -> None:
        without = {"bucket": "le", "quantile": "quantile"}.get(part)
        labels = {key: value for key, value in sample.labels.items() if key != without}
        key = (sample.time, *sorted(labels.items()))
        point = self._points.get(key)
        if point is None or not point.take(part, sample):
            if point is not None:
                self._add_point(self._points.pop(key), rows, scraped)
            elif len(self._points) >= _HELD:
                self._add_point(self._points.pop(next(iter(self._points))), rows, scraped)
            point = self._points[key] = _Point(labels, sample.time)
            point.take(part, sample)

    def _hand_on_simple(self, rows: Rows, scraped: int) -> None:
        for sample in self._simple:
            attributes: dict[str, Any] = dict(sample.labels)
            self._begun(attributes, sample.labels)
            if sample.exemplar:
                attributes["otel.metric.exemplars"] = [sample.exemplar]
            self._row(rows, sample, scraped, kind=self._kind(sample.name), attributes=attributes)
        self._simple.clear()

    def _add_point(self, point: _Point, rows: Rows, scraped: int) -> None:
        attributes: dict[str, Any] = dict(point.labels)
        self._begun(attributes, point.labels)
        count = point.count if point.count is not None else point.buckets.get(float("inf"))
        for key, text in (("count", count), ("sum", point.sum)):
            if text is not None:
                attributes[f"otel.metric.{key}"] = plain(text)
        if point.buckets:
            attributes |= _buckets(point.buckets)
        if point.quantiles:
            attributes["otel.metric.quantile_values"] = [
                {"quantile": plain(quantile), "value": plain(value)} for quantile, value in point.quantiles.items()
            ]
        if self.type != "gaugehistogram":
            attributes["otel.metric.temporality"] = "CUMULATIVE"
        if point.exemplars:
            attributes["otel.metric.exemplars"] = point.exemplars
        total, number_of = real(point.sum), real(count)
        mean = total / number_of if total is not None and number_of else None
        time = scraped if point.time is None else point.time
        self._append(rows, self.name, time, mean, kind=KINDS[self.type], attributes=attributes)

    def _begun(self, attributes: dict[str, Any], labels: dict[str, str]) -> None:
        """Note when a series began, where the source tells it."""
        if not self._created:
            return
        begun = self._created.get(tuple(sorted(labels.items())))
        if begun is not None:
            try:
                attributes["otel.metric.start_time"] = nanoseconds(begun.value)
            except ValueError:
                return
            self._created.pop(tuple(sorted(labels.items())), None)

    def _kind(self, name: str) -> str:
        if self.type in KINDS:
            return KINDS[self.type]
        return kind_of_name(name)

    def _row(self, rows: Rows, sample: Sample, scraped: int, *, kind: str, attributes: dict[str, Any]) -> None:
        value = real(sample.value)
        if value is None or (len(sample.value) > 15 and sample.value.isdecimal()):
            attributes["otel.metric.value"] = sample.value
        time = scraped if sample.time is None else sample.time
        self._append(rows, sample.name, time, value, kind=kind, attributes=attributes)

    def _append(self, rows: Rows, name: str, time: int, value: float | None, **told: Any) -> None:
        """Add a row; ``told`` are its kind and attributes."""
        kind, attributes = told["kind"], told["attributes"]
        if self.help:
            attributes["otel.metric.description"] = self.help
        if self.type and self.type != kind:
            attributes["prometheus.type"] = self.type
        unit = unit_of(name) if self.unit is None else _UNITS.get(self.unit, self.unit or None)
        rows.metrics.append(point(name, time // 1000, value, unit=unit, kind=kind, attributes=attributes))


def point(name: str, time: int, value: float | None, *, unit: str | None, kind: str, attributes: dict[str, Any]) -> Row:
    """Return a row of ``metrics``; ``time`` in microseconds."""
    return {
        "name": name,
        "time": time,
        "value": value,
        "unit": unit,
        "kind": kind,
        "attributes": as_json(attributes),
        "source": NAME,
    }


def kind_of_name(name: str) -> str:
    """Return the kind that a name tells where nothing else does: by convention a ``_total`` only grows.

    Example:
        >>> kind_of_name("vllm:prompt_tokens_total"), kind_of_name("up")
        ('counter', 'untyped')
    """
    return "counter" if name.endswith("_total") else "untyped"


def unit_of(name: str) -> str | None:
    """Return the unit that a name tells by its ending.

    Example:
        >>> unit_of("process_cpu_seconds_total"), unit_of("vllm:num_requests_running")
        ('s', None)
    """
    bare = name
    for ending in ("_total", "_sum", "_created"):
        bare = bare.removesuffix(ending)
    if name.endswith("_created"):
        return "s"
    return _UNITS.get(bare.replace(":", "_").rpartition("_")[2])


def _buckets(buckets: dict[float, str]) -> dict[str, Any]:
    """Return cumulative buckets as OTLP has them, each for itself; as they are where that would not give them back."""
    bounds = sorted(buckets)
    counts = [plain(buckets[bound]) for bound in bounds]
    steps = [
        after - before
        for before, after in zip([0, *counts[:-1]], counts, strict=True)
        if type(after) is int and type(before) is int
    ]
    if len(steps) < len(counts) or min(steps) < 0 or bounds[-1] != float("inf") or bounds[0] == -float("inf"):
        return {"prometheus.buckets": {str(bound): plain(count) for bound, count in buckets.items()}}
    return {"otel.metric.explicit_bounds": bounds[:-1], "otel.metric.bucket_counts": steps}
