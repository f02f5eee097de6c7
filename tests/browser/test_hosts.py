"""The widgets in JupyterLab and Notebook 7 with a kernel: drawn, brushed, typed into, and what Python sees of it."""

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
    "listed = scope.traces()\nlisted",
    "found = scope.slices('latency.mean', by=['model'])\nfound",
    "ls.diff(*(scope.trace(row) for row in listed.frame['trace_id'].head(2)))",
)
SEEN = """((brushed,),) = board.selection.sql("select count(*) from requests").fetchall()
judged = scope.sql("select name, value from scores where source = 'annotation'").fetchall()
print("python saw", brushed, judged, found.selected.condition)"""
HOSTS = {"jupyterlab": "doc/tree", "notebook": "notebooks"}
"""Each program, and where it shows a notebook."""


@pytest.fixture(params=HOSTS)
def host(request, tmp_path):
    """A server of notebooks with one in it, as the address of the server and of the notebook."""
    pytest.importorskip(request.param)
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
        [sys.executable, "-m", request.param, *options],
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
        yield address, f"{address}/{HOSTS[request.param]}/look.ipynb"
    finally:
        server.terminate()
        server.wait(20)


def test_widgets_are_drawn_brushed_typed_into_and_answered_by_the_kernel(chromium, host):
    server, address = host
    context = chromium.new_context(viewport={"width": 1300, "height": 2400})
    page = context.new_page()
    page.set_default_timeout(60_000)
    elsewhere, errors = [], []
    page.on("request", lambda asked: asked.url.startswith((server, "blob:", "data:")) or elsewhere.append(asked.url))
    page.on("pageerror", lambda error: _is_hosts(error, server) or errors.append(str(error)))
    page.goto(address)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.wait_for_timeout(3000)  # menus that open before the page has restored itself close again
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    for drawn in ("overview] canvas", "picture] canvas", "diff] [data-ls=step-row]"):
        page.locator(f"[data-ls={drawn}").first.wait_for()

    brushed = _brushed(page)
    _explained(page)
    chosen = _chosen(page)
    _judged(page)
    assert 0 < brushed < 400
    assert _seen(page) == f"python saw {brushed} [('thumbs', 0.0)] \"model\" = '{chosen}'"
    assert elsewhere == []
    assert errors == []
    context.close()


def _is_hosts(error, server):
    """Whether only scripts of the host had a part in an error; Notebook 7 reads a setting before it is there."""
    stack = error.stack or ""
    return f"{server}/static/" in stack and "blob:" not in stack and "llmscope" not in stack


def _brushed(page):
    """Brush latency on the board; return the live count once the exact figures have come from the kernel."""
    board = page.locator("[data-ls=board]")
    area = board.locator("[data-ls-chart=latency] .area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 40, steps=5)
    page.mouse.up()
    board.locator(".strip abbr").first.wait_for(state="detached")
    return int(board.locator("[data-ls=count]").get_attribute("data-value"))


def _explained(page):
    """Ask on the board what is different about what is brushed, and wait for the kernel's word."""
    board = page.locator("[data-ls=board]")
    board.get_by_role("button", name="explain this").click()
    board.locator("[data-ls=explain] .verdict").filter(has_text="slices by model").wait_for()


def _chosen(page):
    """Choose the first slice; return its model."""
    row = page.locator("[data-ls=slices] [data-ls=slice]").first
    row.click()
    page.locator("[data-ls=slices] .chosen code").wait_for()
    return row.locator(".name").inner_text().removeprefix("model = ")


def _judged(page):
    """Search the list, open what it finds, and turn the thumb down from the keyboard."""
    listed = page.locator("[data-ls=traces]")
    listed.locator("input[type=search]").first.fill("Question 17")
    listed.locator("[data-ls=count][data-value='22']").wait_for()  # 17 and 170 to 179, of two models
    listed.locator("[data-ls=trace-row]").first.click()
    listed.get_by_role("tree").focus()
    page.keyboard.press("d")
    listed.locator("button.down[aria-pressed=true]").wait_for()


def _seen(page):
    """Run one more cell, and return what it prints."""
    page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(SEEN)
    page.keyboard.press("Shift+Enter")
    said = page.locator(".jp-OutputArea-output", has_text="python saw").last
    said.wait_for()
    return said.inner_text().strip()
