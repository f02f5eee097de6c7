"""What customers paste below their question: logs, mail threads, table rows. It makes the long tail of prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from llmscope.samples._calendar import MINUTE, SECOND
from llmscope.samples._dice import Dice, lognormal

_LENGTH: Final = lognormal(0.8)
_LEVELS: Final = ("INFO ", "INFO ", "INFO ", "DEBUG", "WARN ", "ERROR")
_LINES: Final = (
    "mqtt: reconnect in {n} s (keepalive timeout)", "wifi: rssi -{n} dBm, channel 11, retries 3",
    "ota: slot B verified, sha256 ok, {n} blocks", "api: GET {endpoint} -> {code} in {n} ms",
    "motion: score 0.{n} below threshold, dropped", "cloud: upload of clip {n}.mp4 postponed, queue full",
    "auth: {error} (token age {n} h)", "power: battery at {n} %, charging",
    "sched: automation 'night' skipped, {n} pending",
    "watchdog: task vision did not answer for {n} s, restart", "dns: luma-edge-{n}.example.net resolved by cache",
)  # fmt: skip
_MAIL: Final = {
    "en": ("On {date}, Luma Support wrote:", "> Dear {name},", "> thank you for waiting. Ticket {n} is in progress.",
           "> We could not find a payment of {amount} for {order}.", "> Please send us a screenshot of the statement.",
           "> Kind regards, Luma Support"),
    "de": ("Am {date} schrieb Luma Support:", "> Guten Tag {name},", "> danke für Ihre Geduld. Ticket {n} läuft.",
           "> Eine Zahlung über {amount} zu {order} finden wir nicht.", "> Bitte senden Sie uns einen Kontoauszug.",
           "> Freundliche Grüße, Luma Support"),
    "es": ("El {date}, Luma Support escribió:", "> Hola {name}:", "> gracias por esperar. El caso {n} está en curso.",
           "> No encontramos un pago de {amount} para {order}.", "> Envíanos una captura del extracto.",
           "> Un saludo, Luma Support"),
    "fr": ("Le {date}, Luma Support a écrit :", "> Bonjour {name},", "> merci de patienter. Dossier {n} en cours.",
           "> Nous ne trouvons pas de paiement de {amount} pour {order}.", "> Merci d'envoyer une capture du relevé.",
           "> Cordialement, Luma Support"),
    "ja": ("{date} Luma Support:", "> {name}様", "> お待たせしております。チケット{n}を担当部署で確認中です。",
           "> {order}の{amount}のお支払いを確認できませんでした。", "> 明細の画像をお送りください。", "> Luma Support"),
}  # fmt: skip

PASTES: Final = {
    "api_error": 6500, "firmware": 4200, "setup": 2600, "billing": 2600, "refund": 1600, "shipping": 1300,
    "invoice": 2400,
    "data_export": 3200, "team": 1900, "login": 1200, "warranty": 1600, "cancel": 1400, "promo": 600, "privacy": 1500,
    "upgrade": 700, "recall": 900,
}  # fmt: skip
"""How often something is pasted, by topic, in hundredths of a percent."""


def pasted(dice: Dice, language: str, topic: str, slots: Mapping[str, str], time: int) -> str:
    """Return a block of text that a customer pastes below a question."""
    make: Callable[[Dice, str, Mapping[str, str], int], list[str]]
    if topic in ("api_error", "firmware", "setup", "login"):
        make = _log
    elif topic in ("data_export", "invoice", "team"):
        make = _rows
    else:
        make = _thread
    return "\n\n" + "\n".join(make(dice, language, slots, time))


def _log(dice: Dice, _language: str, slots: Mapping[str, str], time: int) -> list[str]:
    count = min(max(dice.heavy(26, _LENGTH), 5), 240)
    clock = time - count * MINUTE
    lines = ["```"]
    for _ in range(count):
        clock += (5 + dice.below(50)) * SECOND
        second = clock // SECOND % 86_400
        line = dice.pick(_LINES).format_map({**slots, "n": dice.between(11, 99)})
        lines.append(f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} {dice.pick(_LEVELS)} {line}")
    return [*lines, "```"]


def _rows(dice: Dice, _language: str, slots: Mapping[str, str], _time: int) -> list[str]:
    count = min(max(dice.heavy(22, _LENGTH), 4), 200)
    rows = ["device_id;site;metric;value;unit"]
    for _ in range(count):
        metric, unit = dice.pick((("energy", "Wh"), ("motion", "events"), ("uptime", "min")))
        rows.append(f"LH{dice.between(20_000, 79_999)};{slots['city']};{metric};{dice.below(4000)};{unit}")
    return rows


def _thread(dice: Dice, language: str, slots: Mapping[str, str], _time: int) -> list[str]:
    lines: list[str] = []
    for _ in range(min(max(dice.heavy(4, _LENGTH), 1), 40)):
        said, greeting, *middle, end = _MAIL[language]
        chosen = [said, greeting, *middle[: dice.between(1, len(middle))], end]
        lines += [line.format_map({**slots, "n": dice.between(30_000, 99_999)}) for line in chosen]
    return lines
