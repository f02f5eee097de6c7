"""Eval logs of Inspect AI: ``.json`` and ``.eval``, of every version.

Each sample (of each epoch) is one trace: a root, and a span for each call of a model, tool, sandbox, subtask, and for
each span or step of the transcript. A ``.eval`` file is a ZIP of members compressed by deflate or Zstandard; it and
``.json`` logs of any size are read one sample at a time.

============================== ===================================================================================
field                          where it goes
============================== ===================================================================================
sample ``uuid``                ``trace_id``; without one, a stable id of the run, the sample's id and its epoch
``input``, ``messages``        ``input``, ``input_messages`` and ``output_messages`` of the root
``output``                     ``output``, ``finish_reason``; the rest under ``output.*``
``started_at``, ``total_time`` ``start_time``, ``duration_ms`` (s → ms); without, the times of the events
``error``                      ``status``, ``error_type``, ``error_message``; the traceback under ``error.*``
``scores``                     ``scores``: C, P, I, N are 1, 0.5, 0, 0 with the grade as label; an object is one score
                               for each key; answer and metadata under ``scores.<name>.*`` of the root
event ``model``                ``chat`` span; ``usage`` reconciled by its ``total_tokens`` (kept under
                               ``output.usage.*``), ``total_cost`` is ``cost_usd``; answers from Inspect's cache
                               (``cache: read``) count no tokens, as in its own totals
event ``tool``                 ``execute_tool`` span; the span that is opened around a tool is the same one
``sandbox``, ``subtask``       spans; so are ``span_begin``/``span_end`` and ``step``
event ``logger``               ``logs``
every other event              an event of the span around it
``model_usage`` of a sample    attributes; tokens of the root only where no call tells its own
``eval`` (task, model, …)      ``service`` is the task; every short field under ``eval.*`` of each root
header (eval, plan, results,   one record in ``logs`` when the eval ended, all of it; each metric of ``results`` is a
stats, error, reductions)      point in ``metrics``, named by scorer and metric
``attachment://…``             the text it stands for; data such as images stays under ``attachments`` of the root
============================== ===================================================================================

Every other field is an attribute under its own path. ``summaries.json`` and the journal of an archive, which repeat
what the samples say, are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import Batch, Rows
from llmscope.sources._cells import moment, real, text
from llmscope.sources._file import File
from llmscope.sources._finish import as_json
from llmscope.sources._inspect_log import parts
from llmscope.sources._inspect_refs import shallow
from llmscope.sources._inspect_sample import Eval, sample_steps
from llmscope.sources._inspect_zip import first_member
from llmscope.sources._reading import flat
from llmscope.sources._sniff import first_record

NAME: Final = "inspect"

_FILES: Final = ("header.json", "start.json", "results.json", "summaries.json", "reductions.json")
_HELD: Final = 1 << 26
"""Characters of spans after which a batch is handed on, however few they are."""

_LONG: Final = ("input", "output", "input_messages", "output_messages", "events", "attributes")
"""Columns whose characters are counted."""


def sniff(file: File) -> bool:
    """Whether a file is an Inspect log: JSON with an eval of a task, or an archive of such a log."""
    if (member := first_member(file.head)) is not None:
        sample = member.startswith("samples/") and "_epoch_" in member
        return sample or member.startswith("_journal/") or member in _FILES
    record = first_record(file)
    if not isinstance(record, dict) or not isinstance(record.get("eval"), dict):
        return False
    return "task" in record["eval"] and bool(record["eval"].keys() & {"model", "run_id", "created", "dataset"})


def read(file: File) -> Iterator[Batch]:
    """Read a log, one sample after another.

    Raises:
        UnreadableFileError: The archive is cut short, no Inspect log, or a decompression bomb.
    """
    rows = Rows(file.name)
    held = 0
    around: tuple[dict[str, Any], Eval] | None = None
    for place, header, sample in parts(file, rows):
        try:
            if sample is None:
                _tell(rows, shallow(header))
                continue
            if around is None or around[0] is not header:
                around = header, Eval(shallow(header))
            for _ in sample_steps(rows, place, around[1], sample):
                held += sum(len(rows.spans[-1].get(column) or "") for column in _LONG)
                if rows.full or held > _HELD:
                    yield rows.take()
                    held = 0
        except ValueError as error:
            rows.reject(place, str(error), sample if sample is not None else header)
    yield rows.take()


def _tell(rows: Rows, header: dict[str, Any]) -> None:
    """Add what the header says of the whole eval: one log record, and the metrics of its results."""
    around = Eval(header)
    spec = around.spec
    stats = header.get("stats")
    stats = stats if isinstance(stats, dict) else {}
    at = moment(stats.get("completed_at")) or moment(stats.get("started_at")) or moment(spec.get("created"))
    status = text(header.get("status"))
    rows.logs.append(
        {
            "time": at,
            "severity": "ERROR" if status == "error" else "INFO",
            "body": f"eval of {text(spec.get('task')) or 'a task'}: {status or 'unknown'}",
            "service": around.columns["service"],
            "attributes": as_json(flat(header)),
            "source": NAME,
        }
    )
    results = header.get("results")
    scores = results.get("scores") if isinstance(results, dict) else None
    which = {f"eval.{key}": spec[key] for key in ("task", "model", "run_id", "eval_id") if spec.get(key) is not None}
    for score in scores if isinstance(scores, list) else ():
        metrics = score.get("metrics") if isinstance(score, dict) else None
        for key, metric in metrics.items() if isinstance(metrics, dict) else ():
            told = metric if isinstance(metric, dict) else {"value": metric}
            about = {"scorer": score.get("scorer"), "reducer": score.get("reducer"), "params": told.get("params")}
            rows.metrics.append(
                {
                    "name": f"{text(score.get('name')) or 'score'}.{key}",
                    "time": at,
                    "value": real(told.get("value")),
                    "kind": "gauge",
                    "attributes": as_json(which | {name: value for name, value in about.items() if value}),
                    "source": NAME,
                }
            )
