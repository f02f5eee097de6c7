from __future__ import annotations

import json

from llmscope.sources._payloads import conversation, fill_payloads


def langchain(name, **kwargs):
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name], "kwargs": kwargs}


def test_langchains_serialised_messages_are_messages():
    told = conversation({"messages": [[langchain("HumanMessage", content="Hi", type="human")]]}, "user")
    assert told == [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]


def test_langchains_generations_are_answers_with_their_reason_and_tool_calls():
    answer = langchain("AIMessage", content="", tool_calls=[{"name": "find", "args": {"id": 1}, "id": "c1"}])
    generations = {"generations": [[{"text": "", "generation_info": {"finish_reason": "stop"}, "message": answer}]]}
    [told] = conversation(generations, "assistant")
    assert told["finish_reason"] == "stop"
    assert told["parts"] == [{"type": "tool_call", "id": "c1", "name": "find", "arguments": {"id": 1}}]


def test_geminis_contents_are_messages():
    [told] = conversation({"contents": [{"role": "user", "parts": [{"text": "Why?"}]}]}, "user")
    assert told["parts"] == [{"type": "text", "content": "Why?"}]


def test_what_is_no_conversation_is_none():
    assert conversation({"question": "Why?"}, "user") == []
    assert conversation([{"page": 1}], "assistant") == []
    assert conversation("Why?", "user") == []


def test_the_words_of_an_object_are_the_text_and_the_object_stays():
    row, attributes = {}, {}
    given = json.dumps({"question": "Why?", "k": 3})
    fill_payloads(row, attributes, given, {"answer": "Because."})
    assert (row["input"], row["output"]) == ("Why?", "Because.")
    assert attributes == {"input": given, "output": {"answer": "Because."}}


def test_the_answer_of_a_whole_conversation_is_its_last_and_of_a_tool_what_it_said():
    turns = [
        {"type": "human", "content": "Weather?"},
        {"type": "ai", "content": "I will look."},
        {"type": "tool", "content": "sunny", "tool_call_id": "1"},
        {"type": "ai", "content": "It is sunny."},
    ]
    row = {}
    fill_payloads(row, {}, None, {"messages": turns})
    assert row["output"] == "It is sunny."
    fill_payloads(row, {}, None, turns[2])
    assert row["output"] == "sunny"


def test_a_choice_is_the_message_in_it():
    row = {}
    fill_payloads(
        row, {}, None, {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes"}}
    )
    assert row["output"] == "Yes"
    assert '"finish_reason":"stop"' in row["output_messages"]
