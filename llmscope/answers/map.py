"""What are they about? Every text as a point, near those that say the like, with names for the regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._steps import step_labels
from llmscope.charts import _format
from llmscope.errors import near

if TYPE_CHECKING:
    import altair as alt
    from numpy.typing import NDArray

    from llmscope import widgets
    from llmscope.measures.colours import Colour
    from llmscope.store.selection import Selection
    from llmscope.text.models import ModelLike

S = TypeVar("S")

NONE: Final = "(none)"
"""Name of what lies in no topic."""

DEFAULTS: Final = ("status", "model", "operation", "service", "provider", "release", "environment")
"""Columns to colour by where none are asked for, those in which rows differ."""

_LARGEST: Final = 6
"""Topics that the words name."""


@dataclass(frozen=True, repr=False, eq=False)
class Map(Answer, Generic[S]):
    """A map; ``selection`` is what is lassoed on it now, as a scope.

    Attributes:
        frame: One row per point: ``trace_id``, ``span_id``, ``topic`` (its name), ``x``, ``y`` (0 … 65,535, for looking
            only), ``far`` (whether it is farther from what the map was drawn of than nearly all of that), ``text`` (its
            first 240 characters) and, with a reference, ``window``.
        topics: One row per topic, largest first: ``topic`` (its name), ``requests`` (or what is counted), ``share``,
            ``x``, ``y`` and ``example``.
        whole: The selection that the map shows.
        texts: The text of each point.
        said: What else is to be known of it, in sentences.
    """

    frame: pd.DataFrame
    topics: pd.DataFrame
    whole: Selection
    colours: Sequence[Colour]
    texts: Sequence[str]
    source: str
    total: int
    _scope: Callable[[Selection], S] = field(repr=False)
    said: Sequence[str] = ()

    @property
    def selection(self) -> S:
        """What is lassoed, or chosen in the legend, now: a scope like any other; all points while nothing is."""
        return self._scope(self.narrowed(self.widget.brush))

    def topic(self, name: str) -> S:
        """Return the scope of a topic, by its name.

        Raises:
            ValueError: The map has no such topic; near names are suggested.
        """
        known = [*self.topics["topic"], NONE]
        if name not in known:
            raise ValueError(f"The map has no topic {name!r}.{near(name, known)} .topics lists them.")
        return self._scope(self._of((self.frame["topic"] == name).to_numpy(), f"about {name}"))

    def narrowed(self, brush: Mapping[str, Any]) -> Selection:
        """Return what a brush chooses: ``lasso`` as corners, each colouring as a list of codes.

        Raises:
            ValueError: The map has no such colouring or code.
        """
        if not any(brush.values()):
            return self._of(np.ones(len(self.frame), bool), "on the map")
        told = "in a region of the map" if brush.get("lasso") else "chosen on the map"
        return self._of(self._chosen(brush), told)

    @cached_property
    def widget(self) -> widgets.Map:
        """The widget behind the display; every display of this map shares it."""
        from llmscope import widgets

        return widgets.Map(**self.drawn())

    def drawn(self) -> dict[str, Any]:
        """Return what the widget is made of."""
        return {
            "xy": self._xy,
            "colours": [_colouring(colour) for colour in self.colours],
            "topics": self._labels(),
            "texts": self.texts.__getitem__,
            "unit": _words.noun(self.whole),
            "scope": _words.counted(self.whole, len(self.frame)).partition(" ")[2],
            "summary": self.text(),
            "notes": self._notes(),
            "point": self._point,
        }

    def chart(self) -> alt.TopLevelMixin:
        """Return the still picture: how dense each part of the map is, and the names of its largest topics."""
        from llmscope.charts.map import map_chart

        topics = self.topics.rename(columns={"topic": "name"})[["name", "x", "y"]]
        names = pd.concat([pd.DataFrame(self._regions(), columns=["name", "x", "y"]), topics], ignore_index=True)
        current = (self.frame["window"] == "current").to_numpy() if "window" in self.frame else None
        title = self.text().partition("\n")[0]
        return map_chart(self._xy, names, title=title, unit=_words.noun(self.whole), current=current)

    def table(self) -> pd.DataFrame:
        """Return the topics as people read them."""
        noun = _words.noun(self.whole)
        return pd.DataFrame(
            {
                "topic": self.topics["topic"],
                noun: [_format.count(value) for value in self.topics[noun]],
                "share": [_format.share(value) for value in self.topics["share"]],
                "example": [text[:120] for text in self.topics["example"]],
            }
        )

    def text(self) -> str:
        """Return the topics in plain words, and what the map is and is not."""
        shown = len(self.frame)
        head = f"{_words.counted(self.whole, shown)} on a map of {self.source}"
        if not shown:
            return f"{_words.counted(self.whole, 0)} with a text."
        lines = [
            f"  {_format.share(share):>7}  {name}"
            for name, share in zip(self.topics["topic"], self.topics["share"], strict=True)
        ]
        more = len(lines) - _LARGEST
        tail = [f"  … {_format.plural(more, 'more topic')} in .topics"] if more > 0 else []
        count = f": {_format.plural(len(lines), 'topic')}" if lines else ": too few, or too much alike, for topics"
        return "\n".join([head + count, *lines[:_LARGEST], *tail, *self._notes()])

    def _notes(self) -> list[str]:
        shown = len(self.frame)
        notes = []
        if shown < self.total:
            notes.append(f"A sample of {shown:,} of {self.total:,} that have a text (sample=None for all).")
        far = float(self.frame["far"].mean()) if shown else 0.0
        if far > 0.05:
            notes.append(f"{_format.share(far)} are unlike anything the map was drawn of: fresh=True draws it anew.")
        return [*notes, *self.said, "Two dimensions of many: look at it, but measure nothing on it."]

    @cached_property
    def _xy(self) -> NDArray[np.uint16]:
        return self.frame[["x", "y"]].to_numpy(np.uint16)

    def _regions(self) -> list[tuple[str, int, int]]:
        """Return the regions that are outlined, by name, each with a point of its middle."""
        found = []
        for colour in self.colours:
            for code, name in enumerate(colour.labels if colour.key == "region" else ()):
                own = self._xy[colour.codes == code]
                if name is not None and len(own):
                    x, y = (int(value) for value in np.median(own, axis=0))
                    found.append((name, x, y))
        return found

    def _labels(self) -> list[dict[str, Any]]:
        noun = _words.noun(self.whole)
        rows = self.topics.rename(columns={"topic": "name", noun: "count"})[["name", "x", "y", "count", "example"]]
        rows["example"] = [" ".join(text.split())[:160] for text in rows["example"]]
        return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]

    def _chosen(self, brush: Mapping[str, Any]) -> NDArray[np.bool_]:
        from llmscope.analysis.lasso import inside

        chosen = np.ones(len(self.frame), bool)
        by_key = {colour.key: colour for colour in self.colours}
        for key, value in brush.items():
            if not value:
                continue
            if key == "lasso":
                chosen &= inside(self._xy, value)
                continue
            if key not in by_key or not all(
                isinstance(code, int) and 0 <= code < len(by_key[key].labels) for code in value
            ):
                raise ValueError(f"The map has no colouring {key!r} with the codes {value!r}.")
            chosen &= np.isin(by_key[key].codes, value)
        return chosen

    def _of(self, chosen: NDArray[np.bool_], told: str) -> Selection:
        import pyarrow as pa

        keys = pa.Table.from_pandas(self.frame.loc[chosen, ["trace_id", "span_id"]], preserve_index=False)
        return self.whole.among(keys, told)

    def _point(self, number: int) -> dict[str, Any]:
        row = self.frame.iloc[number]
        return {"text": self.texts[number], "trace_id": row["trace_id"], "span_id": row["span_id"]}

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def draw_map(
    selection: Selection,
    field: str = "input",
    *,
    by: Sequence[str] = (),
    model: ModelLike = None,
    vectors: str | Mapping[str, Any] | None = None,
    reference: Selection | None = None,
    sample: int | None = 10_000,
    fresh: bool = False,
    scope: Callable[[Selection], S],
) -> Map[S]:
    """Return a map of the texts of a selection.

    Texts are embedded, a sample of all the store holds is placed by UMAP with a fixed seed, and everything else between
    its nearest neighbours among those. The map is saved: every part of the store, any day and any filter, is seen on
    the same one, and the next call is quick.

    Args:
        selection: What is counted.
        field: ``input``, ``output``, or any other column or attribute key.
        by: What else to colour by, besides the topic: columns, attribute keys, ``score.<name>``. By default the usual
            ones in which rows differ, latency and time.
        model: The embedding model: a name or folder of sentence-transformers, or a function from a list of texts to
            vectors. all-MiniLM-L6-v2 by default; ``static`` for a fast one that is distilled from it once, which
            reads words and not their order (``static:NAME`` for that of another model).
        vectors: Vectors that exist already: an attribute key (``embedding.vector`` for those of OpenInference) or a
            dict or Series by trace id.
        reference: Another window, drawn on the same map; points are coloured by the window they are of.
        sample: Most points of each window, the same ones on every machine; None for all. Embedding takes a CPU ten
            seconds and more per thousand texts, the first time.
        fresh: Whether to draw the map anew, after other texts came.
        scope: What makes a scope of a selection.

    Returns:
        An answer whose display is the map, whose ``selection`` is what is lassoed on it, and whose ``frame`` and
        ``topics`` are documented by :class:`Map`.

    Raises:
        EmbeddingError: There is no model, a package is missing, or there are no vectors.
        UnknownAttributeError: No row has such an attribute.
    """
    from llmscope.answers._points import gathered
    from llmscope.text.atlas import Source

    source = Source(field, model, vectors)
    return Map(**gathered(selection, source, by, reference=reference, sample=sample, fresh=fresh), _scope=scope)


def _colouring(colour: Colour) -> dict[str, Any]:
    steps = bool(colour.edges)
    labels = step_labels(colour.key, colour.edges, len(colour.labels)) if steps else list(colour.labels)
    return {
        "key": colour.key,
        "kind": "steps" if steps else "values",
        "labels": labels,
        "others": colour.others,
        "codes": colour.codes,
    }
