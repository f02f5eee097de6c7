"""Executed notebook in, one HTML file out: interactive, offline, with a manifest of what it holds."""

from __future__ import annotations

from llmscope.reports._parameters import parameter
from llmscope.reports._report import Report, report

__all__ = ["Report", "parameter", "report"]
