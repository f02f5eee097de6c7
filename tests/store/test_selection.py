import datetime as dt

import pandas as pd
import pytest

from llmscope.errors import LlmscopeError, QueryError, UnknownAttributeError
from llmscope.store.selection import instant

HOUR = 3_600_000_000


@pytest.fixture
def filled(put, span, everything):
    put(
        span(
            "t1", "r", start_us=0, operation="invoke_agent", attributes='{"metadata.plan": "free"}', input="Refund me"
        ),
        span("t1", "c", "r", start_us=0, operation="chat", model="gpt-4o", input_tokens=10),
        span("t2", "r", start_us=HOUR, operation="invoke_agent", attributes='{"metadata.plan": "pro"}', status="error"),
        span("t2", "c", "r", start_us=HOUR, operation="chat", model="claude", input_tokens=20),
        span("t2", "d", "r", start_us=HOUR, operation="chat", model="claude", input_tokens=30, duration_ms=1.0),
        scores=[{"trace_id": "t1", "name": "good", "value": 1.0}, {"trace_id": "t2", "name": "good", "value": 0.0}],
        metrics=[{"name": "cpu", "time": HOUR, "value": 0.5}],
        logs=[{"time": 0, "body": "hello", "trace_id": "t1"}],
    )
    return everything


def traces(selection):
    return [row[0] for row in selection.sql("SELECT DISTINCT trace_id FROM counted ORDER BY 1").fetchall()]


def count(selection, table="counted"):
    return selection.sql(f"SELECT count(*) FROM {table}").fetchall()[0][0]


def test_requests_are_counted_by_default_and_operations_on_demand(filled):
    assert [count(filled), count(filled.of("chat")), count(filled.of("span"))] == [2, 3, 5]
    assert filled.describe() == "requests"
    assert filled.of("chat").describe() == "chat spans"


def test_between_includes_the_start_and_excludes_the_end(filled):
    hour = dt.datetime(1970, 1, 1, 1)
    assert traces(filled.between(hour, None)) == ["t2"]
    assert traces(filled.between(None, hour)) == ["t1"]
    assert traces(filled.between(dt.datetime(1970, 1, 1), None).between(None, hour)) == ["t1"]


def test_every_table_is_narrowed_with_the_requests(filled):
    free = filled.where(**{"metadata.plan": "free"})
    assert {name: count(free, name) for name in ("requests", "spans", "scores", "logs", "metrics")} == {
        "requests": 1,
        "spans": 2,
        "scores": 1,
        "logs": 1,
        "metrics": 1,
    }


def test_filters_given_for_requests_still_hold_when_operations_are_counted(filled):
    assert traces(filled.where(**{"metadata.plan": "pro"}).of("chat")) == ["t2"]
    assert traces(filled.of("chat").where(model="gpt-4o").of("request")) == ["t1"]


@pytest.mark.parametrize(
    ("equals", "expected"),
    [
        ({"model": "claude"}, ["t2"]),
        ({"model": ["claude", "gpt-4o"]}, ["t1", "t2"]),
        ({"error_type": None}, ["t1", "t2"]),
        ({"metadata.plan": ["pro", None]}, ["t2"]),
        ({"input_tokens": 50}, ["t2"]),
        ({"model": "x' OR '1'='1"}, []),
        ({"model": []}, []),
    ],
)
def test_equality_takes_values_lists_and_unknown(filled, equals, expected):
    assert traces(filled.where(**equals)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("status = 'error'", ["t2"]),
        ("metadata.plan = 'free' OR duration_ms > 1e9", ["t1"]),
        ("\"metadata.plan\" in ('pro')", ["t2"]),
        ("input ILIKE '%refund%'", ["t1"]),
        ("attributes->>'$.\"metadata.plan\"' = 'pro'", ["t2"]),
        ("start_time >= timestamp '1970-01-01 01:00'", ["t2"]),
        ("NOT (status = 'error')", ["t1"]),
    ],
)
def test_a_sql_expression_may_use_columns_and_attribute_keys(filled, expression, expected):
    assert traces(filled.where(expression)) == expected


@pytest.mark.parametrize(
    "narrow",
    [
        lambda whole: whole,
        lambda whole: whole.between(dt.datetime(1970, 1, 1, 1), None),
        lambda whole: whole.where(**{"metadata.plan": ["pro", None]}),
        lambda whole: whole.where(error_type=None).where("status = 'error' OR false"),
        lambda whole: whole.where(model="it's {0}"),
        lambda whole: whole.of("chat").where(model=["claude", "it's"]).of("request"),
    ],
)
def test_the_filter_reads_as_one_sql_condition_that_chooses_the_same(filled, narrow):
    narrowed = narrow(filled)
    found = filled.sql(f"SELECT trace_id FROM requests WHERE {narrowed.condition} ORDER BY 1").fetchall()
    assert [row[0] for row in found] == traces(narrowed)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1=1; DROP TABLE spans",
        "1=1) OR (1=1",
        "status = 'error' ORDER BY 1",
        "select 1",
        "status = ",
        "no_such_function(status)",
    ],
)
def test_anything_but_one_boolean_expression_is_refused(filled, expression):
    with pytest.raises(QueryError, match="filter"):
        filled.where(expression)
    assert filled.store.count("spans") == 5


def test_an_unknown_name_suggests_near_ones(filled):
    with pytest.raises(UnknownAttributeError, match=r"'metadata.plam'.*Did you mean metadata.plan"):
        filled.where(**{"metadata.plam": "pro"})
    with pytest.raises(UnknownAttributeError, match="Did you mean status"):
        filled.where("statu = 'ok'")
    assert filled.store.promoted() == []


def test_attributes_inside_an_object_or_json_text_are_found(put, span, everything):
    put(
        span("t1", "a", attributes='{"metadata": "{\\"plan\\": \\"free\\"}"}'),
        span("t2", "a", attributes='{"metadata": {"plan": "pro"}}'),
        span("t3", "a", attributes='{"metadata": "not json"}', resource='{"metadata.plan": "team"}'),
    )
    key = everything.column("metadata.plan")
    rows = everything.run(everything.table.select("trace_id", key)).sort_values("trace_id")
    assert rows[key].tolist() == ["free", "pro", "team"]


@pytest.mark.parametrize("key", ['we"ird', "it's", "a{b}", "ключ", "$.x", "a\\b", "a b;c"])
def test_hostile_attribute_names_work_as_any_other(put, span, everything, key):
    import json

    put(span("t1", "a", attributes=json.dumps({key: "yes"})), span("t2", "a", attributes=json.dumps({"k": key})))
    assert traces(everything.where(**{key: "yes"})) == ["t1"]
    assert traces(everything.where(**{key: ["yes", "no"]})) == ["t1"]
    assert traces(everything.where(**{key: None})) == ["t2"]


def test_tokens_of_counted_spans_never_double(put, span, everything):
    put(span("t", "agent", operation="invoke_agent", input_tokens=10), span("t", "call", "agent", input_tokens=10))
    spans = everything.of("span")
    assert spans.run(spans.table.aggregate(n=spans.table.input_tokens.sum()))["n"].tolist() == [10]


def test_sql_reads_the_selection_and_writes_nothing(filled):
    assert filled.where(model="claude").sql("WITH x AS (FROM requests) SELECT count(*) FROM x").fetchall() == [(1,)]
    with pytest.raises(QueryError, match="reads only"):
        filled.sql("DELETE FROM spans")
    with pytest.raises(QueryError, match="does not run"):
        filled.sql("SELECT nonsense FROM spans")


def test_two_results_may_be_open_at_once(filled):
    first = filled.sql("SELECT * FROM spans").to_arrow_reader(1)
    second = filled.sql("SELECT * FROM requests").to_arrow_reader(1)
    assert first.read_next_batch().num_rows == 1
    assert second.read_all().num_rows == 2
    assert first.read_all().num_rows == 4


def test_counting_something_unknown_is_refused(filled):
    with pytest.raises(QueryError, match="Did you mean chat"):
        filled.of("chats")


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-16",
        "2026-11-16T00:00:00Z",
        "2026-11-16T01:00+01:00",
        dt.datetime(2026, 11, 16),
        pd.Timestamp("2026-11-16"),
    ],
)
def test_times_are_taken_as_utc_in_every_form(value):
    assert instant(value) == dt.datetime(2026, 11, 16)


@pytest.mark.parametrize("value", ["yesterday-ish", object(), pd.NaT])
def test_what_is_no_time_is_an_error(value):
    with pytest.raises(LlmscopeError, match="is not a time"):
        instant(value)


def test_an_empty_time_range_is_an_error(everything):
    with pytest.raises(QueryError, match="not before"):
        everything.between(dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 1))


def test_a_store_remembers_what_was_asked_of_it_and_of_which_requests(filled):
    filled.store.queries.clear()
    narrowed = filled.where(model="gpt-4o")
    narrowed.sql("SELECT 1").fetchall()
    narrowed.sql("SELECT 1").fetchall()
    filled.run(filled.table.count())
    with pytest.raises(QueryError):
        filled.sql("DROP TABLE spans")
    assert [counted for counted, _ in filled.store.queries] == ["requests, model = gpt-4o", "requests"]
    assert next(iter(filled.store.queries))[1] == "SELECT 1"
