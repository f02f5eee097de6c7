import json

import pyarrow as pa
import pytest

from llmscope.sources._batch import Rows
from llmscope.store._append import append


def test_the_same_spans_twice_are_stored_once(store, put, span):
    rows = [span("t1", "a"), span("t1", "b", "a"), span("t2", "a")]
    assert put(*rows).spans == 3
    again = put(*rows, file="other name")
    assert (again.spans, again.duplicates, again.rejected) == (0, 3, 0)
    assert store.count("spans") == 3
    assert store.count("requests") == 2


def test_a_span_id_used_for_different_content_is_quarantined_not_lost(store, put, span):
    put(span("t", "a", name="first"))
    second = put(span("t", "a", name="second"))
    assert (second.spans, second.duplicates, second.rejected) == (0, 0, 1)
    assert store.rows("SELECT name FROM spans") == [("first",)]
    ((reason, record),) = store.rows("SELECT reason, record FROM rejects")
    assert "another span" in reason
    assert json.loads(record)["name"] == "second"


def test_duplicates_and_conflicts_inside_one_file_are_told_apart(store, put, span):
    done = put(span("t", "a"), span("t", "a"), span("t", "a", name="other"), span("t", "b"))
    assert (done.spans, done.duplicates, done.rejected) == (2, 1, 1)


def test_reading_a_file_in_another_way_replaces_its_spans(store, put, span):
    put(span("t", "a", model=None), span("u", "a", model=None))
    done = put(span("t", "a", model="gpt-4o"), replace=True)
    assert (done.spans, done.duplicates, done.rejected) == (1, 0, 0)
    assert store.rows("SELECT trace_id, model FROM requests ORDER BY 1") == [("t", "gpt-4o"), ("u", None)]


def test_a_file_is_stored_whole_or_not_at_all(store, put, span):
    def broken():
        rows = Rows("bad")
        rows.spans.append(span("t", "a"))
        yield rows.take()
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        append(store.connection, broken(), file="bad", sha256="x", wire_format="test")
    for table in ("spans", "requests", "loads", "rejects"):
        assert store.count(table) == 0
    assert put(span("t", "a")).spans == 1


def test_late_spans_of_a_known_trace_complete_its_request(store, put, span):
    put(span("t", "root", duration_ms=500.0))
    put(span("t", "call", "root", operation="chat", model="m", input_tokens=7), file="b")
    assert store.rows("SELECT spans, model, input_tokens, duration_ms FROM requests") == [(2, "m", 7, 500.0)]


def test_equal_scores_metrics_and_rejects_do_not_double(store, put, span):
    tables = {
        "scores": [{"trace_id": "t", "name": "good", "value": 1.0}],
        "metrics": [{"name": "cpu", "time": 5, "value": 0.5}, {"name": "cpu", "time": 6, "value": 0.5}],
        "rejects": [{"file": "a", "position": "line 3", "reason": "broken", "record": "{"}],
    }
    first = put(span("t", "a"), **tables)
    again = put(span("t", "a"), **tables)
    assert (first.scores, first.metrics, first.rejected, first.duplicates) == (1, 2, 1, 0)
    assert (again.scores, again.metrics, again.rejected, again.duplicates) == (0, 0, 1, 4)
    assert [store.count(name) for name in ("scores", "metrics", "rejects")] == [1, 2, 1]


def test_promoted_attributes_are_filled_for_spans_that_arrive_later(store, put, span):
    put(span("t", "a", attributes='{"metadata.plan": "free"}'))
    store.resolve("metadata.plan")
    put(span("u", "a", attributes='{"metadata.plan": "pro"}'), file="b")
    assert store.rows('SELECT trace_id, "metadata.plan" FROM requests ORDER BY 1') == [("t", "free"), ("u", "pro")]


def test_a_batch_is_let_go_of_before_the_next_one_comes(store, span):
    held = []

    def batches():
        before = pa.total_allocated_bytes()
        for number in range(20):
            rows = Rows("long")
            rows.spans.append(span("t", str(number), attributes=json.dumps({"text": "x" * 100_000})))
            yield rows.take()
            held.append(pa.total_allocated_bytes() - before)

    append(store.connection, batches(), file="long", sha256="x", wire_format="test")
    assert max(held) < 1_000_000
