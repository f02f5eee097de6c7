"""Prompt flow runs: the records of lines and nodes of a batch run, and ``flow.detail.json`` of a test run.

One line of a run is one trace: a root, a span for each node, and one for each call within it (``api_calls``, nested).
The records of lines (``flow_artifacts``) and of nodes (``node_artifacts``) tell of the same calls: both give the same
spans, so that a folder that holds both loads each once. What only a node's record tells is a record in ``logs``.

============================ =====================================================================================
field                        where it goes
============================ =====================================================================================
``run_id`` of a line         ``trace_id``, and ``span_id`` of its root
``node_name``                ``span_id`` of a node is the run, its name and the line, as Prompt flow itself writes it
``start_time``, ``end_time`` times; ISO 8601 of runs, seconds since 1970 of calls
``system_metrics.duration``  ``duration_ms`` of the root (s → ms)
``inputs``, ``output``       ``input``, ``output`` and messages; whole in the attributes where only their words fit
``type``                     ``operation``: LLM is ``chat`` (``embeddings`` or ``text_completion`` by its name), Tool is
                             ``execute_tool``, LangChain is ``other``, …
``output.usage`` of a call   tokens, input including cached ones
``system_metrics.*_tokens``  attributes; tokens of the root only where no call tells its own
``error``                    ``status``, ``error_type`` (the exception's), ``error_message``
``metrics``                  ``scores`` of the trace
the rest of a node's record  a record in ``logs`` at the node's span, with what it printed
============================ =====================================================================================

Every other field is an attribute under its own path. ``result`` is left out where it repeats ``output``, and so are
fields of the record around ``run_info`` that repeat it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from llmscope.errors import UnreadableFileError
from llmscope.sources import _json
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import File
from llmscope.sources._promptflow_run import add_line, add_node, is_line, is_node
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record
from llmscope.sources._unfold import Unfold

NAME: Final = "promptflow"

_ARTIFACTS: Final = ("flow_artifacts", "node_artifacts")
_UNFOLD: Final = Unfold(leaves=frozenset({"flow_runs", "node_runs"}), piece=200)


def sniff(file: File) -> bool:
    """Whether a file holds runs of Prompt flow, or lies in the folder of such a run."""
    record = first_record(file)
    if not isinstance(record, dict):
        return _beside(file)
    if isinstance(record.get("run_info"), dict) and _is_run(record["run_info"]):
        return True
    for key in ("flow_runs", "node_runs"):
        runs = record.get(key)
        if isinstance(runs, list) and runs and isinstance(runs[0], dict) and _is_run(runs[0]):
            return True
    return (_is_run(record) and "api_calls" in record) or _beside(file)


def read(file: File) -> Iterator[Batch]:
    """Read the runs of a file.

    Raises:
        UnreadableFileError: It lies in the folder of a run but holds no runs.
    """
    if _beside(file):
        raise UnreadableFileError(
            f"{file.name}: it lies in the folder of a Prompt flow run, but it holds none of the run's records: those "
            f"are in {' and '.join(_ARTIFACTS)}. If it is a log all the same, say so with format='table'."
        )
    rows = Rows(file.name)
    with file.open() as stream:
        for place, record in _json.records(stream, rows.reject, unfold=_UNFOLD):
            for where, run, around in _runs(place, record):
                try:
                    if not isinstance(run, dict):
                        rows.reject(where, "it is no run: an object is expected", run)
                    elif is_node(run):
                        add_node(rows, run, around)
                    elif is_line(run):
                        add_line(rows, run, around)
                    else:
                        rows.reject(where, "it is no run of a line or node: it has no run_id", run)
                except UNREADABLE as error:
                    rows.reject(where, reason(error), run)
                if rows.full:
                    yield rows.take()
    yield rows.take()


def _runs(place: str, record: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield each run that a record holds, with its place and what stands around it."""
    lists = [key for key in ("flow_runs", "node_runs") if isinstance(record.get(key), list)]
    if any(record[key] for key in lists):
        around = {key: value for key, value in record.items() if key not in lists}
        for key in lists:
            for number, run in enumerate(record[key]):
                yield f"{place}, {key}[{number}]", run, around
    elif isinstance(record.get("run_info"), dict):
        yield place, record["run_info"], {key: value for key, value in record.items() if key != "run_info"}
    else:
        yield place, record, {}


def _is_run(record: dict[str, Any]) -> bool:
    if "run_id" not in record or "status" not in record:
        return False
    return "root_run_id" in record or "flow_run_id" in record or ("parent_run_id" in record and "api_calls" in record)


def _beside(file: File) -> bool:
    """Whether a file lies in the folder of a run, but not where its records are."""
    if file.path is None:
        return False
    path = Path(file.path)
    if any(part in _ARTIFACTS for part in path.parts):
        return False
    return any((folder / name).is_dir() for folder in path.parents[:2] for name in _ARTIFACTS)
