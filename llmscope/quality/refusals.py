"""Answers that give none: the model will not, or says that it cannot know."""

from __future__ import annotations

from typing import Final

from llmscope.quality._arrays import Array, compute

_READ: Final = 400
"""Characters at the start that are read: who refuses does so at once."""

_REFUSAL: Final = (
    r"\b(?:i|we)(?: am sorry,? but i)?(?: really| simply| also)? (?:can(?:no|')?t|can not|could(?: not|n't)|"
    "am not able to|am unable to|will not|won't|must decline to|am not (?:programmed|designed|allowed|permitted|"
    r"authori[sz]ed) to|do not feel comfortable|don't feel comfortable)(?: \w+){0,2} (?:assist|help|fulfil|comply|"
    "provid|support|promot|creat|generat|writ|answer|offer|giv|engag|continu|discuss|participat|produc|do (?:that|"
    "this|so)|teach|tell|shar|mak|prov|explain|process|complet|condone|list|recommend|advis|encourag|endors|suggest|"
    r"respond|share|advocat|build|develop|describ|facilitat|display|honou?r)|\b(?:i'm|i am|we are|we're|my apologies|"
    r"my sincere apologies|sorry|apologies|unfortunately)\b[^.!?\n]{0,60}\b(?:can't|cannot|can not|unable to|"
    r"not able to|won't|will not|must decline|have to decline)\b|\bas an? (?:ai|artificial intelligence|"
    r"large language|language|responsible|virtual)\b[^.!?\n]{0,90}\b(?:cannot|can't|can not|unable|not able|"
    "do not have (?:access|the ability)|don't have (?:access|the ability)|must decline|will not|won't|"
    r"not (?:programmed|appropriate|ethical))\b|\b(?:my|the) (?:purpose|guidelines|programming|policies|"
    r"policy)\b[^.!?\n]{0,120}\b(?:cannot|can't|prevents?|prohibits?|forbids?|do(?:es)? not allow|must decline)\b|"
    r"\b(?:against|violates?|goes against) (?:my|our|openai's|the) (?:programming|ethical|policy|policies|guidelines|"
    r"use case|content|usage|principles)\b|\bi (?:must|have to|need to|will have to) (?:respectfully )?(?:decline|"
    r"refuse)\b|\b(?:it is|it's|this is|that is|that's) (?:not (?:appropriate|ethical|acceptable|possible) for me|"
    r"(?:inappropriate|unethical) (?:for me )?to)\b|\bich kann (?:dir|ihnen|dabei|das|diese|"
    r"keine)\b[^.!?\n]{0,60}\bnicht\b|\bdabei kann ich\b[^.!?\n]{0,30}\bnicht\b|\bje (?:suis désolée?|ne peux pas|"
    r"ne suis pas en mesure)\b[^.!?\n]{0,60}\b(?:aider|fournir|répondre|pas)\b|"
    r"\blo siento\b[^.!?\n]{0,60}\bno puedo\b|\bno puedo (?:ayudar|proporcionar|responder|cumplir)|申し訳(?:ありません|"
    "ございません)[^。]{0,40}(?:できません|いたしかねます)|抱歉[^。]{0,20}(?:无法|不能)"
)

_UNKNOWING: Final = (
    r"\b(?:can(?:no|')?t|can not|cannot|could not|couldn't) (?:be|really be) (?:determined|answered|known|told|"
    r"established)\b|\b(?:not enough|insufficient|not sufficient|no) (?:info|information|context|data|details|"
    r"evidence)\b|\b(?:i|we)(?: really| simply)? (?:do not|don't) (?:know|have (?:enough|any|that|this|the|access))\b|"
    r"\b(?:i|we)(?:'m| am|'re| are) (?:not sure|unsure|unable to (?:find|determine|locate|verify))\b|\b(?:i|"
    r"we) (?:could not|couldn't|cannot|can't) (?:find|determine|locate|verify|tell)\b|\b(?:is|are|was|"
    r"were) (?:unknown|undetermined|not (?:known|specified|stated|mentioned|given|clear))\b|^\W*(?:unknown|"
    r"undetermined|not (?:known|answerable|enough info\w*|stated|specified)|n/a|(?:it )?can(?:no|')?t (?:tell|say|"
    r"be determined)|cannot (?:tell|say)|no idea|none of (?:them|the above))\W*$"
)


def refuses(texts: Array) -> Array:
    """Return whether each text declines what it was asked, in its first 400 characters.

    English above all, and the usual phrases in German, French, Spanish, Japanese and Chinese.

    Example:
        >>> import pyarrow as pa
        >>> refuses(pa.array(["I'm sorry, but I can't assist with that.", "It ships on Monday.", None])).to_pylist()
        [True, False, None]
    """
    return _starts_with(texts, _REFUSAL)


def does_not_know(texts: Array) -> Array:
    """Return whether each text says that there is no answer, or that it cannot be known, in English.

    Example:
        >>> import pyarrow as pa
        >>> does_not_know(pa.array(["There is not enough information.", "The grandfather"])).to_pylist()
        [True, False]
    """
    return _starts_with(texts, _UNKNOWING)


def _starts_with(texts: Array, pattern: str) -> Array:
    pc = compute()
    start = pc.utf8_lower(pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(texts), 0, _READ))
    plain = pc.replace_substring(pc.replace_substring(start, "\u2019", "'"), "\n", " ")
    return pc.match_substring_regex(plain, pattern)
