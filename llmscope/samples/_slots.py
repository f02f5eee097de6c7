"""The particulars of a conversation: names, orders, amounts and dates, written as each language writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from llmscope.samples._calendar import DAY, SECOND
from llmscope.samples._dice import Dice

_NAMES: Final = {
    "en": (("Emma", "James", "Olivia", "Noah", "Priya", "Liam", "Grace", "Marcus", "Sofia", "Daniel", "Aisha", "Tom"),
           ("Carter", "Nguyen", "Patel", "O'Brien", "Johnson", "Reyes", "Kim", "Walker", "Hughes", "Okafor")),
    "de": (("Anna", "Jonas", "Lena", "Felix", "Miriam", "Stefan", "Katrin", "Mehmet", "Julia", "Thomas", "Heike"),
           ("Müller", "Schneider", "Öztürk", "Weber", "Hoffmann", "Krüger", "Becker", "Vogt", "Jäger")),
    "es": (("Lucía", "Mateo", "Carmen", "Javier", "Paula", "Diego", "Marta", "Íñigo", "Valentina", "Andrés"),
           ("García", "Fernández", "Muñoz", "Ruiz", "Castro", "Ortega", "Vidal", "Peña")),
    "fr": (("Camille", "Hugo", "Chloé", "Lucas", "Inès", "Julien", "Amélie", "Karim", "Élodie", "Paul"),
           ("Martin", "Lefèvre", "Dubois", "Moreau", "Benali", "Girard", "Rousseau", "Faure")),
    "ja": (("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "中村", "小林", "加藤", "山本"),
           ("葵", "蓮", "陽菜", "大輔", "美咲", "健太", "彩", "翔")),
}  # fmt: skip
_HANDLES: Final = {
    "en": ("emma.c", "jn82", "office", "o.patel", "noah.w", "liam.reyes", "billing", "it", "grace.h", "d.okafor"),
    "de": ("anna.weber", "hallo", "info", "felix", "heike.v", "miriam.k", "t.becker", "jonas", "buchhaltung"),
    "es": ("m.garcia", "p.ruiz", "lucia.c", "info", "javi", "compras", "carmen.v", "andres.p"),
    "fr": ("chloe.d", "lucas.m", "karim.b", "contact", "ines.g", "compta", "elodie.f", "hugo"),
    "ja": ("kenta", "sato.aoi", "suzuki", "info", "tanaka.m", "yamamoto", "nakamura.d", "kobayashi"),
}
_MAIL: Final = {
    "en": ("example.com", "mail.example.com", "example.org"),
    "de": ("example.de", "beispiel.example", "example.com"),
    "es": ("example.es", "correo.example", "example.com"),
    "fr": ("example.fr", "courriel.example", "example.com"),
    "ja": ("example.jp", "mail.example.jp"),
}
_CITIES: Final = {
    "en": ("Austin", "Portland", "Leeds", "Chicago", "Denver", "Atlanta", "Bristol", "Toronto", "Boston"),
    "de": ("Hamburg", "Köln", "Leipzig", "Zürich", "Graz", "Nürnberg", "Kassel", "Berlin"),
    "es": ("Valencia", "Sevilla", "Bilbao", "Málaga", "Zaragoza", "Madrid", "Monterrey"),
    "fr": ("Lyon", "Nantes", "Lille", "Bordeaux", "Toulouse", "Genève", "Liège"),
    "ja": ("大阪", "横浜", "札幌", "福岡", "名古屋", "仙台"),
}
_PRODUCTS: Final = (
    "Luma Cam 2", "Luma Cam Mini", "Luma Hub", "Luma Thermostat", "Luma Lock S", "Luma Plug (4-pack)", "Luma Sense",
    "Doorbell 2", "Luma Floodlight", "Luma Sirene", "Luma Garage",
)  # fmt: skip
_ENDPOINTS: Final = (
    "/v2/devices",
    "/v2/events",
    "/v2/recordings/export",
    "/v1/webhooks",
    "/v2/automations",
    "/oauth/token",
)
_ERRORS: Final = (
    "insufficient_scope", "invalid_grant", "signature_mismatch", "rate_limit_exceeded", "device_offline",
    "idempotency_key_reused", "cursor_expired", "schema_version_unsupported",
)  # fmt: skip
_COUPONS: Final = ("BLACK25", "LUMA10", "WELCOME15", "NOVEMBER", "FRIENDS20", "STUDENT12")
_VERSIONS: Final = ("4.12.0", "4.11.3", "4.12.1", "3.9.8")


def particulars(dice: Dice, language: str, time: int) -> dict[str, str]:
    """Return a value for every slot of the phrases, for a conversation that starts at ``time``."""
    first, last = _NAMES[language]
    return {
        "name": dice.pick(first) if dice.chance(6500) else _full(dice.pick(first), dice.pick(last), language),
        "email": f"{dice.pick(_HANDLES[language])}{dice.below(100) or ''}@{dice.pick(_MAIL[language])}",
        "city": dice.pick(_CITIES[language]),
        "product": dice.pick(_PRODUCTS),
        "order": f"LH-{dice.between(4_100_000, 4_899_999)}",
        "invoice": f"{dice.between(20_000, 79_999)}",
        "amount": _amount(dice, language),
        "date": _date(time - dice.below(21) * DAY, language),
        "soon": _date(time + dice.between(1, 9) * DAY, language),
        "days": str(dice.between(2, 14)),
        "seats": str(dice.pick((3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 40, 60, 120))),
        "code": dice.pick(("429", "429", "401", "403", "500", "502", "422")),
        "endpoint": dice.pick(_ENDPOINTS),
        "error": dice.pick(_ERRORS),
        "coupon": dice.pick(_COUPONS),
        "version": dice.pick(_VERSIONS),
        "document": "",
    }


def _full(first: str, last: str, language: str) -> str:
    return f"{first}{last}" if language == "ja" else f"{first} {last}"


def _amount(dice: Dice, language: str) -> str:
    whole, cents = dice.heavy(49, _PRICES), dice.pick(("99", "90", "00", "50", "95"))
    return amount(min(max(whole, 4), 2400), cents, language)


def amount(whole: int, cents: str, language: str) -> str:
    """Return a sum of money as a language writes it.

    Example:
        >>> amount(1249, "90", "en"), amount(12, "90", "fr"), amount(12, "90", "ja")
        ('$1,249.90', '12,90 €', '1,800円')
    """
    if language == "ja":
        return f"{whole * 150 // 10 * 10:,}円"
    if language == "en":
        return f"${whole:,}.{cents}"
    return f"{whole},{cents} €"


_PRICES: Final = tuple(400 + i // 2 if i < 3600 else 2200 + (i - 3600) * 30 for i in range(4096))
"""Prices in thousandths of the usual one: most are near it, a few are for whole buildings."""

_MONTHS: Final = {
    "en": ("October", "November", "December"),
    "de": ("Oktober", "November", "Dezember"),
    "es": ("octubre", "noviembre", "diciembre"),
    "fr": ("octobre", "novembre", "décembre"),
}


def _date(time: int, language: str) -> str:
    day = datetime.fromtimestamp(time // SECOND, UTC)
    if language == "ja":
        return f"{day.month}月{day.day}日"
    month = _MONTHS[language][day.month - 10]
    return {"en": f"{month} {day.day}", "de": f"{day.day}. {month}", "es": f"{day.day} de {month}"}.get(
        language, f"{day.day} {month}"
    )
