"""How many tokens were read and written, every one counted once, and how did each source count them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format, theme
from llmscope.schema import TOKEN_COLUMNS

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection

_COUNTS: Final = (
    "spans", "repeated_spans", "repeated_tokens", "detailed_spans", "exclusive_spans", "unexplained_spans",
    "unexplained_tokens", "uncounted_calls",
)  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class Tokens(Answer):
    """Tokens; see :func:`tokens` for the columns of ``frame``."""

    frame: pd.DataFrame
    selection: Selection
    by: tuple[str, ...]
    sources: pd.DataFrame
    """The same per source, with ``convention``: inclusive, exclusive, mixed, or None where nothing tells."""

    @property
    def totals(self) -> dict[str, float]:
        """The sum of every number; NaN where none is known."""
        return {name: float(self.sources[name].sum(min_count=1)) for name in (*TOKEN_COLUMNS, *_COUNTS)}

    def chart(self) -> alt.TopLevelMixin:
        """Return a bar for each row that counts: fresh and cached input, output, reasoning."""
        from llmscope.charts.usage import TOKENS, usage_chart

        frame = self.frame.assign(name=self._names())
        frame = frame[frame[["input_tokens", "output_tokens"]].notna().any(axis=1)]
        known = frame[list(TOKEN_COLUMNS)].fillna(0)
        parts = (
            known["input_tokens"] - known["cache_read_tokens"] - known["cache_write_tokens"],
            known["cache_read_tokens"],
            known["cache_write_tokens"],
            known["output_tokens"] - known["reasoning_tokens"],
            known["reasoning_tokens"],
        )
        both = known["input_tokens"] + known["output_tokens"]
        labels = [
            f"{_format.short(tokens)} in {_format.plural(spans, 'span')}"
            for tokens, spans in zip(both, frame["spans"], strict=True)
        ]
        bars = pd.DataFrame({"name": frame["name"], "label": labels} | dict(zip(TOKENS, parts, strict=True)))
        return usage_chart(bars, TOKENS, theme.NUMBER, title=f"Tokens of {self._of()}")

    def table(self) -> pd.DataFrame:
        """Return the rows as people read them, without columns that say nothing."""
        kept = [name for name in _COUNTS if name not in ("spans", "detailed_spans") and self.frame[name].any()]
        sums = [name for name in TOKEN_COLUMNS if name in TOKEN_COLUMNS[:2] or self.frame[name].notna().any()]
        return readable(self.frame[[*self.by, "spans", *sums, *kept]])

    def text(self) -> str:
        """Return the answer in plain words."""
        total = self.totals
        if self.frame.empty:
            return f"Tokens of {self._of()}: none, and no call of a model."
        lines = [f"Tokens of {self._of()}: {_amounts(total)}, in {_format.plural(total['spans'], 'span')}."]
        if total["repeated_spans"]:
            lines.append(
                f"Left out: {_format.short(total['repeated_tokens'])} tokens of "
                f"{_format.plural(total['repeated_spans'], 'span')} that repeat those of others: roll-ups and calls "
                "told twice."
            )
        if total["uncounted_calls"]:
            lines.append(f"Unknown: {_format.plural(total['uncounted_calls'], 'model call')} without token counts.")
        if total["unexplained_spans"]:
            lines.append(
                f"Stated totals do not add up in {_format.plural(total['unexplained_spans'], 'span')}, by "
                f"{_format.plural(total['unexplained_tokens'], 'token')}."
            )
        return "\n".join([*lines, "By source:", *(f"  {_of_source(row)}" for row in self.sources.to_dict("records"))])

    def _names(self) -> list[str]:
        keys = [name for name in self.by if name not in ("source", "provider")] or list(self.by[-1:])
        if "source" in self.by and len(self.sources) > 1:
            keys = list(dict.fromkeys((*keys, "source")))
        rows = self.frame[keys].itertuples(index=False, name=None)
        return _unlike([" · ".join(_words.group(value) for value in row) for row in rows])

    def _of(self) -> str:
        return self.selection.describe()


def tokens(selection: Selection, *, by: str | None = None) -> Tokens:
    """Return the tokens of a selection, every token counted once.

    Args:
        selection: What is counted: of requests all their spans, of spans those.
        by: A column or an attribute key to break down by; by default source, provider and model.

    Returns:
        An answer whose ``frame`` has a row for each source, provider and model (or each source and value of ``by``),
        with the columns of :func:`llmscope.measures.usage.tokens`; whose ``sources`` has a row for each source, with
        the convention that was applied; and whose ``totals`` are the sums.

    Raises:
        UnknownAttributeError: ``by`` is neither a column nor an attribute.

    Example:
        >>> import llmscope
        >>> print(tokens(llmscope.open()._selection))
        Tokens of requests: none, and no call of a model.
    """
    from llmscope.measures.usage import tokens as measure

    dimensions = ("source", "provider", "model") if by is None else tuple(dict.fromkeys(("source", by)))
    frame = measure(selection, dimensions)
    sums = frame.groupby("source", sort=False, dropna=False, as_index=False)
    sources = sums[[*TOKEN_COLUMNS, *_COUNTS]].sum(min_count=1)
    sources = sources.astype(dict.fromkeys(_COUNTS, "int64"))
    sources["convention"] = pd.Series(
        [_convention(*pair) for pair in zip(sources["detailed_spans"], sources["exclusive_spans"], strict=True)],
        dtype=object,
    )
    return Tokens(frame, selection, dimensions, sources)


def _convention(detailed: int, exclusive: int) -> str | None:
    if not detailed:
        return None
    return "inclusive" if not exclusive else "exclusive" if exclusive == detailed else "mixed"


_CONVENTIONS: Final = {
    "inclusive": "inclusive: cached and reasoning tokens are part of input and output",
    "exclusive": "exclusive: cached or reasoning tokens stood beside input and output and were added",
}


def _of_source(row: Mapping[Any, Any]) -> str:
    words = _CONVENTIONS.get(row["convention"], "no cached or reasoning tokens told")
    if row["convention"] == "mixed":
        words = (
            "mixed: cached or reasoning tokens stood beside input and output, and were added, in "
            f"{_format.count(row['exclusive_spans'])} of {_format.plural(row['detailed_spans'], 'span')} that tell them"
        )
    return f"{_words.group(row['source'])}: {_amounts(row)}; {words}"


def _amounts(row: Mapping[Any, Any]) -> str:
    into = f"{_format.short(row['input_tokens'])} input tokens"
    cached = ", ".join(
        f"{_format.short(row[name])} {words}"
        for name, words in (("cache_read_tokens", "read from a cache"), ("cache_write_tokens", "written to one"))
        if row[name] > 0
    )
    out = f"{_format.short(row['output_tokens'])} output tokens"
    thought = f" ({_format.short(row['reasoning_tokens'])} reasoning)" if row["reasoning_tokens"] > 0 else ""
    return f"{into}{f' ({cached})' if cached else ''}, {out}{thought}"


def _unlike(names: list[str]) -> list[str]:
    """Number names that stand for several rows, so that each has a bar of its own."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out
