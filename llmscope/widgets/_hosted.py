"""The base of every widget: one shared bundle, a text for when it is not live, and answers to what the page asks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import orjson
import traitlets

from llmscope.errors import LlmscopeError

STATIC = Path(__file__).parent / "static"

Answerer = Callable[[Mapping[str, Any]], object]
"""Takes the parameters of a question and returns something that JSON can hold."""


@functools.cache
def bundle() -> bytes:
    """The JavaScript module that draws every widget; its hash is the key under which a page keeps it."""
    return (STATIC / "llmscope.js").read_bytes()


def packed(value: object) -> bytes:
    """Return a value as UTF-8 JSON for a ``Bytes`` trait; NaN and infinities become null."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def _plain(value: object) -> object:
    if value is None or value != value:  # noqa: PLR0124 - NaT and NaN differ from themselves
        return None
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


class Hosted(anywidget.AnyWidget):
    """A widget whose front end lives in the shared bundle."""

    _esm = (STATIC / "loader.js").read_text(encoding="utf-8")

    _view = traitlets.Unicode().tag(sync=True)
    """Which of the bundle's widgets draws this one."""

    summary = traitlets.Unicode().tag(sync=True)
    """The same in plain words: read to screen readers, and shown while there is no kernel to send the bundle."""

    def __init__(self, answers: Mapping[str, Answerer] | None = None, **traits: Any) -> None:
        self._answers = dict(answers or {})
        super().__init__(**traits)
        self.on_msg(self._heard)

    def _heard(self, _widget: object, content: Any, _buffers: object) -> None:
        if not isinstance(content, dict):
            return
        message: dict[str, Any] = {"id": content.get("id")}
        if content.get("kind") == "bundle":
            self.send({**message, "kind": "bundle"}, [bundle()])
        elif content.get("kind") == "ask":
            self.send({**message, "kind": "answer", **self._answer(content)})

    def _answer(self, content: Mapping[str, Any]) -> dict[str, Any]:
        query, params = content.get("query"), content.get("params")
        answerer = self._answers.get(query) if isinstance(query, str) else None
        if answerer is None:
            return {"error": f"This widget answers no question named {query!r}."}
        try:
            value = answerer(params if isinstance(params, dict) else {})
            return {"value": orjson.loads(packed(value))}
        except (LlmscopeError, ValueError, TypeError, KeyError) as error:
            return {"error": str(error)}
