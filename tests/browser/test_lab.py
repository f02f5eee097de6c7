"""The widgets in a real JupyterLab with a kernel: drawn, brushed, answered, and nothing asked of any other host."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

pytestmark = pytest.mark.browser

CELLS = (
    """import llmscope as ls
scope = ls.open()
rows = [
    {"model": model, "latency_ms": 100 + 7 * i, "prompt": f"Question {i}", "response": "Answer",
     "time": f"2026-11-16 {i % 24:02d}:{i % 60:02d}:00"}
    for i in range(200) for model in ("a", "b")
]
_ = scope.load(rows)""",
    "scope",
    "board = scope.explore()\nboard",
    "scope.traffic()",
)


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab with one notebook in it, as ``(address, folder)``."""
    pytest.importorskip("jupyterlab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "look.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"  # noqa: PTH120  (not resolved: a venv)
    options = ["--allow-root", "--no-browser", "--ip=127.0.0.1", f"--port={port}", f"--ServerApp.root_dir={tmp_path}"]
    options += ["--IdentityProvider.token=", "--ServerApp.password="]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        env={**os.environ, "PATH": path, "JUPYTER_CONFIG_DIR": str(tmp_path / "config")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_widgets_are_drawn_brushed_and_answered_by_the_kernel(chromium, lab):
    context = chromium.new_context(viewport={"width": 1300, "height": 2400})
    page = context.new_page()
    page.set_default_timeout(60_000)
    elsewhere, errors = [], []
    page.on("request", lambda asked: asked.url.startswith((lab, "blob:", "data:")) or elsewhere.append(asked.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{lab}/doc/tree/look.ipynb")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.wait_for_timeout(3000)  # menus that open before Lab has restored itself close again
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    page.locator("[data-ls=overview] canvas").first.wait_for()
    page.locator("[data-ls=picture] canvas").first.wait_for()

    board = page.locator("[data-ls=board]")
    area = board.locator("[data-ls-chart=latency] .area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 40, steps=5)
    page.mouse.up()
    assert 0 < int(board.locator("[data-ls=count]").get_attribute("data-value")) < 400
    board.locator(".strip abbr").first.wait_for(state="detached")  # exact figures have come from the kernel
    assert elsewhere == []
    assert errors == []
    context.close()
