"""The conditions of a selection: equality with bound values, and SQL boolean expressions with resolved names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from llmscope import schema
from llmscope.errors import QueryError
from llmscope.store._names import quoted

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """Rows by ``trace_id`` and ``span_id``, as many as there are: too many to write into a query."""

    table: pa.Table


@dataclass(slots=True)
class Bound:
    """Binds values as variables of one connection, since a view takes no parameters."""

    cursor: duckdb.DuckDBPyConnection
    count: int = 0

    def __call__(self, value: Any) -> str:
        """Bind a value, or register a table, and return the SQL that reads it."""
        name = f"llmscope_{self.count}"
        self.count += 1
        if isinstance(value, Keys):
            self.cursor.register(name, value.table)
            return name
        self.cursor.execute(f"SET VARIABLE {name} = ?", [value])
        return f"getvariable('{name}')"


@dataclass(frozen=True)
class Condition:
    """One condition: the unit it is about, how it reads, the columns it uses, and its SQL."""

    unit: str
    text: str
    columns: frozenset[str]
    template: str
    values: tuple[Any, ...] = field(default=())
    listed: str = ""
    """Template that takes a list of values in parentheses, where there is one."""

    def sql(self, bound: Bound) -> str:
        """Return the condition as SQL, its values bound."""
        return self.template.format(*(bound(value) for value in self.values)) if self.values else self.template

    def literal(self) -> str:
        """Return the condition as SQL that a person can copy, its values written out."""
        template = self.listed or self.template
        return template.format(*(_literal(value) for value in self.values)) if self.values else template


def among(keys: pa.Table, text: str, unit: str) -> Condition:
    """Return the condition that a row is one of some, which ``text`` describes."""
    names = ("trace_id",) if unit == "request" else ("trace_id", "span_id")
    columns = ", ".join(names)
    template = f"({columns}) IN (SELECT ({columns}) FROM {{0}})" if len(names) > 1 else f"{columns} IN (FROM {{0}})"
    return Condition(
        unit, text, frozenset(names), template, (Keys(keys.select(names)),), listed=f"({columns}) IN {{0}}"
    )


def equal(column: str, value: Any, unit: str) -> Condition:
    """Return the condition that a column equals a value, is among the values of a list, or (None) is unknown."""
    columns = frozenset({column})
    if value is None:
        return Condition(unit, f"{column} is unknown", columns, f"{quoted(column)} IS NULL")
    if isinstance(value, (list, tuple, set, frozenset)):
        return _among(column, value, unit)
    return Condition(unit, f"{column} = {value}", columns, f"{_escaped(column)} = {{0}}", (_typed(column, [value])[0],))


def _among(column: str, values: Collection[Any], unit: str) -> Condition:
    known = [value for value in values if value is not None]
    text = f"{column} in ({', '.join(str(value) for value in known)})"
    test = f"list_contains({{0}}, {_escaped(column)})" if known else "false"
    listed = f"{_escaped(column)} IN {{0}}" if known else "false"
    if len(known) < len(values):
        text = f"{text} or unknown"
        test, listed = (f"({condition} OR {_escaped(column)} IS NULL)" for condition in (test, listed))
    return Condition(unit, text, frozenset({column}), test, (_typed(column, known),), listed)


def _literal(value: Any) -> str:
    from sqlglot import exp

    if isinstance(value, Keys):
        rows = zip(*(column.to_pylist() for column in value.table.columns), strict=True)
        return _literal([row if len(row) > 1 else row[0] for row in rows])
    if isinstance(value, (list, tuple)):
        return f"({', '.join(_literal(each) for each in value)})"
    return exp.convert(value).sql(dialect="duckdb")


def _escaped(column: str) -> str:
    """Return the quoted name for a template, in which braces stand for values."""
    return quoted(column).replace("{", "{{").replace("}", "}}")


def _typed(column: str, values: Sequence[Any]) -> list[Any]:
    kinds = {item.name: item.type for item in (*schema.SPANS.columns, *schema.REQUESTS.columns)}
    return [str(value) if kinds.get(column, "VARCHAR") == "VARCHAR" else value for value in values]


def parse(expression: str, unit: str, resolve: Callable[[str], str]) -> Condition:
    """Parse one SQL boolean expression and resolve the names in it.

    Raises:
        QueryError: it is empty, more than one expression, or a statement.
        UnknownAttributeError: a name in it is no column and no attribute.
    """
    import sqlglot
    from sqlglot import exp

    try:
        statements = sqlglot.parse(f"SELECT 1 WHERE {expression}\n", dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        first = str(error).splitlines()[0]
        raise QueryError(f"The filter {expression!r} is not a SQL expression: {first}") from error
    select = statements[0] if len(statements) == 1 else None
    if not isinstance(select, exp.Select) or set(_parts(select)) != {"expressions", "where"}:
        raise QueryError(f"The filter {expression!r} is not one SQL boolean expression, such as \"status = 'error'\".")
    condition = select.args["where"].this
    used = set()
    for column in list(condition.find_all(exp.Column)):
        name = resolve(".".join(part.name for part in column.parts))
        used.add(name)
        column.replace(exp.column(exp.to_identifier(name, quoted=True)))
    if isinstance(condition, exp.Column):  # a lone column has no parent to be replaced in
        condition = exp.column(exp.to_identifier(next(iter(used)), quoted=True))
    return Condition(unit, expression.strip(), frozenset(used), f"({condition.sql(dialect='duckdb')})")


def _parts(select: Any) -> list[str]:
    return [name for name, value in select.args.items() if value]
