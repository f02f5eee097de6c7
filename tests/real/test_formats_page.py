"""docs/formats.md says what the formats give on the real files."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")
DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_formats_is_current():
    spec = importlib.util.spec_from_file_location("formats", DOCS / "formats.py")
    formats = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(formats)
    written = formats.page(list(formats.loaded(Path(REAL))))
    assert written == formats.PAGE.read_text(encoding="utf-8"), "run: LLMSCOPE_REAL_DATA=… python docs/formats.py"
