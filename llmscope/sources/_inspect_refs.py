"""What a sample of an Inspect log keeps once and refers to: attachments, and pools of messages and of raw calls."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._finish import as_json

DEEPEST: Final = 200
"""Nesting beyond which a sample is refused."""

EVENT_CHARACTERS: Final = 1 << 28
"""Characters that the references of one event may become; a sample with more is refused."""

_PROTOCOLS: Final = ("attachment://", "tc://")
_TOO_LONG: Final = f"the references of one event become more than {EVENT_CHARACTERS >> 20} million characters"


def resolved(sample: dict[str, Any]) -> dict[str, Any]:
    """Return a sample with every reference replaced by what it refers to.

    Images and other data (``data:`` URIs) are not text: references to them stay, and they stay in ``attachments``, so
    that a picture which every later call sees again is kept once. So do attachments to which nothing refers.

    Args:
        sample: A sample as it stands in the log. A ``transcript`` (logs of 2024) becomes ``events``.

    Raises:
        ValueError: It is nested too deeply.

    Example:
        >>> resolved({"input": "attachment://1", "attachments": {"1": "Why?"}})
        {'input': 'Why?'}
    """
    out = dict(sample)
    transcript = out.get("transcript")
    if isinstance(transcript, dict) and "events" not in out:
        del out["transcript"]
        out |= {"events": transcript.get("events"), "attachments": transcript.get("content")}
        out |= {f"transcript.{key}": value for key, value in transcript.items() if key not in ("events", "content")}
    held = out.pop("attachments", None)
    texts = _Texts(held if isinstance(held, dict) else {})
    pools = out.pop("events_data", None)
    pools = pools if isinstance(pools, dict) else {}
    messages = _pool(pools.get("messages"), out.pop("message_pool", None))
    calls = _pool(pools.get("calls"), out.pop("call_pool", None))
    events = out.pop("events", None)
    out = dict(texts.put_in(out))
    said, asked = _Pool(messages, texts), _Pool(calls, texts)
    if isinstance(out.get("message_refs"), list) and "messages" not in out:
        out["messages"] = said.expanded(out.pop("message_refs"))
    if isinstance(events, list):
        out["events"] = [_unpooled(texts.put_in(event), said, asked) for event in events]
    elif events is not None:
        out["events"] = events
    left = {key: text for key, text in texts.held.items() if key not in texts.used}
    if left:
        out["attachments"] = left
    elif held is not None and not isinstance(held, dict):
        out["attachments"] = held
    return out


def shallow(value: Any) -> Any:
    """Return a value as it is.

    Raises:
        ValueError: It is nested too deeply.

    Example:
        >>> shallow({"a": [1]})
        {'a': [1]}
    """
    return _Texts({}).put_in(value)


def _pool(*values: Any) -> list[Any]:
    return next((value for value in values if isinstance(value, list) and value), [])


def _unpooled(event: Any, messages: _Pool, calls: _Pool) -> Any:
    if not isinstance(event, dict) or event.get("event") != "model":
        return event
    if isinstance(event.get("input_refs"), list) and not event.get("input"):
        event["input"] = messages.expanded(event.pop("input_refs"))
    call = event.get("call")
    if isinstance(call, dict) and isinstance(call.get("call_refs"), list) and isinstance(call.get("request"), dict):
        key = str(call.pop("call_key", None) or "messages")
        call["request"][key] = calls.expanded(call.pop("call_refs"))
    return event


class _Pool:
    """Items that events name by half-open ranges, with the length of each, so that no event grows without bound."""

    def __init__(self, items: list[Any], texts: _Texts) -> None:
        self._items = [texts.put_in(item) for item in items]
        self._lengths = [len(as_json(item)) for item in self._items]

    def expanded(self, refs: list[Any]) -> list[Any]:
        """Return the items of some ranges."""
        found: list[Any] = []
        length = 0
        for ref in refs:
            if isinstance(ref, list) and len(ref) == 2 and all(type(end) is int and end >= 0 for end in ref):
                found.extend(self._items[ref[0] : ref[1]])
                length += sum(self._lengths[ref[0] : ref[1]])
                if length > EVENT_CHARACTERS:
                    raise ValueError(_TOO_LONG)
        return found


class _Texts:
    """The attachments of a sample, and which of them have found their place."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held
        self.used: set[str] = set()
        self._length = 0

    def put_in(self, value: Any) -> Any:
        """Return an event, or all the rest of a sample, with its references resolved; what is given is not changed.

        Raises:
            ValueError: It is nested too deeply, or becomes too long.
        """
        self._length = 0
        return self._put_in(value, 0)

    def _put_in(self, value: Any, depth: int) -> Any:
        if type(value) is str:
            return self._text(value) if value.startswith(_PROTOCOLS) else value
        if type(value) is not dict and type(value) is not list:
            return value
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        out = value.copy()
        for key, item in out.items() if type(out) is dict else enumerate(out):
            if type(item) is dict or type(item) is list or (type(item) is str and item.startswith(_PROTOCOLS)):
                out[key] = self._put_in(item, depth + 1)
        return out

    def _text(self, value: str) -> str:
        for protocol in _PROTOCOLS:
            if value.startswith(protocol):
                key = value[len(protocol) :]
                text = self.held.get(key)
                if isinstance(text, str) and not text.startswith("data:"):
                    self.used.add(key)
                    self._length += len(text)
                    if self._length > EVENT_CHARACTERS:
                        raise ValueError(_TOO_LONG)
                    return text
        return value
