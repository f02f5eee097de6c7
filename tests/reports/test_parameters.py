"""Parameters are papermill's: typed from text, injected after the defaults, and never silently unknown."""

import datetime as dt
import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from llmscope.errors import ReportError
from llmscope.reports import parameter
from llmscope.reports._parameters import inject, literal


def notebook(*sources, tagged=None):
    cells = [new_code_cell(source) for source in sources]
    if tagged is not None:
        cells[tagged].metadata["tags"] = ["parameters"]
    return new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("None", None),
        ("null", None),
        ("gpt-4o", "gpt-4o"),
        ("2026-11-16", "2026-11-16"),
        ("08", "08"),
        ("", ""),
        ("NaN", "NaN"),
        ('["a", 1]', ["a", 1]),
        ('{"a": {"b": 1}}', {"a": {"b": 1}}),
        ('"3"', "3"),
    ],
)
def test_what_is_typed_on_a_command_line_gets_the_type_it_looks_like(text, value):
    got = parameter(text)
    assert got == value
    assert type(got) is type(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_a_value_written_as_python_reads_back_as_itself(value):
    assert eval(literal(value)) == value


def test_dates_and_paths_become_text_and_other_objects_are_refused():
    assert literal(dt.date(2026, 11, 16)) == "'2026-11-16'"
    assert literal(Path("a/b")) == "'a/b'"
    with pytest.raises(ReportError, match="cannot be a object"):
        literal(object())


def test_parameters_follow_the_cell_of_defaults_and_replace_an_earlier_injection():
    made = notebook("days = 7", "print(days)", tagged=0)
    inject(made, {"days": 14})
    assert [cell.source for cell in made.cells] == ["days = 7", "# Parameters\ndays = 14", "print(days)"]
    inject(made, {"days": 21})
    assert [cell.source for cell in made.cells] == ["days = 7", "# Parameters\ndays = 21", "print(days)"]
    nbformat.validate(made)


def test_without_a_cell_of_defaults_parameters_come_first():
    made = notebook("print(days)")
    inject(made, {"days": 14})
    assert made.cells[0].source == "# Parameters\ndays = 14"


def test_a_parameter_that_the_notebook_does_not_have_is_an_error_that_suggests_one():
    with pytest.raises(ReportError, match=r"no parameter 'dais'.*Did you mean days"):
        inject(notebook("days = 7\nmodel = None", tagged=0), {"dais": 1})


def test_a_name_that_is_no_variable_is_refused_before_it_becomes_code():
    for name in ("a b", "class", "x = 1; import os #"):
        with pytest.raises(ReportError, match="not a Python variable name"):
            inject(notebook("x = 1"), {name: 1})


def test_hostile_text_in_a_parameter_stays_a_string():
    made = notebook("note = ''", tagged=0)
    text = "'''\nimport os; os.abort()\n" + json.dumps("x")
    inject(made, {"note": text})
    variables = {}
    exec(made.cells[1].source, variables)
    assert variables["note"] == text
