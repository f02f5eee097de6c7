"""Messages of failures: what varies is masked, each is counted once a request, and logs of errors are read too."""

from __future__ import annotations

import json

import pytest

import llmscope as ls
from llmscope.measures.failures import failures


def said(*messages: str) -> list[str]:
    scope = ls.open()
    scope.load([
        {"trace_id": f"t{at}", "name": "ask", "status": "error", "error_message": message, "latency_ms": 1}
        for at, message in enumerate(messages)
    ])  # fmt: skip
    return sorted(failures(scope._selection)["message"])


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("timed out after 30 s", "timed out after <n> s"),
        ("timed out after 30.5s, 3 of 10", "timed out after <n>, <n> of <n>"),
        ("429: slow down", "HTTP429: slow down"),
        ("Error code: 500 - oops", "Error code: HTTP500 - oops"),
        ("lookup: 503 Service Unavailable", "lookup: HTTP503 Service Unavailable"),
        ("no order 7123456", "no order <n>"),
        ("GET https://api.example.com/v1/x?id=3 failed", "GET <url> failed"),
        ("request 0f8fad5b-d9cb-469f-a165-70867728950e failed", "request <id> failed"),
        ("pointer 0xDEADBEEF is gone", "pointer <id> is gone"),
        ("no req_8fA31bc92d here", "no <id> here"),
        ("column \"price\" of 'orders' is missing", "column <text> of <text> is missing"),
        ("can't read, won't write", "can't read, won't write"),
        ("mail to ann@example.com bounced", "mail to <email> bounced"),
        ("since 2026-11-19T09:00:00.12Z", "since <time>"),
        ("10.0.0.12:8080 refused", "<address> refused"),
    ],
)
def test_what_varies_is_masked_and_what_says_something_is_not(message, masked):
    assert said(message) == [masked]


def test_many_numbers_are_one_message():
    assert said(*(f"worker {at} lost {at * 7} rows" for at in range(300))) == ["worker <n> lost <n> rows"]


def test_a_failure_without_a_message_counts_by_its_type():
    scope = ls.open()
    scope.load([{"name": "ask", "status": "error", "error_type": "Timeout", "latency_ms": 1}])
    (row,) = failures(scope._selection).to_dict("records")
    assert (row["where"], row["error_type"], row["message"], row["failures"]) == ("ask", "Timeout", "", 1)


def test_logs_of_errors_are_failures_too():
    records = [
        {"timeUnixNano": f"179500000{at}000000000", "severityText": text, "body": {"stringValue": "disk 7 is full"}}
        for at, text in enumerate(("ERROR", "INFO", "error", "FATAL"))
    ]
    scope = ls.open()
    logs = {"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "db"}}]},
                              "scopeLogs": [{"logRecords": records}]}]}  # fmt: skip
    scope.load(json.dumps(logs).encode())
    (row,) = failures(scope._selection).to_dict("records")
    assert (row["where"], row["error_type"], row["message"], row["failures"]) == ("db", "log", "disk <n> is full", 3)
