"""Where the time of a request goes: the stages of an LLM application, by self time on the critical path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis.critical_path import critical_path
from llmscope.schema import MODEL_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

STAGES: Final = ("preprocessing", "retrieval", "model inference", "tools", "postprocessing", "other")
"""The stages in the order of a request; ``other`` is the gateway's, agent's or workflow's own time between steps."""

STAGE_OF: Final = {
    **dict.fromkeys(sorted(MODEL_OPERATIONS), "model inference"),
    "embeddings": "retrieval",
    "retrieval": "retrieval",
    "rerank": "retrieval",
    "execute_tool": "tools",
    "create_agent": "other",
    "invoke_agent": "other",
    "invoke_workflow": "other",
}
"""Stage of an operation that tells it by itself. The others (guardrail, evaluate, http, db, other) tell it by place:

1. below a span of retrieval, model inference or tools they belong to that stage (the HTTP call of a tool is tools);
2. else, ended by the start of the first model call of the request: preprocessing;
3. else, begun at or after the end of the last model call: postprocessing;
4. else, between model calls, or in a request without one: other, a guardrail without one preprocessing.

The root of a request of several spans is ``other`` unless its operation tells the stage: it is what holds the steps."""

_PASSED_ON: Final = frozenset({"retrieval", "model inference", "tools"})


def staged(spans: pd.DataFrame) -> pd.DataFrame:
    """Add to each span its stage and its time on the critical path of its request.

    Args:
        spans: Spans of whole requests: ``trace_id, span_id, parent_id, name, operation, start_time, end_time``.

    Returns:
        The same rows with ``stage`` (one of STAGES), ``critical_ms`` (time in which the request was waiting for this
        span and for none of its children), ``self_ms`` (duration less the time in which any child was running) and
        ``duration_ms`` (NaN where it ends before it starts).
    """
    timed = (spans["start_time"].notna() & spans["end_time"].notna()).to_numpy()
    start = np.where(timed, _micros(spans["start_time"]), 0)
    end = np.where(timed, _micros(spans["end_time"]), -1)
    trace = spans["trace_id"].to_numpy(object)
    path = critical_path(trace, spans["span_id"].to_numpy(object), spans["parent_id"].to_numpy(object), start, end)
    return spans.assign(
        stage=_stages(trace, spans["operation"].to_numpy(object), path.parent, start, end),
        critical_ms=path.critical / 1000,
        self_ms=path.own / 1000,
        duration_ms=np.where(end >= start, (end - start) / 1000, np.nan),
    )


def stage_breakdown(spans: pd.DataFrame, by: str | None = None, groups: Sequence[str | None] = ()) -> pd.DataFrame:
    """Return how much of a request's time each stage takes.

    Args:
        spans: What :func:`staged` returns; with ``by``, its column ``group`` is the group of the request.
        by: Name for the column of groups.
        groups: The groups in the order wanted; those without a span are left out.

    Returns:
        One row per group and stage, in order: the group, ``stage``, ``ms_per_request`` (mean over all requests),
        ``share`` (of the time of all requests; NaN when they took none), ``requests`` (how many spent time in the
        stage) and ``of_requests`` (how many were looked at).
    """
    rows: list[dict[str, Any]] = []
    parts = {None: spans} if by is None else {label: spans[_is(spans["group"], label)] for label in groups}
    for label, part in parts.items():
        if part.empty:
            continue
        count = part["trace_id"].nunique()
        time = part.groupby("stage")["critical_ms"].sum()
        touched = part[part["critical_ms"] > 0].groupby("stage")["trace_id"].nunique()
        total = float(time.sum())
        rows.extend(
            {
                **({} if by is None else {by: label}),
                "stage": stage,
                "ms_per_request": float(time.get(stage, 0.0)) / count,
                "share": float(time.get(stage, 0.0)) / total if total else np.nan,
                "requests": int(touched.get(stage, 0)),
                "of_requests": count,
            }
            for stage in STAGES
        )
    columns = ["stage", "ms_per_request", "share", "requests", "of_requests"]
    frame = pd.DataFrame(rows, columns=columns if by is None else [by, *columns])
    if by is not None:  # None stays None, where text columns would make it NaN
        frame[by] = pd.Series([row[by] for row in rows], dtype=object)
    return frame


def step_table(spans: pd.DataFrame) -> pd.DataFrame:
    """Return the time of each step, a step being the spans of one name and operation.

    Args:
        spans: What :func:`staged` returns.

    Returns:
        One row per step, the most time on the critical path first: ``name, operation, stage`` (the most frequent),
        ``spans``, ``requests`` (that have the step), ``critical_ms`` and ``self_ms`` (means per span), ``share`` (of
        the time of all requests), ``duration_p50_ms`` and ``duration_p95_ms``.
    """
    total = float(spans["critical_ms"].sum())
    grouped = spans.groupby(["name", "operation"], dropna=False, sort=False)
    table = grouped.agg(
        stage=("stage", lambda stages: stages.mode().iloc[0]),
        spans=("span_id", "size"),
        requests=("trace_id", "nunique"),
        critical_ms=("critical_ms", "mean"),
        self_ms=("self_ms", "mean"),
        share=("critical_ms", "sum"),
        duration_p50_ms=("duration_ms", "median"),
        duration_p95_ms=("duration_ms", lambda values: values.quantile(0.95)),
    ).reset_index()
    table["share"] = table["share"] / total if total else np.nan
    return table.sort_values(["share", "name"], ascending=[False, True], ignore_index=True)


def _is(column: pd.Series[str], group: str | None) -> pd.Series[bool]:
    return column.isna() if group is None else column == group


def _micros(times: pd.Series[pd.Timestamp]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return times.to_numpy("datetime64[us]").astype("int64")


def _stages(
    trace: np.ndarray[tuple[int], np.dtype[np.object_]],
    operation: np.ndarray[tuple[int], np.dtype[np.object_]],
    parent: np.ndarray[tuple[int], np.dtype[np.int64]],
    start: np.ndarray[tuple[int], np.dtype[np.int64]],
    end: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> list[str]:
    """Stage of each span, by the rules that stand at STAGE_OF."""
    own = [STAGE_OF.get(name) for name in operation]
    model = np.array([stage == "model inference" for stage in own], bool)
    calls = pd.DataFrame({"trace": trace[model], "start": start[model], "end": end[model]}).groupby("trace")
    first, last = calls["start"].min().to_dict(), calls["end"].max().to_dict()
    holds = set(parent[parent >= 0].tolist())

    def by_place(index: int) -> str:
        if parent[index] < 0 and index in holds:
            return "other"
        if trace[index] not in first:
            return "preprocessing" if operation[index] == "guardrail" else "other"
        if end[index] <= first[trace[index]]:
            return "preprocessing"
        return "postprocessing" if start[index] >= last[trace[index]] else "other"

    settled: dict[int, str] = {}
    for index in range(len(own)):
        chain = []
        at = index
        while at >= 0 and at not in settled and own[at] is None:
            chain.append(at)
            at = int(parent[at])
        above = "other" if at < 0 else settled.get(at) or own[at] or "other"
        for member in reversed(chain):
            above = above if above in _PASSED_ON else by_place(member)
            settled[member] = above
    return [stage or settled[index] for index, stage in enumerate(own)]
