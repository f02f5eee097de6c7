"""What a person does with a scope: open, load, narrow, ask."""

import json
import subprocess
import sys

import pytest

import llmscope as ls
from llmscope.errors import UnknownAttributeError


@pytest.fixture
def scope():
    opened = ls.open()
    opened.load(
        [
            {"model": "gpt-4o", "latency_ms": 900, "prompt": "Hi", "response": "Hello", "plan": "pro"},
            {
                "model": "claude",
                "latency_ms": 100,
                "prompt": "Yo",
                "response": "Hey",
                "plan": "free",
                "error": "Timeout",
            },
        ]
    )
    yield opened
    opened.close()


def test_narrowing_gives_a_new_scope_and_leaves_the_old_one_alone(scope):
    narrow = scope.where(model="gpt-4o")
    assert narrow.sql("select count(*) from requests").fetchall() == [(1,)]
    assert scope.sql("select count(*) from requests").fetchall() == [(2,)]
    assert scope.where("plan = 'free'").sql("select model from requests").fetchall() == [("claude",)]


def test_attributes_lists_what_where_accepts(scope):
    assert {"model", "duration_ms", "plan"} <= set(scope.attributes())
    with pytest.raises(UnknownAttributeError, match="plan"):
        scope.where(plam="pro")


def test_a_terminal_gets_a_summary_in_words(scope):
    assert "2 requests" in repr(scope)
    assert "50 %" in repr(scope)


@pytest.mark.parametrize(
    "ask",
    [
        lambda scope: scope.overview(),
        lambda scope: scope.traffic(by="model"),
        lambda scope: scope.latency(by="plan"),
        lambda scope: scope.resources(),
        lambda scope: scope.explore(by=["plan"]),
        lambda scope: scope.traces(),
        lambda scope: scope.trace(scope.sql("select min(trace_id) from requests").fetchall()[0][0]),
    ],
    ids=["overview", "traffic", "latency", "resources", "explore", "traces", "trace"],
)
def test_every_question_has_its_four_faces(scope, ask):
    answer = ask(scope)
    assert answer.text()
    assert len(answer.frame.columns) > 0
    json.dumps(answer.chart().to_dict())
    bundle = answer._repr_mimebundle_()
    shown = bundle[0] if isinstance(bundle, tuple) else bundle
    assert {"text/plain", "text/html", "image/png"} <= set(shown)


@pytest.mark.parametrize("form", ["otlp", "parquet", "csv", "datasets"])
def test_an_export_loads_as_the_same_requests(scope, tmp_path, form):
    assert scope.export(tmp_path / f"out.{form}", format=form) == 2
    again = ls.open()
    again.load(tmp_path / f"out.{form}")
    query = "select trace_id, model, duration_ms, status from requests order by all"
    assert again.sql(query).fetchall() == scope.sql(query).fetchall()


def test_importing_llmscope_imports_no_heavy_library():
    code = "import llmscope, sys; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )
    assert not loaded & {"pandas", "altair", "ibis", "torch", "datasets", "anywidget", "vl_convert", "scipy", "pyarrow"}
