"""How the spans of one MLflow trace hang together, also where their ids were blanked out."""

from __future__ import annotations

from collections.abc import Sequence

from llmscope.sources import _ids
from llmscope.sources._mlflow_span import MlflowSpan


def parent_places(spans: Sequence[MlflowSpan]) -> list[int | None]:
    """Return, for each span, the place of its parent among them; None for a root and where it is not there.

    Where several spans go by the id of a parent, or a placeholder stands for it, the shortest span that encloses the
    child in time is taken, else the first root.

    Args:
        spans: Of one trace.
    """
    places: dict[str, list[int]] = {}
    for place, span in enumerate(spans):
        if span.span_id is not None:
            places.setdefault(span.span_id, []).append(place)
    first = next((place for place, span in enumerate(spans) if span.parent_id is None and not span.blanked), None)
    found: list[int | None] = []
    for place, span in enumerate(spans):
        named = [other for other in places.get(span.parent_id or "", []) if other != place]
        if len(named) == 1 and not span.blanked:
            found.append(named[0])
        elif span.blanked or named:
            among = named or [other for other in range(len(spans)) if other != place]
            found.append(_enclosing(spans, place, among, first))
        else:
            found.append(None)
    return _without_rings(found)


def _enclosing(spans: Sequence[MlflowSpan], place: int, among: list[int], first: int | None) -> int | None:
    begin, end = _times(spans[place])
    best: tuple[int, int] | None = None
    for other in among:
        start, stop = _times(spans[other])
        if start <= begin <= end <= stop and (stop - start, other) > (end - begin, place):
            best = min(best or (stop - start, other), (stop - start, other))
    if best is not None:
        return best[1]
    return first if first != place else None


def _times(span: MlflowSpan) -> tuple[int, int]:
    """Return when a span started and ended; where that is not known, it encloses nothing and nothing it."""
    return (span.start, span.end) if span.start is not None and span.end is not None else (1, 0)


def _without_rings(parents: list[int | None]) -> list[int | None]:
    """Cut every ring of spans that are each other's ancestors."""
    rooted: set[int] = set()
    for place in range(len(parents)):
        line: dict[int, None] = {}
        at: int | None = place
        while at is not None and at not in rooted:
            line[at] = None
            above = parents[at]
            if above in line:
                parents[at] = None
                break
            at = above
        rooted |= line.keys()
    return parents


def span_ids(spans: Sequence[MlflowSpan], trace: str) -> list[str]:
    """Return an id for each span: its own, or one made up where it has none or another span has the same."""
    taken: set[str] = set()
    ids = []
    for number, span in enumerate(spans, 1):
        own = span.span_id
        if own is None or own in taken:
            own = _ids.span_id(trace, number)
        taken.add(own)
        ids.append(own)
    return ids
