import contextlib
import gzip
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import sources
from llmscope.errors import LlmscopeError, UnknownFormatError, UnreadableFileError

CALL = {
    "request": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]},
    "response": {"choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]},
    "latency_ms": 12,
}


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0)], ids=["plain", "gzip"])
def test_an_empty_file_is_an_error_that_says_so(load, content):
    with pytest.raises(UnreadableFileError, match=r"chat\.jsonl: the file is empty"):
        load(content, "chat.jsonl")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG image"),
        (b"PK\x03\x04" + bytes(100), "a ZIP archive"),
        (b"\x80\x04\x95" + bytes(100), "pickle"),
        (bytes(range(256)) * 10, "binary data"),
        (bytes(8) + b"DUCK" + bytes(100), "llmscope.open"),
    ],
)
def test_a_binary_file_is_an_error_that_says_what_it_looks_like(load, content, words):
    with pytest.raises(UnreadableFileError, match=words):
        load(content, "thing.bin")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"# Notes\n\nSome words, and more words.\n", "text that begins with '# Notes'"),
        (b'{"name": "x", "version": "1"}', "a JSON object with the keys name, version"),
        (b"<html></html>", "HTML or XML"),
        (b"age,sex,income\n39,M,50\n", "none of its columns.*age, sex, income.*columns="),
    ],
)
def test_an_unknown_format_names_those_tried_and_what_the_file_looks_like(load, content, words):
    with pytest.raises(UnknownFormatError, match=f"tried llmscope, otlp, .*chat, table.*{words}"):
        load(content, "thing")


def test_an_unknown_format_name_suggests_near_ones(load):
    with pytest.raises(UnknownFormatError, match=r"no format 'chatt'.*Did you mean chat"):
        load(b"{}", format="chatt")


def test_a_log_that_is_forced_to_a_wrong_format_loses_nothing_silently(load, lines):
    loaded = load(lines({"a": 1}, {"b": 2}), format="chat")
    assert loaded.spans == []
    assert len(loaded.rejects) == 2
    with pytest.raises(UnreadableFileError, match="cannot be read as a table"):
        load(b"just words\n", format="csv")


def test_a_cut_gzip_keeps_the_records_before_the_cut_and_rejects_the_cut(load):
    records = b"".join(json.dumps(CALL | {"n": os.urandom(50).hex()}).encode() + b"\n" for _ in range(2_000))
    loaded = load(gzip.compress(records)[:60_000])
    assert 500 < len(loaded.spans) < 2_000
    assert "ends early" in loaded.reasons[-1]
    assert len(loaded.rejects) == 2, "the record that the cut went through, and the cut itself"


def test_a_gzip_cut_before_any_data_is_an_error(load):
    with pytest.raises(UnreadableFileError, match=r"ends early.*Fetch the file again"):
        load(gzip.compress(json.dumps(CALL).encode())[:8])


@pytest.mark.parametrize("kind", ["Parquet", "Arrow"])
def test_a_cut_columnar_file_is_an_error(load, kind):
    content = {"Parquet": b"PAR1" + bytes(200), "Arrow": b"ARROW1" + bytes(200)}[kind]
    with pytest.raises(UnreadableFileError, match=f"begins like a {kind} file.*cut short"):
        load(content, "x")


def test_truncated_json_is_one_reject_and_the_lines_around_it_are_read(load, lines):
    whole = lines(CALL)
    loaded = load(whole + whole[:40] + b"\n" + whole)
    assert len(loaded.spans) == 2
    assert [reject["position"] for reject in loaded.rejects] == ["line 2"]


def test_nulls_and_wrong_types_reject_their_record_with_the_field_named(load, lines):
    loaded = load(
        lines(
            CALL,
            CALL | {"latency_ms": "abc"},
            CALL | {"latency_ms": -5},
            CALL | {"latency_ms": None},
            CALL | {"request": None, "response": None},
            CALL | {"usage": {"prompt_tokens": 1.5}},
        )
    )
    assert len(loaded.spans) == 2
    assert loaded.reasons == [
        "latency_ms: 'abc' is not a number",
        "latency_ms: -5 is negative",
        "it has no messages: neither a request nor a response that is known",
        "usage.prompt_tokens: 1.5 is not a whole number",
    ]


def test_nanosecond_strings_and_64_bit_ids_keep_every_digit(load, lines):
    loaded = load(lines(CALL | {"timestamp": "1794787200123456789", "order": 2**63 + 1, "big": 2**70}))
    assert loaded.span["start_time"].isoformat() == "2026-11-16T00:00:00.123456"
    assert loaded.span["attributes"]["order"] == 2**63 + 1
    assert loaded.span["attributes"]["big"] == 2**70


def test_records_that_say_the_same_are_still_two(load, lines):
    loaded = load(lines(CALL, CALL))
    assert len({span["trace_id"] for span in loaded.spans}) == 2


def test_a_duplicate_id_keeps_both_rows(load):
    loaded = load(b"trace_id,model,latency_ms\nsame,a,1\nsame,b,2\n", "x.csv")
    assert [span["trace_id"] for span in loaded.spans] == ["same", "same"]
    assert len({span["span_id"] for span in loaded.spans}) == 2


def test_a_folder_of_mixed_formats_gives_each_file_its_own_format_or_its_own_error(tmp_path, lines):
    (tmp_path / "a.jsonl").write_bytes(lines(CALL))
    (tmp_path / "b.csv").write_text("prompt,response,latency_ms\nHi,Hello,12\n")
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "README.md").write_text("# About\n")
    (tmp_path / "d.json").write_text('{"resourceSpans": []}')
    found = {}
    for file in sources.find(tmp_path):
        try:
            found[file.path.name] = sources.detect(file)
        except LlmscopeError as error:
            found[file.path.name] = type(error).__name__
    assert found == {
        "README.md": "UnknownFormatError",
        "a.jsonl": "chat",
        "b.csv": "table",
        "c.png": "UnreadableFileError",
        "d.json": "otlp",
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
shapes = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        (
            "messages",
            "request",
            "response",
            "choices",
            "usage",
            "error",
            "latency",
            "timestamp",
            "score",
            "traj",
            "prompt",
        ),
        json_values,
    ),
)
calls = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "tool"]), "content": json_values})
        )
    },
    optional={
        "latency": json_values,
        "created": json_values,
        "model": json_values,
        "usage": json_values,
        "reward": json_values,
    },
)


@settings(max_examples=100)
@given(st.lists(shapes | calls, min_size=1, max_size=8))
def test_every_chat_record_is_a_trace_or_a_reject(records):
    content = b"".join(json.dumps(record).encode("utf-8", "replace") + b"\n" for record in records)
    traces, rejected = set(), 0
    for batch in sources.read(sources.File(content, name="x.jsonl"), format="chat"):
        traces.update(batch.spans["trace_id"].to_pylist())
        rejected += batch.rejects.num_rows
    assert len(traces) + rejected == len(records)


WHOLE = (
    b"prompt,response,latency_ms\nHi,Hello,12\nHo,Hey,13\n",
    json.dumps(
        [{"reward": 1, "traj": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}]
    ).encode(),
    json.dumps(CALL).encode() + b"\n" + json.dumps(CALL).encode(),
    gzip.compress(json.dumps(CALL).encode() * 20, mtime=0),
)


@settings(max_examples=150)
@given(
    st.sampled_from(WHOLE),
    st.integers(0, 200),
    st.integers(0, 20),
    st.binary(max_size=12),
    st.sampled_from([None, "chat", "csv", "otlp", "llmscope"]),
)
def test_damage_anywhere_ends_in_rows_rejects_or_an_error_of_ours(content, at, cut, put, form):
    damaged = content[:at] + put + content[at + cut :]
    with contextlib.suppress(LlmscopeError):
        batches = list(sources.read(sources.File(damaged, name="x"), format=form))
        header_alone = b"\n" not in damaged and damaged.lstrip()[:1] not in (b"[", b"{")
        assert header_alone or any(table.num_rows for batch in batches for table in batch.tables().values())
