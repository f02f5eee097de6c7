"""Parameters of a notebook, as papermill has them: a cell tagged ``parameters`` and an injected cell after it."""

from __future__ import annotations

import ast
import datetime as dt
import json
import keyword
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from llmscope.errors import ReportError, near

DEFAULTS, INJECTED = "parameters", "injected-parameters"


def parameter(text: str) -> Any:
    """Read one value typed on a command line.

    JSON scalars, lists and objects are what they say, and so are Python's ``True``, ``False`` and ``None``; anything
    else is text.

    Args:
        text: What was typed after ``name=``.

    Returns:
        A bool, None, int, float, list, dict or str.

    Examples:
        >>> [parameter(text) for text in ("3", "0.5", "true", "None", "gpt-4o", "[1, 2]", '"3"')]
        [3, 0.5, True, None, 'gpt-4o', [1, 2], '3']
    """
    words = {"true": True, "false": False, "none": None, "null": None}
    if text.strip().lower() in words:
        return words[text.strip().lower()]
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, float) and not math.isfinite(value) else value


def literal(value: Any) -> str:
    """Write a value as Python source.

    Raises:
        ReportError: The value has no literal form.
    """
    match value:
        case None | bool() | int() | str():
            return repr(value)
        case float():
            return repr(value) if math.isfinite(value) else f'float("{value}")'
        case dt.date() | PurePath():
            return repr(value.isoformat() if isinstance(value, dt.date) else str(value))
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]"
        case Mapping():
            return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
        case _:
            raise ReportError(
                f"A parameter cannot be a {type(value).__name__} ({value!r:.80}). Give text, a number, a bool, None, a "
                "date, or a list or dict of these."
            )


def _assigned(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def inject(notebook: Any, parameters: Mapping[str, Any]) -> None:
    """Put a cell that sets ``parameters`` after the notebook's own cell of defaults, in place.

    Args:
        notebook: The notebook (a ``nbformat.NotebookNode``, version 4).
        parameters: Values by variable name.

    Raises:
        ReportError: A name is no Python name, or the notebook's parameters cell does not know it.
    """
    import nbformat

    def tagged(tag: str) -> list[int]:
        return [at for at, cell in enumerate(notebook.cells) if tag in cell.metadata.get("tags", [])]

    for name in parameters:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ReportError(f"{name!r} cannot be a parameter: it is not a Python variable name.")
    defaults = tagged(DEFAULTS)
    if defaults:
        known = _assigned(notebook.cells[defaults[0]].source)
        for name in parameters:
            if known and name not in known:
                raise ReportError(
                    f"The notebook has no parameter {name!r}; its parameters cell sets {', '.join(sorted(known))}."
                    + near(name, known)
                )
    lines = [f"{name} = {literal(value)}" for name, value in parameters.items()]
    cell = nbformat.v4.new_code_cell("\n".join(["# Parameters", *lines]), metadata={"tags": [INJECTED]})
    cell.id = INJECTED
    earlier = tagged(INJECTED)
    if earlier:
        notebook.cells[earlier[0]] = cell
    else:
        notebook.cells.insert(defaults[0] + 1 if defaults else 0, cell)
