"""Where drift lies: both windows on the store's map, with the regions outlined that the test found elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from llmscope.answers._points import colour_names, placed
from llmscope.answers.map import Map

if TYPE_CHECKING:
    from llmscope import widgets
    from llmscope.answers.drift import Drift
    from llmscope.text.atlas import Atlas

S = TypeVar("S")

_FOUND: Final = "Outlined are regions that the test found in the vectors, by most of their texts; it never saw the map."
_SHADED: Final = (
    "Coloured by window, the ground shows which of the two has more than its share there, fainter where chance alone "
    "might do it."
)


def drawn(drift: Drift[S], by: str | Sequence[str], *, fresh: bool) -> Map[S]:
    """Return both windows on the store's map, which is drawn by UMAP where there is none yet."""
    from llmscope.text.atlas import atlas

    return _on(drift, atlas(drift.selection, drift.source, fresh=fresh), by)


def saved(drift: Drift[S]) -> Map[S] | None:
    """Return both windows on the store's map if it was drawn before; None where that would take a while."""
    from llmscope.text.atlas import saved as saved_atlas

    if drift.test is None:
        return None
    known = saved_atlas(drift.selection, drift.what, drift.looks[-1].found[1])
    return None if known is None else _on(drift, known, ())


def widget(drift: Drift[S], shown: Map[S]) -> widgets.Drift:
    """Return the verdict, its picture and the map in one; what is lassoed on it is the selection of the map."""
    import traitlets

    from llmscope import widgets
    from llmscope.answers._table import readable

    made = widgets.Drift(drift.chart(), drift.text(), readable(drift.frame), shown.drawn())
    traitlets.link((shown.widget, "brush"), (made, "brush"))
    return made


def _on(drift: Drift[S], known: Atlas, by: str | Sequence[str]) -> Map[S]:
    reference, current = drift.looks[-1].found
    fields = placed(
        drift.selection,
        known,
        drift.what,
        (current, reference),
        names=colour_names(drift.selection, by),
        regions=drift.regions,
    )
    said = [*([_FOUND] if len(drift.frame) else []), _SHADED]
    return Map(**fields, _scope=drift._scope, said=said)  # noqa: SLF001 - this module is a part of that answer
