"""The JavaScript that ships in the package is what its TypeScript sources build to."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "llmscope" / "widgets" / "static"


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node to build the widgets")
def test_the_committed_bundles_equal_a_build_from_source(tmp_path):
    source = ROOT / "widgets"
    if not (source / "node_modules" / ".package-lock.json").exists():
        subprocess.run(
            ["npm", "install", "--no-save", "--no-audit", "--no-fund"],
            cwd=source,
            check=True,
            capture_output=True,
            timeout=300,
        )
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=source, check=True, capture_output=True, timeout=120)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in STATIC.iterdir()}
    assert built.keys() == committed.keys()
    stale = [name for name in built if built[name] != committed[name]]
    assert not stale, f"run `npm run build` in widgets/ and commit {stale}"


def test_the_loader_asks_for_the_bundle_beside_it():
    bundle = (STATIC / "llmscope.js").read_bytes()
    assert f"llmscope/{hashlib.sha256(bundle).hexdigest()[:16]}" in (STATIC / "loader.js").read_text()
