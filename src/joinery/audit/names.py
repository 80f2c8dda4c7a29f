"""Brings names into one shape, so that `Müller`, `Mueller` and `MULLER` are one name. Rule 1: for review lists only;
names never match anybody. Whole columns at a time: a big company has 200,000 different family names.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

#: letters that Unicode does not take apart, and Greek and Cyrillic as passports write them
_LETTERS: Final = {
    **{"ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "ħ": "h", "ı": "i"},  # noqa: RUF001
    **dict(zip("абвгдезийклмнопрстуфцыэіїґ", "abvgdeziiklmnoprstufcyeiig", strict=True)),
    **{"ё": "e", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": ""},  # noqa: RUF001
    **{"ю": "iu", "я": "ia", "є": "ie"},
    **dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True)),
    **{"θ": "th", "χ": "ch", "ψ": "ps"},
}
_UMLAUTS: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "\u0130": "i"}
#: two ways of writing one sound; both sides of a comparison go through it, in this order
_SOUNDS: Final = (
    {"schtsch": "s", "shch": "s", "tsch": "s", "sch": "s", "sh": "s", "ch": "s", "zh": "s", "kh": "h", "ph": "f"},
    {
        "th": "t",
        "ck": "k",
        "tz": "z",
        "ts": "z",
        "cz": "z",
        "q": "k",
        "x": "ks",
        "c": "k",
        "y": "i",
        "j": "i",
        "w": "v",
    },
    {"aa": "a", "ae": "a", "oe": "o", "ue": "u", "ou": "u", "oo": "u", "ee": "i", "ie": "i", "ei": "ai", "ii": "i"},
    {letter * 2: letter for letter in "abcdefghijklmnopqrstuvwxyz"},
)
#: parts of a name that tell father and son apart; titles; and small words before a name
_GENERATION: Final = r"\b(?:jr|junior|sr|senior|ii|iii|iv)\b"
_TITLES: Final = r"\b(?:dr|prof|mr|mrs|ms|miss|mx|ing|dipl|herr|frau|mme|mlle)\b"
_PARTICLES: Final = r"\b(?:de|da|do|dos|das|di|del|della|der|den|van|von|vom|zu|zur|la|le|el|al|bin|ibn)\b"

_SHORT_FORMS: Final = (
    "robert bob rob bobby robbie; william bill will billy willy; richard rick dick richie; elizabeth liz beth betty "
    "lisa elisabeth; katherine kate kathy katie catherine cathy; margaret maggie meg peggy greta; james jim jimmy; "
    "john jack johnny jon; michael mike mick mickey; thomas tom tommy; christopher chris; christina christine chris "
    "tina; alexander alex sasha; alexandra alex sandra sasha; anthony tony; andrew andy drew; daniel dan danny; david "
    "dave davy; edward ed eddie ted; joseph joe joey; matthew matt; nicholas nick; patrick pat paddy; patricia pat "
    "patty trish; samuel sam; samantha sam; stephen steve steven; susan sue susie; timothy tim; victoria vicky; "
    "deborah debbie deb; jennifer jen jenny; jessica jess; rebecca becky; benjamin ben; charles charlie chuck; "
    "francis frank; francisco paco pancho; jose pepe; ignacio nacho; manuel manolo; dolores lola; giuseppe beppe; "
    "johannes hans johann; heinrich heinz; friedrich fritz; wilhelm willi; maximilian max; sebastian bastian basti; "
    "katharina kathrin katja; ivan vanya; aleksandr sasha; ekaterina katya; mikhail misha; vladimir vova; "
    "dmitri dima; anastasia nastya; malgorzata gosia; katarzyna kasia; stanislaw staszek; jan janek; philip phil; "
    "gregory greg; jeffrey jeff geoffrey; kenneth ken; ronald ron; donald don; lawrence larry; gerald gerry jerry; "
    "leonard leo len; raymond ray; walter walt; frederick fred freddy; theodore ted theo; vincent vince; abigail abby"
)


def plain(text: pl.Expr) -> pl.Expr:
    """Small Latin letters and blanks: no accents, titles or punctuation; other alphabets as passports write them."""
    small = text.str.to_lowercase().str.normalize("NFC").str.replace_many(_UMLAUTS)
    bare = small.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.replace_many(_LETTERS)
    words = bare.str.replace_all(r"['\u2019]", "").str.replace_all("[^a-z]+", " ")
    kept = words.str.replace_all(f"{_TITLES}|{_GENERATION}", " ").str.replace_all(" +", " ").str.strip_chars()
    return pl.when(kept == "").then(words.str.strip_chars()).otherwise(kept)


def sound(name: pl.Expr) -> pl.Expr:
    """A `plain` name as it is heard, roughly: spellings of one name fall together; particles and blanks go."""
    bare = name.str.replace_all(_PARTICLES, "").str.replace_all(" ", "")
    heard = pl.when(bare == "").then(name.str.replace_all(" ", "")).otherwise(bare)
    for step in _SOUNDS:
        heard = heard.str.replace_many(step, leftmost=True)
    return heard


def generation(text: pl.Expr) -> pl.Expr:
    """`jr`, `sr`, `ii` … where the name says so; else empty."""
    found = text.str.to_lowercase().str.extract(f"({_GENERATION})").fill_null("")
    return found.replace({"junior": "jr", "senior": "sr"})


@cache
def short_forms() -> dict[str, frozenset[str]]:
    """sound of a given name -> families of given names that it belongs to (Bob, Robert)."""
    listed = [(name, family.split()[0]) for family in _SHORT_FORMS.split("; ") for name in family.split()]
    heard = pl.DataFrame({"name": [name for name, _ in listed]}).select(sound(pl.col("name"))).to_series().to_list()
    found: dict[str, set[str]] = {}
    for name, (_, family) in zip(heard, listed, strict=True):
        found.setdefault(name, set()).add(family)
    return {name: frozenset(families) for name, families in found.items()}
