"""Conversations: who starts one, about what, and how it goes on from turn to turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from llmscope.samples._calendar import NEW_TOPIC, SECOND, within
from llmscope.samples._cast import BUSINESS_TOPICS, CHANNELS, MODEL_OF, NEW_TOPIC_SHARE, TOPICS, Market
from llmscope.samples._dice import Dice, lognormal, spread
from llmscope.samples._pasted import PASTES, pasted
from llmscope.samples._phrases import Phrases, phrases
from llmscope.samples._slots import amount, particulars

_TURNS: Final = spread({1: 52, 2: 24, 3: 13, 4: 6, 5: 3, 7: 1, 9: 1})
_PAUSE: Final = lognormal(0.85)
_REMEMBERED: Final = 8
"""Messages of the conversation that go into the next prompt."""


@dataclass(slots=True)
class Session:
    """A conversation of one user; ``history`` holds (role, text, tokens)."""

    id: str
    user_id: str
    market: Market
    plan: str
    region: str
    channel: str
    model: str
    topic: str
    slots: dict[str, str]
    phrases: Phrases
    turns: int
    turn: int = 0
    history: list[tuple[str, str, int]] = field(default_factory=list)

    def tokens(self, text: str) -> int:
        """Return about how many tokens a text in the session's language has."""
        return len(text) * 10 // self.market.characters + 1

    def remember(self, question: str, answer: str) -> None:
        """Add a question and its answer to what the next prompt contains."""
        self.history.append(("user", question, self.tokens(question)))
        self.history.append(("assistant", answer, self.tokens(answer)))
        del self.history[:-_REMEMBERED]

    def pause(self, dice: Dice) -> int:
        """Return how long the customer takes to write again, in microseconds."""
        return dice.heavy(48 * SECOND, _PAUSE) + 4 * SECOND


def start(dice: Dice, market: Market, plan: str, time: int, users: int) -> Session:
    """Return a new conversation of a customer of a market and plan, out of ``users`` such customers."""
    topic = dice.pick(BUSINESS_TOPICS if plan == "enterprise" else TOPICS)
    if within(time, NEW_TOPIC) and dice.chance(NEW_TOPIC_SHARE):
        topic = "recall"
    slots = particulars(dice, market.language, time)
    if topic == "recall":
        slots["product"] = "Doorbell 2"
    elif topic == "upgrade":
        slots["amount"] = amount(dice.pick((5, 9, 12, 19)), "99", market.language)
    return Session(
        id=f"sess_{dice.hexadecimal(16)}",
        user_id=_user(dice, market, plan, users),
        market=market,
        plan=plan,
        region=dice.pick(market.regions),
        channel="api" if plan == "enterprise" and dice.chance(5500) else dice.pick(CHANNELS),
        model=dice.pick(MODEL_OF[plan]),
        topic=topic,
        slots=slots,
        phrases=phrases(market.language),
        turns=dice.pick(_TURNS),
    )


def _user(dice: Dice, market: Market, plan: str, users: int) -> str:
    number = dice.below(dice.between(1, users))  # some come often
    mixed = (number * 2_654_435_761 + ord(market.language[0]) * 40_503 + ord(plan[0]) * 97) & 0xFFFFFF
    return f"usr_{mixed:06x}"


def question(dice: Dice, session: Session, time: int) -> tuple[str, bool]:
    """Return what the customer writes next, and whether it is only a thank-you."""
    said, topic, slots = session.phrases, session.phrases.topics[session.topic], session.slots
    if session.turn > 0:
        if session.turn == session.turns - 1 and dice.chance(4500):
            return dice.pick(said.thanks).say(dice, slots), True
        text = dice.pick(topic.followups).say(dice, slots)
        if dice.chance(2500):
            text = f"{text} {dice.pick(said.details).say(dice, slots)}"
        return text + _attachment(dice, session, time), False
    text = _joined(dice.pick(said.openers).say(dice, slots), dice.pick(topic.questions).say(dice, slots), session)
    space = "" if session.market.language == "ja" else " "
    first = dice.below(len(said.details))
    for n in range(dice.pick(_DETAILS)):
        text += space + said.details[(first + 3 * n) % len(said.details)].say(dice, slots)
    if session.channel == "email" or dice.chance(6000):
        text += dice.pick(said.closers).say(dice, slots)
    elif dice.chance(2000):
        text = text.lower().rstrip(".?!")
    return text + _attachment(dice, session, time), False


_DETAILS: Final = spread({0: 46, 1: 28, 2: 14, 3: 7, 5: 4, 8: 1})


def _joined(opener: str, core: str, session: Session) -> str:
    """Join a greeting and a question; after a comma the sentence goes on in lower case, but for German nouns."""
    if opener.endswith((", ", ": ", "but ")) and session.market.language in ("en", "es", "fr"):
        first, *_ = core.split(maxsplit=1)
        if first not in ("I", "Luma", "Doorbell", "Invoice", "HTTP") and not first.startswith("I'"):
            core = core[:1].lower() + core[1:]
    return opener + core


def _attachment(dice: Dice, session: Session, time: int) -> str:
    likely = PASTES[session.topic]
    if session.channel in ("email", "api"):
        likely += 1500
    if not dice.chance(likely):
        return ""
    return pasted(dice, session.market.language, session.topic, session.slots, time)


def answer(dice: Dice, session: Session, *, document: str, thanked: bool) -> str:
    """Return what the assistant writes when all is well."""
    said, slots = session.phrases, session.slots
    if thanked:
        return dice.pick(said.welcome).say(dice, slots)
    slots["document"] = document
    text = dice.pick(said.answer_openers).say(dice, slots)
    first, second = session.phrases.topics[session.topic].answers
    if dice.chance(5000):
        first, second = second, first
    if session.turn > 0 and dice.chance(6500):
        text += dice.pick(said.more).say(dice, slots)
    else:
        text += first.say(dice, slots)
        if dice.chance(1800):
            text += "\n\n" + second.say(dice, slots)
    closer = dice.pick(said.answer_closers).say(dice, slots)
    if closer and "\n" in text.rsplit("\n\n", 1)[-1]:
        closer = "\n\n" + closer.lstrip()
    return text + closer
