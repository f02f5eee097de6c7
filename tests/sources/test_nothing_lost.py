"""The fixture that the tests of every format use to look for each leaf of a source can itself find a loss."""

from __future__ import annotations

import orjson

from llmscope.sources import read
from llmscope.sources._file import File


def test_a_dropped_leaf_is_named_by_its_path(lost):
    kept = {"messages": [{"role": "user", "content": "Hello"}], "model": "gpt-4o", "note": "kept", "took": 12.5}
    batches = list(read(File(orjson.dumps(kept))))
    assert lost(kept, batches) == []
    dropped = {"note": "gone", "usage": {"total": 4711}, "flag": True, "times": ["2026-11-16T00:00:00Z"]}
    assert lost(kept | dropped, batches) == [".flag", ".note", ".times[]", ".usage.total"]
