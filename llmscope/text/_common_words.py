"""Words that say nothing of what a text is about, in the languages that most logs are in."""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = """
hi hello hey please thanks thank dear regards kind don doesn didn isn wasn won can couldn wouldn ve ll re im just like
want need know tell does got let good morning
"""

_GERMAN: Final = """
der die das und ist ich ein eine einen nicht mit für auf mein meine von zu im in den dem des wie was sie es wir bei an
als auch aus noch nur oder wenn werden wird habe haben hat kann mir mich ihr ihre sich war sind bitte hallo guten tag
danke kurze frage jetzt geht schon wieder wo nach aber doch man sehr gibt
"""

_FRENCH: Final = """
le la les un une des et est je ne pas que qui pour dans sur avec mon ma mes de du en au aux ce cette il elle vous nous
votre ai bonjour merci plus par se sont comment quand depuis mais fait faire
"""

_SPANISH: Final = """
el los las una y es no para con por mi mis se al lo su como cuando hola gracias más muy pero si puedo tengo buenos
buenas días hace está están cuál dónde qué cómo
"""

_PORTUGUESE_AND_ITALIAN: Final = """
o os as um uma e não com por meu minha do da na em eu olá obrigado il gli dei del della che non con per mio mia di è
sono ciao grazie
"""

COMMON: Final = frozenset((_ENGLISH + _GERMAN + _FRENCH + _SPANISH + _PORTUGUESE_AND_ITALIAN).split())
