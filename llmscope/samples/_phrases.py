"""What people and the assistant say: templates with alternatives and slots, in five languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from llmscope.samples._dice import Dice

Slots = Mapping[str, str]


class Template:
    """A sentence with alternatives in brackets and slots in braces.

    Example:
        >>> Template("[Where|Hey, where] is {order}?").say(Dice(1), {"order": "LH-1"})
        'Hey, where is LH-1?'
    """

    __slots__ = ("_parts", "_slots")

    def __init__(self, text: str) -> None:
        self._parts: list[str | tuple[str, ...]] = []
        self._slots = "{" in text
        while text:
            before, bracket, rest = text.partition("[")
            if before:
                self._parts.append(before)
            if not bracket:
                break
            inside, _, text = rest.partition("]")
            self._parts.append(tuple(inside.split("|")))

    def say(self, dice: Dice, slots: Slots) -> str:
        """Return one wording of the sentence."""
        text = "".join([part if isinstance(part, str) else dice.pick(part) for part in self._parts])
        return text.format_map(slots) if self._slots else text


@dataclass(frozen=True, slots=True)
class Document:
    """An article of the knowledge base."""

    id: str
    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What is said about one topic."""

    questions: tuple[Template, ...]
    followups: tuple[Template, ...]
    answers: tuple[Template, ...]
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """All that is said in one language."""

    openers: tuple[Template, ...]
    closers: tuple[Template, ...]
    details: tuple[Template, ...]
    thanks: tuple[Template, ...]
    welcome: tuple[Template, ...]
    answer_openers: tuple[Template, ...]
    answer_closers: tuple[Template, ...]
    more: tuple[Template, ...]
    refusals: tuple[Template, ...]
    failures: tuple[Template, ...]
    topics: Mapping[str, Topic]
    shelf: tuple[Document, ...]
    """Documents of all topics but the new one, from which retrieval picks the less fitting ones."""


_VERSION = {"version": "4.12.0"}


@lru_cache(maxsize=8)
def phrases(language: str) -> Phrases:
    """Return what is said in a language (en, de, es, fr or ja)."""
    read: dict[str, Any] = tomllib.loads(files("llmscope.samples").joinpath(f"text/{language}.toml").read_text("utf-8"))
    said = {name: _templates(texts) for name, texts in read.items() if name != "topics"}
    topics = {
        name: Topic(
            questions=_templates(topic["questions"]),
            followups=_templates(topic["followups"]),
            answers=_templates(topic["answers"]),
            documents=tuple(
                Document(
                    f"kb-{language}-{name.replace('_', '-')}-{n}",
                    title.format_map(_VERSION),
                    content.format_map(_VERSION),
                )
                for n, (title, content) in enumerate(topic["documents"], 1)
            ),
        )
        for name, topic in read["topics"].items()
    }
    shelf = tuple(document for name, topic in topics.items() if name != "recall" for document in topic.documents)
    return Phrases(**said, topics=topics, shelf=shelf)


def _templates(texts: list[str]) -> tuple[Template, ...]:
    return tuple(Template(text) for text in texts)
