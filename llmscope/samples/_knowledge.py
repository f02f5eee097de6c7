"""The stages around the model that need no model of the provider: guardrail, retrieval, reranking, postprocessing."""

from __future__ import annotations

from typing import Final

import orjson

from llmscope.samples._calendar import DAY, MINUTE, NEW_TOPIC, SECOND
from llmscope.samples._cast import SLOW, STRAY
from llmscope.samples._phrases import Document
from llmscope.samples._request import ASSISTANT, CLIENT, GATEWAY, SEARCH, Span
from llmscope.samples._run import Run

_KEPT: Final = 3
_EMBEDDING_PRICE: Final = 20
"""Nano-dollars a token of text-embedding-3-small."""

_ARTICLE_WRITTEN: Final = NEW_TOPIC[0] + DAY
"""When the knowledge base has an article on the recall: a day after the first questions."""


def guard(run: Run, clock: int, parent: Span) -> tuple[int, bool]:
    """Check what comes in; return when that is done and whether the request may pass."""
    dice = run.dice
    end = clock + dice.heavy(17_000, SLOW)
    blocked = dice.chance(35)
    attributes = {
        "gen_ai.operation.name": "guardrail",
        "guardrail.name": "input_policy",
        "guardrail.policies": ["prompt_injection", "abuse", "pii"],
        "guardrail.decision": "block" if blocked else "allow",
        "guardrail.score": dice.between(720, 990) / 1000 if blocked else dice.heavy(18, SLOW) / 1000,
        **run.conversation,
    }
    run.span("guardrail input_policy", GATEWAY, clock, attributes, parent=parent, end=end)
    return end, not blocked


def retrieve(run: Run, clock: int, parent: Span) -> tuple[int, list[Document]] | None:
    """Find the excerpts for a question; None when the search fails."""
    dice, request, session = run.dice, run.request, run.session
    span = run.span(
        "retrieval support-kb",
        SEARCH,
        clock,
        {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": "support-kb",
            "gen_ai.retrieval.query.text": request.question[:400],
            "gen_ai.retrieval.top_k": 5,
            **run.conversation,
        },
        parent=parent,
        kind=CLIENT,
    )
    clock += dice.heavy(1_500, STRAY)
    if dice.chance(7000):
        clock = _embed(run, clock, span)
    clock += dice.heavy(38_000, SLOW)
    if dice.chance(30):
        span.end = clock + 5 * SECOND
        run.fail(span, "timeout", "vector search did not answer within 5 s (shard support-kb-2)")
        request.error, request.spans[0].message = "retrieval_timeout", "knowledge base unavailable"
        return None
    span.end = clock
    own = session.phrases.topics[request.topic].documents
    if request.topic == "recall" and request.start < _ARTICLE_WRITTEN:
        own = ()
    found = [*own, *(dice.pick(session.phrases.shelf) for _ in range(5 - len(own)))]
    score = dice.between(780, 930) if own else dice.between(520, 640)
    listed = []
    for document in found:
        listed.append({"id": document.id, "score": score / 1000, "content": document.content})
        score -= dice.between(12, 110)
    span.attributes["gen_ai.retrieval.documents"] = orjson.dumps(listed).decode()
    return _rerank(run, clock + dice.heavy(900, STRAY), parent, found)


def _embed(run: Run, clock: int, parent: Span) -> int:
    tokens = run.session.tokens(run.request.question)
    cost = tokens * _EMBEDDING_PRICE
    end = clock + run.dice.heavy(62_000, SLOW)
    run.span(
        "embeddings text-embedding-3-small",
        SEARCH,
        clock,
        {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.response.model": "text-embedding-3-small",
            "gen_ai.embeddings.dimension.count": 1536,
            "gen_ai.usage.input_tokens": tokens,
            "gen_ai.usage.cost": cost / 1e9,
            "server.address": "api.openai.com",
            "server.port": 443,
        },
        parent=parent,
        kind=CLIENT,
        end=end,
    )
    run.request.input_tokens += tokens
    run.request.cost += cost
    return end + run.dice.below(400)


def _rerank(run: Run, clock: int, parent: Span, found: list[Document]) -> tuple[int, list[Document]]:
    dice = run.dice
    end = clock + dice.heavy(46_000, SLOW)
    score = dice.between(900, 990)
    kept = []
    for document in found[:_KEPT]:
        kept.append({"id": document.id, "score": score / 1000})
        score -= dice.between(40, 300)
    attributes = {
        "gen_ai.operation.name": "rerank",
        "gen_ai.request.model": "bge-reranker-v2-m3",
        "rerank.input.count": len(found),
        "rerank.top_k": _KEPT,
        "rerank.documents": orjson.dumps(kept).decode(),
    }
    run.span("rerank bge-reranker-v2-m3", SEARCH, clock, attributes, parent=parent, kind=CLIENT, end=end)
    return end, found[:_KEPT]


def postprocess(run: Run, clock: int, parent: Span) -> int:
    """Check and format the answer; return when that is done."""
    dice, request = run.dice, run.request
    end = clock + dice.heavy(9_000, SLOW)
    attributes = {
        "postprocess.steps": ["redact_pii", "cite_sources", "render_markdown"],
        "postprocess.citations": dice.between(0, 2),
        "postprocess.output_characters": len(request.answer),
    }
    span = run.span("postprocess answer", ASSISTANT, clock, attributes, parent=parent, end=end)
    if dice.chance(25):
        run.fail(span, "ValueError", "citation [4] points to none of 3 documents")
        request.error, request.spans[0].message = "internal_error", "answer could not be rendered"
    return end + min(dice.heavy(900, STRAY), MINUTE)
