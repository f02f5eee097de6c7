import gzip

import pandas as pd
import pyarrow as pa
import pytest

from llmscope import sources
from llmscope.errors import UnreadableFileError


@pytest.fixture
def folder(tmp_path):
    for name in ("b.jsonl", "a.csv", "deep/er/c.jsonl", ".hidden.jsonl", "deep/.git/config"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return tmp_path


def names(files, folder):
    return [file.path.relative_to(folder).as_posix() for file in files]


def test_a_directory_is_its_files_sorted_and_recursive_without_hidden_ones(folder):
    assert names(sources.find(folder), folder) == ["a.csv", "b.jsonl", "deep/er/c.jsonl"]


def test_a_pattern_recurses_with_two_stars(folder):
    assert names(sources.find(f"{folder}/**/*.jsonl"), folder) == ["b.jsonl", "deep/er/c.jsonl"]
    assert names(sources.find(f"{folder}/*.jsonl"), folder) == ["b.jsonl"]


def test_a_file_named_twice_is_found_once(folder):
    assert names(sources.find([folder / "a.csv", str(folder), f"{folder}/*.csv"]), folder) == [
        "a.csv",
        "b.jsonl",
        "deep/er/c.jsonl",
    ]


def test_a_name_with_brackets_that_exists_is_no_pattern(tmp_path):
    (tmp_path / "log[1].jsonl").write_text("{}")
    assert len(sources.find(str(tmp_path / "log[1].jsonl"))) == 1


def test_a_tilde_is_the_home_directory(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert names(sources.find("~/a.csv"), folder) == ["a.csv"]


def test_a_missing_file_names_near_ones(folder):
    with pytest.raises(UnreadableFileError, match=r"a\.cvs: there is no such file.*Did you mean a\.csv"):
        sources.find(folder / "a.cvs")


def test_a_missing_directory_is_named(folder):
    with pytest.raises(UnreadableFileError, match=r"nowhere does not exist"):
        sources.find(folder / "nowhere" / "a.csv")


def test_a_pattern_that_matches_nothing_and_an_empty_directory_are_errors(folder):
    with pytest.raises(UnreadableFileError, match="no file matches this pattern"):
        sources.find(f"{folder}/*.parquet")
    (folder / "empty").mkdir()
    with pytest.raises(UnreadableFileError, match="holds no files"):
        sources.find(folder / "empty")


def test_what_is_no_source_is_refused_with_what_would_be():
    with pytest.raises(UnreadableFileError, match="cannot load a int"):
        sources.find(7)


def test_frames_bytes_and_records_are_found():
    files = sources.find([pd.DataFrame({"model": ["a"]}), pa.table({"model": ["a"]}), b"{}"])
    assert [file.name for file in files] == ["DataFrame", "Arrow table", "bytes"]
    assert sources.find({"model": "a"})[0].open().read() == b'{"model":"a"}\n'
    assert len(sources.find([{"model": "a"}, {"model": "b"}])) == 1


def test_the_hash_of_a_frame_follows_its_content():
    frame = pd.DataFrame({"model": ["a", "b"]})
    same, other = frame.copy(), frame.assign(model=["a", "c"])
    hashes = [sources.find(table)[0].sha256 for table in (frame, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_column_of_mixed_types_is_read_as_text(load):
    frame = pd.DataFrame({"model": ["a", "b"], "thing": [1, "x"]})
    assert [span["attributes"]["thing"] for span in load(frame).spans] == ["1", "x"]


def test_detection_goes_by_content_and_not_by_name(tmp_path):
    path = tmp_path / "log.txt"
    path.write_bytes(gzip.compress(b"prompt,response,latency_ms\nHi,Hello,12\n"))
    assert sources.detect(sources.File(path)) == "table"
