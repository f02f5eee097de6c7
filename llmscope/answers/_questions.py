"""What the trace explorer asks: spans, other traces, sessions, files, and a person's word to write down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from llmscope.answers._explorer import marks, payload
from llmscope.answers._meaning import Meaning
from llmscope.measures import sessions
from llmscope.measures import traces as measures
from llmscope.store import Selection
from llmscope.store.annotation import Annotation, annotate

if TYPE_CHECKING:
    from llmscope.widgets import TraceList, TraceView

Question = Callable[[Mapping[str, Any]], object]


def reading(selection: Selection) -> dict[str, Question]:
    """Return the questions that read, by their names.

    Traces of a session are opened even where the selection does not count them.
    """
    whole = Selection(selection.store)

    def span(asked: Mapping[str, Any]) -> object:
        trace_id, span_id = str(asked["trace_id"]), str(asked["span_id"])
        return measures.details(whole, [trace_id], [span_id])[trace_id].get(span_id, {})

    def file(asked: Mapping[str, Any]) -> object:
        from llmscope.answers._trace_files import FORMATS, known_form, written

        trace_id, form = str(asked["trace_id"]), known_form(str(asked["format"]))
        return {"name": f"{trace_id}{FORMATS[form]}", "text": written(whole, trace_id, form).decode()}

    return {
        **Meaning(whole).questions(),
        "span": span,
        "trace": lambda asked: payload(whole, str(asked["trace_id"])),
        "find": lambda asked: measures.mentioned(whole, str(asked["trace_id"]), str(asked["text"])),
        "session": lambda asked: sessions.session(whole, str(asked["session_id"])),
        "file": file,
        "marks": lambda asked: marks(whole, [str(trace_id) for trace_id in asked["trace_ids"]]),
    }


class Review:
    """Writes what a person says in the explorer, and takes it back, the latest first."""

    def __init__(self, selection: Selection) -> None:
        self._selection = Selection(selection.store)
        self._given: list[Annotation] = []
        self.widget: TraceView | TraceList | None = None
        """Keeps what was said in its state, so that a report of the notebook has it too."""

    def questions(self) -> dict[str, Question]:
        """Return the questions that write; both answer with the trace's annotations, by its id."""
        return {"annotate": self._annotate, "undo": self._undo}

    def _annotate(self, asked: Mapping[str, Any]) -> object:
        text = {name: None if asked.get(name) is None else str(asked[name]) for name in ("label", "note", "span_id")}
        value = asked.get("value")
        self._given.append(
            annotate(
                self._selection,
                str(asked["trace_id"]),
                str(asked["name"]),
                None if value is None else float(value),
                text["note"],
                label=text["label"],
                span_id=text["span_id"],
            )
        )
        return self._now(str(asked["trace_id"]))

    def _undo(self, _asked: Mapping[str, Any]) -> object:
        if not self._given:
            return {}
        given = self._given.pop()
        given.undo()
        return self._now(given.trace_id)

    def _now(self, trace_id: str) -> dict[str, Any]:
        now = marks(self._selection, [trace_id])
        if self.widget is not None:
            self.widget.marks = {**self.widget.marks, **now}
        return now
