"""Prometheus: exposition text 0.0.4, OpenMetrics 1.0, and what its HTTP API and promtool answer in JSON → ``metrics``.

==================================== ===================================== ===================================
source                               our column                            in ``attributes``
==================================== ===================================== ===================================
name of a sample                     ``name`` (of a histogram or summary,
                                     its family)
labels, ``metric`` of JSON                                                 each under its own name
value                                ``value``                             ``otel.metric.value`` as written,
                                                                           where it is not finite or has too
                                                                           many digits for a DOUBLE
timestamp (s or ms)                  ``time``; without one, when the file
                                     was last changed
``# TYPE``                           ``kind``: counter, gauge, histogram,  ``prometheus.type`` where the words
                                     summary or untyped (untyped           differ
                                     ``_total`` are counters)
``# UNIT``, or the name's ending     ``unit`` (UCUM: s, By, {token} …)
``# HELP``                                                                 ``otel.metric.description``
``_bucket``, ``_sum``, ``_count``    ``value``: the mean, ``_sum`` by      ``otel.metric.count``, ``.sum``,
                                     ``_count``                            ``.explicit_bounds`` and
                                                                           ``.bucket_counts`` (each bucket for
                                                                           itself, as in OTLP), or
                                                                           ``prometheus.buckets`` as written
                                                                           where they do not add up
``{quantile=…}``                                                           ``otel.metric.quantile_values``
``_created``                                                               ``otel.metric.start_time`` (ns)
exemplars                                                                  ``otel.metric.exemplars``
==================================== ===================================== ===================================
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources import _prometheus_json
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import HEAD_BYTES, File
from llmscope.sources._prometheus_points import NAME, Family
from llmscope.sources._prometheus_text import said, sample
from llmscope.sources._sniff import first_record

__all__ = ["NAME", "read", "sniff"]

_LINE: Final = 1 << 20
"""Bytes of a line; a longer one is rejected."""

_KNOWN: Final = 100_000
"""Families whose type is remembered after other families followed."""

_SUFFIX: Final = re.compile(r"_(?:total|bucket|sum|count|created|gsum|gcount|info)$")
_LOOKED_AT: Final = 50


def sniff(file: File) -> bool:
    """Whether the first lines are an exposition's, or the first record is an answer of the API."""
    if _prometheus_json.is_answer(first_record(file)):
        return True
    lines = file.head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if len(file.head) >= HEAD_BYTES:
        lines.pop()
    shown = [text for line in lines if (text := line.decode("utf-8", "replace").strip())][:_LOOKED_AT]
    told = samples = labelled = 0
    for line in shown:
        if line[0] == "#":
            about = said(line)
            told += line == "# EOF" or (about is not None and (about.what != "HELP" or bool(about.text)))
            continue
        try:
            found = sample(line)
        except ValueError:
            continue
        samples += 1
        labelled += bool(found.labels)
    others = sum(line[0] != "#" for line in shown) - samples
    typed = told > 0 and any(line.startswith(("# TYPE ", "# EOF")) for line in shown)
    return others <= samples // 10 and (typed or (samples > 0 and (told > 0 or labelled == samples)))


def read(file: File) -> Iterator[Batch]:
    r"""Yield the points of one or more scrapes; a line that cannot be read is rejected with its number.

    Example:
        >>> file = File(b'# TYPE queue gauge\nqueue{model="m"} 3\n')
        >>> [batch.metrics.column("value").to_pylist() for batch in read(file)]
        [[3.0]]
    """
    if _prometheus_json.is_answer(first_record(file)):
        yield from _prometheus_json.read(file)
        return
    rows = Rows(file.name)
    reader = _Reader(rows, _changed(file))
    with file.open() as stream:
        number = 0
        while line := stream.readline(_LINE):
            number += 1
            if len(line) == _LINE and not line.endswith(b"\n"):
                rows.reject(f"line {number}", "the line is longer than 1 MB", line)
                while (line := stream.readline(_LINE)) and not line.endswith(b"\n"):
                    pass
                continue
            try:
                reader.take(line.decode("utf-8", "replace").strip("\ufeff \t\r\n"))
            except ValueError as error:
                rows.reject(f"line {number}", str(error), line)
            if rows.full:
                yield rows.take()
    reader.end()
    yield rows.take()


def _changed(file: File) -> int:
    """Return the time of a scrape that tells none, in nanoseconds: when its file was last changed, else now."""
    return file.path.stat().st_mtime_ns if file.path is not None else time.time_ns()


class _Reader:
    """Takes the lines of a file one by one and fills rows family by family."""

    def __init__(self, rows: Rows, scraped: int) -> None:
        self._rows = rows
        self._scraped = scraped
        self._family = Family("")
        self._known: dict[str, tuple[Any, ...]] = {}
        self._said: set[tuple[str, str]] = set()
        self._samples = self._untimed = 0
        self._scrapes = 1
        self._ended = False

    def take(self, line: str) -> None:
        """Take a line without its ending.

        Raises:
            ValueError: It cannot be read.
        """
        if not line:
            return
        if self._ended:
            self._again()
        if line[0] == "#":
            if line == "# EOF":
                self._ended = True
            elif (about := said(line)) is not None:
                self._about(about.what, about.family, about.text)
            return
        found = sample(line)
        if not self._family.owns(found.name) and not self._family.companion(found.name):
            self._turn_to(self._family_of(found.name))
        self._family.add(found, self._rows, self._scraped)
        self._samples += 1
        self._untimed += found.time is None

    def end(self) -> None:
        """Hand on what is held, and say what time the points without one were given."""
        self._family.hand_on(self._rows, self._scraped)
        if not self._untimed:
            return
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self._scraped / 1e9))
        which = "No sample says" if self._untimed == self._samples else f"{self._untimed:,} samples do not say"
        several = f" (all {self._scrapes} scrapes in it)" if self._scrapes > 1 else ""
        self._rows.notes.append(
            f"{self._rows.file}: {which} when it was taken; they stand at {moment} UTC, when the file was last "
            f"changed{several}."
        )

    def _about(self, what: str, name: str, text: str) -> None:
        if (what, name) in self._said:
            self._again()
        if len(self._said) < 3 * _KNOWN:
            self._said.add((what, name))
        if self._family.companion(name):
            return
        if name != self._family.name:
            known = self._known.get(name)
            self._turn_to(Family(name, *known) if known else Family(name))
        family = self._family
        if what == "TYPE":
            family.type = text.strip().lower()
        elif what == "HELP":
            family.help = text
        else:
            family.unit = text.strip()

    def _again(self) -> None:
        """Another scrape begins: what was said of families so far holds, and is said once more."""
        self._ended = False
        self._scrapes += 1
        self._said.clear()
        self._turn_to(Family(""))

    def _turn_to(self, family: Family) -> None:
        before, self._family = self._family, family
        before.hand_on(self._rows, self._scraped)
        if before.name and (before.type or before.help) and len(self._known) < _KNOWN:
            self._known[before.name] = (before.type, before.help, before.unit)

    def _family_of(self, name: str) -> Family:
        for known in (name, _SUFFIX.sub("", name)):
            if known in self._known:
                family = Family(known, *self._known[known])
                if family.owns(name):
                    return family
        return Family(name)
