"""Write the pages that are read off the code: `make docs`. A test fails while they differ from it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from typer.main import get_command

from llmscope import schema
from llmscope.cli import app

HERE = Path(__file__).parent
NOTE = "<!-- written by docs/generate.py: run `make docs` -->\n"


def tables() -> str:
    """The tables of the store, column by column."""
    parts = [
        NOTE,
        "# Tables of the store\n",
        "All times are UTC, durations are milliseconds, money is US dollars, and an unknown value is NULL, never 0.",
        f"Schema version {schema.VERSION}. `scope.sql(...)` reads these tables as the scope narrows them; `counted`",
        "holds the rows that the scope counts (requests, or spans of one operation).\n",
    ]
    for table in (*schema.TABLES[:1], schema.REQUESTS, *schema.TABLES[1:]):
        parts += [f"## {table.name}\n", f"{table.doc}\n", "| column | type | unit | meaning |", "|---|---|---|---|"]
        parts += [f"| `{c.name}` | {c.type} | {c.unit} | {_cell(c.doc)} |" for c in table.columns]
        parts.append("")
    return "\n".join(parts)


def commands() -> str:
    """The command line, as it prints itself."""
    parts = [NOTE, "# Command line\n", "Exit codes: 0 done, 1 a check failed, 2 wrong usage or bad input.\n"]
    group = get_command(app)
    for name, command in sorted(getattr(group, "commands", {}).items()):
        context = command.make_context(name, [], resilient_parsing=True)
        usage = " ".join(["llmscope", name, *command.collect_usage_pieces(context)])
        parts += [f"## llmscope {name}\n", f"{command.help}\n", f"```\n{usage}\n```\n"]
        rows = [p.get_help_record(context) for p in command.params if p.name != "help"]
        parts += ["| parameter | meaning |", "|---|---|"]
        parts += [f"| `{_cell(row[0])}` | {_cell(row[1])} |" for row in rows if row]
        parts.append("")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return re.sub(r" +", " ", text).replace("|", r"\|")


PAGES = {"tables.md": tables, "commands.md": commands}


def main() -> None:
    """Write every page that differs; say which."""
    for name, page in PAGES.items():
        text = page().rstrip() + "\n"
        target = HERE / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()
