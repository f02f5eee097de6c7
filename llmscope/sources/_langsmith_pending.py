"""LangSmith runs that wait: for their other half, or for the run that tells which trace they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import Rows
from llmscope.sources._cells import text
from llmscope.sources._langsmith_merge import merged, parent_of, trace_of
from llmscope.sources._langsmith_run import add_run
from llmscope.sources._quarantine import quarantine
from llmscope.sources._spill import Spill

_DONE: Final = ("success", "error", "interrupted")
_DEEPEST: Final = 10_000


class Pending:
    """Takes runs and halves of runs in any order; whole runs go to the rows at once, the others when all were seen.

    Args:
        rows: Where runs go.
        source: Name of the format.
    """

    def __init__(self, rows: Rows, source: str) -> None:
        self._rows = rows
        self._source = source
        self._halves = Spill()
        self._waiting: set[str] = set()
        self._above: dict[str, str] = {}
        """The parent of each run that does not name its trace."""

    def take(self, place: str, run: dict[str, Any], *, half: bool) -> None:
        """Take one record of a run, and the runs below it that it may list.

        Args:
            place: Where it stands.
            run: The record.
            half: Whether the rest of the run may follow.

        Raises:
            ValueError: It has no id.
        """
        self._one(place, run, half=half)
        below = run.get("child_runs")
        for number, child in enumerate(below if isinstance(below, list) else [], 1):
            where = f"{place}, child {number}"
            if not isinstance(child, dict):
                self._rows.reject(where, "it is no run", child)
                continue
            told = {"parent_run_id": run.get("id")} | ({"trace_id": trace} if (trace := trace_of(run)) else {})
            with quarantine(self._rows, where, child):
                self.take(where, told | {k: v for k, v in child.items() if v is not None}, half=half)

    def _one(self, place: str, run: dict[str, Any], *, half: bool) -> None:
        key = text(run.get("id"))
        if key is None:
            raise ValueError("the run has no id")
        trace = trace_of(run)
        if not half and trace is not None and key not in self._waiting and _is_whole(run):
            add_run(self._rows, self._source, run, trace)
            return
        held = self._halves.get(key) if key in self._waiting else None
        self._waiting.add(key)
        if held is None:
            self._halves[key] = {"place": place, "run": run}
        else:
            self._halves[key] = {"place": held["place"], "run": merged(held["run"], run)}
        if trace is None and (parent := parent_of(run)) is not None:
            self._above[key] = parent

    def finish(self) -> Iterator[None]:
        """Add every run that still waits; yields after each."""
        for held in self._halves.values():
            run = held["run"]
            with quarantine(self._rows, held["place"], run):
                add_run(self._rows, self._source, run, trace_of(run) or self._root(text(run.get("id"))))
            yield

    def _root(self, key: str | None) -> str | None:
        for _ in range(_DEEPEST):
            if key is None or key not in self._above:
                break
            key = self._above[key]
        return key

    def close(self) -> None:
        """Let go of what is kept."""
        self._halves.close()


def _is_whole(run: dict[str, Any]) -> bool:
    """Whether a record of its own tells how the run began and how it ended, so that no other half follows."""
    began = run.get("run_type") is not None and run.get("start_time") is not None
    return began and (run.get("end_time") is not None or run.get("status") in _DONE)
