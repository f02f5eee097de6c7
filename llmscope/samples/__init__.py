"""Logs to try things on: a week of a customer-support assistant with planted incidents, the same bytes every time.

The assistant of Luma Home answers customers in five languages: gateway, guardrail, retrieval, reranking, model, tools,
postprocessing; six models of five providers; three regions, three plans. Six incidents are planted, and ``truth.json``
beside the data says what they are and what effect they have.
"""

from __future__ import annotations

from llmscope.samples._request import Request, Score, Span
from llmscope.samples._traffic import requests as generate
from llmscope.samples._write import FORMATS, write

__all__ = ["FORMATS", "Request", "Score", "Span", "generate", "write"]
