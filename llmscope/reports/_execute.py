"""Runs a notebook in a kernel of the Python at hand, whatever kernels are installed."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

from llmscope.errors import ReportError
from llmscope.reports._failure import ANSI, failure
from llmscope.reports._probe import PROBE, STORES
from llmscope.reports._widgets import VIEW

_TRACE_LINES = 12
KERNELSPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


@dataclass(frozen=True, slots=True)
class Execution:
    """What running a notebook told: seconds, and facts of each store it read."""

    seconds: float
    stores: tuple[dict[str, Any], ...]


class _ThisPython(KernelSpecManager):
    """Knows one kernel: the Python that runs this code."""

    def get_kernel_spec(self, _name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
        return KernelSpec(argv=argv, display_name=KERNELSPEC["display_name"], language="python")


class _Client(NotebookClient):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._closed: set[str] = set()

    def create_kernel_manager(self) -> AsyncKernelManager:
        self.km = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython())
        return self.km

    def handle_comm_msg(self, outs: list[Any], msg: dict[str, Any], cell_index: int) -> None:
        super().handle_comm_msg(outs, msg, cell_index)
        if msg["msg_type"] == "comm_close":
            self._closed.add(msg["content"]["comm_id"])

    def set_widgets_metadata(self) -> None:
        """Leave out the widgets that were closed, such as bars of progress, as a page with a kernel does."""
        for model in self._closed:
            self.widget_state.pop(model, None)
        for cell in self.nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if not self._is_closed(output)]
        super().set_widgets_metadata()

    def _is_closed(self, output: Any) -> bool:
        return output.get("data", {}).get(VIEW, {}).get("model_id") in self._closed


def _where(notebook: Any) -> tuple[int, str, str, str]:
    """Number, first line, error and traceback of the cell that failed (or was the last to start)."""
    failed, told, trace = 0, "", ""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors or cell.metadata.get("execution"):
            failed = number
            told, trace = (failure(errors[-1]), "\n".join(errors[-1].traceback)) if errors else ("", "")
    source = notebook.cells[failed - 1].source if failed else ""
    lines = [line for line in source.splitlines() if line.strip()] or [""]
    return failed, lines[0].strip(), told, ANSI.sub("", trace)


def _stores(probe: Any) -> tuple[dict[str, Any], ...]:
    found = (output["data"].get(STORES, []) for output in probe.outputs if output.output_type == "display_data")
    return tuple(dict(store) for stores in found for store in stores)


def execute(notebook: Any, *, cwd: Path, timeout: float | None, allow_errors: bool, name: str) -> Execution:
    """Run every cell in place and store the widgets' state in the notebook.

    Args:
        notebook: A ``nbformat.NotebookNode``, version 4.
        cwd: Working directory of the kernel.
        timeout: Seconds that one cell may take; None for no limit.
        allow_errors: Go on after a cell that fails.
        name: What messages call the notebook.

    Returns:
        How long it took and which stores the notebook read.

    Raises:
        ReportError: A cell failed or took too long, or the kernel died. The notebook holds what ran until then.
    """
    notebook.metadata["kernelspec"] = dict(KERNELSPEC)
    started = time.perf_counter()
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    bar = tqdm(total=cells, desc=f"Running {name}", unit="cell", leave=False, disable=None, delay=1)
    client = _Client(
        notebook,
        timeout=timeout,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(cwd)}},
        on_cell_executed=lambda **_: bar.update(),
    )
    probe = nbformat.v4.new_code_cell(PROBE)
    notebook.cells.append(probe)
    try:
        with bar:
            client.execute()
    except CellExecutionError:
        number, line, told, trace = _where(notebook)
        last = "\n".join(f"    {text}" for text in trace.rstrip().splitlines()[-_TRACE_LINES:])
        raise ReportError(
            f"Cell {number} of {name} failed with {told}\n"
            f"  The cell begins: {line}\n{last}\n"
            "Mend the cell, or ask for the report with errors shown (allow_errors=True)."
        ) from None
    except CellTimeoutError:
        number, line, *_ = _where(notebook)
        raise ReportError(
            f"Cell {number} of {name} took longer than {timeout:g} s. It begins: {line}\nGive a larger timeout."
        ) from None
    except DeadKernelError:
        number, line, *_ = _where(notebook)
        raise ReportError(
            f"The kernel died while cell {number} of {name} ran, often for lack of memory. The cell begins: {line}"
        ) from None
    finally:
        notebook.cells.remove(probe)
    return Execution(time.perf_counter() - started, _stores(probe))
