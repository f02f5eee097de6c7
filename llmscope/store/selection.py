"""A store and a filter: the only thing in llmscope that becomes SQL.

A selection says which things are counted (requests, or spans of one operation) and which of them. It offers the tables
of the store, narrowed to the selection, as unbound Ibis tables that `measures` build expressions on, and runs them.
Every value of a filter is bound as a parameter; column names are resolved against the store first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import duckdb

from llmscope import schema
from llmscope.errors import LlmscopeError, QueryError, near
from llmscope.store import _filters, quality
from llmscope.store._names import quoted

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    import pyarrow as pa

    from llmscope.store._store import Store

_COUNTED_SPAN: Final = tuple(name for name in schema.REQUESTS.names if name in schema.SPANS.names)
_IBIS: Final = {
    "VARCHAR": "string",
    "JSON": "string",
    "DOUBLE": "float64",
    "BIGINT": "int64",
    "TIMESTAMP": "timestamp(6)",
    "BOOLEAN": "boolean",
    "UBIGINT": "uint64",
}
_OF_TRACES: Final = ("spans", "scores", "logs")
PLACE: Final = "llmscope.place"
"""Column of ``places`` by which a row is read without a look at the others; loading moves it."""
_REPEATED: Final = ("tokens", "cost", "call")  # columns of ``rollups``


@dataclass(frozen=True)
class Selection:
    """What is counted, and which of it.

    Args:
        store: The store.
        unit: ``request`` (a trace), ``span`` (any span) or an operation such as ``chat``.
        since: Start, included, UTC without zone.
        until: End, excluded, UTC without zone.
        conditions: Filters, each with the unit it was given for.

    Example:
        >>> import llmscope
        >>> selection = llmscope.open()._selection
        >>> selection.describe()
        'requests'
    """

    store: Store
    unit: str = "request"
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    conditions: tuple[_filters.Condition, ...] = ()

    # narrowing

    def of(self, unit: str) -> Selection:
        """Return the selection that counts ``unit`` instead; filters given so far still choose the requests.

        A model call that two spans tell of (two instrumentations, or a wrapper around it) is counted once.
        """
        known = {"request", "span", *schema.OPERATIONS}
        if unit not in known:
            raise QueryError(f"Cannot count {unit!r}: not a request, a span or an operation.{near(unit, known)}")
        return replace(self, unit=unit)

    def between(self, since: dt.datetime | None, until: dt.datetime | None) -> Selection:
        """Return the part of the selection that starts in ``[since, until)``."""
        if since and until and since >= until:
            raise QueryError(f"The start {since} is not before the end {until}.")
        starts = [time for time in (self.since, since) if time]
        ends = [time for time in (self.until, until) if time]
        return replace(self, since=max(starts, default=None), until=min(ends, default=None))

    def where(self, expression: str | None = None, /, **equals: Any) -> Selection:
        """Return the part of the selection that meets a SQL boolean expression and equals the values given.

        Raises:
            UnknownAttributeError: a name is no column and no attribute.
            QueryError: the expression is not one boolean SQL expression over the counted rows.
        """
        added: list[_filters.Condition] = []
        if expression is not None:
            added.append(_filters.parse(expression, self.unit, self.column))
        for key, value in equals.items():
            added.append(_filters.equal(self.column(key), value, self.unit))
        narrowed = replace(self, conditions=(*self.conditions, *added))
        if expression is not None:
            try:
                narrowed.open().execute("SELECT 1 FROM counted LIMIT 0")
            except duckdb.Error as error:
                raise QueryError(f"The filter {expression!r} does not run: {error}") from error
        return narrowed

    def among(self, keys: pa.Table, text: str) -> Selection:
        """Return the part of the selection whose ``trace_id`` (and, of spans, ``span_id``) are in a table.

        Args:
            keys: The table.
            text: What these rows are, in words.
        """
        return replace(self, conditions=(*self.conditions, _filters.among(keys, text, self.unit)))

    # names

    def column(self, key: str) -> str:
        """Return the column of ``table`` for a column name or a raw attribute key (see ``Store.resolve``)."""
        return self.store.resolve(key)

    def describe(self) -> str:
        """Say in words what is counted and which of it."""
        parts = [_plural(self.unit)]
        if self.since or self.until:
            parts.append(f"{_minute(self.since, 'the beginning')} to {_minute(self.until, 'the end')} UTC")
        parts.extend(condition.text for condition in self.conditions)
        return ", ".join(parts)

    @property
    def condition(self) -> str:
        """The filter as one SQL condition with its values written out; ``true`` where there is none.

        Example:
            >>> import llmscope
            >>> print(llmscope.open().where(model=["gpt-4o", None])._selection.condition)
            ("model" IN ('gpt-4o') OR "model" IS NULL)
        """
        tests = [f"start_time >= TIMESTAMP '{self.since}'"] if self.since else []
        tests += [f"start_time < TIMESTAMP '{self.until}'"] if self.until else []
        for one in self.conditions:
            own = [one.literal()]
            if one.unit != self.unit:
                own += [f"operation = '{one.unit}'"] if one.unit not in ("request", "span") else []
                table = "requests" if one.unit == "request" else "spans"
                own = [f"trace_id IN (SELECT trace_id FROM {table}{_where(own)})"]
            tests += own
        return " AND ".join(tests) or "true"

    # tables for expressions

    @property
    def table(self) -> ibis.Table:
        """The counted rows, one row each, as the unbound Ibis table ``counted``; usage in it never counts twice."""
        columns = schema.REQUESTS.names if self.unit == "request" else _COUNTED_SPAN
        types = {name: _IBIS[schema.REQUESTS[name].type] for name in columns}
        return _unbound("counted", types | dict.fromkeys(self.store.promoted(), "string"))

    @property
    def places(self) -> ibis.Table:
        """The counted rows with ``PLACE``."""
        return _unbound("places", {PLACE: "int64", **self.table.schema()})

    @property
    def requests(self) -> ibis.Table:
        """The requests that the counted rows belong to."""
        return self._unbound(schema.REQUESTS)

    @property
    def spans(self) -> ibis.Table:
        """Every span of the requests that the counted rows belong to."""
        return self._unbound(schema.SPANS)

    @property
    def usage(self) -> ibis.Table:
        """Every span that may bear usage: those of the requests, or the counted ones where spans are counted.

        The facts of a span are as they were told; ``repeats_tokens``, ``repeats_cost`` and ``repeats_call`` say which
        of them other spans tell as well, and so do not count.
        """
        types = {name: _IBIS[schema.REQUESTS[name].type] for name in _COUNTED_SPAN}
        flags = dict.fromkeys((f"repeats_{name}" for name in _REPEATED), "boolean")
        return _unbound("usage", types | flags | dict.fromkeys(self.store.promoted(), "string"))

    @property
    def scores(self) -> ibis.Table:
        """The scores of those requests."""
        return self._unbound(schema.SCORES)

    @property
    def judged(self) -> ibis.Table:
        """What was found wrong with texts of rows of this unit, narrowed or not, as far as it is known."""
        return _unbound("judged", {name: _IBIS[kind] for name, kind in quality.COLUMNS.items() if name != "counted"})

    @property
    def logs(self) -> ibis.Table:
        """The log records of those requests, and without a filter other than time those of no request."""
        return self._unbound(schema.LOGS)

    @property
    def metrics(self) -> ibis.Table:
        """The metric points of the selection's time range."""
        return self._unbound(schema.METRICS)

    def _unbound(self, table: schema.Table) -> ibis.Table:
        promoted = dict.fromkeys(self.store.promoted(), "string") if table in (schema.SPANS, schema.REQUESTS) else {}
        return _unbound(table.name, {column.name: _IBIS[column.type] for column in table.columns} | promoted)

    # running

    def run(self, expression: ibis.Expr, **given: pa.Table) -> pd.DataFrame:
        """Run an Ibis expression over the tables above and return the result; unknown numbers are NaN."""
        return self.arrow(expression, **given).to_pandas()

    def arrow(self, expression: ibis.Expr, **given: pa.Table) -> pa.Table:
        """Run an Ibis expression over the tables above, and others given by name, and return an Arrow table."""
        return _whole_numbers(self._asked(compiled(expression), **given).to_arrow_table())

    def batches(self, expression: ibis.Expr, rows: int = 50_000) -> Iterator[pa.Table]:
        """Stream the result of an Ibis expression in bounded memory."""
        import pyarrow as pa

        for batch in self._asked(compiled(expression)).to_arrow_reader(rows):
            yield _whole_numbers(pa.Table.from_batches([batch]))

    def _asked(self, query: str, **given: pa.Table) -> duckdb.DuckDBPyRelation:
        self.store.asked(self.describe(), query)
        return self.open(query, **given).sql(query)

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """Run one SELECT over ``counted, requests, spans, scores, metrics, logs`` as the selection narrows them.

        Raises:
            QueryError: the query does not run, or is no query.
        """
        cursor = self.open()
        try:
            kinds = {statement.type for statement in cursor.extract_statements(query)}
            relation = (
                cursor.sql(query) if kinds <= {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN} else None
            )
        except duckdb.Error as error:
            raise QueryError(f"The query does not run: {error}") from error
        if relation is None:
            raise QueryError("scope.sql reads only: give it one SELECT. scope.load(...) is the way in.")
        self.store.asked(self.describe(), query)
        return relation

    def open(self, query: str = "", **given: pa.Table) -> duckdb.DuckDBPyConnection:
        """Return a reader in which the tables above (of a query those that its words name) are the selection's own."""
        cursor = self.store.cursor()
        bound = _filters.Bound(cursor)
        for name, sql in self._views(bound).items():
            if not query or name in query or name in ("places", "counted"):
                cursor.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        for name, table in given.items():
            cursor.register(name, table)
        return cursor

    def _views(self, bound: _filters.Bound) -> Mapping[str, str]:
        table = self.store.table
        views = {"places": self._counted(bound), "counted": f"SELECT * EXCLUDE ({quoted(PLACE)}) FROM places"}
        if self.unit == "request":
            views["requests"] = "SELECT * FROM counted"
        else:
            views["requests"] = f"SELECT * FROM {table('requests')}" + self._of_counted()
        views["usage"] = self._usage(bound)
        judged = table(quality.TABLE)
        views["judged"] = f"SELECT * EXCLUDE (counted) FROM {judged} WHERE counted = {bound(self.unit)}"
        for name in _OF_TRACES:
            views[name] = f"SELECT * FROM {table(name)}" + self._of_counted()
        if not self.conditions:
            views["logs"] = f"SELECT * FROM {table('logs')}" + _where(self._time(bound, "time"))
        views["metrics"] = f"SELECT * FROM {table('metrics')}" + _where(self._time(bound, "time"))
        return views

    def _counted(self, bound: _filters.Bound) -> str:
        tests = self._tests(bound)
        keys = [quoted(key) for key in self.store.promoted()]
        if self.unit == "request":
            columns = ", ".join([*(quoted(name) for name in schema.REQUESTS.names), *keys])
            own = [condition for condition in self.conditions if condition.unit == self.unit]
            return f"SELECT {quoted(PLACE)}, {columns} FROM {self._source('request', own)}" + _where(tests)
        facts = ", ".join([*(_reconciled(name) for name in _COUNTED_SPAN), *keys])
        rollups = f" LEFT JOIN {self.store.table('rollups')} USING (trace_id, span_id)"
        once = " WHERE NOT coalesce(call, false)" if self.unit in schema.MODEL_OPERATIONS else ""
        spans = f"SELECT rowid AS {quoted(PLACE)}, * FROM {self.store.table('spans')}{_where(tests)}"
        return f"SELECT {quoted(PLACE)}, {facts} FROM ({spans}){rollups}{once}"

    def _usage(self, bound: _filters.Bound) -> str:
        chosen = self._of_counted() if self.unit == "request" else _where(self._tests(bound))
        facts = [quoted(name) for name in (*_COUNTED_SPAN, *self.store.promoted())]
        flags = [f"coalesce({name}, false) AS repeats_{name}" for name in _REPEATED]
        return (
            f"SELECT {', '.join([*facts, *flags])} FROM (SELECT * FROM {self.store.table('spans')}{chosen}) "
            f"LEFT JOIN {self.store.table('rollups')} USING (trace_id, span_id)"
        )

    def _tests(self, bound: _filters.Bound) -> list[str]:
        """Return the conditions that the counted rows meet."""
        tests = self._time(bound, "start_time")
        for condition in self.conditions:
            tests.append(condition.sql(bound) if condition.unit == self.unit else self._elsewhere(condition, bound))
        if self.unit not in ("request", "span"):
            tests.append(f"operation = {bound(self.unit)}")
        return tests

    def _elsewhere(self, condition: _filters.Condition, bound: _filters.Bound) -> str:
        """A condition on another unit chooses the traces in which that unit meets it."""
        tests = [condition.sql(bound)]
        if condition.unit not in ("request", "span"):
            tests.append(f"operation = {bound(condition.unit)}")
        source = self._source(condition.unit, [condition])
        return f"trace_id IN (SELECT trace_id FROM {source}{_where(tests)})"

    def _source(self, unit: str, conditions: Sequence[_filters.Condition]) -> str:
        """Return the table that conditions on a unit are tested on; texts of a request are those of its root."""
        if unit != "request":
            return self.store.table("spans")
        only_spans = [name for name in schema.SPANS.names if name not in schema.REQUESTS.names]
        requests = f"(SELECT rowid AS {quoted(PLACE)}, * FROM {self.store.table('requests')})"
        if not any(condition.columns & set(only_spans) for condition in conditions):
            return requests
        texts = ", ".join(["trace_id", "span_id", *(quoted(name) for name in only_spans)])
        return f"{requests} JOIN (SELECT {texts} FROM {self.store.table('spans')}) USING (trace_id, span_id)"

    def _time(self, bound: _filters.Bound, column: str) -> list[str]:
        tests = []
        if self.since:
            tests.append(f"{column} >= {bound(self.since)}")
        if self.until:
            tests.append(f"{column} < {bound(self.until)}")
        return tests

    def _of_counted(self) -> str:
        if self.unit == "request" and not (self.since or self.until or self.conditions):
            return ""
        return " WHERE trace_id IN (SELECT trace_id FROM counted)"


def compiled(expression: ibis.Expr) -> str:
    """Return the DuckDB SQL of an Ibis expression."""
    import ibis

    return str(ibis.to_sql(expression, dialect="duckdb"))


def _unbound(name: str, types: Mapping[str, str]) -> ibis.Table:
    import ibis

    return ibis.table(dict(types), name=name)


def _reconciled(name: str) -> str:
    if name in schema.TOKEN_COLUMNS:
        return f"CASE WHEN coalesce(tokens, false) THEN NULL ELSE {name} END AS {name}"
    if name == "cost_usd":
        return "CASE WHEN coalesce(cost, false) THEN NULL ELSE cost_usd END AS cost_usd"
    return quoted(name)


def _where(tests: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(tests)}" if tests else ""


def _plural(unit: str) -> str:
    return {"request": "requests", "span": "spans"}.get(unit, f"{unit} spans")


def _minute(time: dt.datetime | None, absent: str) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else absent


def _whole_numbers(table: pa.Table) -> pa.Table:
    """Turn sums of integers, which DuckDB returns as 128-bit decimals, into 64-bit integers."""
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            try:
                table = table.set_column(index, field.name, table.column(index).cast(pa.int64()))
            except pa.ArrowInvalid:
                table = table.set_column(index, field.name, table.column(index).cast(pa.float64()))
    return table


def instant(value: object) -> dt.datetime | None:
    """Return a time given as text, datetime or pandas timestamp as UTC without zone; None stays None.

    Example:
        >>> instant("2026-11-16T01:00+01:00")
        datetime.datetime(2026, 11, 16, 0, 0)
    """
    if value is None:
        return None
    import pandas as pd

    try:
        stamp = pd.Timestamp(value)  # type: ignore[arg-type]  # anything else is what the except clause is for
    except (ValueError, TypeError) as error:
        raise LlmscopeError(f"{value!r} is not a time. Give text such as '2026-11-16 14:00' or a datetime.") from error
    if pd.isna(stamp):
        raise LlmscopeError(f"{value!r} is not a time. Give text such as '2026-11-16 14:00' or a datetime.")
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    return stamp.to_pydatetime(warn=False)
