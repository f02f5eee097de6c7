"""Texts that want to be more than texts, and a store that has them in every field."""

from __future__ import annotations

import json

import llmscope as ls
from llmscope.sources._batch import Rows
from llmscope.store._append import append

CORPUS = {
    "script": "<script>window.owned=1</script>",
    "closing": "</script></style></textarea></title>--><script>window.owned=1</script><!--",
    "handler": "<img src=https://evil.test/a onerror=window.owned=1><details open ontoggle=window.owned=1>",
    "svg": "<svg onload=window.owned=1><use href=https://evil.test/s.svg#x /><image href=https://evil.test/i /></svg>",
    "style": "</style><style>*{background:url(https://evil.test/c)}@import 'https://evil.test/d';</style>",
    "frame": "<iframe srcdoc='<script>parent.owned=1</script>'></iframe><object data=https://evil.test/o></object>",
    "head": "<base href=https://evil.test/><meta http-equiv=refresh content='0;url=https://evil.test/'>"
    "<link rel=stylesheet href=https://evil.test/l.css>",
    "form": "<form action=https://evil.test/><input name=q autofocus onfocus=window.owned=1><button>go</button></form>",
    "mutation": "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=window.owned=1>'>",
    "markdown": "![a](https://evil.test/m.png) [b](javascript:window.owned=1) <https://evil.test/> "
    "[c]: https://evil.test 'd' `</code><script>window.owned=1</script>`",
    "template": "${window.owned=1} {{constructor.constructor('window.owned=1')()}} <%= window.owned=1 %>",
    "vega": "datum['x'] + [].constructor.constructor('window.owned=1')() + datum['",
    "quote": "\"); window.owned=1; (\" '); window.owned=1; ('",
    "field": "a.b[0]['c']\\.d",
    "direction": "\u202egnp.exe\u2066 \u2067left\u202d",
    "separators": "a\u2028b\u2029c\ufeffd\u0085e\u200bf",
    "long": "wide" * 400,
}

_TEXTS = (
    "name", "service", "environment", "release", "provider", "model", "response_model", "session_id", "user_id", "agent",
    "tool", "error_type", "error_message", "finish_reason", "input", "output", "source",
)  # fmt: skip
_BEGIN = 1_794_823_200_000_000


def hostile(path: str | None = None) -> ls.Scope:
    """Return a store with a failed and a good request for each text of the corpus, which stands in all of its fields."""
    rows = Rows("hostile")
    for number, (kind, text) in enumerate(CORPUS.items()):
        start = _BEGIN + number * 60_000_000
        told = json.dumps([{"role": text, "parts": [
            {"type": "text", "content": text}, {"type": "reasoning", "content": text}, {"type": text, "content": text},
            {"type": "tool_call", "id": text, "name": text, "arguments": {text: text}},
            {"type": "uri", "modality": "image", "uri": text},
        ]}])  # fmt: skip
        for place, parent in (("root", None), ("call", "root")):
            rows.spans.append({
                **dict.fromkeys(_TEXTS, text), "trace_id": kind, "span_id": place, "parent_id": parent,
                "operation": "chat", "status": "error" if number % 2 else "ok", "start_time": start,
                "end_time": start + 900_000, "duration_ms": 900.0, "input_tokens": 10, "output_tokens": 5,
                "cost_usd": 0.01, "input_messages": told, "output_messages": told,
                "attributes": json.dumps({text: text, "retrieval.documents.0.document.content": text,
                                          "retrieval.documents.0.document.id": text}),
                "events": json.dumps([{"name": text, "time": start, "attributes": {text: text}}]),
            })  # fmt: skip
        common = {"trace_id": kind, "span_id": "call", "time": start, "source": text}
        rows.scores.append({**common, "name": text, "label": text, "explanation": text, "annotator": text})
        rows.logs.append({**common, "service": text, "severity": text, "body": text, "attributes": "{}"})
        rows.metrics.append({"name": text, "kind": "gauge", "time": start, "value": 1.0, "unit": text, "host": text})
        rows.reject(text, text, text)
    scope = ls.open(path)
    append(scope._selection.store.connection, [rows.take()], file="hostile", sha256="0", wire_format="test")
    return scope
