"""The scrape of a vLLM server, counted by hand and by the client library of Prometheus."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from pathlib import Path

import pytest

from llmscope import sources

DATA = Path(os.environ.get("LLMSCOPE_REAL_DATA", "/absent"))
SCRAPE = DATA / "prometheus_vllm" / "vllm_metrics_excerpt.txt"

pytestmark = pytest.mark.skipif(not SCRAPE.exists(), reason="LLMSCOPE_REAL_DATA does not name the folder of real logs")


@pytest.fixture(scope="module")
def rows():
    import json

    file = sources.File(SCRAPE)
    assert sources.detect(file) == "prometheus"
    batches = list(sources.read(file))
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    rows = [row for batch in batches for row in batch.metrics.to_pylist()]
    return [{**row, "attributes": json.loads(row["attributes"])} for row in rows]


def test_every_family_is_one_row(rows):
    assert {(row["name"], row["kind"], row["unit"], row["value"]) for row in rows} == {
        ("vllm:num_requests_running", "gauge", None, 0.0),
        ("vllm:num_requests_waiting", "gauge", None, 0.0),
        ("vllm:gpu_cache_usage_perc", "gauge", None, 0.0),
        ("vllm:num_preemptions_total", "counter", None, 0.0),
        ("vllm:prompt_tokens_total", "counter", "{token}", 5.0),
        ("vllm:generation_tokens_total", "counter", "{token}", 7.0),
        ("vllm:time_to_first_token_seconds", "histogram", "s", 0.31326723098754883),
        ("vllm:time_per_output_token_seconds", "histogram", "s", 0.19016313552856445 / 6),
        ("vllm:request_success_total", "counter", None, 1.0),
    }
    assert len(rows) == 9


def test_every_sample_can_be_written_again_from_the_rows(rows):
    from prometheus_client.parser import text_string_to_metric_families

    theirs = {
        (sample.name, frozenset(sample.labels.items())): float(sample.value)
        for family in text_string_to_metric_families(SCRAPE.read_text())
        for sample in family.samples
    }
    ours = {}
    for row in rows:
        found = row["attributes"]
        labels = {key: value for key, value in found.items() if not key.startswith("otel.")}
        if row["kind"] != "histogram":
            ours[row["name"], frozenset(labels.items())] = row["value"]
            continue
        ours[f"{row['name']}_count", frozenset(labels.items())] = found["otel.metric.count"]
        ours[f"{row['name']}_sum", frozenset(labels.items())] = found["otel.metric.sum"]
        bounds = [*map(str, map(float, found["otel.metric.explicit_bounds"])), "+Inf"]
        for le, count in zip(bounds, itertools.accumulate(found["otel.metric.bucket_counts"]), strict=True):
            ours[f"{row['name']}_bucket", frozenset({**labels, "le": le}.items())] = count
    assert ours == theirs
    assert len(ours) == 7 + (17 + 2) + (14 + 2)


def test_every_comment_is_the_description_of_its_rows(rows):
    told = dict(line.split(" ", 3)[2:] for line in SCRAPE.read_text().splitlines() if line.startswith("# HELP"))
    described = defaultdict(set)
    for row in rows:
        described[row["name"]].add(row["attributes"]["otel.metric.description"])
    assert described == {name: {text} for name, text in told.items()}
