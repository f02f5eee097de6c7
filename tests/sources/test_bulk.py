"""Lists of a long document, decoded in one go, give the same items as token by token, wherever the text is cut."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources import _bulk, _json, _unfold, otlp
from llmscope.sources._bulk import whole_items
from llmscope.sources._file import File
from llmscope.sources._unfold import Unfold, Unfolder

UNFOLD = Unfold(inner=frozenset({"groups"}), leaves=frozenset({"items"}), piece=3)
leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text('a[]{}",:\\é\n', max_size=4)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "items", "n"]), inner, max_size=3)
    ),
)
items = st.lists(st.dictionaries(st.sampled_from(["id", "n", "x"]), values, max_size=3) | values, max_size=6)
groups = st.fixed_dictionaries({"name": leaves, "items": items}, optional={"behind": leaves})
documents = st.fixed_dictionaries({"groups": st.lists(groups, max_size=4)}, optional={"items": items}) | st.lists(
    groups, max_size=4
)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(_unfold, "BULK", 20)
    monkeypatch.setattr(_bulk, "_WINDOWS", (16, 64))


def fed(text, size, unfold):
    unfolder = Unfolder(unfold)
    pieces = []
    for start in range(0, len(text), size):
        pieces += unfolder.feed(text[start : start + size])
    unfolder.end()
    return pieces + unfolder.rest()


def told(record):
    """Return the items of a record's groups, and its own."""
    return [item for group in record.get("groups", []) for item in group["items"]], record.get("items", [])


def together(pieces):
    """Join what the pieces of each record hold."""
    whole = []
    for piece in pieces:
        if piece.before == 0:
            whole.append(([], []))
        for held, more in zip(whole[-1], told(piece.value), strict=True):
            held.extend(more)
    return whole


@given(documents, st.integers(1, 200), st.sampled_from([None, 1]))
@settings(max_examples=300)
def test_every_item_comes_out_once_and_in_order(document, size, indent):
    text = json.dumps(document, indent=indent, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_unfold, "BULK", 20)
        patch.setattr(_bulk, "_WINDOWS", (16, 64))
        pieces = fed(text, size, UNFOLD)
    records = document if isinstance(document, list) else [document]
    assert together(pieces) == [told(record) for record in records]


@pytest.mark.parametrize(
    ("text", "start", "items", "goes_on"),
    [
        (b'{"a": 1}, {"a": 2}, {"a":', 0, 2, b'{"a":'),
        (b'[{"a": 1}]}, {"a": [{"a": 2}', 1, 1, b"]}, "),
        (b'{"a": {"a": 1}}, {"a": {"a"', 0, 1, b'{"a": {"a"'),
        ('{"ä": "ö]"} ] , {"ä": 1}'.encode(), 0, 1, b"] , "),
        (b'{"a": 1', 0, 0, b'{"a": 1'),
        (b"1, 2, 3", 0, 0, b"1, 2"),
        (b"]", 0, 0, b"]"),
        (b'{"a": NaN}, {"a": 2}, {', 0, 0, b'{"a": NaN'),
    ],
)
def test_whole_items_end_where_the_text_goes_on(text, start, items, goes_on):
    found = whole_items(text, start)
    assert len(found.items) == items
    assert text[found.end :].lstrip().startswith(goes_on)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_long_document_gives_the_rows_of_a_short_one(small, monkeypatch, indent):
    spans = [{"traceId": "a" * 32, "spanId": f"{n + 1:016x}", "name": f"n{n}", "startTimeUnixNano": str(10**18 + n),
              "attributes": [{"key": "n", "value": {"intValue": str(n)}}],
              "links": [{"traceId": "b" * 32, "spanId": "c" * 16}]} for n in range(40)]  # fmt: skip
    spans[7]["attributes"] = {"n": 7}
    spans[9]["spanId"] = ""
    groups = [
        {"resource": {}, "scopeSpans": [{"scope": {"name": "s"}, "spans": spans[n : n + 10]}]} for n in range(0, 40, 10)
    ]
    text = json.dumps({"resourceSpans": groups}, indent=indent).encode()
    short = list(otlp.read(File(text)))
    monkeypatch.setattr(_json, "WHOLE", 100)
    monkeypatch.setattr(_json, "PIECE", 300)
    long = list(otlp.read(File(text)))
    assert rows(long, "spans") == rows(short, "spans")
    assert [row["reason"] for row in rows(long, "rejects")] == ["it has no span id"]
    assert len(rows(long, "spans")) == 39


def rows(batches, table):
    return [row for batch in batches for row in getattr(batch, table).to_pylist()]


def test_a_long_list_that_is_cut_keeps_what_stands_before_the_cut(small, monkeypatch):
    monkeypatch.setattr(_json, "WHOLE", 100)
    text = json.dumps([{"n": n} for n in range(100)]).encode()
    rejects = []
    found = list(_json.records(io.BytesIO(text[:-30]), lambda *told: rejects.append(told)))
    assert [record["n"] for _, record in found] == list(range(len(found)))
    assert len(found) in (96, 97)
    assert [reason for _, reason, _ in rejects] == ["not JSON: the text ends inside a record"]
