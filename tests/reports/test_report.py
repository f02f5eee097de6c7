"""From a file on disk to a report on disk: execution, parameters, failures, bad input."""

import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from llmscope.errors import ReportError
from llmscope.reports import report


@pytest.fixture
def write(tmp_path):
    def write(*cells, name="week.ipynb"):
        path = tmp_path / name
        nbformat.write(new_notebook(cells=list(cells)), path)
        return path

    return write


def test_a_notebook_is_run_in_this_python_beside_its_file_with_its_parameters(write, tmp_path):
    source = write(
        new_markdown_cell("# Week"),
        new_code_cell("days = 7", metadata={"tags": ["parameters"]}),
        new_code_cell("import os, sys\nprint(sys.executable, os.getcwd(), days * 2)"),
    )
    made = report(source, parameters={"days": 10}, executed=tmp_path / "run.ipynb")
    html = made.path.read_text()
    assert made.path == tmp_path / "week.html"
    assert made.bytes == made.path.stat().st_size
    assert f"{sys.executable} {tmp_path} 20" in html
    assert made.manifest["report"]["parameters"] == {"days": "10"}
    assert made.manifest["report"]["executed"]
    ran = nbformat.read(tmp_path / "run.ipynb", as_version=4)
    nbformat.validate(ran)
    assert ran.metadata.kernelspec.name == "python3"
    assert len(ran.cells) == 4
    # Written again from what was executed, it says the same.
    again = report(tmp_path / "run.ipynb", tmp_path / "again.html", execute=False)
    assert f"{tmp_path} 20" in again.path.read_text()
    assert again.manifest["report"]["executed"] == made.manifest["report"]["executed"]


def test_an_object_whose_display_fails_is_told_by_its_own_error(write):
    source = write(
        new_code_cell(
            "class Broken:\n    def _repr_mimebundle_(self, **_):\n        raise ValueError('no such column')\nBroken()"
        )
    )
    with pytest.raises(ReportError, match=r"Cell 1 of week\.ipynb failed with ValueError: no such column"):
        report(source)
    shown = report(source, allow_errors=True).path.read_text()
    assert "<strong>ValueError: no such column</strong>" in shown
    assert "NoneType" not in shown


def test_a_failing_cell_is_an_error_that_names_it_and_keeps_what_ran(write, tmp_path):
    source = write(
        new_code_cell("print('before')"), new_code_cell("# why\nx = {}\nx['missing']"), new_code_cell("print('after')")
    )
    with pytest.raises(ReportError) as caught:
        report(source, executed=tmp_path / "partial.ipynb")
    message = str(caught.value)
    assert "Cell 2 of week.ipynb failed with KeyError: 'missing'" in message
    assert "x['missing']" in message
    assert "\x1b" not in message
    assert not (tmp_path / "week.html").exists()
    partial = nbformat.read(tmp_path / "partial.ipynb", as_version=4)
    assert len(partial.cells) == 3
    assert partial.cells[0].outputs[0].text == "before\n"
    assert partial.cells[1].outputs[0].ename == "KeyError"


def test_errors_can_be_shown_instead_and_slow_cells_are_stopped(write):
    source = write(new_code_cell("1/0"), new_code_cell("print('after')"))
    html = report(source, allow_errors=True).path.read_text()
    assert "ZeroDivisionError" in html
    assert "after" in html
    with pytest.raises(ReportError, match=r"Cell 1 of slow.ipynb took longer than 1 s"):
        report(write(new_code_cell("import time; time.sleep(60)"), name="slow.ipynb"), timeout=1)


def test_widgets_that_were_closed_are_gone_as_they_are_in_a_page_with_a_kernel(write, tmp_path):
    source = write(
        new_code_cell(
            "import ipywidgets as w\nbar, rest = w.HTML('half' + ' done'), w.HTML('the' + ' rest')\ndisplay(bar, rest)"
        ),
        new_code_cell("bar.close()"),
    )
    html = report(source, executed=tmp_path / "run.ipynb").path.read_text()
    assert "the rest" in html
    assert "half done" not in html
    ran = nbformat.read(tmp_path / "run.ipynb", as_version=4)
    assert len(ran.cells[0].outputs) == 1
    assert "half done" not in json.dumps(ran.metadata)


def test_an_old_notebook_without_cell_ids_is_run_all_the_same(tmp_path):
    old = new_notebook(
        cells=[new_code_cell("days = 1", metadata={"tags": ["parameters"]}), new_code_cell("print(days)")]
    )
    old.nbformat_minor = 2
    for cell in old.cells:
        del cell["id"]
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    made = report(tmp_path / "old.ipynb", parameters={"days": 5}, executed=tmp_path / "new.ipynb")
    assert '<pre class="stdout">5</pre>' in made.path.read_text()
    nbformat.validate(nbformat.read(tmp_path / "new.ipynb", as_version=4))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.ipynb", None, "There is no file"),
        ("prod.duckdb", "", "has to be executed"),
        ("notes.txt", "hello", "neither a notebook"),
        ("broken.ipynb", "{", "is not a Jupyter notebook"),
        ("empty.ipynb", "", "is not a Jupyter notebook"),
        ("list.ipynb", "[1]", "is not a Jupyter notebook"),
    ],
)
def test_bad_input_is_told_in_words(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ReportError, match=message):
        report(tmp_path / name, execute=False)


def test_an_output_folder_that_is_missing_and_unused_parameters_are_errors(write, tmp_path):
    source = write(new_markdown_cell("x"))
    with pytest.raises(ReportError, match="no folder"):
        report(source, tmp_path / "no" / "out.html", execute=False)
    with pytest.raises(ReportError, match="need execution"):
        report(source, execute=False, parameters={"a": 1})
