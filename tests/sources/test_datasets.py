import importlib.util

import datasets
import pytest

from llmscope import sources
from llmscope.errors import LlmscopeError, UnreadableFileError

ROWS = {"prompt": ["Hi", "Ho"], "response": ["Hello", "Hey"], "latency_ms": [7.0, 8.0], "plan": ["a", "b"]}
CHATS = {"messages": [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]], "score": [0.5]}


def test_a_saved_dataset_is_found_as_one_input_and_read_as_its_columns_say(load, tmp_path):
    datasets.Dataset.from_dict(ROWS).save_to_disk(str(tmp_path / "saved"))
    (file,) = sources.find(tmp_path)
    assert sources.detect(file) == "datasets"
    assert file.size > 0
    loaded = load(tmp_path)
    assert [(span["input"], span["output"], span["duration_ms"]) for span in loaded.spans] == [
        ("Hi", "Hello", 7),
        ("Ho", "Hey", 8),
    ]
    assert loaded.spans[0]["attributes"]["plan"] == "a"


def test_every_split_of_a_saved_dictionary_is_read_and_named(load, tmp_path):
    splits = datasets.DatasetDict(
        {"train": datasets.Dataset.from_dict(ROWS), "test": datasets.Dataset.from_dict(CHATS)}
    )
    splits.save_to_disk(str(tmp_path / "saved"))
    loaded = load(tmp_path / "saved")
    assert len(loaded.spans) == 3
    assert {span["attributes"]["file.name"].rpartition("/")[2] for span in loaded.spans} == {"train", "test"}
    assert loaded.scores[0]["value"] == 0.5


def test_a_dataset_in_memory_is_an_input(load):
    assert [span["input"] for span in load(datasets.Dataset.from_dict(ROWS)).spans] == ["Hi", "Ho"]
    loaded = load(datasets.DatasetDict({"a": datasets.Dataset.from_dict(ROWS), "b": datasets.Dataset.from_dict(CHATS)}))
    assert [span["input"] for span in loaded.spans] == ["Hi", "Ho", "Hi"]


def test_a_stream_of_rows_is_an_input(load):
    stream = datasets.Dataset.from_dict(ROWS).to_iterable_dataset()
    assert [span["output"] for span in load(stream).spans] == ["Hello", "Hey"]


def test_messages_of_a_dataset_are_read_as_chat(load):
    span = load(datasets.Dataset.from_dict(CHATS)).span
    assert (span["operation"], span["input"], span["output"]) == ("chat", "Hi", "Hello")


def test_columns_can_be_mapped(load):
    odd = datasets.Dataset.from_dict({"frage": ["Hi"], "antwort": ["Hallo"]})
    span = load(odd, columns={"input": "frage", "output": "antwort"}).span
    assert (span["input"], span["output"]) == ("Hi", "Hallo")


def test_a_selection_of_a_dataset_is_only_that(load):
    chosen = datasets.Dataset.from_dict(ROWS).select([1])
    assert load(chosen).span["input"] == "Ho"


def test_a_missing_package_is_an_error_that_says_how_to_get_it(load, tmp_path, monkeypatch):
    datasets.Dataset.from_dict(ROWS).save_to_disk(str(tmp_path / "saved"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LlmscopeError, match=r"pip install 'llmscope\[datasets\]'"):
        load(tmp_path / "saved")


def test_a_saved_dataset_that_lost_a_file_is_an_error(load, tmp_path):
    datasets.Dataset.from_dict(ROWS).save_to_disk(str(tmp_path / "saved"))
    next((tmp_path / "saved").glob("*.arrow")).unlink()
    with pytest.raises(UnreadableFileError, match="looks like a saved Hugging Face dataset"):
        load(tmp_path / "saved")
