"""Small stores for tests of measures, answers, charts and widgets: rows written by hand, and a whole assistant."""

from __future__ import annotations

import bisect
import contextlib
import datetime as dt
import itertools
import json
import random
import re

import pandas as pd
import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a machine that does other things is slow at times
settings.load_profile("patient")

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
MIDNIGHT = int(dt.datetime(2026, 11, 16, tzinfo=dt.UTC).timestamp()) * 1_000_000
MODELS = ("gpt-4o", "claude-sonnet-4", None, HOSTILE)


@pytest.fixture(scope="session")
def assistant():
    """Return a selection of 600 requests of an assistant over two days: 1,800 spans, some without time, cost or end."""
    from llmscope.sources._batch import Rows
    from llmscope.store import Selection, Store
    from llmscope.store._append import append

    rows = Rows("assistant.jsonl")
    chance = random.Random(7)
    for number in range(600):
        rows.spans.extend(_request(number, chance))
    rows.scores.append({"trace_id": f"{0:032x}", "name": "helpful", "value": 0.2, "label": HOSTILE, "source": "test"})
    rows.reject("line 7", "not JSON", "{")
    store = Store()
    append(store.connection, [rows.take()], file="assistant.jsonl", sha256="a" * 64, wire_format="test")
    yield Selection(store)
    store.close()


def _request(number, chance):
    trace = f"{number:032x}"
    start = None if number % 50 == 49 else MIDNIGHT + chance.randrange(2 * 86_400_000_000)
    took = None if number % 40 == 39 else round(chance.lognormvariate(6.8, 0.8), 3)
    model = MODELS[number % len(MODELS)]
    failed = number % 11 == 3
    question = HOSTILE if number % 3 == 0 else f"Where is order {number}?"

    def span(which, parent, name, operation, share, **columns):
        duration = None if took is None else took * share
        return {
            "trace_id": trace,
            "span_id": f"{number:08x}{which:08x}",
            "parent_id": parent and f"{number:08x}{parent:08x}",
            "name": name,
            "operation": operation,
            "start_time": start and start + which * 1000,
            "end_time": None if start is None or duration is None else start + int(duration * 1000),
            "duration_ms": duration,
            "status": "ok",
            "source": "test",
            **columns,
        }

    messages = [
        {"role": "system", "parts": [{"type": "text", "content": "You are **helpful**. ![x](http://evil.test/x.png)"}]},
        {"role": "user", "parts": [{"type": "text", "content": question}]},
    ]
    answer = [
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "content": "See [here](javascript:alert(4)) and `code`."},
                {"type": "tool_call", "id": "1", "name": "find_order", "arguments": {"id": number}},
            ],
        }
    ]
    status = {"status": "error", "error_type": "Timeout", "error_message": HOSTILE} if failed else {}
    return [
        span(1, None, "answer", "invoke_agent", 1, service="assistant", input=question, output="See here.", **status),
        span(
            2,
            1,
            "chat",
            "chat",
            0.7,
            model=model,
            service="assistant",
            input_tokens=200 + number,
            output_tokens=40,
            cost_usd=None if number % 2 else 0.002,
            input=question,
            input_messages=json.dumps(messages),
            output_messages=json.dumps(answer),
            attributes=json.dumps({"metadata.plan": "pro" if number % 5 else "free", "note": HOSTILE}),
        ),
        span(3, 2, "find_order", "execute_tool", 0.2, tool="find_order", service="shop"),
    ]


@pytest.fixture
def counted():
    """Return a function that stores rows and selects them all: counted(rows, metrics=[…]) -> Selection.

    A row is one request of one span; ``time`` (text, UTC) and ``ms`` are its start and duration.
    """
    from llmscope.sources._batch import Rows
    from llmscope.store import Selection, Store
    from llmscope.store._append import append

    stores = []

    def select(rows=(), metrics=()):
        store = Store()
        stores.append(store)
        batch = Rows("rows")
        batch.spans.extend(_row(row, number) for number, row in zip(itertools.count(), rows, strict=False))
        batch.metrics.extend(
            {"kind": "gauge", "attributes": "{}", **row, "time": _micros(row["time"])} for row in metrics
        )
        append(store.connection, [batch.take()], file="rows", sha256="0", wire_format="test")
        return Selection(store)

    yield select
    for store in stores:
        store.close()


def _row(row, number):
    row = dict(row)
    start, ms = _micros(row.pop("time", "2026-11-16 12:00")), row.pop("ms", 100.0)
    return {
        "trace_id": f"{number:032x}",
        "span_id": "1",
        "name": "chat",
        "operation": "chat",
        "start_time": start,
        "end_time": None if start is None or ms is None else start + round(ms * 1000),
        "duration_ms": ms,
        "status": "ok",
        **row,
    }


def _micros(time):
    return None if time is None else pd.Timestamp(time).value // 1000


@pytest.fixture(scope="session")
def lost():
    """Return a function that lists the leaves of a source that its batches do not hold: lost(document, batches).

    ``document`` is decoded JSON (or a list of it), ``batches`` what a source read from it. A text is held where any
    column, or any leaf of a JSON column (JSON within text too), is it or holds it; a time, duration or number also in
    the unit of our columns; booleans and small whole numbers also by their key. Leaves are named by their path.
    """
    return _lost


def _lost(document, batches):
    held = _Held(batches)
    return sorted({path for path, key, value in _leaves(document, "", "") if not held.has(key, value)})


def _leaves(value, path, key):
    if isinstance(value, str) and value[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}", name)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, f"{path}[]", key)
    elif value is not None and value != "":
        yield path, key, value


_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
"""How our JSON columns write times."""


class _Held:
    """Every text, number, time and key that the rows of some batches hold."""

    def __init__(self, batches):
        self.keys, self.texts, self.numbers = set(), set(), set()
        for batch in batches:
            for table in batch.tables().values():
                for row in table.to_pylist():
                    for column, value in row.items():
                        self._take(column, value)
        self.all = "\n".join(self.texts)

    def _take(self, key, value):
        if isinstance(value, dt.datetime):
            self.numbers.add(value.replace(tzinfo=dt.UTC).timestamp())
            return
        if isinstance(value, str):
            self.texts.add(value)
        for path, name, leaf in _leaves(value, key, key):
            self.keys.add(name)
            self.keys.update(str(name).split("."))
            self.keys.update(part.removesuffix("[]") for part in path.split("."))
            if isinstance(leaf, str):
                self.texts.add(leaf)
                if leaf.isdigit():
                    self.numbers.add(float(leaf))
                elif _ISO.fullmatch(leaf):
                    with contextlib.suppress(ValueError):
                        self.numbers.add(dt.datetime.fromisoformat(leaf).replace(tzinfo=dt.UTC).timestamp())
            elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
                self.numbers.add(float(leaf))

    def has(self, key, value):
        if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10):
            return key in self.keys or (not isinstance(value, bool) and self._number(value))
        if isinstance(value, int | float):
            return self._number(value) or str(value) in self.all
        return value in self.texts or value in self.all or self._time(value) or self._number_in(value)

    def _number(self, value):
        scaled = [value * scale for scale in (1, 1e3, 1e6, 1e-3, 1e-6, 1e-9)]
        return any(self._near(number) for number in scaled)

    def _near(self, number):
        if number in self.numbers:
            return True
        if not hasattr(self, "_ordered"):
            self._ordered = sorted(self.numbers)
        index = bisect.bisect_left(self._ordered, number)
        return any(
            abs(other - number) <= max(1e-9 * abs(number), 1.1e-6 if number > 1e8 else 0)
            for other in self._ordered[max(index - 1, 0) : index + 1]
        )

    def _time(self, value):
        from llmscope.sources._values import time_us

        try:
            time = time_us(value)
        except ValueError:
            return False
        return time is not None and (self._near(time / 1e6) or self._near(time))

    def _number_in(self, value):
        try:
            return self._number(float(value))
        except ValueError:
            return False


@pytest.fixture
def by_words(monkeypatch):
    """Let the default embedding model be one of words, without torch: texts that share words are near.

    Yields every text that it was asked for.
    """
    import zlib
    from types import SimpleNamespace

    import numpy as np

    from llmscope.text import models

    asked = []

    def direction(word):
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=32)

    class Words:
        device = SimpleNamespace(type="cpu")

        def encode(self, texts, **_options):
            asked.extend(texts)
            return [sum((direction(word) for word in text.lower().split()), np.zeros(32)) for text in texts]

    monkeypatch.setattr(models, "load", lambda _name: Words())
    monkeypatch.setattr(models, "_contextual", lambda: True)
    return asked


@pytest.fixture
def orders(counted, by_words):
    """Return a selection of 120 requests about orders and refunds, of which nothing is embedded yet."""
    wants = ("Where is order {}?", "I want a refund of order {}", "Cancel order {} please")
    return counted(
        {"input": wants[n % 3].format(n), "status": "error" if n % 8 == 0 else "ok", "model": "gpt-4o", "ms": 100 + n}
        for n in range(120)
    )
