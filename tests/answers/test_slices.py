from __future__ import annotations

import numpy as np
import pytest

import llmscope as ls
from llmscope.answers.slices import automatic, named, slices
from llmscope.errors import QueryError, UnknownAttributeError
from llmscope.measures.metrics import metric

HOSTILE = "<script>alert(1)</script>"


def rows(count=1200, seed=1, bad=0.5):
    dice = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        model, plan = str(dice.choice(["a", HOSTILE])), str(dice.choice(["free", "pro"]))
        fails = dice.random() < (bad if (model, plan) == (HOSTILE, "free") else 0.1)
        made.append(
            {
                "model": model,
                "service": plan,
                "ms": float(dice.lognormal(6, 1)),
                "status": "error" if fails else "ok",
                "input_tokens": int(dice.integers(1, 900)),
            }
        )
    return made


def test_the_group_that_is_served_worse_is_told_and_is_a_scope(counted):
    selection = counted(rows())
    found = slices(selection, "error_rate", by=["model", "service"])
    assert found.findings["slice"].tolist() == [{"model": HOSTILE, "service": "free"}]
    part = found.scope(0)
    errors = part.where(status="error")
    count = lambda one: int(one.sql("select count(*) from counted").fetchall()[0][0])  # noqa: E731
    assert count(part) == found.frame["n"].iloc[0]
    assert count(errors) / count(part) == pytest.approx(found.frame["value"].iloc[0])
    assert count(found.scope({"service": "pro"})) == count(selection.where(service="pro"))
    assert "1 unlike the rest" in found.text()
    assert f"model = {HOSTILE}, service = free: " in found.text()
    assert "<script" not in found.html()
    with pytest.raises(QueryError, match="no slice 999"):
        found.scope(999)


def test_it_says_plainly_that_there_is_nothing_to_find(counted):
    found = slices(counted(rows(bad=0.1)), "error_rate")
    assert found.findings.empty
    assert "none is unlike the rest beyond chance" in found.text()
    assert set(found.by) == {"model", "service", "input_tokens"}
    assert len(found.table()) == sum(found.frame["slice"].map(len) == 1)


@pytest.mark.parametrize("name", ["error_rate", "latency.p95", "latency.mean", "tokens.input", "ttft.p50", "cost"])
@pytest.mark.parametrize("made", [[], [{}], [{"ms": None}] * 3, rows(60)], ids=["none", "one", "no time", "few"])
def test_every_metric_has_four_faces_however_little_there_is(counted, name, made):
    found = slices(counted(made), name, by=["model", "service"])
    bundle, _ = found._repr_mimebundle_()
    assert {"text/html", "image/png", "text/plain"} <= set(bundle)
    assert "nan" not in bundle["text/plain"].lower()
    assert found.chart().to_dict()


def test_what_cannot_be_sliced_is_an_error(counted):
    selection = counted(rows(30))
    with pytest.raises(QueryError, match="is a count"):
        slices(selection, "requests")
    with pytest.raises(QueryError, match="made of"):
        slices(selection, "error_rate", by=["status"])
    with pytest.raises(UnknownAttributeError):
        slices(selection, "error_rate", by=["modle"])
    with pytest.raises(QueryError, match="no metric"):
        slices(selection, "errors")


def test_length_of_the_prompt_is_no_reason_for_what_is_measured_by_it(counted):
    selection = counted(rows(200))
    assert "input_tokens" in automatic(selection, metric("latency.p95"))
    assert "input_tokens" not in automatic(selection, metric("tokens.input"))
    assert "input_tokens" not in automatic(selection, metric("cost"))


def test_slices_of_numbers_are_told_as_ranges(counted):
    made = [{**row, "status": "error" if row["input_tokens"] > 700 else "ok"} for row in rows(600)]
    found = slices(counted(made), "error_rate")
    first = found.frame["slice"].iloc[0]
    assert list(first) == ["input_tokens"]
    assert named(first).startswith("input_tokens ≥ 7")


def test_versions_of_one_prompt_are_compared_with_each_other(counted):
    dice = np.random.default_rng(3)
    made = []
    for number in range(150):
        took = float(dice.lognormal(6, 2))
        made += [{"model": m, "attributes": f'{{"example": {number}}}', "ms": took * (1.05 if m == "b" else 1) + i}
                 for i, m in enumerate("ab")]  # fmt: skip
    selection = counted(made)
    assert slices(selection, "latency.mean", by=["model"]).findings.empty
    found = slices(selection, "latency.mean", by=["model"], pair="example")
    assert found.findings["slice"].tolist() == [{"model": "b"}]
    assert "holding example equal +" in found.text()


def test_where_no_usual_column_differs_attributes_known_before_the_answer_are_sliced_by():
    rng = np.random.default_rng(3)
    rows = []
    for number in range(900):
        host = "abc"[number % 3]
        failed = rng.random() < (0.6 if host == "c" else 0.1)
        rows.append({"latency_ms": 5.0, "status": "error" if failed else "ok", "host": host})
        rows[-1] |= {"why": f"timeout {number % 4}"} if failed else {"answered": number % 5}
    scope = ls.open()
    scope.load(rows)
    found = scope.slices("error_rate")
    assert "host" in found.by
    assert {"why", "answered"}.isdisjoint(found.by)
    assert found.findings["slice"].iloc[0] == {"host": "c"}


def test_what_was_asked_before_changes_no_answer(counted):
    made = [{**row, "attributes": f'{{"host.name": "{"xy"[number % 2]}"}}'} for number, row in enumerate(rows(400))]
    selection = counted(made)
    first = slices(selection, "error_rate")
    slices(selection, "error_rate", by=["host.name"])
    assert slices(selection, "error_rate").by == first.by
    assert "host.name" in first.by


@pytest.fixture
def many():
    """Return a function that stores so many requests that slices are looked for in a sample of them."""
    scopes = []

    def store(rows=450_000, failing="i % 50 = 0"):
        scope = ls.open()
        scopes.append(scope)
        scope._selection.store.connection.execute(
            f"""INSERT INTO requests BY NAME SELECT printf('%032x', i) AS trace_id, '1' AS span_id,
                'm' || hash(i) % 4 AS model, 's' || hash(i + 1) % 3 AS service,
                exp(5 + 2 * ((hash(i + 2) % 1000003) / 1000003.0)) * CASE WHEN hash(i) % 4 = 1 THEN 1.5 ELSE 1 END
                AS duration_ms, CASE WHEN {failing} THEN 'error' ELSE 'ok' END AS status FROM range({rows}) t(i)"""
        )
        return scope

    yield store
    for scope in scopes:
        scope.close()


def test_what_a_sample_points_at_is_told_from_all_rows(many):
    scope = many(failing="hash(i + 3) % (CASE WHEN hash(i) % 4 = 1 AND hash(i + 1) % 3 = 2 THEN 20 ELSE 50 END) = 0")
    found = scope.slices("error_rate", by=["model", "service"])
    assert found.rows[1] < found.rows[0] == 450_000
    assert found.findings["slice"].tolist() == [{"model": "m1", "service": "s2"}]
    row = found.findings.iloc[0]
    n, errors, beside = scope.sql(
        """select count(*) filter (service = 's2'), count(*) filter (service = 's2' and status = 'error'),
           avg((status = 'error')::int) filter (service <> 's2') from counted where model = 'm1'"""
    ).fetchall()[0]
    assert (row["n"], row["value"]) == (n, errors / n)
    assert row["parent"] == {"model": "m1"}
    assert row["parent_difference"] == pytest.approx(errors / n - beside)
    assert found.frame.attrs["value"] == scope.sql("select avg((status = 'error')::int) from counted").fetchall()[0][0]
    assert "findings are told from all" in found.text()


def test_percentiles_of_a_sample_are_told_from_all_rows_too(many):
    scope = many()
    found = scope.slices("latency.p95", by=["model", "service"])
    assert found.findings["slice"].tolist() == [{"model": "m1"}]
    row = found.findings.iloc[0]
    n, p95 = scope.sql("select count(*), quantile_cont(duration_ms, .95) from counted where model = 'm1'").fetchall()[0]
    assert row["n"] == n
    assert row["value"] == pytest.approx(p95, rel=1e-3)
    assert row["low"] < p95 < row["high"]


def test_what_only_the_sample_shows_is_no_finding(many):
    from llmscope.measures.facts import BLOCK, facts

    scope = many(failing="i % 50 = 0")
    connection = scope._selection.store.connection
    read = set(facts([scope._selection], metric("error_rate"), ["trace_id"]).dimensions[0].labels)
    blocks = [at for at in range(450_000 // BLOCK) if f"{at * BLOCK:032x}" in read]
    inside = ", ".join(map(str, blocks))
    connection.execute(  # the same rate of failures over all rows, for m1 a higher one in the blocks that are drawn
        f"""UPDATE requests SET status = CASE WHEN i % (CASE WHEN model <> 'm1' THEN 50 WHEN i // {BLOCK} IN ({inside})
            THEN 25 ELSE 1000 END) = 0 THEN 'error' ELSE 'ok' END FROM (SELECT trace_id AS id, ('0x' || trace_id[-8:])
            ::BIGINT AS i FROM requests) WHERE trace_id = id"""
    )
    found = scope.slices("error_rate", by=["model"])
    assert {"model": "m1"} not in found.findings["slice"].tolist()
    told = found.frame[found.frame["slice"].map(lambda one: one == {"model": "m1"})].iloc[0]
    assert told["p_value"] < 0.01
    assert not told["finding"]
