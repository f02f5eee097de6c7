"""Real benchmark logs that stay tables: one flat row is one request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llmscope.sources import File, detect

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")


@pytest.mark.parametrize(("folder", "files"), [("llmperf_providers", 14), ("aibrix_vllm_requests", 66)])
def test_flat_rows_of_llmperf_and_vllm_clients_stay_tables(folder, files):
    found = [path for path in (Path(REAL or "") / folder).iterdir() if path.suffix in (".json", ".csv")]
    assert {detect(File(path)) for path in found} == {"table"}
    assert len(found) == files
