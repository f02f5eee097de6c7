import datetime as dt
import json

TURNS = [
    {"role": "system", "content": "You book flights."},
    {"role": "user", "content": "Book me a flight."},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"to": "OSL"}'}}]},
    {"role": "tool", "tool_call_id": "c1", "name": "search", "content": "SK1 at noon"},
    {"role": "assistant", "content": "There is SK1. Shall I book it?"},
    {"role": "user", "content": "Yes."},
    {"role": "assistant", "content": "Done."},
    {"role": "user", "content": "###STOP###"},
]  # fmt: skip
RUN = {"task_id": 3, "reward": 1.0, "traj": TURNS, "info": {"user": {"id": "mia"}, "steps": [1, 2]}}


def contents(messages):
    return [
        part.get("content", part.get("response", part.get("name")))
        for message in messages or []
        for part in message["parts"]
    ]


def test_a_run_is_a_root_a_chat_for_each_answer_and_a_tool_for_each_call(load):
    loaded = load(json.dumps([RUN]).encode(), "runs.json")
    assert [(span["operation"], span["name"]) for span in loaded.spans] == [
        ("invoke_agent", "invoke_agent"),
        ("chat", "chat"),
        ("execute_tool", "execute_tool search"),
        ("chat", "chat"),
        ("chat", "chat"),
    ]
    root, *children = loaded.spans
    assert {span["trace_id"] for span in loaded.spans} == {root["trace_id"]}
    assert root["parent_id"] is None
    assert {span["parent_id"] for span in children} == {root["span_id"]}


def test_the_root_holds_the_whole_conversation_and_the_record(load):
    root = load(json.dumps([RUN]).encode(), "runs.json").spans[0]
    assert (root["input"], root["output"]) == ("Book me a flight.", "Done.")
    assert len(root["input_messages"]) + len(root["output_messages"]) == len(TURNS)
    assert root["user_id"] == "mia"
    assert root["attributes"] == {"task_id": 3, "info.steps": [1, 2], "file.name": "runs.json"}


def test_a_chat_holds_what_was_new_to_it(load):
    chats = [span for span in load(json.dumps([RUN]).encode()).spans if span["operation"] == "chat"]
    assert [contents(chat["input_messages"]) for chat in chats] == [
        ["You book flights.", "Book me a flight."],
        ["SK1 at noon"],
        ["Yes."],
    ]
    assert [contents(chat["output_messages"]) for chat in chats] == [
        ["search"],
        ["There is SK1. Shall I book it?"],
        ["Done."],
    ]
    assert [chat["input"] for chat in chats] == ["Book me a flight.", "Book me a flight.", "Yes."]


def test_a_tool_holds_its_arguments_and_its_result(load):
    tool = load(json.dumps([RUN]).encode()).spans[2]
    assert (tool["tool"], json.loads(tool["input"]), tool["output"]) == ("search", {"to": "OSL"}, "SK1 at noon")
    assert tool["attributes"] == {"gen_ai.tool.call.id": "c1", "message.index": 2}


def test_results_come_back_to_their_calls_whatever_their_order(load, lines):
    calls = [{"id": key, "function": {"name": f"tool {key}", "arguments": "{}"}} for key in "ab"]
    turns = [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "b", "content": "from b"},
        {"role": "tool", "tool_call_id": "a", "content": "from a"},
        {"role": "tool", "tool_call_id": "zz", "name": "stray", "content": "from nowhere"},
    ]
    tools = [span for span in load(lines({"messages": turns})).spans if span["operation"] == "execute_tool"]
    assert [(span["tool"], span["output"]) for span in tools] == [
        ("tool a", "from a"),
        ("tool b", "from b"),
        ("stray", "from nowhere"),
    ]


def test_a_reward_is_a_score_of_the_trace(load):
    loaded = load(json.dumps([RUN]).encode())
    (score,) = loaded.scores
    assert (score["trace_id"], score["span_id"], score["name"], score["value"]) == (
        loaded.spans[0]["trace_id"],
        None,
        "reward",
        1.0,
    )


def test_no_time_is_invented_and_the_order_is_kept_by_the_ids(load):
    spans = load(json.dumps([RUN]).encode()).spans
    assert {(span["start_time"], span["end_time"], span["duration_ms"]) for span in spans} == {(None, None, None)}
    assert sorted(spans, key=lambda span: span["span_id"]) == spans


def test_times_of_messages_become_times_of_spans(load):
    turns = [turn | {"timestamp": 1794830400 + 10 * number} for number, turn in enumerate(TURNS)]
    root, first, tool, *_ = load(json.dumps([{"history": turns}]).encode()).spans
    noon = dt.datetime(2026, 11, 16, 12)
    assert (first["start_time"], first["end_time"], first["duration_ms"]) == (
        noon + dt.timedelta(seconds=10),
        noon + dt.timedelta(seconds=20),
        10_000,
    )
    assert (tool["start_time"], tool["end_time"]) == (noon + dt.timedelta(seconds=20), noon + dt.timedelta(seconds=30))
    assert (root["start_time"], root["end_time"]) == (noon + dt.timedelta(seconds=10), noon + dt.timedelta(seconds=60))


def test_fields_of_a_message_fill_the_columns_of_its_span(load):
    turns = [
        *TURNS[:2],
        {
            "role": "assistant",
            "content": "Hi",
            "model": "gpt-4o",
            "usage": {"prompt_tokens": 9, "completion_tokens": 4},
            "mood": "calm",
        },
    ]
    chat = load(json.dumps([{"traj": turns}]).encode()).spans[1]
    assert (chat["model"], chat["input_tokens"], chat["output_tokens"], chat["name"]) == ("gpt-4o", 9, 4, "chat gpt-4o")
    assert chat["attributes"]["mood"] == "calm"


def test_a_run_as_python_writes_it_is_read(load, lines):
    loaded = load(lines({"messages": repr(TURNS), "score": "0.5"}))
    assert len(loaded.spans) == 5
    assert loaded.scores[0]["value"] == 0.5


def test_sharegpt_conversations_are_runs(load, lines):
    turns = [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": "Hi"},
        {"from": "gpt", "value": "Hello"},
        {"from": "human", "value": "Bye"},
        {"from": "gpt", "value": "See you"},
    ]
    spans = load(lines({"id": "x", "conversations": turns})).spans
    assert [span["output"] for span in spans] == ["See you", "Hello", "See you"]
    assert [span["input"] for span in spans] == ["Hi", "Hi", "Bye"]


def test_several_answers_with_the_usage_of_one_call_are_one_call(load, lines):
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    span = load(lines({"messages": [*TURNS[:2], TURNS[4], TURNS[5]], "usage": usage, "response": "Done."})).span
    assert (span["operation"], span["input"], span["output"], span["input_tokens"]) == ("chat", "Yes.", "Done.", 9)


def test_a_run_that_was_loaded_again_has_the_same_ids(load):
    first, second = (load(json.dumps([RUN]).encode(), "runs.json").spans for _ in range(2))
    assert [(span["trace_id"], span["span_id"]) for span in first] == [
        (span["trace_id"], span["span_id"]) for span in second
    ]
