"""Labels and predictions: how often each pair of them occurs, over time and by attribute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope import schema
from llmscope.errors import QueryError, UnknownAttributeError, near
from llmscope.measures._buckets import buckets
from llmscope.measures._groups import groups

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

CLASSES: Final = 1_000
"""Most different labels, or predictions; more are free text, not classes."""

_ROWS: Final = 200_000
"""Most rows of the result: pairs of classes, times buckets of time, times groups."""

_SCORE: Final = "score."
_TEXTS: Final = ("input", "output")


def labelled(
    selection: Selection,
    label: str,
    prediction: str,
    *,
    extract: str | None = None,
    every: str | None = None,
    by: str | None = None,
) -> pd.DataFrame:
    """Return how often each label met each prediction.

    Args:
        selection: What is counted.
        label: Where the truth is: a column, an attribute key, or ``score.<name>`` (its label, else its value; of
            several scores of one name the latest).
        prediction: Where the prediction is, likewise; ``output`` is the text that came out.
        extract: Regular expression (RE2, in lower case) whose first match in the prediction is the class: its first
            group, else all of it. A prediction without a match is none.
        every: Width of a bucket of time, ``"auto"`` included; None for the whole range.
        by: A column or an attribute key.

    Returns:
        Columns ``time`` (with ``every``), the dimension under its own name (with ``by``), ``label``, ``prediction``
        (None where there is none) and ``count``. Labels and predictions are compared, and returned, without capitals,
        surrounding spaces, quotes and brackets and a full stop at the end; ``1.0`` is ``1``. ``attrs`` holds
        ``unlabelled``, the counted rows without a label, which the table leaves out, and of buckets ``every``,
        ``seconds`` and ``times``, the starts of all of them, empty ones too.

    Raises:
        UnknownAttributeError: A name is no column, no attribute and no score.
        QueryError: ``extract`` is no regular expression, or the values are no classes: there are more than ``CLASSES``
            of them, or too many pairs over time.
    """
    import ibis

    dimension = None if by is None else groups(selection, by)
    told, guessed = _Value(selection, label), _Value(selection, prediction)
    table = selection.table
    span = None if every is None else buckets(selection, table, "start_time", every)
    keys = {"group": dimension.of(table)} if dimension is not None else {}
    if span is not None:
        keys["bucket"] = span.index(table.start_time)
    facts = table.select("trace_id", "span_id", **keys, **told.own(table, "label"), **guessed.own(table, "prediction"))
    facts = guessed.joined(told.joined(facts, "label"), "prediction")
    said = facts.prediction if extract is None else extracted(facts.prediction, extract)
    facts = facts.mutate(label=plain(facts.label), prediction=plain(said))
    counts = facts.group_by([*keys, "label", "prediction"]).aggregate(count=facts.count())
    found = selection.run(counts.order_by(ibis.desc("count")).limit(_ROWS + 1))
    unlabelled = int(found.loc[found["label"].isna(), "count"].sum())
    frame = found[found["label"].notna()].reset_index(drop=True)
    for name in ("label", "prediction"):
        values = frame[name].dropna().unique()
        if len(values) > CLASSES:
            raise QueryError(
                f"{name}={(label if name == 'label' else prediction)!r} has {len(values):,} different values, such as "
                f"{values[0][:60]!r}: that is free text, not a class. Name a column or an attribute that holds the "
                "class, or write one as a score first."
            )
    if len(found) > _ROWS:
        raise QueryError(f"label={label!r} and prediction={prediction!r} have more than {_ROWS:,} pairs: widen every=.")
    frame["prediction"] = pd.Series([None if pd.isna(value) else value for value in frame["prediction"]], dtype=object)
    names: list[str] = []
    occupied: set[int] = set()
    if span is not None:
        frame = frame[frame["bucket"].notna()].astype({"bucket": "int64"})
        occupied = set(frame["bucket"])
        frame["time"] = span.start(frame["bucket"])
        names.append("time")
    if by is not None:
        frame = frame.rename(columns={"group": by})
        names.append(by)
    frame = frame[[*names, "label", "prediction", "count"]]
    frame.attrs["unlabelled"] = unlabelled
    frame.attrs["groups"] = [] if dimension is None else list(dimension.labels)
    if span is not None:
        times = span.start(pd.Series(span.shown(occupied), dtype="int64"))
        frame.attrs |= {"every": span.name, "seconds": span.seconds, "times": list(times)}
    return frame


class _Value:
    """Where the values of a name stand: in the counted rows, in their texts, or among their scores."""

    def __init__(self, selection: Selection, name: str) -> None:
        self._selection = selection
        self._score = name.removeprefix(_SCORE) if name.startswith(_SCORE) else None
        self._text = name if name in _TEXTS else None
        self._column = None
        if self._score is not None:
            check_score(selection, self._score)
        elif self._text is None:
            self._column = selection.column(name)
            if self._column in schema.SPANS.names and self._column not in selection.table.columns:
                raise UnknownAttributeError(
                    f"{name!r} cannot be compared: it holds JSON or is not of a {selection.unit}."
                )

    def own(self, table: Any, name: str) -> dict[str, Any]:
        """Return the column under ``name`` where the counted rows have it themselves."""
        return {} if self._column is None else {name: table[self._column].cast("string")}

    def joined(self, facts: Any, name: str) -> Any:
        """Return the facts with the column ``name`` from texts or scores, where it stands there."""
        if self._text is not None:
            spans = self._selection.spans.select("trace_id", "span_id", **{name: self._selection.spans[self._text]})
            return facts.left_join(spans, ["trace_id", "span_id"]).drop("trace_id_right", "span_id_right")
        if self._score is None:
            return facts
        scores = self._selection.scores
        keys = ["trace_id"] if self._selection.unit == "request" else ["trace_id", "span_id"]
        value = scores.label.fill_null(scores.value.cast("string"))
        of_name = (
            scores.filter(scores.name == self._score).group_by(keys).aggregate(**{name: value.argmax(_order(scores))})
        )
        return facts.left_join(of_name, keys).drop(*(f"{key}_right" for key in keys))


def _order(scores: Any) -> Any:
    """Return what tells the latest score; those without a time are the earliest."""
    return scores.time.epoch_seconds().fill_null(0)


def check_score(selection: Selection, name: str) -> None:
    """Raise ``UnknownAttributeError`` where no counted row has a score of that name; near names are suggested."""
    scores = selection.scores
    names = selection.run(scores.select("name").distinct().limit(10_000))["name"].tolist()
    if name not in names:
        known = f" Scores are {', '.join(sorted(map(str, names))[:20])}." if names else " There are no scores."
        raise UnknownAttributeError(f"There is no score {name!r}.{near(name, map(str, names))}{known}")


def extracted(value: Any, pattern: str) -> Any:
    """Return the first match of a regular expression in an Ibis text, in lower case: its first group, else all."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise QueryError(f"extract={pattern!r} is no regular expression: {error}.") from error
    return value.lower().re_extract(pattern, min(groups, 1))


def plain(value: Any) -> Any:
    """Return an Ibis text without what does not tell classes apart; empty text is no class."""
    around = r"[\s\[\](){}\"'`*]"
    bare = value.lower().re_replace(rf"^{around}+|{around}+$|\.\s*$", "")
    return bare.re_replace(r"^(-?\d+)\.0+$", r"\1").nullif("")
