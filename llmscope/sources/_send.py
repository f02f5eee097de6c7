"""A store's tables to a live receiver of OTLP, in requests of bearable size; what it rejects is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tqdm.auto import tqdm

from llmscope.errors import SendError
from llmscope.sources._export import Part, batches
from llmscope.sources._export_protobuf import halves, items, messages
from llmscope.sources._receiver import NotTakenError, Receiver, TooLargeError

_SIGNALS: Final[dict[type[Message], str]] = {
    ExportTraceServiceRequest: "traces",
    ExportLogsServiceRequest: "logs",
    ExportMetricsServiceRequest: "metrics",
}
_ANSWERS: Final[dict[str, tuple[type[Message], str]]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}


@dataclass(slots=True)
class Sent:
    """What became of spans (``traces``), log records and scores (``logs``) and points (``metrics``).

    Attributes:
        place: Address of the receiver.
        taken: How many the receiver took.
        rejected: How many it rejected, of requests that it took.
        refused: Why it takes none of a signal.
        said: What it said about rejected items, each once.
        requests: How many requests it took.
        bytes: Their size before compression.
    """

    place: str
    taken: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    said: dict[str, None] = field(default_factory=dict)
    requests: int = 0
    bytes: int = 0

    def problems(self) -> tuple[str, ...]:
        """Return what went wrong, in sentences."""
        lost = [f"The receiver rejected {count:,} of {_ITEMS[signal]}." for signal, count in self.rejected.items()]
        missing = [f"The receiver takes no {_ITEMS[signal]} ({why})." for signal, why in self.refused.items()]
        return (*lost, *missing, *(f"It says: {text}" for text in self.said))


_ITEMS: Final = {"traces": "spans", "logs": "logs and scores", "metrics": "metric points"}


def send(address: str | None, tables: Mapping[str, Iterable[Part]], headers: Mapping[str, str] | None = None) -> Sent:
    """Send tables to a receiver of OTLP over HTTP, as protobuf.

    A receiver without a place for logs or metrics gets the rest; ``refused`` tells. Ids that are not OTLP's are mapped
    to such, always in the same way, so that what is sent twice has the same ids.

    Args:
        address: As :meth:`Receiver.of` takes it.
        tables: Record batches or tables by the name of the table.
        headers: Likewise.

    Raises:
        SendError: The receiver refuses spans, cannot be reached, or stays busy; the message says how much it has taken.
    """
    receiver = Receiver.of(address, headers)
    sent = Sent(receiver.place)
    streams = batches(tables)
    bar: tqdm[Any] = tqdm(unit=" items", unit_scale=True, desc="Sending", delay=1, leave=False)
    with bar:
        for message in messages(streams):
            try:
                bar.update(_deliver(receiver, message, sent))
            except SendError as error:
                done = ", ".join(f"{count:,} of {signal}" for signal, count in sent.taken.items()) or "nothing"
                raise SendError(f"{error} Taken before that: {done}.") from None
    return sent


def _deliver(receiver: Receiver, message: Message, sent: Sent) -> int:
    signal = _SIGNALS[type(message)]
    count = items(message)
    if signal in sent.refused:
        return count
    body = message.SerializeToString()
    try:
        answer = receiver.post(signal, body)
    except NotTakenError as error:
        sent.refused[signal] = str(error)
        return count
    except TooLargeError as error:
        parts = halves(message)
        if len(parts) < 2:
            raise SendError(f"one item alone is too large for the receiver ({error})") from None
        return sum(_deliver(receiver, part, sent) for part in parts)
    sent.requests += 1
    sent.bytes += len(body)
    rejected = _rejected(signal, answer, sent)
    sent.taken[signal] = sent.taken.get(signal, 0) + count - rejected
    return count


def _rejected(signal: str, answer: bytes, sent: Sent) -> int:
    """Return how many items of a request the receiver rejected by its answer, and note what it said."""
    kind, name = _ANSWERS[signal]
    try:
        partial: Any = kind.FromString(answer).partial_success
    except DecodeError:  # JSON, or nothing of OTLP: it was taken all the same
        return 0
    rejected = int(getattr(partial, name))
    if rejected:
        sent.rejected[signal] = sent.rejected.get(signal, 0) + rejected
    if partial.error_message:
        sent.said[partial.error_message] = None
    return rejected
