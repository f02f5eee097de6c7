"""What the trace explorer asks by meaning: the nearest rows, traces like one, and to embed what is not embedded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llmscope.answers._questions import Question
    from llmscope.store.selection import Selection
    from llmscope.text.nearby import Nearby

LIKE: Final = 10
"""Traces that are named as similar to one."""

_STEP: Final = 4.0
"""Seconds for which one question embeds, so that the kernel hears others in between."""


class Meaning:
    """Answers by meaning; nothing of the logs is embedded unless ``embed`` is asked.

    Args:
        selection: What is counted.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._nearby: Nearby | None = None

    @property
    def nearby(self) -> Nearby:
        """The embedded texts."""
        if self._nearby is None:
            from llmscope.text.nearby import Nearby

            self._nearby = Nearby(self._selection)
        return self._nearby

    def questions(self) -> dict[str, Question]:
        """Return the questions: ``similar`` (traces like one), ``embed`` (the next of the missing texts)."""
        return {"similar": self._similar, "embed": self.embed}

    def standing(self) -> dict[str, Any]:
        """Return how many rows can be compared and what embedding the others would take.

        These are ``compared``, ``total``, ``missing`` (texts), about how many ``seconds``, and the ``model``.
        """
        near = self.nearby
        return {
            "compared": near.rows().num_rows,
            "total": near.total(),
            "missing": len(near.missing()),
            "seconds": near.seconds(),
            "model": near.model.name,
        }

    def _similar(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        from llmscope.measures.traces import inputs, requests

        standing = self.standing()
        if not standing["compared"]:
            return {**standing, "rows": []}
        near = self.nearby.near_trace(str(asked["trace_id"]), LIKE).to_pylist()
        facts = requests(self._selection, [row["trace_id"] for row in near])
        texts = inputs(self._selection, [(row["trace_id"], row["span_id"]) for row in near])
        names = ("trace_id", "start_time", "name", "status", "error_type", "model", "duration_ms")
        rows = [
            {"near": row["near"], "input": text, **{name: facts[row["trace_id"]][name] for name in names}}
            for row, text in zip(near, texts, strict=True)
        ]
        return {**standing, "rows": rows}

    def embed(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        """Embed the next of the missing texts for a few seconds, and return how many are ``left``."""
        return {"left": self.nearby.embed(_STEP)}
