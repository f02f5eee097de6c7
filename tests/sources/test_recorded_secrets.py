"""Secrets in recorded HTTP are left out, wherever they stand."""

from __future__ import annotations

import json

import pytest
from recorded_calls import HEADERS, as_har, call, cassette


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer sk-secret"), ("X-Api-Key", "sk-secret"), ("api-key", "sk-secret"),
        ("x-goog-api-key", "sk-secret"), ("Cookie", "a=sk-secret"), ("DD-APPLICATION-KEY", "sk-secret"),
        ("X-Amz-Security-Token", "sk-secret"), ("Proxy-Authorization", "sk-secret"),
        ("Ocp-Apim-Subscription-Key", "sk-secret"),
    ],
)  # fmt: skip
def test_secrets_in_headers_are_not_kept(load, name, value):
    loaded = load(cassette(call(asking={"authorization": [], name: [value]})))
    assert loaded.span["attributes"][f"http.request.header.{name.lower()}"] == "[redacted]"
    assert "sk-secret" not in json.dumps(loaded.span, default=str)
    assert "1 secrets" in loaded.notes[0]


def test_secrets_in_addresses_are_not_kept(load):
    url = (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent?alt=sse&key=sk-secret"
    )
    row = load(cassette(call({"contents": []}, {}, url=url))).span
    assert row["attributes"]["url.full"].endswith("?alt=sse&key=[redacted]")
    assert (row["provider"], row["model"]) == ("gcp.gemini", "gemini-2.0-flash")


def test_secrets_in_what_a_browser_records_are_not_kept(load):
    url = "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent?key=sk-secret&alt=sse"
    document = json.loads(as_har([call({"contents": []}, {}, url=url, asking={"Referer": [url]})]))
    entry = document["log"]["entries"][0]
    entry["request"]["queryString"] = [{"name": "key", "value": "sk-secret"}, {"name": "alt", "value": "sse"}]
    entry["request"]["cookies"] = [{"name": "sid", "value": "sk-secret"}]
    document["log"]["pages"] = [{"title": url}]
    row = load(json.dumps(document).encode()).span
    assert "sk-secret" not in json.dumps(row, default=str)
    assert row["attributes"]["har.request.queryString"][1] == {"name": "alt", "value": "sse"}


def test_secrets_in_bodies_are_not_kept(load):
    answer = {"access_token": "sk-secret", "expires_in": 3599, "max_tokens": 5}
    told = call(None, answer, url="https://oauth2.googleapis.com/token", asking={"authorization": []})
    told["request"]["body"] = "grant_type=refresh_token&client_secret=sk-secret&scope=a"
    loaded = load(cassette(told))
    attributes = loaded.span["attributes"]
    assert attributes["http.request.body"] == "grant_type=refresh_token&client_secret=[redacted]&scope=a"
    assert attributes["http.response.body.access_token"] == "[redacted]"
    assert attributes["http.response.body.max_tokens"] == 5
    assert "2 secrets" in loaded.notes[0]


def test_rate_limits_are_no_secrets(load):
    head = HEADERS | {"x-ratelimit-limit-tokens": ["200000"], "Set-Cookie": ["id=1", "b=2"]}
    attributes = load(cassette(call(headers=head))).span["attributes"]
    assert attributes["http.response.header.x-ratelimit-limit-tokens"] == "200000"
    assert attributes["http.response.header.set-cookie"] == "[redacted]"
