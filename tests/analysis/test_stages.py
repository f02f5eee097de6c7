from __future__ import annotations

import pandas as pd
import pytest

from llmscope.analysis.stages import STAGES, stage_breakdown, staged, step_table
from llmscope.schema import OPERATIONS

BEGIN = pd.Timestamp("2026-11-16")


def _spans(*rows, trace="t", group=None):
    """Rows are (id, parent, operation, start in ms, end in ms)."""
    return pd.DataFrame(
        [
            {
                "trace_id": trace,
                "span_id": each[0],
                "parent_id": each[1],
                "name": each[0],
                "operation": each[2],
                "start_time": BEGIN + pd.Timedelta(milliseconds=each[3]),
                "end_time": BEGIN + pd.Timedelta(milliseconds=each[4]),
                "group": group,
            }
            for each in rows
        ]
    )


ASSISTANT = (
    ("root", None, "http", 0, 100),
    ("guard", "root", "guardrail", 2, 6),
    ("search", "root", "retrieval", 6, 20),
    ("sql", "search", "db", 8, 18),
    ("chat", "root", "chat", 20, 60),
    ("wire", "chat", "http", 22, 58),
    ("tool", "root", "execute_tool", 60, 70),
    ("call", "tool", "http", 62, 68),
    ("between", "root", "other", 70, 72),
    ("answer", "root", "chat", 72, 90),
    ("check", "root", "guardrail", 90, 95),
    ("format", "root", "other", 95, 99),
)


def test_each_step_of_an_assistant_belongs_to_its_stage():
    stages = staged(_spans(*ASSISTANT)).set_index("span_id")["stage"].to_dict()
    assert stages == {
        "root": "other",
        "guard": "preprocessing",
        "search": "retrieval",
        "sql": "retrieval",
        "chat": "model inference",
        "wire": "model inference",
        "tool": "tools",
        "call": "tools",
        "between": "other",
        "answer": "model inference",
        "check": "postprocessing",
        "format": "postprocessing",
    }


def test_the_stages_of_a_request_sum_to_its_duration():
    frame = stage_breakdown(staged(_spans(*ASSISTANT)))
    assert frame["stage"].tolist() == list(STAGES)
    assert frame["ms_per_request"].sum() == pytest.approx(100)
    assert frame["share"].sum() == pytest.approx(1)
    assert frame.set_index("stage")["ms_per_request"].to_dict() == {
        "preprocessing": 4,
        "retrieval": 14,
        "model inference": 58,
        "tools": 10,
        "postprocessing": 9,
        "other": 5,
    }


def test_a_model_call_inside_a_tool_is_model_inference():
    spans = _spans(("r", None, "invoke_agent", 0, 10), ("t", "r", "execute_tool", 0, 10), ("c", "t", "chat", 2, 8))
    assert staged(spans)["stage"].tolist() == ["other", "tools", "model inference"]


def test_a_flat_log_of_model_calls_is_all_model_inference():
    frame = stage_breakdown(staged(_spans(("c", None, "chat", 0, 10)))).set_index("stage")
    assert frame.loc["model inference", "share"] == 1


def test_a_request_without_a_model_call_has_no_before_and_after():
    spans = _spans(("r", None, "http", 0, 10), ("g", "r", "guardrail", 1, 3), ("o", "r", "db", 4, 6))
    assert staged(spans)["stage"].tolist() == ["other", "preprocessing", "other"]


def test_a_child_listed_before_its_parent_gets_the_stage_of_its_parent():
    spans = _spans(*reversed(ASSISTANT))
    assert staged(spans).set_index("span_id").loc["call", "stage"] == "tools"


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_has_a_stage(operation):
    spans = _spans(("r", None, "http", 0, 10), ("x", "r", operation, 1, 3), ("c", "r", "chat", 4, 6))
    assert set(staged(spans)["stage"]) <= set(STAGES)


def test_means_are_over_all_requests_not_only_those_with_the_stage():
    spans = pd.concat([_spans(*ASSISTANT), _spans(("c", None, "chat", 0, 20), trace="u")], ignore_index=True)
    frame = stage_breakdown(staged(spans)).set_index("stage")
    assert frame.loc["tools", ["ms_per_request", "requests", "of_requests"]].tolist() == [5, 1, 2]


def test_groups_come_in_the_order_asked_for_and_those_without_spans_are_left_out():
    spans = pd.concat([_spans(*ASSISTANT, group="b"), _spans(("c", None, "chat", 0, 20), trace="u")], ignore_index=True)
    frame = stage_breakdown(staged(spans), "model", [None, "b", "gone"])
    assert frame["model"].tolist() == [None] * 6 + ["b"] * 6


def test_spans_without_an_end_take_no_time():
    spans = _spans(("r", None, "http", 0, 10), ("c", "r", "chat", 2, 8))
    spans.loc[1, "end_time"] = pd.NaT
    found = staged(spans)
    assert found["critical_ms"].tolist() == [10, 0]
    assert found["duration_ms"].isna().tolist() == [False, True]


def test_steps_come_with_most_time_on_the_critical_path_first():
    table = step_table(staged(_spans(*ASSISTANT)))
    assert table["name"].iloc[0] == "wire"
    assert table["share"].sum() == pytest.approx(1)
    assert table["share"].is_monotonic_decreasing
    assert table.set_index("name").loc["chat", ["spans", "requests", "critical_ms", "self_ms"]].tolist() == [1, 1, 4, 4]


def test_nothing_gives_empty_tables():
    spans = staged(_spans(*ASSISTANT).head(0))
    assert stage_breakdown(spans).empty
    assert step_table(spans).empty
