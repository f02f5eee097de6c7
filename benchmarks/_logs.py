"""Made-up logs of an LLM application in every text format that llmscope reads, for the benchmark of formats.

One request is a trace of six spans (an agent, two calls of a model with their messages, a search, a tool, an HTTP
call), each with some 20 attributes. The same requests are written in each format, in the shape its tool writes.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

START: Final = 1_763_280_000_000_000_000
"""Nanoseconds at which the log begins."""

_WORDS: Final = str.split(
    "the order was sent on monday and should reach you within three days please check the number in your mail we can "
    "return it free of charge if the box is not open my card was charged twice can you tell me why and when i get it "
    "back “thank you” for waiting, naïve café"
)
_MODELS: Final = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-flash")
_PROVIDERS: Final = {"gpt": "openai", "cla": "anthropic", "gem": "gcp.gemini"}
_SYSTEM: Final = "You are the assistant of a shop. Answer briefly, in the language of the customer.\n" * 5


@dataclass(slots=True)
class Span:
    """One span before it is written in some format; times are nanoseconds since 1970."""

    trace: str
    id: str
    parent: str | None
    name: str
    operation: str
    start: int
    end: int
    attributes: dict[str, Any]
    failed: bool = False
    model: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    answer: str = ""
    tokens: tuple[int, int, int] = (0, 0, 0)
    """Input, of that from a cache, output."""
    session: str = ""
    user: str = ""
    cost: float = 0.0


def requests(spans: int) -> Iterator[list[Span]]:
    """Yield requests of six spans each until there are at least so many spans."""
    chance = random.Random(11)
    for number in range(-(-spans // 6)):
        yield _request(number, chance)


def _said(chance: random.Random, words: int) -> str:
    start = chance.randrange(len(_WORDS))
    return " ".join(_WORDS[(start + step) % len(_WORDS)] for step in range(words))


def _request(number: int, chance: random.Random) -> list[Span]:
    trace = f"{chance.getrandbits(128) | 1:032x}"
    ids = [f"{chance.getrandbits(64) | 1:016x}" for _ in range(6)]
    begin = START + number * 350_000_000 + chance.randrange(10**9)
    session, user = f"sess_{number // 4:08x}", f"usr_{chance.randrange(5000):05x}"
    common = {
        "session.id": session, "user.id": user, "metadata.locale": chance.choice(("en-US", "de-DE", "ja-JP", "pt-BR")),
        "metadata.plan": chance.choice(("free", "pro", "team")), "metadata.channel": "web",
        "metadata.prompt_version": "v12", "metadata.experiment": "rerank-b", "thread.id": chance.randrange(99),
        "thread.name": "worker", "code.function.name": "answer", "code.file.path": "/srv/shop/assistant/pipeline.py",
        "code.line.number": chance.randrange(400),
    }  # fmt: skip
    question = _said(chance, 24)
    chat = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": question}]
    kinds = {
        "invoke_agent": {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "shop", "gen_ai.agent.id": "agent_7",
            "gen_ai.conversation.id": session, "gen_ai.agent.version": "3.40.2",
        },
        "retrieval": {
            "gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "products", "gen_ai.request.top_k": 8,
            "gen_ai.retrieval.query.text": question, "db.system.name": "postgresql", "db.response.returned_rows": 8,
            "db.collection.name": "products", "server.address": "db.internal", "server.port": 5432,
        },
        "execute_tool": {
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order", "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": f"call_{ids[2]}", "gen_ai.tool.description": "Finds an order by its number.",
            "gen_ai.tool.call.arguments": f'{{"order": {chance.randrange(10**6)}, "country": "DE"}}',
            "gen_ai.tool.call.result": '{"status": "sent", "days": 3, "items": [{"sku": "A-1", "n": 2}]}',
        },
        "http": {
            "http.request.method": "GET", "url.full": f"https://orders.internal/v1/orders/{ids[3]}",
            "http.response.status_code": 200, "server.address": "orders.internal", "server.port": 443,
            "network.protocol.version": "1.1", "user_agent.original": "python-httpx/0.28",
        },
    }  # fmt: skip
    times = {"invoke_agent": (0, 3_200), "retrieval": (900, 100), "execute_tool": (1_100, 300), "http": (1_150, 200)}
    parents = (None, ids[0], ids[0], ids[2])
    out = []
    for (kind, own), span, parent in zip(kinds.items(), ids, parents, strict=False):
        start = begin + times[kind][0] * 10**6
        end = start + times[kind][1] * 10**6
        out.append(Span(trace, span, parent, kind, kind, start, end, common | own, session=session, user=user))
    later = [*chat, {"role": "assistant", "content": _said(chance, 10)}, {"role": "user", "content": "And then?"}]
    for place, span, after, asked, words in ((1, ids[4], 100, chat, 12), (4, ids[5], 1_500, later, 60)):
        call = Span(trace, span, ids[0], "chat", "chat", begin + after * 10**6, 0, common, session=session, user=user)
        out.insert(place, _call(call, asked, _said(chance, words), chance))
    if number % 40 == 0:
        out[3].failed = True
        out[3].attributes["error.type"] = "TimeoutError"
    return out


def _call(span: Span, asked: list[dict[str, str]], answer: str, chance: random.Random) -> Span:
    """Make a span the call of a model."""
    model = chance.choice(_MODELS)
    tokens = (900 + chance.randrange(3000), 512, 20 + chance.randrange(400))
    span.attributes = span.attributes | {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": _PROVIDERS[model[:3]], "gen_ai.request.model": model,
        "gen_ai.response.model": model, "gen_ai.response.id": f"resp_{span.id}", "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 1024, "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.cache_read.input_tokens": tokens[1],
        "gen_ai.usage.output_tokens": tokens[2], "gen_ai.conversation.id": span.session,
        "server.address": "api.example.com", "gen_ai.response.time_to_first_chunk": 0.3 + chance.random(),
        "gen_ai.input.messages": json.dumps([_parts(message) for message in asked], ensure_ascii=False),
        "gen_ai.output.messages": json.dumps(
            [_parts({"role": "assistant", "content": answer}) | {"finish_reason": "stop"}], ensure_ascii=False
        ),
    }  # fmt: skip
    span.end = span.start + 700_000_000 + chance.randrange(10**9)
    span.model, span.asked, span.answer, span.tokens = model, asked, answer, tokens
    span.cost = round(tokens[0] * 2.5e-6 + tokens[2] * 1e-5, 8)
    return span


def _parts(message: dict[str, str]) -> dict[str, Any]:
    return {"role": message["role"], "parts": [{"type": "text", "content": message["content"]}]}


def _iso(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# One writer a format: bytes of the log, a request at a time.


def _otlp_value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"arrayValue": {"values": [_otlp_value(item) for item in value]}}


def _otlp_span(span: Span) -> dict[str, Any]:
    return {
        "traceId": span.trace, "spanId": span.id, "parentSpanId": span.parent or "", "flags": 257, "name": span.name,
        "kind": 3 if span.operation in ("chat", "http") else 1, "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": [{"key": key, "value": _otlp_value(value)} for key, value in span.attributes.items()],
        "status": {"code": 2, "message": "timed out"} if span.failed else {},
    }  # fmt: skip


_RESOURCE: Final = {
    "service.name": "shop", "service.version": "3.40.2", "deployment.environment.name": "production",
    "host.name": "app-1", "telemetry.sdk.language": "python", "telemetry.sdk.version": "1.39.0",
}  # fmt: skip


def _otlp(spans: int) -> Iterator[bytes]:
    about = {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in _RESOURCE.items()]}
    batch: list[dict[str, Any]] = []
    for request in requests(spans):
        batch += map(_otlp_span, request)
        if len(batch) >= 60:
            yield _otlp_line(about, batch)
            batch = []
    if batch:
        yield _otlp_line(about, batch)


def _otlp_line(about: dict[str, Any], batch: list[dict[str, Any]]) -> bytes:
    scope = {"scope": {"name": "shop.assistant", "version": "2.3.0"}, "spans": batch}
    return _line({"resourceSpans": [{"resource": about, "scopeSpans": [scope]}]})


def _line(record: Any) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _otlp_document(spans: int) -> Iterator[bytes]:
    about = {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in _RESOURCE.items()]}
    yield b'{"resourceSpans":[{"resource":' + orjson.dumps(about) + b',"scopeSpans":[{"scope":{"name":"shop"},"spans":['
    separator = b"\n"
    for request in requests(spans):
        yield separator + b",\n".join(orjson.dumps(_otlp_span(span)) for span in request)
        separator = b",\n"
    yield b"\n]}]}]}"


def _otlp_protobuf(spans: int) -> Iterator[bytes]:
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for line in _otlp(spans):
        document = orjson.loads(line)
        for span in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            for key in ("traceId", "spanId", "parentSpanId"):
                span[key] = _base64(span[key])
        message = json_format.ParseDict(document, ExportTraceServiceRequest()).SerializeToString()
        yield len(message).to_bytes(4, "big") + message


def _base64(digits: str) -> str:
    import base64

    return base64.b64encode(bytes.fromhex(digits)).decode()


def _chat(spans: int) -> Iterator[bytes]:
    for request in requests(3 * spans):  # two calls a request
        for span in request:
            if span.operation == "chat":
                given, cached, written = span.tokens
                yield _line({
                    "id": span.id, "created": span.start // 10**9, "model": span.model, "messages": [
                        *span.asked, {"role": "assistant", "content": span.answer}
                    ], "usage": {"prompt_tokens": given, "completion_tokens": written, "total_tokens": given + written,
                                 "prompt_tokens_details": {"cached_tokens": cached}},
                    "latency_ms": (span.end - span.start) / 1e6, "user": span.user, "session_id": span.session,
                    "metadata": {key: value for key, value in span.attributes.items() if key.startswith("metadata")},
                })  # fmt: skip


def _flat(span: Span) -> dict[str, Any]:
    return {
        "trace_id": span.trace, "span_id": span.id, "parent_id": span.parent, "name": span.name,
        "timestamp": _iso(span.start), "latency_ms": (span.end - span.start) / 1e6,
        "status": "error" if span.failed else "ok", "model": span.model or None,
        "prompt": span.asked[-1]["content"] if span.asked else None, "response": span.answer or None,
        "prompt_tokens": span.tokens[0] or None, "completion_tokens": span.tokens[2] or None,
        "cost_usd": span.cost or None, "user_id": span.user or None, "session_id": span.session or None,
        **{key: span.attributes[key] for key in ("metadata.locale", "metadata.plan", "metadata.channel", "thread.id")},
    }  # fmt: skip


def _table_jsonl(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        yield from (_line(_flat(span)) for span in request)


def _table_csv(spans: int) -> Iterator[bytes]:
    first = True
    for request in requests(spans):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(_flat(request[0])))
        if first:
            writer.writeheader()
        first = False
        writer.writerows(map(_flat, request))
        yield text.getvalue().encode()


@dataclass(frozen=True, slots=True)
class Log:
    """A format to write: its reader's name, the file's ending, and the writer."""

    reader: str
    ending: str
    write: Callable[[int], Iterator[bytes]]


LOGS: Final[dict[str, Log]] = {
    "OTLP NDJSON": Log("otlp", "jsonl", _otlp),
    "OTLP JSON, one document": Log("otlp", "json", _otlp_document),
    "OTLP protobuf": Log("otlp", "binpb", _otlp_protobuf),
    "chat JSONL": Log("chat", "jsonl", _chat),
    "table JSONL": Log("table", "jsonl", _table_jsonl),
    "table CSV": Log("table", "csv", _table_csv),
}
"""What is measured, by the name it is printed under."""
