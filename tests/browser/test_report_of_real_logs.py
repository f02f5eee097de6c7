"""Reports of real logs open offline, in Chromium, and count what the logs hold."""

import os
from pathlib import Path

import pytest

import llmscope
from llmscope.reports import report

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data"),
]


@pytest.mark.parametrize(
    ("logs", "requests"),
    [
        ("otlp_openinference_agents", 2),
        ("llmdrift", 4_600),
        ("aibrix_vllm_requests", 14_374),
        ("llmperf_providers", 2_095),
        ("tau_bench_airline", 200),
    ],
)
def test_the_report_of_a_real_log_opens_offline_and_counts_its_requests(logs, requests, tmp_path, read):
    store = tmp_path / "real.duckdb"
    scope = llmscope.open(store)
    scope.load(Path(REAL, logs))
    scope.close()
    page = read(report(store).path)
    for view in ("overview", "board", "traces"):
        page.locator(f"[data-ls={view}]").first.wait_for()
    count = page.locator("[data-ls=board] [data-ls=count]")
    assert int(count.get_attribute("data-value")) == requests
    assert page.locator("[data-state=failed]").count() == 0
