"""Data inside an HTML page: each distinct blob once, and JSON that cannot end its script element."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any


def json_script(identifier: str, value: Any) -> str:
    """Return a script element that holds ``value`` as JSON; no text in it can close the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # The three characters that mean something to an HTML parser inside a script element.
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return f'<script type="application/json" id="{identifier}">{text}</script>'


class Blobs:
    """The page's blobs by content hash, as base64 of gzip in script elements that never run."""

    def __init__(self) -> None:
        self._packed: dict[str, str] = {}

    def add(self, data: bytes) -> str:
        """Keep ``data`` and return the hash that names it; equal data is kept once."""
        name = hashlib.sha256(data).hexdigest()[:20]
        if name not in self._packed:
            # mtime=0: the same notebook gives the same file.
            self._packed[name] = base64.b64encode(gzip.compress(data, compresslevel=9, mtime=0)).decode("ascii")
        return name

    def size(self, name: str) -> int:
        """Bytes that a blob takes in the page."""
        return len(self._packed[name])

    def html(self) -> str:
        """The script elements, in the order in which the blobs came."""
        return "\n".join(
            f'<script type="text/plain" data-blob="{name}">{data}</script>' for name, data in self._packed.items()
        )
