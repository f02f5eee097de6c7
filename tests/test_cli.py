"""The command line: what it prints, and its exit codes."""

import importlib.util
import json

import pytest
from typer.testing import CliRunner

from llmscope.cli import app


@pytest.fixture
def run():
    return lambda *words, **options: CliRunner().invoke(app, [str(word) for word in words], **options)


@pytest.fixture
def log(tmp_path):
    lines = [
        {"model": "gpt-4o", "latency_ms": 100 + i, "prompt": f"q{i}", "response": "a", "plan": "pro"} for i in range(4)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def store(run, log, tmp_path):
    path = tmp_path / "s.duckdb"
    assert run("load", path, log).exit_code == 0
    return path


def test_load_says_what_it_did_and_doubles_nothing(run, store, log):
    again = run("load", store, log)
    assert again.exit_code == 0
    assert "Loaded 0 spans" in again.output
    assert "4 records stood in the store already" in again.output


def test_load_reads_standard_input(run, log, tmp_path):
    done = run("load", tmp_path / "in.duckdb", "-", input=log.read_bytes())
    assert done.exit_code == 0
    assert "Loaded 4 spans" in done.output


def test_load_takes_column_names(run, tmp_path):
    (tmp_path / "log.csv").write_text("model,zeit\ngpt-4o,2.5\n")
    assert run("load", tmp_path / "c.duckdb", tmp_path / "log.csv", "-c", "duration_ms=zeit").exit_code == 0
    assert run("load", tmp_path / "c.duckdb", tmp_path / "log.csv", "-c", "duration_ms").exit_code == 2


def test_show_summarises_a_store_and_a_part_of_it(run, store):
    assert "4 requests" in run("show", store).output
    assert "2 requests" in run("show", store, "--where", "duration_ms < 102").output


@pytest.mark.parametrize(
    "words",
    [
        ["show", "missing.duckdb"],
        ["report", "missing.duckdb"],
        ["export", "missing.duckdb", "out"],
        ["load", "new.duckdb", "missing.jsonl"],
    ],
)
def test_bad_input_is_a_message_and_exit_code_2(run, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.exit_code == 2
    assert "missing" in done.output
    assert "Traceback" not in done.output


def test_an_unknown_attribute_is_a_message_with_near_names(run, store):
    done = run("show", store, "--where", "plam = 'pro'")
    assert done.exit_code == 2
    assert "Did you mean plan" in done.output


def test_export_writes_every_span(run, store, tmp_path):
    done = run("export", store, tmp_path / "out.jsonl")
    assert "4 spans" in done.output
    assert "Loaded 4 spans" in run("load", tmp_path / "again.duckdb", tmp_path / "out.jsonl").output


def test_demo_writes_logs_truth_store_notebook_and_report(run, tmp_path):
    done = run("demo", "--spans", 1500, "-o", tmp_path / "d")
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "d").iterdir()}
    assert {"otlp", "truth.json", "demo.duckdb", "demo.ipynb", "report.html"} <= names
    page = (tmp_path / "d" / "report.html").read_text(encoding="utf-8")
    assert "Why was it slow from Wednesday on?" in page
    assert ("A map of the questions needs UMAP" in page) is (importlib.util.find_spec("umap") is None)
    again = run("demo", "--spans", 1500, "-o", tmp_path / "d")
    assert again.exit_code == 0, again.output


def test_export_sends_to_an_address_and_says_when_nobody_is_there(run, store, tmp_path):
    assert "Wrote 4 spans to out.pb" in run("export", store, tmp_path / "out.pb").output
    sent = run("export", store, "http://127.0.0.1:4317", "-H", "api-key=k")
    assert sent.exit_code == 2
    assert "port 4318" in sent.output


def test_check_tells_by_its_exit_code_whether_every_rule_is_met(run, store):
    met = run("check", store, "latency.p95 < 1000", "requests >= 4")
    assert met.exit_code == 0
    assert "2 rules passed" in met.output
    failed = run("check", store, "latency.p95 < 10", "requests >= 4")
    assert failed.exit_code == 1
    assert "1 of 2 rules did not pass" in failed.output
    assert run("check", store, "requests >= 4", "--where", "duration_ms < 102").exit_code == 1


@pytest.mark.parametrize("rule", ["latency.p95", "speed < 1", "drift.input"])
def test_check_of_what_is_no_rule_is_wrong_usage(run, store, rule):
    assert run("check", store, rule).exit_code == 2


def test_check_compares_texts_with_what_came_before(run, tmp_path, by_words):
    path, log = tmp_path / "d.duckdb", tmp_path / "d.jsonl"
    lines = [
        {"start_time": f"2026-11-{16 + n // 60}", "prompt": "crypto wallet" if n >= 90 else "refund order", "id": n}
        for n in range(120)
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run("load", path, log).exit_code == 0
    done = run("check", path, "drift.input", "--since", "2026-11-17")
    assert done.exit_code == 1
    assert "crypto" in done.output
    again = run(
        "check", path, "drift.input", "--since", "2026-11-17", "--reference-since", "2026-11-17",
        "--reference-until", "2026-11-18",
    )  # fmt: skip
    assert again.exit_code == 0
