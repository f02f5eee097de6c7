from __future__ import annotations

import json

from llmscope.sources._said import conversation, fill_said


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
    fill_said(row, attributes, given, {"answer": "Because."})
    assert (row["input"], row["output"]) == ("Why?", "Because.")
    assert attributes == {"input": given, "output": {"answer": "Because."}}
