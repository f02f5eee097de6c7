"""Whether an answer is in another language than its prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llmscope.quality._arrays import Array, compute
from llmscope.quality.language import scripts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_READ: Final = 250
_LEAST: Final = 40
"""Characters below which the language of a text in Latin letters is not told."""

_PASTED: Final = "(?s)```.*?(?:```|$)"
"""What is fenced off as code: logs and programs are in no language of their writer."""

_WORDS: Final = {
    "en": "the of and to in is that for it was on are as with be this have from or by not but what you your can how "
    "which when where their there they will would has had been were his her she he we an all if about my me do does "
    "please i'm don't it's also these should could just our more one a i so into after over",
    "de": "der die das und ist nicht ein eine zu den von mit sich auf für dem des im es auch als an wie wird werden "
    "sind haben hat ich sie wir ihr kann oder wenn dass aus bei nach zum zur einen einer einem sein ihre diese durch "
    "mein meine bitte über noch nur aber war",
    "fr": "le la les des et est un une du dans que qui pour pas sur au avec il ce se sont par plus ne je vous nous "
    "mais ou où cette ces son sa ses être aux elle être fait votre mon ma mes peut comme aussi très été",
    "es": "el la los las de que y en un una es por con para no se su al lo como más pero sus le ya o este sí porque "
    "esta son entre está cuando muy sin sobre también me hasta hay donde quien desde todo nos uno mi puede ser",
    "pt": "o a os as de que e do da em um uma para com não é por no na se mais dos das como mas ao ele foi sua ou "
    "quando muito nos já eu também só pelo pela até isso ela entre depois sem mesmo aos seus você são está minha meu",
    "it": "il lo la gli le di che e un una è per non in sono con del della dei delle si da come al anche più ma nel "
    "alla questo ha dal ci o se io tu noi voi suo sua nella essere ho mi può quando dove molto",
    "nl": "de het een en van in is dat op te zijn met voor niet aan er om ook als bij door ze maar naar uit dan nog "
    "wel wordt heeft worden deze dit je ik we hoe kan of mijn wat heb",
    "pl": "i w nie na się z do jest to że o jak po co tak za od ale czy przez są tym już może dla przy tylko być "
    "który która które jego oraz lub ten ta mnie mam",
    "sv": "och att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när "
    "hur eller vad detta vara mig min mitt också ska",
    "tr": "ve bir bu için ile da de çok ne gibi daha olarak olan var en kadar değil mi ben sen o biz siz nasıl ama "  # noqa: RUF001
    "sonra her ya olan şey",
    "id": "yang dan di untuk dengan dari pada ini itu adalah tidak dalam akan ke dapat atau juga oleh saya anda bisa "
    "ada karena sebagai kami mereka lebih",
    "vi": "và là của không có được trong cho một các với người này đã để khi những như bạn tôi về đến cũng từ thì",
}
"""The commonest words of languages in Latin letters; a word may be of several."""

_NAMES: Final = tuple(_WORDS)
_VOCABULARY: Final = tuple(sorted({word for words in _WORDS.values() for word in words.split()}))
_SHARED: Final = np.array(
    [[word in words.split() for words in _WORDS.values()] for word in _VOCABULARY], np.float32
)  # (words, languages)
_VOTE: Final = _SHARED / _SHARED.sum(axis=1, keepdims=True)
"""What a word says for each language: all for one, or a part for each of several."""

_SURE: Final = 2.0
"""Votes for a language, at least, and over twice those of any other."""

_AROUND: Final = ".,;:!?\"'()[]{}*_`<>/-\u2026\u00bf\u00a1\u201c\u201d\u201e\u00ab\u00bb"

_OTHERWISE: Final = (
    r"(?i)\btranslat|\bübersetz|\btraduc|\btradui|\btraduz|翻訳|翻译|перевед|\bin (?:the )?(?:english|german|french|"
    "spanish|italian|portuguese|dutch|japanese|chinese|korean|russian|arabic|hindi|polish|turkish|swedish|latin|"
    r"greek|hebrew|vietnamese|indonesian|mandarin|thai)\b|\b(?:english|german|french|spanish|italian|portuguese|dutch|"
    "japanese|chinese|korean|russian|arabic|hindi|polish|turkish|latin|greek|hebrew) (?:word|phrase|sentence|"
    r"language|text|version|name|translation|poem|song|lyrics)\b|\bauf (?:englisch|deutsch|französisch|spanisch)\b|"
    r"\ben (?:inglés|español|francés|anglais|français|espagnol|alemán|allemand)\b"
)
"""Prompts that name a language or ask for a translation: whatever comes may be right."""


def tongues(texts: Array) -> NDArray[np.object_]:
    """Return the language of each text: its ISO 639-1 code where it has Latin letters, else its script.

    Told from the commonest words. None where nothing is sure: short texts, code, numbers, other languages.

    Example:
        >>> import pyarrow as pa
        >>> texts = ["Where is the order that I placed on the phone with you?", "Где мой заказ?", "ok"]
        >>> tongues(pa.array(texts)).tolist()
        ['en', 'Cyrillic', None]
    """
    import pyarrow as pa

    pc = compute()
    found = np.full(len(texts), None, dtype=object)
    start = pc.utf8_slice_codeunits(pc.replace_substring_regex(texts, _PASTED, " "), 0, _READ)
    plain = pc.fill_null(pc.string_is_ascii(start), True).to_numpy(zero_copy_only=False)
    foreign = np.flatnonzero(~plain)
    for at, script in zip(foreign, scripts(start.take(pa.array(foreign)).to_pylist()), strict=True):
        if script not in ("Latin", "none", None):
            found[at] = script
    long = pc.greater_equal(pc.fill_null(pc.utf8_length(start), 0), _LEAST).to_numpy(zero_copy_only=False)
    latin = np.flatnonzero(long & (found == None))  # noqa: E711  (an array of objects)
    votes = _votes(start.take(pa.array(latin)))
    best = votes.argmax(axis=1) if len(votes) else np.empty(0, np.int64)
    top = votes.max(axis=1, initial=0)
    second = np.partition(votes, -2, axis=1)[:, -2] if len(votes) else top
    sure = (top >= _SURE) & (top > 2 * second)
    found[latin[sure]] = np.array(_NAMES, dtype=object)[best[sure]]
    return found


def _votes(texts: Array) -> NDArray[np.float32]:
    """Return how much the words of each text say for each language."""
    import pyarrow as pa

    pc = compute()
    words = pc.utf8_split_whitespace(pc.utf8_lower(texts))
    bare = pc.utf8_trim(pc.list_flatten(words), _AROUND)
    known = pc.index_in(bare, pa.array(_VOCABULARY))
    row = pc.list_parent_indices(words).to_numpy(zero_copy_only=False)
    word = pc.fill_null(known, -1).to_numpy(zero_copy_only=False)
    row, word = row[word >= 0], word[word >= 0]
    votes = np.zeros((len(texts), len(_NAMES)), np.float32)
    for language in range(len(_NAMES)):
        votes[:, language] = np.bincount(row, _VOTE[word, language], len(texts))
    return votes


def mismatches(prompts: Array, prompt_tongues: NDArray[np.object_], answer_tongues: NDArray[np.object_]) -> Array:
    """Return whether each answer is in another language than its prompt; None where either is unsure.

    A prompt that asks for a translation, or names a language, settles nothing.

    Args:
        prompts: The prompts.
        prompt_tongues: Their languages, see :func:`tongues`.
        answer_tongues: Those of the answers.

    Example:
        >>> import pyarrow as pa
        >>> asked = pa.array(["Where is the order that I placed with you on Monday?"] * 2)
        >>> said = ["It is on the way and will be there by Friday.", "Die Bestellung ist auf dem Weg zu Ihnen."]
        >>> mismatches(asked, tongues(asked), tongues(pa.array(said))).to_pylist()
        [False, True]
    """
    import pyarrow as pa

    pc = compute()
    differ = prompt_tongues != answer_tongues
    known = (prompt_tongues != None) & (answer_tongues != None)  # noqa: E711  (arrays of objects)
    known &= ~pc.fill_null(pc.match_substring_regex(prompts, _OTHERWISE), False).to_numpy(zero_copy_only=False)
    found = np.where(known, differ, None)
    return pa.array(found, pa.bool_())
