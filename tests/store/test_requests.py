from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources._batch import Rows
from llmscope.store import Store
from llmscope.store._append import append


def request(store, columns):
    ((*values,),) = store.rows(f"SELECT {columns} FROM requests")
    return values[0] if len(values) == 1 else tuple(values)


def test_time_status_and_name_are_the_roots(store, put, span):
    put(
        span("t", "root", name="answer", duration_ms=900.0, status="ok"),
        span("t", "call", "root", duration_ms=2000.0, status="error"),
    )
    assert request(store, "name, duration_ms, status, spans, failed_spans") == ("answer", 900.0, "ok", 2, 1)


def test_model_finish_reason_and_ttft_are_those_of_the_longest_model_call(store, put, span):
    put(
        span("t", "root", operation="invoke_agent"),
        span("t", "short", "root", operation="chat", duration_ms=5.0, model="small", finish_reason="stop", ttft_ms=1.0),
        span("t", "long", "root", operation="chat", duration_ms=50.0, model="big", finish_reason="length", ttft_ms=9.0),
        span("t", "embed", "root", operation="embeddings", duration_ms=70.0, model="embedder"),
    )
    assert request(store, "model, finish_reason, ttft_ms") == ("big", "length", 9.0)


def test_a_failed_root_takes_its_reason_from_the_first_failure_below(store, put, span):
    put(
        span("t", "root", status="error"),
        span("t", "late", "root", status="error", start_us=2_000, error_type="later"),
        span("t", "early", "root", status="error", start_us=1_000, error_type="Timeout", error_message="10 s"),
    )
    assert request(store, "error_type, error_message") == ("Timeout", "10 s")


def test_usage_repeated_by_parents_is_counted_once(store, put, span):
    usage = {"input_tokens": 100, "output_tokens": 10, "cost_usd": 0.5}
    put(
        span("t", "workflow", operation="invoke_workflow", **usage),
        span("t", "step", "workflow"),
        span("t", "agent", "step", operation="invoke_agent", input_tokens=100, output_tokens=10),
        span("t", "call", "agent", operation="chat", **usage),
    )
    assert request(store, "input_tokens, output_tokens, cost_usd") == (100, 10, 0.5)
    assert store.rows("SELECT span_id, tokens, cost FROM rollups ORDER BY 1") == [
        ("agent", True, False),
        ("workflow", True, True),
    ]


def test_siblings_are_summed_and_a_lone_parents_usage_counts(store, put, span):
    put(
        span("t", "root", input_tokens=None),
        span("t", "a", "root", input_tokens=3),
        span("t", "b", "root", input_tokens=4),
        span("u", "root", input_tokens=7),
        span("u", "child", "root"),
    )
    assert store.rows("SELECT trace_id, input_tokens FROM requests ORDER BY 1") == [("t", 7), ("u", 7)]


def test_unknown_usage_stays_unknown(store, put, span):
    put(span("t", "root"))
    assert request(store, "input_tokens, cost_usd, ttft_ms") == (None, None, None)


def test_a_trace_whose_root_is_missing_starts_at_its_earliest_longest_span(store, put, span):
    put(
        span("t", "b", "a", start_us=10, duration_ms=1.0, name="inner"),
        span("t", "a", "gone", start_us=10, duration_ms=5.0, name="outer"),
        span("t", "c", "gone", start_us=20, duration_ms=9.0, name="later"),
    )
    assert request(store, "name") == "outer"


def test_a_cycle_of_parents_neither_hangs_nor_loses_the_trace(store, put, span):
    put(span("t", "a", "b", input_tokens=1), span("t", "b", "a", input_tokens=2), span("t", "c", "c", input_tokens=4))
    assert request(store, "spans") == 3


def test_a_deep_chain_is_one_request(store, put, span):
    chain = [span("t", str(i), str(i - 1) if i else None, input_tokens=5 if i == 2_000 else None) for i in range(2_001)]
    put(*chain)
    assert request(store, "spans, input_tokens") == (2_001, 5)


@st.composite
def trees(draw):
    size = draw(st.integers(1, 12))
    parents = [None if i == 0 else draw(st.integers(0, i - 1)) for i in range(size)]
    usage = [draw(st.none() | st.integers(0, 9)) for _ in range(size)]
    return parents, usage


def counted_by_hand(parents, usage):
    """Sum the usage of the nodes that have no node with usage below them."""
    bearing_below = set()
    for node, value in enumerate(usage):
        above = parents[node]
        while value is not None and above is not None:
            bearing_below.add(above)
            above = parents[above]
    counted = [value for node, value in enumerate(usage) if value is not None and node not in bearing_below]
    return sum(counted) if counted else None


@settings(max_examples=15)
@given(st.lists(trees(), min_size=1, max_size=12))
def test_tokens_of_a_request_equal_the_count_by_hand(forest):
    store = Store()
    rows = Rows("a")
    for number, (parents, usage) in enumerate(forest):
        for node, parent in enumerate(parents):
            rows.spans.append(
                {
                    "trace_id": f"t{number}",
                    "span_id": f"s{node}",
                    "parent_id": None if parent is None else f"s{parent}",
                    "input_tokens": usage[node],
                }
            )
    append(store.connection, [rows.take()], file="a", sha256="a", wire_format="test")
    found = [tokens for (tokens,) in store.rows("SELECT input_tokens FROM requests ORDER BY trace_id[2:]::INT")]
    assert found == [counted_by_hand(*tree) for tree in forest]
    store.close()


def test_requests_are_the_same_however_many_are_derived_at_once(store, put, span, monkeypatch):
    spans = [
        span(f"t{trace}", f"s{number}", "s0" if number else None, duration_ms=float(number), input_tokens=trace)
        for trace in range(9)
        for number in range(3)
    ]
    every = "SELECT * FROM requests ORDER BY trace_id"
    put(*spans)
    whole = store.rows(every)
    store.rows("DELETE FROM spans")
    monkeypatch.setattr("llmscope.store._requests.PART", 2)
    put(*spans)
    assert store.rows(every) == whole
    assert len(whole) == 9
