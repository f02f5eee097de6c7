"""A short run of the fuzzers; ``make fuzz`` runs them for longer."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")


@pytest.mark.parametrize("door", ["otlp", "json"])
def test_no_bytes_break_the_front_door(door, tmp_path):
    program = Path(__file__).with_name("fuzz.py")
    words = [sys.executable, str(program), door, "-max_total_time=8", "-max_len=4096", "-rss_limit_mb=2048", "-seed=7"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
