"""Asked inside the kernel when a notebook has run: which stores did it read, and what is in them?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from llmscope.errors import LlmscopeError

STORES: Final = "application/vnd.llmscope.stores+json"
PROBE: Final = """import sys
if "llmscope" in sys.modules:
    from llmscope.reports._probe import show
    show(get_ipython().user_ns)"""


def stores(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Describe the store of every scope among a notebook's variables.

    Returns:
        ``name`` (file name), ``spans``, ``files`` (loaded), ``sha256``: the hash over the SHA-256 of every loaded file
        in sorted order, so two stores with the same content have the same hash, and ``queries``, each ``counted`` (of
        what) and ``sql``.
    """
    from llmscope.scope import Scope

    found: dict[str, dict[str, Any]] = {}
    for value in list(variables.values()):
        if not isinstance(value, Scope):
            continue
        store = value._selection.store  # noqa: SLF001  (the report asks what the user need not see)
        try:
            hashes = sorted(str(row[0]) for row in store.rows("SELECT sha256 FROM loads"))
            spans = store.count("spans")
        except LlmscopeError:  # closed by the notebook itself
            continue
        content = hashlib.sha256("\n".join(hashes).encode()).hexdigest()
        key = str(store.path or id(store))
        found.setdefault(key, {"name": store.name, "queries": []})
        found[key] |= {"spans": spans, "files": len(hashes), "sha256": content}
        found[key]["queries"] += [
            asked
            for counted, sql in store.queries
            if (asked := {"counted": counted, "sql": sql}) not in found[key]["queries"]
        ]
    return list(found.values())


def show(variables: Mapping[str, Any]) -> None:
    """Send the description to the report as an output, and close the stores so that their files are complete."""
    from IPython.display import display

    from llmscope.scope import Scope

    display({STORES: stores(variables)}, raw=True)
    for value in list(variables.values()):
        if isinstance(value, Scope):
            value.close()
