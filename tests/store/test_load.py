import gzip
import json

import pandas as pd
import pytest

from llmscope.errors import UnknownFormatError, UnreadableFileError
from llmscope.store import load


def lines(count, start=0):
    return "".join(
        json.dumps({"model": "gpt-4o", "latency_ms": 100 + i, "prompt": f"question {i}", "response": "yes"}) + "\n"
        for i in range(start, start + count)
    )


def test_loading_a_file_again_changes_nothing(store, tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text(lines(5))
    first, again = load(store, file), load(store, file)
    assert (first.spans, first.duplicates, first.files) == (5, 0, 1)
    assert (again.spans, again.duplicates, again.files) == (0, 5, 1)
    assert store.count("spans") == store.count("requests") == 5
    assert store.count("loads") == 1


def test_a_log_that_has_grown_adds_only_its_new_lines(store, tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text(lines(5))
    load(store, file)
    file.write_text(lines(8))
    assert (load(store, file).spans, store.count("spans")) == (3, 8)


def test_equal_lines_are_separate_requests(store, tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text(lines(1) * 3)
    assert load(store, file).spans == 3


def test_the_same_log_compressed_is_the_same_log(store, tmp_path):
    (tmp_path / "log.jsonl").write_text(lines(4))
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(lines(4).encode()))
    report = load(store, tmp_path)
    assert (report.spans, report.duplicates, report.files) == (4, 4, 2)


def test_a_column_named_later_replaces_what_was_read_before(store, tmp_path):
    file = tmp_path / "log.csv"
    file.write_text("model,zeit\ngpt-4o,2.5\ngpt-4o,3.5\n")
    load(store, file)
    assert store.rows("SELECT count(duration_ms) FROM spans") == [(0,)]
    report = load(store, file, columns={"duration_ms": "zeit"})
    assert (report.spans, report.duplicates, report.rejected) == (2, 0, 0)
    assert store.count("spans") == store.count("requests") == 2
    assert store.rows("SELECT count(duration_ms) FROM requests") == [(2,)]
    assert store.count("loads") == 1


def test_a_stray_file_in_a_folder_is_skipped_with_a_reason(store, tmp_path):
    (tmp_path / "a.jsonl").write_text(lines(2))
    (tmp_path / "README.md").write_text("# Logs\n\nOf last week.\n")
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    report = load(store, tmp_path)
    assert (report.spans, report.files, len(report.skipped)) == (2, 1, 3)
    assert "README.md" in report.text()
    assert "empty" in report.text()


def test_one_unknown_file_is_an_error_that_names_the_formats(store, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary\n")
    with pytest.raises(UnknownFormatError, match=r"notes.txt.*tried.*otlp.*chat.*table"):
        load(store, file)
    assert store.count("loads") == 0


def test_a_folder_without_any_log_is_an_error_that_gives_each_reason(store, tmp_path):
    for number in range(12):
        (tmp_path / f"{number:02}.txt").write_text("no log\n")
    with pytest.raises(UnknownFormatError, match=r"None of the 12 files(.|\n)*00.txt(.|\n)*4 more files"):
        load(store, tmp_path)


def test_a_missing_path_is_an_error(store, tmp_path):
    with pytest.raises(UnreadableFileError, match="no such file"):
        load(store, tmp_path / "gone.jsonl")


def test_what_a_report_says_adds_up(store, tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text(lines(2) + "{broken\n" + lines(1, start=9))
    report = load(store, file)
    assert (report.spans, report.rejected) == (3, 1)
    assert "1 record rejected" in report.text()
    ((name, position, reason, record),) = store.rows("SELECT * FROM rejects")
    assert name == str(file)
    assert "3" in position
    assert reason
    assert record == "{broken"


def test_frames_lists_and_bytes_load_as_files_do(store):
    frame = pd.DataFrame({"model": ["a", "b"], "latency_ms": [1.0, 2.0], "prompt": ["x", "y"]})
    assert load(store, frame).spans == 2
    assert load(store, frame).duplicates == 2
    assert load(store, lines(3).encode()).spans == 3


def test_notes_say_what_was_assumed_once(store, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(f"model,latency,prompt\ngpt-4o,{number}.5,hi {number}\n")
    text = load(store, tmp_path).text()
    assert text.count("latency names no unit") == 1
    assert "2 more alike" in text


def test_loads_are_written_to_the_audit(store, tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text(lines(2))
    load(store, file)
    assert store.rows("SELECT action, detail, rows FROM audit") == [("load", str(file), 2)]
