"""The pages that are read off the code are current, and what README shows runs."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def pages():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PAGES


@pytest.mark.parametrize("name", ["tables.md", "commands.md"])
def test_a_page_of_the_docs_says_what_the_code_says(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages()[name]().rstrip() + "\n", "run: make docs"


def test_every_page_is_tested():
    assert set(pages()) == {"tables.md", "commands.md"}
