"""Widget state of an executed notebook, packed for the page: only what is shown, each module and buffer once."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any, Final

from llmscope.reports._embed import Blobs
from llmscope.reports._holdings import holdings
from llmscope.reports._sanitise import clean, css_fetches

VIEW: Final = "application/vnd.jupyter.widget-view+json"
_STATE: Final = "application/vnd.jupyter.widget-state+json"
_REFERENCE = re.compile(r"^(?:IPY_MODEL_|anywidget:)(.+)$", re.DOTALL)
_LOADER = 'Symbol.for("llmscope/'
"""What every loader of our bundle contains, and hardly anything else."""
_LARGE_TEXT = 2048
_REMOTE_IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](?:https?:)?//""")
_LINKS = {"LinkModel", "DirectionalLinkModel"}
_HTML = {"HTMLModel", "HTMLMathModel"}
_SPARE = {"_esm", "_css", "_dom_classes", "tabbable", "tooltip", "_model_module_version", "_view_module_version"}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) < 200 and (match := _REFERENCE.match(value)):
            yield match[1]
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _references(item)


class Widgets:
    """The widgets of one notebook; ``use`` puts one into the page, with everything it refers to."""

    def __init__(self, notebook: Any, blobs: Blobs) -> None:
        stored = notebook.metadata.get("widgets", {}).get(_STATE, {})
        self._models: dict[str, Any] = dict(stored.get("state", {}))
        self._blobs = blobs
        self._index: dict[str, str] = {}
        self._bundle: str | None = None
        self.removed: Counter[str] = Counter()
        self.render_outputs: Callable[[list[Any]], str] = lambda _: ""
        """How the page shows the outputs that an ``Output`` widget holds."""

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._models

    def name(self, identifier: str) -> str:
        """What a person calls the widget: llmscope's view, or the class."""
        model = self._models[identifier]
        state = model["state"]
        own = str(state.get("_anywidget_id", "")).rpartition(".")[2]
        return str(state.get("_view") or own or str(model["model_name"]).removesuffix("Model"))

    def summary(self, identifier: str) -> str:
        """The widget in plain words, where it says so itself."""
        text = self._models[identifier]["state"].get("summary", "")
        return text if isinstance(text, str) else ""

    def needs_network(self, identifier: str) -> bool:
        """Say whether the widget's own code imports modules from the network."""
        code = self._models[identifier]["state"].get("_esm", "")
        return bool(_REMOTE_IMPORT.search(code)) or code.startswith(("http://", "https://"))

    def holdings(self, identifier: str) -> dict[str, Any]:
        """What the widget holds, and under ``parts`` what those hold that it shows; see ``holdings``."""
        found: dict[str, Any] = {}
        waiting, seen = [identifier], set()
        while waiting:
            at = waiting.pop(0)
            if at in self._models and at not in seen:
                seen.add(at)
                model = self._models[at]
                buffers = {str(b["path"][0]): base64.b64decode(b["data"]) for b in model.get("buffers", [])}
                own = holdings(model["state"], buffers)
                if at == identifier:
                    found = own
                elif own:
                    found.setdefault("parts", []).append({"name": self.name(at), **own})
                waiting.extend(_references(model["state"]))
        return found

    def use(self, identifier: str) -> dict[str, int]:
        """Embed a widget and all it refers to; return the bytes of each trait that holds data."""
        sizes: Counter[str] = Counter()
        waiting = [identifier]
        while waiting:
            at = waiting.pop()
            if at not in self._models or at in self._index:
                continue
            packed, own = self._pack(self._models[at])
            self._index[at] = self._blobs.add(packed)
            sizes.update(own)
            waiting.extend(_references(self._models[at]["state"]))
        return dict(sizes)

    def add(self, identifier: str, name: str, state: dict[str, Any], buffers: Mapping[str, bytes]) -> dict[str, int]:
        """Embed a widget that the notebook does not have, such as a chart; its sizes as ``use`` gives them."""
        packed = [{"path": [key], "data": base64.b64encode(data).decode()} for key, data in buffers.items()]
        self._models[identifier] = {"model_name": name, "state": state, "buffers": packed}
        return self.use(identifier)

    def index(self) -> dict[str, Any]:
        """What the page's script needs to find the widgets: the bundle's blob, each model's blob, and the links."""
        for identifier, model in self._models.items():
            ends = [model["state"].get(end, [""])[0] for end in ("source", "target")]
            if model["model_name"] in _LINKS and all(end in self._index for end in _references(ends)):
                self.use(identifier)
        links = [key for key in self._index if self._models[key]["model_name"] in _LINKS]
        return {"bundle": self._bundle, "models": self._index, "links": links}

    def _pack(self, model: Mapping[str, Any]) -> tuple[bytes, Counter[str]]:
        state = {key: value for key, value in model["state"].items() if value is not None}
        sizes: Counter[str] = Counter()
        name = model["model_name"]
        # A user's subclass has another id and the same loader.
        own = str(state.get("_anywidget_id", "")).startswith("llmscope.") or _LOADER in str(state.get("_esm", ""))
        if own:
            state.pop("_esm", None)
            self._bundle = self._bundle or self._blobs.add(_static("llmscope.js"))
        if css_fetches(state.get("_css", "")):
            self.removed["remote style"] += 1
            del state["_css"]
        if name in _HTML:
            cleaned = clean(state.get("value", ""))
            state["value"] = cleaned.html
            self.removed.update(cleaned.removed)
        if name == "OutputModel":
            state["_html"] = self.render_outputs(state.pop("outputs", []))
        buffers = []
        for buffer in model.get("buffers", []):
            data = base64.b64decode(buffer["data"])
            buffers.append([buffer["path"], self._blobs.add(data)])
            sizes[str(buffer["path"][0])] += len(data)
        texts = []
        for key, value in list(state.items()):
            if isinstance(value, str) and (len(value) > _LARGE_TEXT or key == "_esm"):
                texts.append([[key], self._blobs.add(value.encode())])
                del state[key]
                sizes[key] += len(value)
        for spare in _SPARE:
            sizes.pop(spare, None)
            if spare not in {"_esm", "_css"}:
                state.pop(spare, None)
        embedded = {"name": name, "own": own, "state": state, "buffers": buffers, "texts": texts}
        return json.dumps(embedded, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(), sizes


def _static(name: str) -> bytes:
    return (resources.files("llmscope.widgets") / "static" / name).read_bytes()


def host() -> str:
    """The script that shows widgets in the page."""
    return _static("host.js").decode()
