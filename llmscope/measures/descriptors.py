"""What SQL can tell of a text: how long it is, and whether it holds code, addresses, digits or other letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llmscope.measures._blocks import Blocks
from llmscope.measures._hash import hashed
from llmscope.measures.texts import LONGEST, texts

if TYPE_CHECKING:
    import pandas as pd

    from llmscope.store.selection import Selection


DESCRIPTORS: Final = (
    "characters", "words", "script", "language", "empty", "url", "code", "digits", "non_ascii",
)  # fmt: skip
"""What is told of a text; ``input.words`` is the name of such a column."""

_ADDRESS: Final = r"(?i)\bhttps?://\S|\bwww\.\w"
_CODE: Final = (
    r"```|(?m)^\s*(def \w+\(|class \w+[:({]|import \w+|from \w[\w.]* import |#include|function \w*\(|const \w+ =|"
    r"let \w+ =|public \w+ |SELECT .* FROM |</?\w+[^>]*>\s*$)|[{};]\s*$"
)


def descriptors(
    selection: Selection, field: str, *, rows: int, groups: Blocks | None = None
) -> tuple[pd.DataFrame, int]:
    """Return what can be told of the texts of some counted rows, the same ones in every run.

    Args:
        selection: What is counted.
        field: ``input`` or ``output``, see :func:`llmscope.measures.texts.texts`.
        rows: About how many rows to read at most.
        groups: What makes rows alike.

    Returns:
        A frame of ``block``, ``text`` (None where there is none; its first 8,000 characters, which is what all is told
        of), ``characters``, ``words`` (what stands between blanks), and the flags ``empty``, ``url``, ``code``,
        ``digits`` and ``non_ascii``; and of how many counted rows they are a sample.
    """
    table = selection.table
    total = int(selection.run(table.count().name("n").as_table())["n"].iloc[0])
    every = -(-total // rows) if rows else 1
    if every > 1:
        table = table.filter(hashed(table.trace_id, table.span_id).cast("uint64") % every == 0)
    chosen = table.select("trace_id", "span_id", block=(groups or Blocks()).of(table))
    joined = chosen.left_join(texts(selection, field), ["trace_id", "span_id"])
    return selection.run(described(joined.select("block", "text"))), total


def describe(selection: Selection, field: str) -> pd.DataFrame:
    """Return the descriptors of each counted row's text, with ``trace_id``, ``span_id`` and ``text``.

    Args:
        selection: What is counted; all of it is read.
        field: ``input`` or ``output``.
    """
    rows = selection.table.select("trace_id", "span_id").left_join(texts(selection, field), ["trace_id", "span_id"])
    return selection.run(described(rows.select("trace_id", "span_id", "text")))


def described(table: Any) -> Any:
    """Return the Ibis table with the descriptors of its column ``text`` added."""
    import ibis

    text = table.text.substr(0, LONGEST)
    blank = text.translate("\n\r\t", "   ").strip().re_replace("  +", " ")
    foreign = text.re_search(r"[^\x00-\x7F]")
    return table.mutate(
        characters=text.length(),
        words=ibis.ifelse(blank == "", 0, blank.split(" ").length()),
        empty=text.fill_null("").strip() == "",
        url=text.re_search(_ADDRESS),
        code=text.re_search(_CODE),
        digits=text.re_search("[0-9]"),
        non_ascii=foreign,
    )
