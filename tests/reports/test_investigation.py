"""The default notebook of a store asks only what the store can answer."""

import nbformat
import pytest

import llmscope
from llmscope.errors import LlmscopeError
from llmscope.reports import report
from llmscope.reports._investigation import investigation

RECORDS = [
    {"model": "gpt-4o", "latency_ms": 900, "prompt": "Hi", "response": "Hello", "timestamp": "2026-11-16T10:00:00Z"},
    {"model": "claude", "latency_ms": 700, "prompt": "Ho", "response": "Hey", "timestamp": "2026-11-16T11:00:00Z"},
]


@pytest.fixture
def store(tmp_path):
    def make(records):
        scope = llmscope.open(tmp_path / "support.duckdb")
        if records:
            scope.load(records)
        scope.close()
        return tmp_path / "support.duckdb"

    return make


def sources(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_a_valid_notebook_that_names_the_store_by_its_file_name_alone(store):
    path = store(RECORDS)
    notebook = investigation(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "store = 'support.duckdb'" in sources(notebook)[0]
    assert str(path.parent) not in nbformat.writes(notebook)


def test_questions_without_an_answer_are_left_out(store):
    both = sources(investigation(store(RECORDS)))
    assert 'scope.traffic(by="model")' in both
    assert "scope.explore()" in both
    assert not any("resources" in source or "error" in source for source in both)


def test_one_model_is_not_compared_with_itself(store):
    assert 'scope.traffic(by="model")' not in sources(investigation(store(RECORDS[:1])))


def test_the_report_of_an_empty_store_says_what_was_loaded(store):
    made = report(store([]))
    assert made.manifest["stores"][0]["spans"] == 0
    assert "failure" not in made.path.read_text().partition("<main>")[2].partition("</main>")[0]


def test_a_range_without_requests_still_gives_a_report(store):
    made = report(store(RECORDS), parameters={"since": "2030-01-01"})
    assert made.manifest["report"]["parameters"] == {"since": "2030-01-01"}
    # The kernel let go of the store before it went: everything is in the one file.
    assert not made.path.with_suffix(".duckdb.wal").exists()


def test_a_file_that_is_no_store_is_told_in_words(tmp_path):
    (tmp_path / "not.duckdb").write_text("hello")
    with pytest.raises(LlmscopeError, match=r"not\.duckdb"):
        report(tmp_path / "not.duckdb")
