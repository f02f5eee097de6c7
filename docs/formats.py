"""Write docs/formats.md: what each format gave on real files. `LLMSCOPE_REAL_DATA=folder python docs/formats.py`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import llmscope as ls
from llmscope.errors import LlmscopeError
from llmscope.sources import FORMATS
from llmscope.sources import __doc__ as formats

COPY = "same bytes as another file: counted once"
REFUSED = "no log: refused with a reason"
PAGE = Path(__file__).parent / "formats.md"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "bbq_unifiedqa": {"input": "question"},
    "compas_aequitas": {"score.risk": "score", "score.truth": "label_value"},
}
"""Tables whose columns do not tell by their names that they are logs, and what a person would say of them."""


class Loaded(NamedTuple):
    """What the files of one folder in one format gave."""

    folder: str
    format: str
    files: int
    spans: int
    scores: int
    metrics: int
    logs: int
    rejected: int


def loaded(root: Path) -> Iterator[Loaded]:
    """Load every folder into a store of its own."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SOURCE.txt")
        scope = ls.open()
        refused = copies = 0
        columns = COLUMNS.get(folder.name)
        for file in files:
            try:
                known = len(scope.loads())
                scope.load(file, columns=columns)
                copies += len(scope.loads()) == known
            except LlmscopeError:
                refused += 1
        table = scope.loads().groupby("format", sort=True)
        for name, part in table:
            sums = part[["spans", "scores", "metrics", "logs", "rejected"]].sum()
            yield Loaded(folder.name, str(name), len(part), *(int(value) for value in sums))
        for number, what in ((copies, COPY), (refused, REFUSED)):
            if number:
                yield Loaded(folder.name, what, number, 0, 0, 0, 0, 0)
        scope.close()


def page(rows: list[Loaded]) -> str:
    """Return the page."""
    parts = [
        "<!-- written by docs/formats.py -->\n",
        "# Wire formats\n",
        "The content of a file decides which format reads it; `format=` forces one.\n",
        *_described(),
        "\n## Tried on real files\n",
        "Files of public repositories and data sets, each folder loaded into a store of its own.",
        "`LLMSCOPE_REAL_DATA=folder python docs/formats.py` writes this table. Where the names of columns do not tell,",
        "`columns=` did: " + "; ".join(f"{folder} `{dict(said)}`" for folder, said in COLUMNS.items()) + ".\n",
        "| files from | format | files | spans | scores | metrics | logs | rejected |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        numbers = " | ".join(f"{value:,}" if value else "" for value in row[3:])
        name = row.format if row.format in (COPY, REFUSED) else f"`{row.format}`"
        parts.append(f"| {row.folder} | {name} | {row.files} | {numbers} |")
    return "\n".join(parts) + "\n"


def _described() -> list[str]:
    """The table of formats, as the docstring of ``llmscope.sources`` has it."""
    lines = ["| format | what it is |", "|---|---|"]
    known = {form.NAME for form in FORMATS}
    for line in (formats or "").splitlines():
        name, _, text = line.partition(" ")
        if name in known and text.strip():
            lines.append(f"| `{name}` | {_markdown(text)} |")
        elif line.startswith("  ") and line.strip() and len(lines) > 2:
            lines[-1] = f"{lines[-1].removesuffix(' |')} {_markdown(line)} |"
    return lines


def _markdown(text: str) -> str:
    return re.sub("``", "`", text.strip()).replace("|", r"\|")


def main() -> None:
    """Write the page."""
    root = os.environ.get("LLMSCOPE_REAL_DATA")
    if not root:
        sys.exit("LLMSCOPE_REAL_DATA does not name the folder of real data.")
    PAGE.write_text(page(list(loaded(Path(root)))), encoding="utf-8")


if __name__ == "__main__":
    main()
