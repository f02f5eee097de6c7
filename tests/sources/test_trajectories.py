import json

import pytest
from arbitrary import mutated
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources import File, detect, read

ATIF = {
    "schema_version": "ATIF-v1.6", "session_id": "sess-1", "notes": "a run",
    "agent": {"name": "terminus", "version": "2.0", "model_name": "gpt-4o", "extra": {"k": "v"}},
    "steps": [
        {"step_id": 1, "timestamp": "2026-11-16T12:00:00Z", "source": "user", "message": "Make a file."},
        {
            "step_id": 2, "timestamp": "2026-11-16T12:00:02Z", "source": "agent", "model_name": "gpt-4o-mini", "message": "I write it.", "reasoning_content": "Easy.",
            "tool_calls": [{"tool_call_id": "c1", "function_name": "write", "arguments": {"path": "a.txt"}}],
            "observation": {"results": [{"source_call_id": "c1", "content": "written", "subagent_trajectory_ref": [{"trajectory_id": "sub-1"}]}]},
            "metrics": {"prompt_tokens": 100, "completion_tokens": 20, "cached_tokens": 60, "cost_usd": 0.01, "logprobs": [-0.5]},
        },
        {"step_id": 3, "timestamp": "2026-11-16T12:00:05Z", "source": "agent", "message": "Done.", "metrics": {"prompt_tokens": 130, "completion_tokens": 4, "cost_usd": 0.02}},
    ],
    "final_metrics": {"total_prompt_tokens": 230, "total_completion_tokens": 24, "total_cached_tokens": 60, "total_cost_usd": 0.03, "total_steps": 3},
}  # fmt: skip
SWE = {
    "environment": "swe_main",
    "trajectory": [
        {"action": "ls -F\n", "observation": "README.md\n", "response": "Look around.\nls -F", "thought": "Look around.", "state": '{"open_file": "n/a"}', "execution_time": 0.5,
         "query": [{"role": "system", "content": "You fix bugs."}, {"role": "user", "content": "Issue 1"}]},
        {"action": "submit", "observation": "", "response": "Submit it.", "thought": "Submit it.", "execution_time": 0.1, "query": [{"role": "user", "content": "only here"}]},
    ],
    "history": [{"role": "system", "content": "You fix bugs."}, {"role": "user", "content": "Issue 1"}, {"role": "assistant", "content": "Look around.", "agent": "main"}],
    "info": {"exit_status": "submitted", "submission": "diff --git", "model_stats": {"instance_cost": 0.42, "tokens_sent": 1234, "tokens_received": 56, "api_calls": 2}},
    "replay_config": json.dumps({"agent": {"model": {"name": "claude-sonnet-4"}}}),
}  # fmt: skip
MINI = {
    "trajectory_format": "mini-swe-agent-1", "info": {"exit_status": "LimitsExceeded", "mini_version": "1.2", "model_stats": {"instance_cost": 0.1, "api_calls": 1}, "config": {"model": {"model_name": "gpt-5"}}},
    "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "task"}, {"role": "assistant", "content": "ls", "extra": {"k": 1}}],
}  # fmt: skip
WHO = {
    "is_correct": False, "question": "How many?", "question_ID": "q", "level": "1", "ground_truth": "8", "mistake_agent": "Solver", "mistake_step": "1", "mistake_reason": "It miscounts.",
    "history": [{"role": "user", "name": "Planner", "content": "Count."}, {"role": "assistant", "name": "Solver", "content": "9"}, {"role": "user", "name": "Computer_terminal", "content": "exit 0"}],
    "system_prompt": {"Solver": "Solve."},
}  # fmt: skip
HAND = WHO | {
    "history": [{"role": "human", "content": "How many?"}, {"role": "Orchestrator (thought)", "content": "Plan."}, {"role": "Orchestrator (-> WebSurfer)", "content": "Search."}, {"role": "WebSurfer", "content": "Found 9."}],
    "mistake_agent": "WebSurfer", "mistake_step": "3",
}  # fmt: skip
RX = {
    "task_id": 107, "reward": 0.0, "trial": 7, "records": {}, "info": {"source": "user"},
    "traj": [{"role": "user", "content": "Hi", "index": 1}, {"role": "assistant", "content": "Hello", "index": 2}],
}  # fmt: skip
LABELS = {
    "trajectory_id": 107, "failure_summary": "It greets.", "root_cause": {"failure_id": 2, "reason_for_root_cause": "First words."},
    "failures": [
        {"failure_id": 1, "step_number": 3, "step_reason": "Because.", "failure_category": "Invention", "category_reason": "Made up.", "failed_agent": "Assistant"},
        {"failure_id": 2, "step_number": 5, "step_reason": "Then.", "failure_category": "System Failure", "category_reason": "Down.", "failed_agent": "User", "more": "kept"},
    ],
}  # fmt: skip
ALL = [ATIF, SWE, MINI, WHO, HAND, RX, LABELS]


def loaded(load, record):
    content = json.dumps(record).encode()
    assert detect(File(content, name="run.json")) == "trajectory"
    result = load(content, "run.json")
    assert result.rejects == []
    return result


def test_a_trajectory_of_atif_is_a_root_its_answers_and_its_tools(load):
    root, first, tool, last = loaded(load, ATIF).spans
    assert [span["operation"] for span in (root, first, tool, last)] == ["invoke_agent", "chat", "execute_tool", "chat"]
    assert (root["trace_id"], root["session_id"], root["agent"], root["release"], root["model"]) == (
        "sess-1",
        "sess-1",
        "terminus",
        "2.0",
        "gpt-4o",
    )
    assert (root["input"], root["output"]) == ("Make a file.", "Done.")
    assert (first["model"], last["model"]) == ("gpt-4o-mini", "gpt-4o")
    assert (first["input_tokens"], first["output_tokens"], first["cache_read_tokens"], first["cost_usd"]) == (
        100,
        20,
        60,
        0.01,
    )
    assert first["output_messages"][0]["parts"][0] == {"type": "reasoning", "content": "Easy."}
    assert (tool["tool"], json.loads(tool["input"]), tool["output"]) == ("write", {"path": "a.txt"}, "written")
    assert (first["duration_ms"], last["duration_ms"], root["duration_ms"]) == (2000.0, 3000.0, 5000.0)
    assert root["input_tokens"] is None, "the totals of the run are those of its steps"
    assert "llmscope.tokens.unexplained" not in root["attributes"]


def test_totals_count_where_no_step_tells_its_own(load):
    steps = [{key: value for key, value in step.items() if key != "metrics"} for step in ATIF["steps"]]
    root = loaded(load, ATIF | {"steps": steps}).spans[0]
    assert (root["input_tokens"], root["output_tokens"], root["cache_read_tokens"], root["cost_usd"]) == (
        230,
        24,
        60,
        0.03,
    )


def test_totals_that_the_steps_do_not_explain_are_noted(load):
    root = loaded(load, ATIF | {"final_metrics": {"total_prompt_tokens": 330, "total_completion_tokens": 24}}).spans[0]
    assert root["attributes"]["llmscope.tokens.unexplained"] == 100


def test_copied_context_is_not_counted_again(load):
    copied = ATIF["steps"][1] | {"is_copied_context": True}
    first = loaded(load, ATIF | {"steps": [ATIF["steps"][0], copied, ATIF["steps"][2]]}).spans[1]
    assert (first["input_tokens"], first["cost_usd"], first["attributes"]["copied.input_tokens"]) == (None, 0.0, 100)


def test_a_subagent_hangs_below_the_call_that_started_it(load):
    sub = {
        "schema_version": "ATIF-v1.7",
        "trajectory_id": "sub-1",
        "agent": {"name": "helper"},
        "steps": [{"step_id": 1, "source": "agent", "message": "Sure."}],
    }
    spans = loaded(load, ATIF | {"subagent_trajectories": [sub]}).spans
    tool, helper = spans[2], spans[4]
    assert (helper["agent"], helper["parent_id"], helper["trace_id"]) == ("helper", tool["span_id"], "sess-1")
    assert len({span["span_id"] for span in spans}) == len(spans) == 6


def test_a_trajectory_of_swe_agent_has_its_actions_and_the_usage_of_the_run(load):
    root, first, look, second, submit = loaded(load, SWE).spans
    assert (root["input_tokens"], root["output_tokens"], root["cost_usd"], root["model"], root["status"]) == (
        1234,
        56,
        0.42,
        "claude-sonnet-4",
        "ok",
    )
    assert (look["tool"], look["input"], look["output"], look["duration_ms"]) == ("ls", "ls -F\n", "README.md\n", 500.0)
    assert (first["output"], first["attributes"]["thought"], submit["tool"]) == (
        "Look around.\nls -F",
        "Look around.",
        "submit",
    )
    assert "query" not in first["attributes"], "it repeats the history"
    assert second["attributes"]["query"] == [{"role": "user", "content": "only here"}]


def test_a_run_of_mini_swe_agent_that_hit_a_limit(load):
    root, answer = loaded(load, MINI).spans
    assert (root["agent"], root["release"], root["model"], root["cost_usd"]) == ("mini-swe-agent", "1.2", "gpt-5", 0.1)
    assert (root["status"], root["error_type"], answer["output"]) == ("error", "LimitsExceeded", "ls")


def test_who_and_when_points_at_the_guilty_step(load):
    result = loaded(load, WHO)
    root, planner, solver, terminal = result.spans
    assert [span["operation"] for span in result.spans] == ["invoke_agent", "chat", "chat", "execute_tool"]
    assert [planner["agent"], solver["agent"], terminal["tool"]] == ["Planner", "Solver", "Computer_terminal"]
    assert (root["input"], root["attributes"]["ground_truth"], solver["attributes"]["history.role"]) == (
        "How many?",
        "8",
        "assistant",
    )
    assert [(score["name"], score["value"], score["label"], score["span_id"], score["annotator"]) for score in result.scores] == [
        ("is_correct", 0.0, None, None, "code"), ("mistake_agent", None, "Solver", solver["span_id"], "human"), ("mistake_step", 1.0, "1", solver["span_id"], "human"),
    ]  # fmt: skip
    assert result.scores[1]["explanation"] == "It miscounts."


def test_runs_of_who_and_when_that_were_made_by_hand_name_agents_by_role(load):
    result = loaded(load, HAND)
    assert [span["agent"] for span in result.spans[1:]] == ["Orchestrator", "Orchestrator", "WebSurfer"]
    assert result.spans[0]["input"] == "How many?"
    assert result.scores[1]["span_id"] == result.spans[3]["span_id"]


def test_a_long_history_before_the_labels_is_recognised():
    long = {
        "question": "q",
        "question_ID": "1",
        "ground_truth": "8",
        "history": [{"role": "user", "content": "x" * 70_000}],
        "mistake_step": "0",
    }
    assert detect(File(json.dumps(long).encode(), name="1.json")) == "trajectory"


def test_labels_of_agentrx_are_scores_of_the_run_they_speak_of(load):
    run, labels = loaded(load, [RX]), loaded(load, [LABELS])
    assert {span["trace_id"] for span in run.spans} == {score["trace_id"] for score in labels.scores} == {"agentrx-107"}
    found = {(score["name"], score["value"], score["label"]) for score in labels.scores}
    assert {
        ("failed_step", 3.0, None),
        ("failure_category", 1.0, "Invention"),
        ("root_cause", 2.0, "System Failure"),
        ("root_cause_step", 5.0, None),
    } <= found
    assert [(score["name"], score["value"]) for score in run.scores] == [("reward", 0.0)]


def test_labels_that_label_nothing_are_a_reject(load):
    (reason,) = load(json.dumps(LABELS | {"root_cause": None, "failures": [], "failure_summary": ""}).encode()).reasons
    assert reason.startswith("it labels nothing")


def test_another_trial_of_a_task_is_a_trace_of_its_own(load):
    runs = loaded(load, [RX, RX | {"trial": 8}])
    assert len({span["trace_id"] for span in runs.spans}) == 2
    assert runs.spans[0]["trace_id"] == "agentrx-107"


@pytest.mark.parametrize("record", ALL)
def test_nothing_of_a_trajectory_is_lost(record, lost):
    assert lost(record, list(read(File(json.dumps(record).encode())))) == []


def test_lists_of_tau_bench_stay_with_chat():
    run = {
        "task_id": 1,
        "reward": 1.0,
        "traj": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
        "trial": 0,
    }
    assert detect(File(json.dumps([run]).encode(), name="runs.json")) == "chat"


@given(st.data())
@settings(max_examples=120)
def test_any_record_of_these_shapes_becomes_rows_or_rejects(data):
    content = json.dumps(mutated(data.draw, data.draw(st.sampled_from(ALL)))).encode()
    batches = list(read(File(content), format="trajectory"))
    assert sum(table.num_rows for batch in batches for table in batch.tables().values()) > 0 or content == b"[]"
