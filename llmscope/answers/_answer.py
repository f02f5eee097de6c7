"""The four faces that every answer has: a frame, a chart, plain words, and its own display in a notebook."""

from __future__ import annotations

import base64
import html
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final

from llmscope.answers._png import repacked, size
from llmscope.answers._table import html_table, readable

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

TABLE_ROWS: Final = 20
"""Rows of the frame in the HTML face."""

_SCALE: Final = 2.0
"""Pixels of the PNG per pixel of the chart, for sharp screens."""

_STYLE: Final = (
    ".ls-answer{font:13px/1.45 system-ui,sans-serif}.ls-answer p{margin:0 0 .6em;max-width:70em;white-space:pre-line}"
    ".ls-answer table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".ls-answer th,.ls-answer td{padding:2px 10px 2px 0;text-align:right;border:0}"
    ".ls-answer th:first-child,.ls-answer td:first-child{text-align:left}"
    ".ls-answer thead th{font-weight:600;border-bottom:1px solid rgba(128,128,128,.4)}"
)


class Answer(ABC):
    """The answer to one question.

    Attributes:
        frame: The result as a table; its columns are documented by the question's function.
    """

    frame: pd.DataFrame

    told: ClassVar[bool] = False
    """Whether the words are shown under the picture, since they say what it cannot: a verdict and how sure it is."""

    @abstractmethod
    def chart(self) -> alt.TopLevelMixin:
        """Return the picture, an Altair chart with its data inside."""

    @abstractmethod
    def text(self) -> str:
        """Return the answer in plain words."""

    def table(self) -> pd.DataFrame:
        """Return the short table of the HTML face, every cell a text with its unit."""
        return readable(self.frame)

    def data(self) -> pd.DataFrame:
        """Return the table that stands folded under the picture: all of ``frame``, every cell a text with its unit."""
        return readable(self.frame)

    def html(self) -> str:
        """Return the words and the table as HTML; every text that comes from the logs is escaped."""
        words = html.escape(self.text())
        return (
            f'<style>{_STYLE}</style><div class="ls-answer"><p>{words}</p>{html_table(self.table(), TABLE_ROWS)}</div>'
        )

    def png(self) -> bytes:
        """Return the picture as a PNG with a transparent ground, two pixels to each of the chart's."""
        import vl_convert

        return repacked(vl_convert.vegalite_to_png(self.chart().to_dict(), scale=_SCALE))

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Display: the widget where there is a kernel to serve it; HTML, PNG and plain words for everywhere else."""
        png = self.png()
        width, height = size(png)
        bundle = self._widget() if _in_kernel() else {}
        bundle["text/html"] = self.html()
        bundle["image/png"] = base64.b64encode(png).decode()
        bundle["text/plain"] = self.text()
        return bundle, {"image/png": {"width": round(width / _SCALE), "height": round(height / _SCALE)}}

    def _widget(self) -> dict[str, Any]:
        from llmscope.widgets import Picture

        picture = Picture(self.chart(), text=self.text(), frame=self.data(), told=self.told)
        shown = picture._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def _in_kernel() -> bool:
    """Whether this runs in a Jupyter kernel, so that a widget has somebody to talk to."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
