"""Attributes that are flattened lists (``llm.input_messages.0.message.role``), nested again.

A key's place is worked out once and remembered, so that a span costs one dictionary look-up per attribute.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

_FAMILIES: Final = (
    "llm.input_messages.",
    "llm.output_messages.",
    "gen_ai.prompt.",
    "gen_ai.completion.",
    "llm.prompts.",
    "llm.completions.",
    "llm.choices.",
    "retrieval.documents.",
    "reranker.input_documents.",
    "reranker.output_documents.",
    "embedding.embeddings.",
    "annotations.",
    "evaluations.",
    "trace.annotations.",
    "trace.evaluations.",
    "session.annotations.",
    "session.evaluations.",
)
_WRAPPERS: Final = frozenset({"message", "prompt", "completion", "document", "embedding", "annotation", "evaluation"})
"""Names that OpenInference repeats between the index and the field."""

_LONGEST: Final = 10_000
"""Items beyond which an index is taken for something else."""


class Place(NamedTuple):
    """Where an attribute belongs: a list, the number of its item, the way to the field in the item."""

    family: str
    number: int
    path: tuple[str | int, ...]


def place(key: str) -> Place | None:
    """Work out the place of an attribute; None where the key is no part of a known list.

    Example:
        >>> place("llm.input_messages.1.message.role")
        Place(family='llm.input_messages', number=1, path=('role',))
    """
    for family in _FAMILIES:
        if key.startswith(family):
            first, _, rest = key[len(family) :].partition(".")
            if not rest or not first.isdecimal() or int(first) > _LONGEST:
                return None
            path: list[str | int] = [int(part) if part.isdecimal() else part for part in rest.split(".")]
            if len(path) > 1 and path[0] in _WRAPPERS:
                del path[0]
            return Place(family[:-1], int(first), tuple(path))
    return None


def nested(fields: list[tuple[Place, Any]]) -> list[dict[str, Any]]:
    """Return the items of one list, in order of their numbers.

    Example:
        >>> nested([(Place("p", 0, ("role",)), "user"), (Place("p", 0, ("calls", 0, "name")), "search")])
        [{'role': 'user', 'calls': [{'name': 'search'}]}]
    """
    items: dict[int, dict[str | int, Any]] = {}
    for where, value in fields:
        inside = items.setdefault(where.number, {})
        for step in where.path[:-1]:
            deeper = inside.get(step)
            if type(deeper) is not dict:
                inside[step] = deeper = {}
            inside = deeper
        inside[where.path[-1]] = value
    return [_with_lists(items[index]) for index in sorted(items)]


def _with_lists(value: Any) -> Any:
    if type(value) is not dict:
        return value
    if value and all(type(key) is int for key in value):
        return [_with_lists(value[key]) for key in sorted(value)]
    return {str(key): _with_lists(item) for key, item in value.items()}
