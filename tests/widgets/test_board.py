"""The board's result: what is brushed on it is a selection, and its figures are those of the store."""

from __future__ import annotations

import numpy as np
import pytest

from llmscope.answers.board import explore
from llmscope.scope import Scope


@pytest.fixture
def board(assistant):
    return explore(assistant, by=["model", "metadata.plan"])


def test_what_is_brushed_is_a_selection(board):
    board.widget.brush = {"model": [board.cube.dimensions["model"].labels.index("gpt-4o")]}
    assert board.selection.describe() == "requests, model = gpt-4o"
    board.widget.brush = {}
    assert board.selection.describe() == "requests"


def test_what_is_brushed_is_a_scope_that_says_its_condition_in_sql(assistant):
    board = Scope(assistant).explore()
    assert board.condition == "true"
    board.widget.brush = {"status": [board.cube.dimensions["status"].labels.index("error")]}
    assert isinstance(board.selection, Scope)
    assert board.selection.condition == board.condition == "\"status\" = 'error'"
    assert board.selection.sql("SELECT count(*) FROM counted").fetchall() == [(55,)]


def test_the_condition_chooses_what_is_brushed_wherever_it_is_used(board):
    sizes = board.cube.sizes
    board.widget.brush = {"time": [3, 20], "latency": [0, sizes["latency"] // 2], "model": [0, 1], "tokens": [1, 2]}
    count = "SELECT count(*) FROM counted"
    brushed = board.selection.sql(count).fetchall()
    assert 0 < brushed[0][0] < 600
    assert board.whole.where(board.condition).sql(count).fetchall() == brushed
    assert board.selection.sql(f"SELECT count(*) FROM requests WHERE {board.condition}").fetchall() == brushed


def test_the_rest_is_all_that_is_not_brushed(board):
    count = "SELECT count(*) FROM counted"
    assert board.rest.sql(count).fetchall() == [(0,)]
    board.widget.brush = {"latency": [0, 20], "metadata.plan": [0]}
    whole, part, rest = (one.sql(count).fetchall()[0][0] for one in (board.whole, board.selection, board.rest))
    assert part + rest == whole == 600
    assert 0 < part < 600
    answered = board.widget._answer({"query": "figures", "params": {"brush": board.widget.brush, "rest": True}})
    assert answered["value"]["count"] == rest


def test_every_range_is_drawn_by_a_chart_of_its_unit(board):
    ranges = [axis for axis in board.widget.meta["axes"] if axis["kind"] != "values"]
    assert [axis["key"] for axis in ranges] == ["time", "latency", "tokens", "cost"]
    assert set(board.widget.meta["charts"]) == {axis["unit"] for axis in ranges} == {"time", "ms", "", "USD"}


def test_the_page_gets_exact_figures_of_a_brush(board):
    answered = board.widget._answer({"query": "figures", "params": {"brush": {"time": [0, 20], "status": [0]}}})[
        "value"
    ]
    expected = board.narrowed({"time": [0, 20], "status": [0]}).sql(
        "SELECT count(*), quantile_cont(duration_ms, 0.95), sum(input_tokens + output_tokens) FROM counted"
    )
    assert (answered["count"], pytest.approx(answered["p95"]), answered["tokens"]) == expected.fetchall()[0]


def test_a_brush_that_makes_no_sense_is_answered_with_an_error(board):
    assert "has" in board.widget._answer({"query": "figures", "params": {"brush": {"model": [99]}}})["error"]


def test_the_cells_lie_where_the_page_looks_for_them(board):
    meta, data = board.widget.meta, board.widget.cells
    arrays = {c["name"]: np.frombuffer(data, "<" + c["type"], meta["cells"], c["offset"]) for c in meta["columns"]}
    assert arrays["#count"].sum() == 600
    for axis in meta["axes"]:
        assert arrays[axis["key"]].max() < axis["size"]
        np.testing.assert_array_equal(arrays[axis["key"]], board.cube.codes[axis["key"]])
    assert all(c["offset"] % int(c["type"][1]) == 0 for c in meta["columns"])


def test_the_frame_has_one_row_per_cell(board):
    assert len(board.frame) == board.cube.cells
    assert board.frame["requests"].sum() == 600
    assert list(board.frame.columns) == [
        "time", "latency_ms", "status", "model", "metadata.plan", "requests", "tokens", "cost_usd",
    ]  # fmt: skip


def test_the_words_give_the_figures_and_say_what_can_be_brushed(board):
    assert board.text().startswith("600 requests: 9.2 % failed; p50 ")
    assert "model, metadata.plan" in board.text()


def test_a_board_of_nothing_says_so(assistant):
    empty = explore(assistant.where(service="no such service"))
    assert empty.text() == "0 requests, service = no such service."
    assert empty.widget.meta["cells"] == 0
    assert empty.png().startswith(b"\x89PNG")


def test_every_unit_can_be_explored(assistant):
    assert explore(assistant.of("span")).frame["requests"].sum() == 1800
    assert explore(assistant.of("execute_tool")).text().startswith("600 execute_tool spans")
