"""Which language a mail is in, and how it writes a date. Rule: HR's preference, then the country, the company, en.

A country with several official languages decides nothing: the company's language does.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es", "nl", "it", "pt", "pl")

_NAMES: Final = {
    "en": "english englisch anglais inglés engels inglese inglês angielski eng",
    "de": "german deutsch allemand alemán duits tedesco alemão niemiecki deu ger",
    "fr": "french französisch français francés frans francese francês francuski fra fre",
    "es": "spanish spanisch espagnol español castellano spaans spagnolo espanhol hiszpański spa",
    "nl": "dutch niederländisch néerlandais neerlandés nederlands olandese holandês niderlandzki flemish vlaams nld",
    "it": "italian italienisch italien italiano italiaans włoski ita",
    "pt": "portuguese portugiesisch portugais portugués portugees portoghese português portugalski por",
    "pl": "polish polnisch polonais polaco pools polacco polonês polski pol",
}
_COUNTRIES: Final = {
    "en": "gb uk us ie au nz gbr usa irl aus nzl united-kingdom great-britain england scotland wales "
    "united-states united-states-of-america ireland australia new-zealand",
    "de": "de at li deu aut lie germany deutschland austria österreich liechtenstein",
    "fr": "fr mc fra mco france frankreich monaco",
    "es": "es mx ar co cl pe uy ec cr esp mex arg col chl per ury ecu cri "
    "spain españa mexico méxico argentina colombia chile peru perú uruguay ecuador costa-rica",
    "nl": "nl nld netherlands the-netherlands nederland holland",
    "it": "it sm ita smr italy italia san-marino",
    "pt": "pt br ao mz prt bra ago moz portugal brazil brasil angola mozambique",
    "pl": "pl pol poland polska",
}
_LANGUAGE_OF: Final = {name: code for code, names in _NAMES.items() for name in [code, *names.split()]}
_LANGUAGE_IN: Final = {name: code for code, names in _COUNTRIES.items() for name in names.split()}

_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
}
_PATTERNS: Final = {"de": "{d}. {m} {y}", "es": "{d} de {m} de {y}", "pt": "{d} de {m} de {y}"}


def language_for(preference: str, country: str, company: str = "en") -> str:
    """One of LANGUAGES; understands codes (`de`, `de-AT`, `deu`), names in several languages, and country names."""
    wanted = re.split(r"[\s_(/-]", preference.strip().lower())[0]
    place = re.sub(r"[\s_]+", "-", country.strip().lower())
    return _LANGUAGE_OF.get(wanted) or _LANGUAGE_IN.get(place) or _LANGUAGE_OF.get(company.strip().lower()[:2]) or "en"


def long_date(day: date, language: str) -> str:
    """`3 March 2026` as the language writes it; the month is a word, so that nobody reads it the other way round."""
    month = _MONTHS[language].split()[day.month - 1]
    first = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return _PATTERNS.get(language, "{d} {m} {y}").format(d=first, m=month, y=day.year)
