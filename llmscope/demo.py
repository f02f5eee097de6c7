"""The demo: a week of made-up traffic, loaded, investigated in a notebook, and sent as one report."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llmscope

_WEEK = """\
The week of a support assistant: it answers customers of a shop for smart-home devices in five languages, through a
gateway, a guardrail, retrieval, reranking, six models of five providers, and tools. The traffic is made up and six
incidents are planted in it; `truth.json` beside this notebook lists them. What follows finds most by looking."""

_STANDS_OUT = """\
## What stands out?

Every metric over time, of everything and of each model, provider, region, plan and so on, and the questions from day to
day: what is no chance among so many, with what made it. What follows looks closer."""

_SLOW = """\
## Why was it slow from Wednesday on?

p95 rises on Wednesday morning and falls on Friday evening. Asked what changed since the days before, of all attributes
and their combinations:"""

_WHY_SLOW = """\
>slow = week.between("2026-11-18 08:00", "2026-11-20 20:00")
slow.explain("latency.p95", baseline=week.between("2026-11-16", "2026-11-18 08:00"))"""

_SLOW_WHICH = """\
It was large prompts, at one model of one provider in one region, and a release came at that time. The same cell of the
days before was fast, so it is the release, not the prompts."""

_ERRORS = """\
## What failed on Thursday?

Counting tool calls instead of requests shows which tool it was, and the traces say what it said."""

_COST = """\
## What made it dearer?

Cost per request steps up on Tuesday. The prompt's version changed with it: the new one reads more tokens each time."""

_MIX = """\
## Did it get slower at the weekend?

Taken together, yes: the median rises. Within each plan nothing changed. The enterprise plan, which runs on a slower
model, has a larger share of the weekend's traffic: a shift in the mix, not a fault."""

_FAULTS = """\
## What is wrong with questions and answers?

Twenty checks of every text; each says how often it is right, and is a metric like any other (`quality.refusal`)."""

_NEW = """\
## Did people ask for something new at the weekend?

Every question from Friday noon on, beside those of the days before, compared by what they mean. A calibrated test says
whether they differ at all, then where, and what that is about."""

_DRIFT = """\
>weekend = week.between("2026-11-20 12:00", None)
weekend.drift(week.between(None, "2026-11-20 12:00"), model="static")"""

_WORSE = """\
## Whom does it serve worse?

A judge model scores the answers. Groups and their combinations are compared with the rest, corrected for all that are
looked at: since Thursday one language on one plan gets worse answers, whatever the model."""

_SLICES = """\
>answered = week.between("2026-11-19", None)
answered.slices("score.helpfulness", by=["metadata.locale", "metadata.plan", "model"])"""

_MAP = """\
All questions as a map: near means alike. Draw around some to see which they are."""

_WITHOUT_MAP = """\
A map of the questions needs UMAP, not installed here: `pip install 'llmscope[map]'`, then run the demo again."""

_EXPLORE = """\
## Look for yourself

Drag over time or latency, click a bar (shift-click for several), and every other view follows. This works in the
exported report too, without a kernel and without a network."""

_SAME_DAYS = """\
>columns = ["metadata.plan", "requests", "latency_ms", "low_ms", "high_ms"]

def medians(scope):
    frame = scope.latency(by="metadata.plan").frame
    return frame[frame["quantile"] == "p50"][columns].round()

weekdays = medians(week.between("2026-11-16", "2026-11-21"))
weekend = medians(week.between("2026-11-21", "2026-11-23"))
weekdays.merge(weekend, on="metadata.plan", suffixes=(" weekdays", " weekend"))"""

_WHY_MIX = """\
>week.between("2026-11-21", None).explain("latency.p50", baseline=week.between("2026-11-16", "2026-11-21"))"""

_CALLS = """\
>thursday = week.between("2026-11-19 09:00", "2026-11-19 19:00")
calls = thursday.of("execute_tool").traffic(every="1d", by="tool").frame.groupby("tool", as_index=False)
calls[["requests", "errors"]].sum().sort_values("errors", ascending=False).head()"""

_RELEASES = """\
>frankfurt = week.where(provider="azure.ai.openai", **{"cloud.region": "eu-central-1"})
frankfurt.where(**{"metadata.prompt_size": "large"}).latency(by="release")"""

_SLOWEST = """\
>slowest = week.sql("select trace_id from requests order by duration_ms desc limit 1").fetchall()[0][0]
week.trace(slowest)"""

_MAPPED: tuple[str, ...] = (_MAP, '>week.map(by=["model", "metadata.locale"], model="static")')

_LOOKED: tuple[str, ...] = (
    f"# A week of the support assistant\n\n{_WEEK}",
    '>import llmscope as ls\n\nweek = ls.open("demo.duckdb")\nweek',
    _STANDS_OUT,
    ">week.findings()",
    "## Traffic",
    '>week.traffic(every="2h")',
    "## Where the time goes",
    ">week.latency()",
    _SLOW,
    _WHY_SLOW,
    _SLOW_WHICH,
    _RELEASES,
    '>frankfurt.where(release="3.42.0").latency(by="metadata.prompt_size")',
    _ERRORS,
    _CALLS,
    '>thursday.where(status="error").traces()',
    _COST,
    '>week.traffic(every="6h", by="metadata.prompt_version")',
    _MIX,
    _SAME_DAYS,
    _WHY_MIX,
    _WORSE,
    _SLICES,
    _FAULTS,
    ">week.quality()",
    _NEW,
    _DRIFT,
)

_WHOLE: tuple[str, ...] = (
    "## What the machines did",
    ">week.resources()",
    _EXPLORE,
    '>week.explore(by=["provider", "cloud.region", "metadata.plan", "metadata.locale"])',
    "## The slowest requests, and one of them whole",
    ">week.traces(limit=50)",
    _SLOWEST,
)


def demo(directory: Path, *, spans: int = 30_000, seed: int = 7, say: Callable[[str], Any] = print) -> str:
    """Write the demo into a folder: logs, ``truth.json``, ``demo.duckdb``, ``demo.ipynb`` (executed), ``report.html``.

    Args:
        directory: Folder to write; made when missing, what an earlier demo left there is replaced.
        spans: About how many spans of traffic.
        seed: Same seed, same traffic.
        say: Told what is being done.

    Returns:
        A sentence that says where the report is.

    Raises:
        StoreLockedError: Another process still holds the store of an earlier demo.
    """
    from llmscope import samples
    from llmscope.reports import report

    say(f"Making up a week of traffic, about {spans:,} spans …")
    folder = samples.write(directory, spans=spans, seed=seed)
    store = folder / "demo.duckdb"
    if store.exists():
        llmscope.open(store).close()  # says who holds it, before anything is removed
        store.unlink()
    say(f"Loading {folder / 'otlp'} into {store} …")
    scope = llmscope.open(store)
    say(scope.load(folder / "otlp").text())
    scope.close()
    notebook = folder / "demo.ipynb"
    _write(notebook)
    say(f"Running {notebook} …")
    written = report(notebook, folder / "report.html", executed=notebook)
    say(str(written))
    return f"Open {written.path} in any browser: it needs no network. The notebook is {notebook}."


def _cells() -> tuple[str, ...]:
    """Return the cells of the notebook, or for those that cannot run here what they need; code begins with ``>``."""
    return (*_LOOKED, *(_MAPPED if importlib.util.find_spec("umap") else (_WITHOUT_MAP,)), *_WHOLE)


def _write(path: Path) -> None:
    import nbformat

    cells = [
        nbformat.v4.new_code_cell(text[1:], id=f"cell-{number}")
        if text.startswith(">")
        else nbformat.v4.new_markdown_cell(text, id=f"cell-{number}")
        for number, text in enumerate(_cells())
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
