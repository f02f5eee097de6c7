"""The Python half of the widgets: their state and the questions they may ask; no analysis in here."""

from __future__ import annotations

from llmscope.widgets._board import Board
from llmscope.widgets._diff import DiffView
from llmscope.widgets._drift import Drift
from llmscope.widgets._found import Found
from llmscope.widgets._hosted import bundle
from llmscope.widgets._map import Map
from llmscope.widgets._overview import Overview
from llmscope.widgets._picture import Picture
from llmscope.widgets._trace import TraceList, TraceView

__all__ = ["Board", "DiffView", "Drift", "Found", "Map", "Overview", "Picture", "TraceList", "TraceView", "bundle"]
