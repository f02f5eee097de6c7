"""What is wrong with the texts of a selection: found once for each row, kept in the store, and read as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from tqdm.auto import tqdm

from llmscope.errors import QueryError, near
from llmscope.measures.texts import texts
from llmscope.quality.checks import CHECKS, OWN
from llmscope.store import quality as store

if TYPE_CHECKING:
    import pyarrow as pa

    from llmscope.store.selection import Selection

QUALITY: Final = "quality."
"""How the name of a column of a check begins."""

_READ: Final = 4_096
"""Rows that are judged at once."""

_MINUTE: Final = 60.0
_FEW: Final = 50
"""Rows of a kind below which it has no rule that one of them could break."""

_RULE: Final = 0.95
"""Share of a kind's rows from which on what they have is the rule."""

_MOST: Final = 0.6
"""Share of the answers to a prompt, of three or more, that another one has to be unlike to contradict them."""

_DOCUMENTS: Final = ("retrieval", "rerank")
_KEYS: Final = ("trace_id", "span_id")


def judged(selection: Selection, name: str, rows: Any = None) -> Any:
    """Return the Ibis table of the counted rows with one check as a column: 1 where it fails, 0, or NULL for unknown.

    Args:
        selection: What is counted.
        name: ``quality.`` and the name of the check, which the column is called as well.
        rows: ``selection.table``, or ``selection.places``; the former where None.

    Raises:
        QueryError: There is no such check.
    """
    check = checked(name)
    ensure(selection)
    table = selection.table if rows is None else rows
    found = _flags(selection, [check]).rename({name: check})
    return table.left_join(found, _KEYS).drop(*(f"{key}_right" for key in _KEYS))


def checked(name: str) -> str:
    """Return the name of a check without ``quality.``.

    Raises:
        QueryError: There is no such check; near names are suggested.

    Example:
        >>> checked("quality.refusal")
        'refusal'
    """
    bare = name.removeprefix(QUALITY)
    if bare in CHECKS:
        return bare
    raise QueryError(f"There is no check {bare!r}.{near(bare, CHECKS)} Checks are {', '.join(CHECKS)}.")


def counts(selection: Selection) -> pd.DataFrame:
    """Return how many rows of a selection each check could be told of, and how many of them fail: one row per check.

    Columns ``check``, ``checked`` and ``failed``; ``attrs`` holds ``rows``, how many are counted.
    """
    ensure(selection)
    flags = _flags(selection, list(CHECKS))
    told = {f"checked_{name}": flags[name].count() for name in CHECKS}
    told |= {f"failed_{name}": flags[name].sum() for name in CHECKS}
    row = selection.run(flags.aggregate(rows=flags.count(), **told)).iloc[0]
    frame = pd.DataFrame(
        {
            "check": list(CHECKS),
            "checked": [int(row[f"checked_{name}"]) for name in CHECKS],
            "failed": [int(row[f"failed_{name}"]) if row[f"checked_{name}"] else 0 for name in CHECKS],
        }
    )
    frame.attrs["rows"] = int(row["rows"])
    return frame


def failing(selection: Selection, name: str, limit: int | None = None) -> pa.Table:
    """Return ``trace_id`` and ``span_id`` of the rows that fail a check, in the same order in every run."""
    check = checked(name)
    ensure(selection)
    flags = _flags(selection, [check])
    failed = flags.filter(flags[check] == 1).select(*_KEYS)
    rank = failed.trace_id.hexdigest("md5")
    ordered = failed.order_by(rank, "span_id")
    return selection.arrow(ordered if limit is None else ordered.limit(limit))


def ensure(selection: Selection) -> None:
    """Judge the counted rows that were not judged yet, and keep what is found."""
    import pyarrow as pa

    from llmscope.quality.judge import judge

    lacking = _lacking(selection)
    total = int(selection.run(lacking.count().name("n").as_table())["n"].iloc[0])
    if not total:
        return
    with tqdm(total=total, desc="Judging texts", unit=" rows", delay=1, leave=False) as bar:
        for batch in selection.batches(_texts(selection, lacking), _READ):
            found = judge(batch)
            kept = batch.select(["trace_id", "span_id", "start_time", *_TOLD])
            kept = kept.append_column("counted", pa.array([selection.unit] * len(batch)))
            for name in found.column_names:
                kept = kept.append_column(name, found[name])
            store.keep(selection.store, kept)
            bar.update(len(batch))


_TOLD: Final = ("kind", "caller", "asked", "prompt", "characters", "answered", "wrote")


def _lacking(selection: Selection) -> Any:
    return selection.table.anti_join(selection.judged, _KEYS)


def _texts(selection: Selection, lacking: Any) -> Any:
    """Return the Ibis table of rows with what is judged of them, and what they are compared with others by."""
    import ibis

    from llmscope.quality.judge import LONGEST
    from llmscope.quality.structure import ASKED

    spans = selection.spans
    own = spans.select(*_KEYS, "attributes", "input_messages", "output_messages")
    rows = lacking.left_join(own, _KEYS).drop(*(f"{key}_right" for key in _KEYS))
    for field in ("input", "output"):
        said = texts(selection, field, LONGEST, ends=True).rename({field: "text"})
        rows = rows.left_join(said, _KEYS).drop(*(f"{key}_right" for key in _KEYS))
    found = spans.filter(spans.operation.isin(_DOCUMENTS) & spans.output.notnull())  # noqa: PD004  (Ibis)
    documents = found.group_by("trace_id").aggregate(documents=found.output.group_concat("\n", order_by="span_id"))
    rows = rows.left_join(documents, "trace_id").drop("trace_id_right")
    wanted = rows.attributes.contains('"json_object"') | rows.attributes.contains('"json_schema"')
    calls = rows.output_messages.contains('"tool_call"') | rows.finish_reason.isin(["tool_calls", "tool_use"])
    expected = rows.input.notnull() & (rows.status != "error") & ~calls.fill_null(False)  # noqa: PD004  (Ibis)
    return rows.select(
        *_KEYS, "start_time", "input", "output", "finish_reason", "documents",
        asks_for_json=wanted.fill_null(False) | rows.input_messages.re_search(ASKED).fill_null(False),
        kind=_number(rows.name.fill_null("")),
        caller=_number(rows.user_id.fill_null("") + "\n" + rows.session_id.fill_null("")),
        asked=_number(rows.input),
        prompt=_number(rows.model.fill_null("") + "\n" + rows.input_messages.fill_null("[]") + "\n" + rows.input),
        characters=rows.input.length(),
        answered=ibis.ifelse(expected, rows.output.notnull(), None),  # noqa: PD004  (Ibis)
        wrote=rows.output_tokens,
    )  # fmt: skip


def _number(text: Any) -> Any:
    """Return the Ibis expression of a text's hash: half its MD5, the same in every version of DuckDB."""
    import ibis
    import ibis.expr.datatypes as dt

    def lower(text: Any) -> Any: ...

    return ibis.udf.scalar.builtin(lower, name="md5_number_lower", signature=((dt.string,), dt.uint64))(text)


# one check as a column


def _flags(selection: Selection, names: Sequence[str]) -> Any:
    """Return the Ibis table of ``trace_id``, ``span_id`` and some checks of the counted rows that were judged."""
    rows = selection.judged.semi_join(selection.table, _KEYS)
    for name in names:
        if name not in OWN:
            rows = _BY_OTHERS[name](rows)
    return rows.select(*_KEYS, **{name: rows[name].cast("float64") for name in names})


def _length(rows: Any) -> Any:
    """Three interquartile ranges of the logarithm away (Tukey), and tenfold at least."""
    import ibis

    size = rows.characters.nullif(0).ln()
    bounds = rows.filter(rows.characters > 0).mutate(size=size).group_by("kind").aggregate(
        low=size.quantile(0.25), high=size.quantile(0.75), sized=size.count()
    )  # fmt: skip
    table = rows.left_join(bounds, "kind").drop("kind_right")
    size = table.characters.nullif(0).ln()
    reach = ibis.greatest(3 * (table.high - table.low), ibis.literal(10.0).ln())
    far = (size < table.low - reach) | (size > table.high + reach)
    return table.mutate(input_length=ibis.ifelse(table.sized >= _FEW, far, None)).drop("low", "high", "sized")


def _duplicate(rows: Any) -> Any:
    import ibis

    window = ibis.window(group_by=["asked", "caller"], order_by=["start_time", "trace_id", "span_id"])
    before = rows.start_time.lag().over(window)
    since = rows.start_time.epoch_seconds() - before.epoch_seconds()
    known = rows.asked.notnull() & rows.start_time.notnull()  # noqa: PD004  (Ibis)
    return rows.mutate(input_duplicate=ibis.ifelse(known, (since <= _MINUTE).fill_null(False), None))


def _format(rows: Any) -> Any:
    import ibis

    of_kind = ibis.window(group_by="kind")
    objects = (rows.shape > 1).cast("float64")
    share, count = objects.mean().over(of_kind), objects.count().over(of_kind)
    ruled = (share >= _RULE) & (count >= _FEW)
    return rows.mutate(input_format=ibis.ifelse(ruled, rows.shape <= 1, None))


def _schema(rows: Any) -> Any:
    import ibis

    objects = rows.filter(rows.shape > 1)
    by_shape = objects.group_by("kind", "shape").aggregate(n=objects.count())
    usual = by_shape.group_by("kind").aggregate(
        usual=by_shape.shape.argmax(by_shape.n), most=by_shape.n.max(), all=by_shape.n.sum()
    )
    table = rows.left_join(usual, "kind").drop("kind_right")
    ruled = (table.shape > 1) & (table.most >= _RULE * table["all"]) & (table["all"] >= _FEW)
    return table.mutate(input_schema=ibis.ifelse(ruled, table.shape != table.usual, None)).drop("usual", "most", "all")


def _empty(rows: Any) -> Any:
    """No output is empty where none was written, or where others of its kind have one: else it was not recorded."""
    import ibis

    share = rows.answered.cast("float64").mean().over(ibis.window(group_by="kind"))
    told = rows.answered | (rows.wrote == 0).fill_null(False) | (share >= 0.5)
    return rows.mutate(empty=ibis.ifelse(told, ~rows.answered, None))


def _inconsistent(rows: Any) -> Any:
    """The answers to a prompt are compared by what they come to; who is in the minority contradicts the others."""
    import ibis

    known = rows.filter(rows.prompt.notnull() & rows.conclusion.notnull())  # noqa: PD004  (Ibis)
    votes = known.group_by("prompt", "conclusion").aggregate(votes=known.count(), stance=known.stance.any())
    of_prompt = votes.group_by("prompt").aggregate(
        asked_times=votes.votes.sum(), top=votes.votes.max(), said=votes.count(), taken=votes.stance.all()
    )
    led = votes.inner_join(of_prompt, "prompt")
    led = led.mutate(leaders=(led.votes == led.top).sum().over(ibis.window(group_by="prompt")))
    minority = (led.votes < led.top) | (led.leaders > 1)
    agreed = (led.asked_times >= 3) & (led.top >= _MOST * led.asked_times)
    other = ibis.cases((led.asked_times < 2, None), (led.said == 1, False), (led.taken | agreed, minority), else_=None)
    table = rows.left_join(led.select("prompt", "conclusion", inconsistent=other), ["prompt", "conclusion"])
    return table.drop("prompt_right", "conclusion_right")


_BY_OTHERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "input_length": _length,
    "input_duplicate": _duplicate,
    "input_format": _format,
    "input_schema": _schema,
    "empty": _empty,
    "inconsistent": _inconsistent,
}
"""How each check that looks at others finds its column from what is kept."""
