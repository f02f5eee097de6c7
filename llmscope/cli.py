"""The command line. Exit codes: 0 done, 1 a check failed, 2 wrong usage or bad input."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

import llmscope
from llmscope.errors import LlmscopeError

app = typer.Typer(
    name="llmscope",
    help="Observability for LLM applications: load logs, see what changed, ask why, send a report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Format = Annotated[str | None, typer.Option("--format", "-f", help="Wire format; told from the content by default.")]
Where = Annotated[str | None, typer.Option("--where", "-w", help="A SQL boolean expression.")]
Since = Annotated[str | None, typer.Option(help="Start, included; UTC unless it says otherwise.")]
Until = Annotated[str | None, typer.Option(help="End, excluded.")]
StorePath = Annotated[Path, typer.Argument(help="The store, a .duckdb file.")]


def _explains(command: Callable[..., None]) -> Callable[..., None]:
    """Turn an error that llmscope raises on purpose into its message and exit code 2."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except LlmscopeError as error:
            typer.secho(f"llmscope: {error}", fg=typer.colors.RED, err=True)
            raise typer.Exit(2) from None

    return run


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(llmscope.__version__)
        raise typer.Exit


@app.command()
@_explains
def demo(
    spans: Annotated[int, typer.Option(min=100, help="How many spans of traffic to make up.")] = 30_000,
    seed: Annotated[int, typer.Option(help="Same seed, same traffic.")] = 7,
    directory: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("llmscope-demo"),
) -> None:
    """Make up a week of support-assistant traffic, load it, investigate it, and write the report."""
    from llmscope.demo import demo as run

    typer.echo(run(directory, spans=spans, seed=seed, say=typer.echo))


@app.command()
@_explains
def load(
    store: StorePath,
    files: Annotated[
        list[str],
        typer.Argument(help="Files, folders, glob patterns, https:// or s3:// addresses; - reads standard input."),
    ],
    format: Format = None,  # noqa: A002
    column: Annotated[
        list[str] | None, typer.Option("--column", "-c", help="For tables: our column=theirs, e.g. duration_ms=took.")
    ] = None,
) -> None:
    """Load logs and traces into a store, which is created when missing."""
    columns = dict(_pair(item) for item in column) if column else None
    scope = llmscope.open(store)
    typer.echo(scope.load(files, format=format, columns=columns).text())
    scope.close()


@app.command()
@_explains
def show(
    store: StorePath,
    where: Where = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Print a summary of a store."""
    scope = _existing(store).between(since, until)
    typer.echo(repr(scope if where is None else scope.where(where)))


@app.command()
@_explains
def check(
    store: StorePath,
    rules: Annotated[
        list[str], typer.Argument(help="Such as 'error_rate < 0.02', 'latency.p95 < 3000' (ms), drift.input.")
    ],
    *,
    where: Where = None,
    since: Since = None,
    until: Until = None,
    reference_since: Annotated[
        str | None, typer.Option(help="Start of what texts are compared with; the beginning by default.")
    ] = None,
    reference_until: Annotated[str | None, typer.Option(help="End of that; by default what --since says.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Embedding model; static is the fast one, for machines without a GPU.")
    ] = None,
) -> None:
    """Stop with exit code 1 unless every rule is met: metrics within limits, texts that have not drifted."""
    whole = _existing(store)
    scope, before = whole.between(since, until), None
    if reference_since or reference_until or since:
        before = whole.between(reference_since, reference_until or since)
    if where is not None:
        scope, before = scope.where(where), before and before.where(where)
    found = scope.check(*rules, reference=before, model=model)
    typer.echo(found.text())
    if not found.passed:
        raise typer.Exit(1)


@app.command()
@_explains
def report(
    source: Annotated[Path, typer.Argument(help="A notebook (.ipynb), or a store (.duckdb) for the standard report.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The HTML file; beside the source by default.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value for the cell tagged `parameters`.")
    ] = None,
    execute: Annotated[bool, typer.Option(help="Run the notebook first.")] = True,
) -> None:
    """Turn a notebook or a store into one HTML file that works offline."""
    from llmscope.reports import parameter as read
    from llmscope.reports import report as write

    if source.suffix != ".ipynb":
        _existing(source).close()
    parameters = {name: read(value) for name, value in (_pair(item) for item in parameter or [])}
    written = write(source, out, parameters=parameters, execute=execute)
    typer.echo(f"Wrote {written.path} ({written.bytes / 1e6:.1f} MB). It opens in any browser, without a network.")


@app.command()
@_explains
def export(
    store: StorePath,
    out: Annotated[
        str | None,
        typer.Argument(
            help="File or folder to write, or the address of a live receiver of OTLP, such as http://localhost:4318; "
            "without it, the one that OTEL_EXPORTER_OTLP_ENDPOINT names."
        ),
    ] = None,
    format: Annotated[  # noqa: A002
        str | None,
        typer.Option("--format", "-f", help="otlp, otlp-proto, parquet, csv or datasets; by the ending by default."),
    ] = None,
    where: Where = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="name=value for a receiver, such as its API key.")
    ] = None,
) -> None:
    """Write or send a store in another format, with every attribute it came with."""
    scope = _existing(store)
    headers = dict(_pair(item) for item in header) if header else None
    typer.echo((scope if where is None else scope.where(where)).export(out, format=format, headers=headers).text())


def _existing(store: Path) -> llmscope.Scope:
    if not store.exists():
        raise LlmscopeError(f"There is no store {store}. Make one with: llmscope load {store} LOGS…")
    return llmscope.open(store)


def _pair(item: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not name or not equals:
        raise LlmscopeError(f"{item!r} is not name=value.")
    return name, value
