"""A trace as a file for other tools: whole as JSON, or its timeline for speedscope and for Chrome's trace viewer."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd

from llmscope.errors import UnknownFormatError, near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmscope.store.selection import Selection

FORMATS: Final = {"json": ".json", "speedscope": ".speedscope.json", "chrome": ".chrome.json"}
"""Forms of a trace's file, and how their names end."""

_FACTS: Final = ("operation", "status", "error_type", "model", "tool", "agent", "input_tokens", "output_tokens")


def known_form(form: str) -> str:
    """Return the name of a form.

    Raises:
        UnknownFormatError: There is no such form.
    """
    if form not in FORMATS:
        raise UnknownFormatError(f"A trace is written as {', '.join(FORMATS)}, not {form!r}.{near(form, FORMATS)}")
    return form


def written(selection: Selection, trace_id: str, form: str) -> bytes:
    """Return a trace as the bytes of a file.

    Raises:
        UnknownFormatError: There is no such form.
        UnknownTraceError: The selection has no such trace.
    """
    from llmscope.measures import traces as measures

    known_form(form)
    request = measures.request(selection, trace_id)
    frame = measures.spans(selection, [trace_id])[trace_id]
    if form == "json":
        whole = _whole(selection, trace_id, request, frame)
        return orjson.dumps(whole, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    timed = frame[frame["start_time"].notna()].reset_index(drop=True)
    name = f"{request['name'] or 'trace'} {trace_id}"
    return orjson.dumps(_speedscope(timed, name) if form == "speedscope" else _chrome(timed, name))


def _whole(selection: Selection, trace_id: str, request: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
    """Everything that is stored of a trace: columns by their own names, times as ISO 8601 in UTC."""
    from llmscope.measures import traces as measures
    from llmscope.store.annotation import annotated

    details = measures.details(selection, [trace_id])[trace_id]
    spans: list[dict[str, Any]] = []
    rows: list[dict[Any, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    for row in rows:
        start = row.pop("start_time")
        facts = {**row, "start_time": None if start is None else f"{start.isoformat()}Z"}
        facts |= details[row["span_id"]]
        spans.append({name: value for name, value in facts.items() if value is not None})
    return {
        "trace_id": trace_id,
        **{name: request[name] for name in ("name", "status", "duration_ms", "input_tokens", "output_tokens")},
        "cost_usd": request["cost_usd"],
        "spans": spans,
        "scores": measures.scores(selection, [trace_id])[trace_id],
        "annotations": annotated(selection, [trace_id])[trace_id],
    }


def lanes(frame: pd.DataFrame) -> list[int]:
    """Return a lane for each span, such that the spans of a lane lie inside each other or apart: a thread's calls.

    A child stays in its parent's lane where it fits; spans that run at the same time go to lanes of their own.
    """
    start, end = _interval(frame)
    order = sorted(range(len(frame)), key=lambda row: (start[row], -end[row], row))
    ids = {span_id: row for row, span_id in reversed(list(enumerate(frame["span_id"])))}
    above = [ids.get(parent, -1) if isinstance(parent, str) else -1 for parent in frame["parent_id"]]
    lane = [-1] * len(frame)
    open_ends: list[list[float]] = []
    """Per lane the ends of the spans that are open, the outermost first."""
    free: list[tuple[float, int]] = []
    for row in order:
        begin, finish = start[row], end[row]
        chosen = lane[above[row]] if above[row] >= 0 else -1
        if chosen >= 0:
            stack = open_ends[chosen]
            while stack and stack[-1] <= begin:
                stack.pop()
            if not stack or stack[-1] < finish:
                chosen = -1
        if chosen < 0:
            while free and free[0][0] <= begin:
                _, candidate = heapq.heappop(free)
                if not open_ends[candidate] or open_ends[candidate][0] <= begin:
                    chosen = candidate
                    break
            if chosen < 0:
                chosen = len(open_ends)
                open_ends.append([])
            open_ends[chosen] = []
            heapq.heappush(free, (finish, chosen))
        open_ends[chosen].append(finish)
        lane[row] = chosen
    return lane


def _interval(frame: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Start and end of each span in whole µs since the first; a span without an end has none."""
    since = (frame["start_time"] - frame["start_time"].min()) / pd.Timedelta(microseconds=1)
    took = (frame["duration_ms"].fillna(0).clip(lower=0) * 1000).round()
    return since.round().tolist(), (since.round() + took).tolist()


def _speedscope(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    """Evented profiles, one of each lane: https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources."""
    start, end = _interval(frame)
    titles = frame["name"].astype(object).fillna("span").tolist()
    frames = {title: number for number, title in enumerate(dict.fromkeys(titles))}
    inside: dict[int, list[int]] = {}
    for row, lane in enumerate(lanes(frame)):
        inside.setdefault(lane, []).append(row)
    last = max(end, default=0)
    profiles = []
    for lane, rows in sorted(inside.items()):
        events: list[dict[str, Any]] = []
        stack: list[int] = []

        def shut(before: float, events: list[dict[str, Any]] = events, stack: list[int] = stack) -> None:
            while stack and end[stack[-1]] <= before:
                row = stack.pop()
                events.append({"type": "C", "frame": frames[titles[row]], "at": end[row]})

        for row in sorted(rows, key=lambda row: (start[row], -end[row], row)):
            shut(start[row])
            events.append({"type": "O", "frame": frames[titles[row]], "at": start[row]})
            stack.append(row)
        shut(last)
        profiles.append(
            {"type": "evented", "name": f"lane {lane + 1}", "unit": "microseconds", "startValue": 0, "endValue": last,
             "events": events}
        )  # fmt: skip
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "name": name,
        "exporter": "llmscope",
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": title} for title in frames]},
        "profiles": profiles,
    }


def _chrome(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    """Complete events: services are processes and lanes threads, as chrome://tracing and Perfetto read them."""
    start, end = _interval(frame)
    services = frame["service"].astype(object).fillna("").tolist()
    process = {service: number for number, service in enumerate(dict.fromkeys(services), 1)}
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": number, "tid": 0, "args": {"name": service or name}}
        for service, number in process.items()
    ]
    for row, (facts, lane) in enumerate(zip(frame.to_dict("records"), lanes(frame), strict=True)):
        told = {key: facts[key] for key in _FACTS if pd.notna(facts[key])}
        events.append(
            {
                "ph": "X",
                "name": facts["name"] if isinstance(facts["name"], str) else "span",
                "cat": told.get("operation", "span"),
                "pid": process[services[row]],
                "tid": lane + 1,
                "ts": start[row],
                "dur": end[row] - start[row],
                "args": {"span_id": facts["span_id"], **told},
            }
        )
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"trace": name}}
