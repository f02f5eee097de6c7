"""Bodies of recorded HTTP: bytes, compression, bombs."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

import pytest
import zstandard
from recorded_calls import ANSWER, HEADERS, call, cassette


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(ANSWER),
        json.dumps(ANSWER).encode(),
        gzip.compress(json.dumps(ANSWER).encode(), mtime=0),
        zlib.compress(json.dumps(ANSWER).encode()),
        zlib.compress(json.dumps(ANSWER).encode())[2:-4],
        zstandard.ZstdCompressor().compress(json.dumps(ANSWER).encode()),
    ],
    ids=["text", "bytes", "gzip", "zlib", "deflate", "zstd"],
)
def test_bodies_in_bytes_and_compressed_are_read(load, body):
    head = HEADERS | {"content-encoding": ["deflate"]}
    assert load(cassette(call(response=body, headers=head))).span["output"] == "Hi!"


@pytest.mark.parametrize(
    "body",
    [b"\x1f\x8bno", b"\x28\xb5\x2f\xfdno", gzip.compress(b"x" * 999, mtime=0)[:-20]],
    ids=["gzip", "zstd", "cut"],
)
def test_damaged_compression_leaves_the_body_as_it_is(load, body):
    row = load(cassette(call(response=body))).span
    assert base64.b64decode(row["attributes"]["http.response.body"]) == body


def test_a_body_that_is_no_text_is_kept_in_base64(load):
    row = load(cassette(call(None, b"\x89PNG\x00\xff", url="https://host/a.png", method="GET"))).span
    assert row["attributes"]["http.response.body"] == base64.b64encode(b"\x89PNG\x00\xff").decode()
    assert (row["operation"], row["name"]) == ("http", "GET host/a.png")


def test_a_compressed_bomb_stays_compressed(load):
    bomb = gzip.compress(b"0" * (65 * 1024 * 1024))
    row = load(cassette(call(response=bomb))).span
    assert len(row["attributes"]["http.response.body"]) < 200_000
