"""Recorded HTTP: cassettes of vcrpy, Betamax and Ruby's VCR in YAML or JSON, HAR files, recordings of nock.

Each call becomes one span in a trace of its own. One that asks a model (OpenAI and who follows it, Azure, Anthropic,
Gemini, Vertex AI, Bedrock, Mistral, Cohere, Groq, Ollama …) is what its address says; any other is ``http``. A
streamed answer is put together. Calls that carry telemetry to Datadog are read as what they carry.

================================== ================================ ==================================================
field                              column                           unit, and what becomes of it
================================== ================================ ==================================================
HAR ``startedDateTime``,           start_time                       ``date`` has whole seconds, and is the moment of
``recorded_at``, response header                                    the answer: the latency is taken off
``date``, ``created`` of a body
HAR ``time``,                      duration_ms                      ms; what the provider measured, where the recorder
``openai-processing-ms``,                                           has no clock
``x-envoy-upstream-service-time``,
``server-timing``, Bedrock's and
Ollama's own
HAR ``timings`` of a stream        ttft_ms                          ms to the first byte
host                               provider
path                               operation, model
``model`` of request and response  model, response_model
``usage``, ``usageMetadata`` …     input_tokens … reasoning_tokens  input includes cached tokens (Anthropic and Bedrock
                                                                    count them beside it: added)
messages, input, prompt, contents  input, input_messages
choices, content, candidates …     output, output_messages,
                                   finish_reason
status >= 400, ``error`` of a body status, error_type, …_message    type, code or status of the body, else the number
``user``, ``metadata.user_id``     user_id
``conversation``,                  session_id
``metadata.session_id``
================================== ================================ ==================================================

Attributes: ``http.request.method``, ``url.full``, ``http.response.status_code``; each header under
``http.request.header.<name>`` and ``http.response.header.<name>``; each field of the bodies under
``http.request.body.<path>`` and ``http.response.body.<path>``; a stream, and any body that is not JSON, whole as text
(bytes in base64) under ``http.response.body``; what else a recorder tells by its own path (``har.…``, ``vcr.…``).

Secrets are never kept: the values of headers such as ``authorization``, ``x-api-key`` and ``cookie``, of keys in an
address, and of fields such as ``access_token`` and ``client_secret`` in a body, are replaced by ``[redacted]``, and a
note says how many. Recorders are often told to scrub them already.

Files of any size are read in the memory of a few calls. YAML is slow (40 MB/s on one core before a call is understood);
nesting in it beyond 100 levels, and aliases that repeat millions of values, are refused.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources import _ids, _json, datadog
from llmscope.sources._batch import Batch, Row, Rows
from llmscope.sources._cells import moment, text
from llmscope.sources._file import File
from llmscope.sources._finish import as_json
from llmscope.sources._messages import answered, asked, decoded, messages
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._reading import flat
from llmscope.sources._recorded_answer import counts, failure, first_token, said, took
from llmscope.sources._recorded_body import REDACTED, is_secret, without_secrets
from llmscope.sources._recorded_call import Call, is_nock, of_har, of_nock, of_vcr
from llmscope.sources._recorded_endpoint import Endpoint, endpoint
from llmscope.sources._recorded_events import events
from llmscope.sources._recorded_stream import whole
from llmscope.sources._recorded_yaml import YamlError, items
from llmscope.sources._sniff import first_record
from llmscope.sources._span import add_span
from llmscope.sources._unfold import Unfold

Json = dict[str, Any]

NAME: Final = "http"

_UNFOLD: Final = Unfold(
    inner=frozenset({"log"}), leaves=frozenset({"interactions", "http_interactions", "entries"}), piece=200
)
_YAML: Final = re.compile(
    rb"\s*(?:%YAML[^\n]*\n)?(?:---[^\n]*\n)?(?:#[^\n]*\n|\s)*"
    rb"(?:(?:recorded_with|version|recordedWith):[^\n]*\n)*"
    rb"(?:(?:http_)?interactions:\s*(?:\[\s*\{|-\s+[\w\"']|\[\])|requests:\s*-\s+(?:body|headers|method|uri)"
    rb"|-\s+request:\s*!!python/object:vcr)"
)
_FORM: Final = re.compile(r"[\w.+%*~-]+=[^&\s]*(?:&[\w.+%*~-]+=[^&\s]*)*")
_DATADOG: Final = re.compile(
    r"https?://[^/]*(?:llmobs-intake|datadoghq|datad0g|ddog-gov|:8126|:9126|:8136|trace\.agent)[^/]*/.*"
    r"|.*/evp_proxy/v\d/api/.*|.*/api/(?:v2/llmobs|(?:intake|unstable)/llm-obs)(?:/.*)?"
)


def sniff(file: File) -> bool:
    """Whether a file begins as a cassette, a HAR file or a recording of nock."""
    if _YAML.match(file.head):
        return True
    record = first_record(file)
    if not isinstance(record, dict):
        return False
    if is_nock(record):
        return True
    if (log := record.get("log")) is not None:
        return (
            isinstance(log, dict) and isinstance(log.get("entries"), list) and bool({"creator", "version"} & log.keys())
        )
    calls = record.get("interactions", record.get("http_interactions"))
    first = calls[0] if isinstance(calls, list) and calls else record if isinstance(calls, list) else None
    return isinstance(first, dict) and (isinstance(first.get("request"), dict) or first is record)


def read(file: File) -> Iterator[Batch]:
    """Read recorded calls."""
    rows = Rows(file.name)
    tape = _Tape(rows, file)
    yaml = _YAML.match(file.head) is not None
    with file.open() as stream:
        for _ in tape.yaml(stream) if yaml else tape.json(stream):
            if rows.full:
                yield rows.take()
    tape.close()
    yield rows.take()


class _Tape:
    """Adds the calls of one file."""

    def __init__(self, rows: Rows, file: File) -> None:
        self._rows = rows
        self._file = file
        self._datadog = datadog.Reader(rows, file)
        self._secrets = 0
        self._beside: Json = {}
        self._asked: list[tuple[str, Any]] = []

    def close(self) -> None:
        """Add what waits, and say what was left out."""
        self._datadog.close()
        if self._secrets:
            self._rows.notes.append(
                f"{self._secrets} secrets in headers, addresses and bodies are replaced by {REDACTED} (authorization, "
                "keys, cookies, tokens)"
            )

    def yaml(self, stream: Any) -> Iterator[None]:
        """Add the calls of a cassette in YAML."""
        answers: list[Any] = []
        waits: tuple[str, Any] | None = None  # what stands behind the last call, such as the version, goes with it
        try:
            for name, number, value in items(stream):
                place = f"{name}[{number}]"
                if name == "requests":
                    self._asked.append((place, value))
                elif name == "responses":
                    answers.append(value)
                elif name:
                    if waits is not None:
                        yield from self._take(waits[0], of_vcr, waits[1])
                    waits = place, value
                else:
                    self._beside |= flat({"vcr": value})
        except YamlError as error:
            self._rows.reject("the rest of the file", str(error), "")
        if waits is not None:
            yield from self._take(waits[0], of_vcr, waits[1])
        for number, (place, request) in enumerate(self._asked):  # as LangChain's serializer writes it
            response = answers[number] if number < len(answers) else None
            yield from self._take(place, of_vcr, {"request": request, "response": response})

    def json(self, stream: Any) -> Iterator[None]:
        """Add the calls of a cassette in JSON, of a HAR file, or of a recording of nock."""
        for place, record in _json.records(stream, self._rows.reject, unfold=_UNFOLD):
            log = record.get("log")
            if is_nock(record):
                yield from self._take(place, of_nock, record)
            elif isinstance(log, dict) and isinstance(log.get("entries"), list):
                self._beside = flat({"har.log": {key: value for key, value in log.items() if key != "entries"}})
                for number, entry in enumerate(log["entries"]):
                    yield from self._take(f"{place}, entries[{number}]", of_har, entry)
            elif isinstance(record.get("request"), dict) and "response" in record:
                yield from self._take(place, of_vcr, record)
            elif (key := next((k for k in ("interactions", "http_interactions") if k in record), None)) is not None:
                self._beside |= flat({"vcr": {name: value for name, value in record.items() if name != key}})
                calls = record[key]
                for number, item in enumerate(calls if isinstance(calls, list) else [calls]):
                    yield from self._take(f"{place}, {key}[{number}]", of_vcr, item)
            else:
                self._rows.reject(place, "it is no recorded call that is known", record)

    def _take(self, place: str, of: Any, item: Any) -> Iterator[None]:
        try:
            call: Call = of(item)
            sides = (call.request, call.response) if _DATADOG.fullmatch(call.url) else ()
            carried = next((body for side in sides if _is_datadog(body := decoded(side))), None)
            if carried is not None:
                yield from self._carried(place, call, carried)
            else:
                self._add(place, call, item)
        except UNREADABLE as error:
            self._rows.reject(place, reason(error), item)
        yield

    def _carried(self, place: str, call: Call, body: Any) -> Iterator[None]:
        """Add what a call carries to Datadog, or brings from there."""
        beside = self._attributes(call, endpoint(call.method, call.url, None))
        for number, record in enumerate(body if isinstance(body, list) else [body]):
            if isinstance(record, dict):
                yield from self._datadog.add(f"{place}, record {number + 1}", record, beside)
            else:
                self._rows.reject(f"{place}, record {number + 1}", "it is no record of Datadog", record)

    def _add(self, place: str, call: Call, item: Any) -> None:
        request = decoded(call.request)
        where = endpoint(call.method, call.url, request)
        parts = events(call.response)
        response = whole(parts) if parts and where.operation != "http" else decoded(call.response)
        answer: Json = response if isinstance(response, dict) else {}
        attributes = self._attributes(call, where)
        self._keep(attributes, "http.request.body", request)
        self._keep(attributes, "http.response.body", call.response if parts else response)
        trace = _ids.trace_id(self._file, place, as_json(item).encode())
        row: Row = {"trace_id": trace, "span_id": _ids.span_id(trace, 0), "operation": where.operation}
        _times(row, call, answer)
        row["status"] = None if call.status is None else "ok"
        if (failed := failure(response, call.status, call.reason)) is not None:
            row["status"], (row["error_type"], row["error_message"]) = "error", failed
        usage: Json = {}
        exclusive = None
        if where.operation == "http":
            row["name"] = f"{call.method} {where.host or ''}{where.path}".strip()
        else:
            _model(row, request, answer, where)
            _texts(row, request, answer)
            usage, exclusive = counts(answer, call.response_headers)
            if parts:
                row["ttft_ms"] = call.first_byte if call.first_byte is not None else first_token(answer)
        attributes["file.name"] = self._file.stem
        add_span(self._rows, NAME, row, attributes, usage=usage or None, exclusive=exclusive)

    def _attributes(self, call: Call, where: Endpoint) -> Json:
        address = without_secrets(call.url)
        self._secrets += address != call.url
        found: Json = {"http.request.method": call.method, "url.full": address}
        if where.host:
            found["server.address"] = where.host
        if call.status is not None:
            found["http.response.status_code"] = call.status
        if call.reason:
            found["http.response.status_text"] = call.reason
        for side, head in (("request", call.request_headers), ("response", call.response_headers)):
            for name, value in head.items():
                secret = is_secret(name) and value not in (None, "", [])
                self._secrets += secret
                found[f"http.{side}.header.{name}"] = REDACTED if secret else self._address(value)
        kind = "har" if "timings" in call.rest or "startedDateTime" in call.rest else "vcr"
        beside = flat({kind: call.rest}) | self._beside
        found |= {key: self._address(value) for key, value in beside.items() if value not in (None, "")}
        self._beside = {}
        return found

    def _address(self, value: Any) -> Any:
        """Return an address in another field (a referrer, a page) without its secrets; other values as they are."""
        if isinstance(value, list):
            return [self._address(item) for item in value]
        if isinstance(value, dict):
            return {key: self._address(item) for key, item in value.items()}
        if not isinstance(value, str) or not value.startswith(("http://", "https://")):
            return value
        clean = without_secrets(value)
        self._secrets += clean != value
        return clean

    def _keep(self, attributes: Json, key: str, body: Any) -> None:
        if isinstance(body, dict):
            for name, value in flat({key: body}).items():
                if value is None:
                    continue
                secret = isinstance(value, str) and bool(value) and is_secret(name.rpartition(".")[2])
                self._secrets += secret
                attributes[name] = REDACTED if secret else value
        elif isinstance(body, bytes):
            attributes[key] = base64.b64encode(body).decode()
        elif isinstance(body, str) and (form := without_secrets(f"?{body}")[1:]) != body and _FORM.fullmatch(body):
            self._secrets += 1
            attributes[key] = form
        elif body not in (None, "", []):
            attributes[key] = body


def _is_datadog(body: Any) -> bool:
    return datadog.knows(body[0] if isinstance(body, list) and body else body)


def _times(row: Row, call: Call, answer: Json) -> None:
    row["duration_ms"] = call.duration if call.duration is not None else took(answer, call.response_headers)
    row["start_time"] = call.start
    if call.start is not None:
        return
    late = round((row["duration_ms"] or 0) * 1e3)
    told = call.response_headers.get("date")
    made = (answer.get(key) for key in ("created", "created_at", "createTime"))
    for value, off in ((told, late), *((value, 0) for value in made)):
        at = moment(value[0] if isinstance(value, list) and value else value)
        if at:
            row["start_time"] = max(at - off, 0)
            return


def _model(row: Row, request: Any, answer: Json, where: Endpoint) -> None:
    body: Json = request if isinstance(request, dict) else {}
    row["provider"] = where.provider
    row["model"] = _name(body.get("model")) or _name(body.get("model_id")) or where.model
    row["response_model"] = _name(answer.get("model")) or _name(answer.get("modelVersion"))
    metadata = body["metadata"] if isinstance(body.get("metadata"), dict) else {}
    row["user_id"] = _name(body.get("user")) or _name(body.get("safety_identifier")) or _name(metadata.get("user_id"))
    talk = body.get("conversation")
    row["session_id"] = _name(talk.get("id") if isinstance(talk, dict) else talk) or _name(metadata.get("session_id"))


def _name(value: Any) -> str | None:
    return text(value) if isinstance(value, str) else None


def _texts(row: Row, request: Any, answer: Json) -> None:
    given, back, facts = said(request, answer)
    into, outof = messages(given, "user"), messages(back, "assistant")
    row["input"], row["output"] = asked(into), answered(outof)
    row["input_messages"] = as_json(into) if into else None
    row["output_messages"] = as_json(outof) if outof else None
    row["finish_reason"] = text(facts.get("finish_reason"))
    if row["operation"] in ("embeddings", "rerank", "guardrail"):
        row["finish_reason"] = None
