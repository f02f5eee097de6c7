"""JSON records: every object of a file comes out with its place, and what cannot be read is rejected, not lost."""

from __future__ import annotations

import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.sources import _json
from llmscope.sources._unfold import Unfold

SPANS = Unfold(inner=frozenset({"groups"}), leaves=frozenset({"spans"}), piece=3)


def read(data: bytes, **options):
    rejects: list[tuple[str, str, object]] = []
    found = list(_json.records(io.BytesIO(data), lambda *what: rejects.append(what), **options))
    return found, rejects


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}\n{"a": 2}\n',
        b'{"a": 1}\r\n\r\n{"a": 2}',
        b'[{"a": 1}, {"a": 2}]',
        b'[\n  {"a": 1},\n  {"a": 2}\n]\n',
        b'{"a": 1}{"a": 2}',
        b'{\n  "a": 1\n}\n{\n  "a": 2\n}\n',
        b'\xef\xbb\xbf{"a": 1}\n{"a": 2}',
        b'{"a": 1}\n[{"a": 2}]\n',
    ],
    ids=["lines", "crlf", "list", "pretty list", "side by side", "pretty objects", "bom", "mixed"],
)
def test_every_layout_gives_the_same_objects(data):
    found, rejects = read(data)
    assert [value for _, value in found] == [{"a": 1}, {"a": 2}]
    assert rejects == []


def test_a_place_names_the_line_and_the_item():
    found, rejects = read(b'{"a": 1}\n[{"a": 2}, 7, {"a": 3}]\n')
    assert [place for place, _ in found] == ["line 1", "line 2, item 1", "line 2, item 3"]
    assert rejects == [("line 2, item 2", "expected an object, found a number", 7)]


def test_a_broken_line_costs_only_itself():
    found, rejects = read(b'{"a": 1}\n{"b": tru\n{"a": 2}\n')
    assert [value for _, value in found] == [{"a": 1}, {"a": 2}]
    assert [place for place, _, _ in rejects] == ["line 2"]


def test_a_broken_first_line_costs_only_itself():
    found, rejects = read(b'{"b": "cut\n{"a": 1}\n{"a": 2}\n')
    assert [value for _, value in found] == [{"a": 1}, {"a": 2}]
    assert [place for place, _, _ in rejects] == ["line 1"]


def test_what_orjson_refuses_but_means_something_is_read():
    found, rejects = read(b'{"a": NaN}\n{"a": "\\ud800"}\n{"a": "\xff"}\n{"a": -Infinity}\n')
    assert rejects == []
    values = [value["a"] for _, value in found]
    assert math.isnan(values[0])
    assert values[1:] == ["�", "�", -math.inf]


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b'{"a": 1}\n' + b"[" * 5000])
def test_bottomless_nesting_is_a_reject(data):
    _, rejects = read(data)
    assert len(rejects) == 1
    assert "1000 levels" in rejects[0][1]


def test_text_that_is_no_json_is_a_reject():
    found, rejects = read(b"once upon a time\nthere was\n")
    assert found == []
    assert rejects[0][0] == "line 1"
    assert "not JSON" in rejects[0][1]


def test_a_cut_document_keeps_what_stands_before_the_cut():
    whole = json.dumps({"groups": [{"scope": "s", "spans": [{"n": i} for i in range(10)]}]}).encode()
    found, rejects = read(whole[: whole.index(b'{"n": 8}') + 3], unfold=SPANS)
    kept = [span["n"] for _, value in found for group in value["groups"] for span in group["spans"]]
    assert kept == list(range(8))
    assert all(group["scope"] == "s" for _, value in found for group in value["groups"])
    assert [place for place, _, _ in rejects] == ["line 1"]


def test_a_document_larger_than_memory_allows_comes_in_pieces(monkeypatch):
    monkeypatch.setattr(_json, "WHOLE", 64)
    groups = [{"scope": k, "spans": [{"n": k * 100 + i} for i in range(7)], "more": {"x": 1}} for k in range(3)]
    found, rejects = read(json.dumps({"groups": groups, "last": True}).encode(), unfold=SPANS)
    assert len(found) > 3
    spans = [(group["scope"], span["n"]) for _, value in found for group in value["groups"] for span in group["spans"]]
    assert spans == [(k, k * 100 + i) for k in range(3) for i in range(7)]
    assert {name for _, reason, _ in rejects for name in reason.split(" stands")[0].split(", ")} == {"more", "last"}


def test_a_field_behind_the_items_it_belongs_to_is_reported(monkeypatch):
    monkeypatch.setattr(_json, "WHOLE", 64)
    late = {"groups": [{"spans": [{"n": i} for i in range(20)], "scope": "late"}]}
    _, rejects = read(json.dumps(late).encode(), unfold=SPANS)
    assert len(rejects) == 1
    assert "scope" in rejects[0][1]


def test_encode_keeps_every_digit():
    assert json.loads(_json.encode({"id": 2**80})) == {"id": 2**80}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
objects = st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=6)


@given(objects, st.sampled_from(["lines", "list", "pretty", "side by side"]))
def test_all_that_is_written_is_read(values, layout):
    if layout == "list":
        text = json.dumps(values, indent=1)
    else:
        between = {"lines": "\n", "pretty": "\n", "side by side": ""}[layout]
        text = between.join(json.dumps(value, indent=2 if layout == "pretty" else None) for value in values)
    found, rejects = read(text.encode())
    assert rejects == []
    expected = [json.loads(json.dumps(value)) for value in values]
    assert [value for _, value in found] == expected


@given(objects, st.integers(0, 400), st.binary(max_size=3))
def test_damage_never_raises_and_takes_nothing_that_stands_before_it(values, position, bytes_in_between):
    data = "\n".join(json.dumps(value) for value in values).encode()
    position = min(position, len(data))
    before = values[: data[:position].count(b"\n")]
    for damaged in (data[:position] + bytes_in_between + data[position + 1 :], data[:position]):
        found, _ = read(damaged, unfold=SPANS)
        assert [value for _, value in found][: len(before)] == before


@given(st.binary(max_size=200))
def test_any_bytes_are_records_or_rejects(data):
    found, rejects = read(data)
    assert (
        found or rejects or not data.removeprefix(b"\xef\xbb\xbf").strip() or data.strip() in (b"[]", b"\xef\xbb\xbf[]")
    )


def test_lists_in_a_list_hold_records_where_a_format_says_so():
    text = b'[[{"a": 1}, {"a": 2}], [{"a": 3}], {"a": 4}, [[{"a": 5}]]]'
    rejected = []
    found = list(_json.records(io.BytesIO(text), lambda *told: rejected.append(told), nested=True))
    assert [record["a"] for _, record in found] == [1, 2, 3, 4]
    assert found[1][0] == "line 1, item 1, item 2"
    assert [reason for _, reason, _ in rejected] == ["expected an object, found a list"]
