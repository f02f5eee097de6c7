"""From a notebook or a store to one HTML file."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmscope.errors import ReportError

_STORES = {".duckdb", ".db"}


@dataclass(frozen=True, slots=True)
class Report:
    """A written report.

    Attributes:
        path: The HTML file.
        manifest: What the file holds: ``report``, ``stores``, ``embedded``, ``removed``, ``redaction``, ``queries``,
            ``versions``.
        bytes: Size of the file.
        seconds: Time it took to make, execution included.
    """

    path: Path
    manifest: Mapping[str, Any]
    bytes: int
    seconds: float

    def __str__(self) -> str:
        widgets = sum(entry["kind"] in {"widget", "chart"} for entry in self.manifest["embedded"])
        return f"{self.path}: {self.bytes / 1e6:.1f} MB, {widgets} interactive views, made in {self.seconds:.1f} s"


def _read(path: Path) -> Any:
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without cell ids gets them below
            notebook = nbformat.read(path, as_version=4)
            notebook.nbformat_minor = max(5, notebook.nbformat_minor)
            return nbformat.validator.normalize(notebook)[1]
    except (ValueError, KeyError, AttributeError, TypeError, nbformat.reader.NotJSONError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise ReportError(f"{path} is not a Jupyter notebook: {reason}") from None


def report(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    execute: bool = True,
    executed: str | os.PathLike[str] | None = None,
    allow_errors: bool = False,
    timeout: float | None = None,
    cwd: str | os.PathLike[str] | None = None,
    title: str | None = None,
) -> Report:
    """Write one HTML file from a notebook or a store: interactive, and without a single network request.

    Args:
        source: A notebook (``.ipynb``), or a store (``.duckdb``), of which a default investigation is made.
        output: The file to write; by default beside the source, with the suffix ``.html``.
        parameters: Values that replace those of the notebook's cell tagged ``parameters``, by name.
        execute: Run the notebook first. False takes the outputs that it already holds.
        executed: Also write the executed notebook there; written even when a cell fails.
        allow_errors: Go on after a cell that fails, and show its error in the report.
        timeout: Seconds that one cell may take; None for no limit.
        cwd: Working directory of the kernel; by default the folder of the source.
        title: Title of the report; by default the notebook's first heading.

    Returns:
        The report: its path, its manifest, its size.

    Raises:
        ReportError: The source is missing or neither of these, a parameter is unknown, or a cell failed.

    Example:
        >>> import nbformat, pathlib, tempfile
        >>> from nbformat.v4 import new_markdown_cell, new_notebook
        >>> notebook = pathlib.Path(tempfile.mkdtemp(), "week.ipynb")
        >>> _ = notebook.write_text(nbformat.writes(new_notebook(cells=[new_markdown_cell("# A calm week")])))
        >>> report(notebook, execute=False).manifest["report"]["title"]
        'A calm week'
    """
    import nbformat

    from llmscope.reports._execute import execute as run
    from llmscope.reports._page import Context, build
    from llmscope.reports._parameters import inject

    started = time.perf_counter()
    path = Path(source).expanduser().absolute()
    if not path.exists():
        raise ReportError(f"There is no file {source}. Give a notebook (.ipynb) or a store (.duckdb).")
    if path.suffix == ".ipynb":
        notebook = _read(path)
    elif path.suffix in _STORES:
        if not execute:
            raise ReportError(f"{source} is a store: its report has to be executed. Leave out execute=False.")
        from llmscope.reports._investigation import investigation

        notebook = investigation(path)
    else:
        raise ReportError(f"{source} is neither a notebook (.ipynb) nor a store (.duckdb, .db).")
    target = Path(output).expanduser() if output else path.with_suffix(".html")
    if not target.absolute().parent.is_dir():
        raise ReportError(f"There is no folder {target.absolute().parent} to write {target.name} to. Make it first.")
    if parameters:
        if not execute:
            raise ReportError("Parameters need execution: leave out execute=False, or leave out the parameters.")
        inject(notebook, parameters)
    ran = None
    folder = Path(cwd) if cwd else path.parent
    if execute:
        try:
            ran = run(notebook, cwd=folder, timeout=timeout, allow_errors=allow_errors, name=path.name)
        finally:
            if executed:
                nbformat.write(notebook, executed)
    context = Context(
        name=path.name,
        folder=folder,
        parameters=parameters,
        seconds=ran.seconds if ran else None,
        stores=ran.stores if ran else (),
        title=title,
    )
    html, manifest = build(notebook, context)
    data = html.encode("utf-8", "replace")
    target.write_bytes(data)
    return Report(target, manifest, len(data), time.perf_counter() - started)
