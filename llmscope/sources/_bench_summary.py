"""What a serving benchmark says as a whole: points in ``metrics``, and one record in ``logs`` with all of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import Rows
from llmscope.sources._cells import real, text
from llmscope.sources._finish import as_json
from llmscope.sources._reading import flat

Json = dict[str, Any]

NAME: Final = "serving"

_UNIT: Final = re.compile(r"(?:^|_)(ms|s|us|ns)(?=_|$)")
_NAMED: Final = re.compile(r"(.*?)\s*\(([^()]+)\)\s*")
_RATES: Final = {"request_throughput": "requests/s", "requests_per_second": "requests/s", "duration": "s"}
_DEEPEST: Final = 12


def add_summary(rows: Rows, body: str, told: Json, measured: Json, which: Json, time: int | None) -> None:  # noqa: PLR0917
    """Add the record of one benchmark, and a point for each number it measured.

    Args:
        rows: Where to.
        body: What it was, in words.
        told: Everything the benchmark says but its requests.
        measured: The part of it that holds results, as numbers and objects of numbers.
        which: What tells this benchmark from others: model, rate, concurrency.
        time: When it ended, in microseconds since 1970.
    """
    rows.logs.append({
        "time": time, "severity": "INFO", "body": body, "attributes": as_json(flat(told)), "source": NAME,
    })  # fmt: skip
    attributes = as_json({key: value for key, value in which.items() if value is not None})
    for name, value, unit in numbers(measured):
        rows.metrics.append({
            "name": name, "time": time, "value": value, "unit": unit, "kind": "gauge", "attributes": attributes,
            "source": NAME,
        })  # fmt: skip


def numbers(measured: Json, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, float, str | None]]:
    """Yield the name, value and unit of every number in an object of results.

    A unit is what stands beside a number under ``unit``, or what its name ends on.

    Example:
        >>> list(numbers({"mean_ttft_ms": 12.5, "request_latency": {"unit": "ms", "avg": 40}}))
        [('mean_ttft_ms', 12.5, 'ms'), ('request_latency.avg', 40.0, 'ms')]
    """
    beside = text(measured.get("unit")) if isinstance(measured.get("unit"), str) else None
    for key, value in measured.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from numbers(value, f"{name}.", depth + 1)
        elif isinstance(value, int | float) and not isinstance(value, bool) and (number := real(value)) is not None:
            yield name, number, beside or unit_of(name)


def unit_of(name: str) -> str | None:
    """Return the unit that a name tells, such as ``ms`` for ``mean_ttft_ms`` and ``s`` for ``results_ttft_s_mean``.

    Example:
        >>> unit_of("p99_itl_ms"), unit_of("results_ttft_s_quantiles_p99"), unit_of("completed")
        ('ms', 's', None)
    """
    found = _UNIT.search(name.split(".", maxsplit=1)[0].lower())
    return found[1] if found else _RATES.get(name)


def is_sheet(head: bytes) -> bool:
    """Whether a file begins as the CSV of GenAI-Perf or AIPerf does: a line of statistics for each metric."""
    first = head.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0].strip().lower().replace(b'"', b"").replace(b" ", b"")
    return first.startswith(b"metric,") and any(word in first for word in (b"avg", b"value", b"p99"))


def add_sheet(rows: Rows, content: str) -> None:
    """Add the points of such a CSV; a line that is none is rejected.

    Args:
        rows: Where to.
        content: The file.
    """
    names: list[str] = []
    reader = csv.reader(io.StringIO(content.lstrip("\ufeff")), strict=False)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rows.reject(f"line {reader.line_num}", f"it is no line of CSV: {error}", "")
            return
        if not any(cell.strip() for cell in cells):
            continue
        if cells[0].strip().lower() in ("metric", "endpoint") and not any(_number(cell) is not None for cell in cells):
            names = [cell.strip() for cell in cells[1:]]
            continue
        values = [(name, _number(cell)) for name, cell in zip(names, cells[1:], strict=False)]
        found = [(name, value) for name, value in values if value is not None]
        if not found or len(cells) - 1 > len(names):
            rows.reject(f"line {reader.line_num}", "it is no line of statistics: a name and numbers", ",".join(cells))
            continue
        match = _NAMED.fullmatch(cells[0].strip())
        metric, unit = (match[1], match[2]) if match else (cells[0].strip(), None)
        for name, value in found:
            rows.metrics.append({
                "name": f"{metric}.{name}", "value": value, "unit": unit, "kind": "gauge",
                "attributes": as_json({"metric": cells[0].strip(), "statistic": name}), "source": NAME,
            })  # fmt: skip


def _number(cell: str) -> float | None:
    return real(cell.strip().replace(",", ""))
