"""Decides which column holds which attribute, from the names people give their columns.

Rule 1: two columns that could both be meant are an error that names both, never a choice; sensitive columns are
not read unless somebody allowed them with a reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from joinery.core.mapping.sensitive import SCRIPTS, SENSITIVE, STEMS
from joinery.core.mapping.spec import CANONICAL, RECORD_NAMES, FieldSpec, MappingRow, MappingSpec, row_of
from joinery.core.mapping.vocabulary import CERTAIN, GIVES_WAY, LIKELY
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.worker import Status
from joinery.errors import ConfigError, SourceUntrusted

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


def words_of(name: str) -> str:
    """`EmployeeID`, `employee_id` and `Employee-Id` are all `employee id`; accents do not count."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name)).encode("ascii", "ignore").decode()
    return _NOT_WORD.sub(" ", plain.lower()).strip()


def packed(name: str) -> str:
    """As `words_of`, without spaces: what the vocabulary is keyed by."""
    return words_of(name).replace(" ", "")


@lru_cache(maxsize=4096)
def sensitive(column: str) -> str:
    """Which kind of sensitive data a column of this name holds; empty text when none."""
    name, whole = f" {words_of(column)} ", packed(column)
    for kind, phrases in SENSITIVE.items():
        if any(f" {phrase} " in name for phrase in phrases) or whole in _PACKED[kind]:
            return kind
    if stem := next((stem for stem in STEMS if stem in whole), ""):
        return STEMS[stem]
    return "" if column.isascii() else _in_another_script(column)


def _in_another_script(column: str) -> str:
    """Short words only as a whole: three letters are part of many others."""
    said = unicodedata.normalize("NFKC", column).casefold().strip()
    short = {word: kind for word, kind in SCRIPTS.items() if len(word) <= 3 and word.isalpha() and word < "\u3000"}
    return next((kind for word, kind in SCRIPTS.items() if (said == word if word in short else word in said)), "")


_PACKED: Final = {kind: frozenset(phrase.replace(" ", "") for phrase in phrases) for kind, phrases in SENSITIVE.items()}


def mapping_for(
    header: Sequence[str],
    fields: Mapping[str, FieldSpec] | None = None,
    *,
    well_known: bool = True,
    allow_sensitive: Mapping[str, str] | None = None,
    statuses: Mapping[str, Status] | None = None,
) -> MappingSpec:
    """The mapping for a file with this header.

    Named fields win; the rest is recognised by well-known names unless `well_known` is off. Columns that are neither
    are never read. `allow_sensitive` is column -> reason; `statuses` are own words by `statuses.normal`.
    Raises SourceUntrusted (data["code"] `column_missing`), and ConfigError for what only settings can solve.
    """
    named = dict(fields or {})
    _refuse_sensitive(named, allow_sensitive or {})
    _refuse_missing(named, header)
    rows = [row_of(to, given) for to, given in named.items()]
    if well_known:
        fits = _fitting(header, named)
        rows.extend(row_of(to, FieldSpec(column=_only(to, columns))) for to, columns in fits.items())
    if not any(row.to == "worker_id" for row in rows):
        raise _no_worker_id(header, 'Name it in the settings: fields: { worker_id: "..." }.')
    return MappingSpec(rows=_in_order(rows, header), statuses=statuses or {})


#: how somebody names the column without settings
_NUMBER: Final = 'Say which one it is: joinery check FILE --number "COLUMN".'


def by_headings(header: Sequence[str], number: str = "") -> MappingSpec:
    """The mapping for a file that is only looked at, and of which no settings say anything.

    `number`: the column of the employee number, where it is known. What two columns could each be is not read
    (`doubtful`), except the number. Raises SourceUntrusted (data["code"] `column_missing`) and ConfigError
    (`ambiguous_header`, `sensitive_column`); both say how to name the column.
    """
    named = {"worker_id": FieldSpec(column=number)} if number else {}
    _refuse_sensitive(named, {})
    if number and number not in header:
        raise _no_such_column(number, header)
    fits = _fitting(header, named)
    if len(fits.get("worker_id", ())) > 1:
        _only("worker_id", fits["worker_id"], _NUMBER)
    if not named and "worker_id" not in fits:
        raise _no_worker_id(header, _NUMBER)
    sure = {to: FieldSpec(column=columns[0]) for to, columns in fits.items() if len(columns) == 1}
    rows = [row_of(to, given) for to, given in (named | sure).items()]
    doubtful = {to: tuple(columns) for to, columns in fits.items() if len(columns) > 1}
    return MappingSpec(rows=_in_order(rows, header), doubtful=doubtful)


def _in_order(rows: Iterable[MappingRow], header: Sequence[str]) -> tuple[MappingRow, ...]:
    order = {column: n for n, column in enumerate(header)}
    return tuple(sorted(rows, key=lambda row: order[row.column]))


#: with a city or a postcode beside it, this is the part of a country and not the state of an employment
_REGION: Final = frozenset({"state"})
_PLACES: Final = frozenset(
    {"city", "town", "zip", "zipcode", "postcode", "postalcode", "street", "streetaddress", "address", "addressline1"}
)


def _fitting(header: Sequence[str], named: Mapping[str, FieldSpec]) -> dict[str, list[str]]:
    """attribute -> columns whose names fit it best, of what nobody named and is not sensitive."""
    taken = {given.column for given in named.values()}
    with_place = bool(_PLACES & set(map(packed, header)))
    found: dict[str, dict[int, list[str]]] = {}
    for column in header:
        if column in taken or sensitive(column) or (with_place and packed(column) in _REGION):
            continue
        attribute, rank = _meaning(column)
        if attribute and attribute not in named:
            found.setdefault(attribute, {}).setdefault(rank, []).append(column)
    best = {attribute: by_rank[min(by_rank)] for attribute, by_rank in found.items()}
    return {to: [each for each in columns if packed(each) not in GIVES_WAY] or columns for to, columns in best.items()}


def _meaning(column: str) -> tuple[str, int]:
    """(attribute, how certain: 0 its own name, 1 a name of it, 2 a name it often has); empty text when unknown."""
    if column in CANONICAL or column in RECORD_NAMES:
        return column, 0
    name = packed(column)
    if (sure := OWN_NAMES.get(name) or CERTAIN.get(name)) is not None:
        return sure, 1
    return LIKELY.get(name, ""), 2


OWN_NAMES: Final = {name.replace("_", ""): name for name in CANONICAL}


def _only(attribute: str, columns: Sequence[str], fix: str = "") -> str:
    if len(columns) == 1:
        return columns[0]
    both = " and ".join(repr(column) for column in columns)
    raise ConfigError(
        f"The columns {both} could both be {attribute}; nothing was read.",
        fix=fix or f'Name the right one in the settings: fields: {{ {attribute}: "{columns[0]}" }}.',
        data={"code": "ambiguous_header", "attribute": attribute, "columns": list(columns)},
    )


#: how people are addressed, in some languages; degrees stand with them
_ADDRESS: Final = frozenset(
    "mr mrs ms miss mx dr prof professor sir madam dame lord lady rev herr hr frau fr dipl ing mag m mme mlle monsieur "
    "madame mademoiselle me sr sra srta don dona dhr mevr mw sig sigra dott dottssa pan pani phd".split()
)
#: share of the cells from which on a column is one of them
_MOST: Final = 0.8


def holds_forms_of_address(cells: Iterable[str]) -> bool:
    """Mr, Ms, Prof. Dr.: what stands before a name and is no job. Empty cells say nothing."""
    # of many people few are called differently
    said = [(words.split(), count) for cell, count in Counter(cells).items() if (words := words_of(cell))]
    forms = sum(count for words, count in said if _ADDRESS.issuperset(words))
    return bool(said) and forms >= _MOST * sum(count for _, count in said)


def unread_headings(spec: MappingSpec, title: str) -> Iterator[Finding]:
    """What is not read although its heading is known. `title`: a column of forms of address; empty without one."""
    for attribute, columns in spec.doubtful.items():
        yield Finding(
            check="heading_in_doubt",
            severity=Severity.WARNING,
            message=f"The columns {' and '.join(map(repr, columns))} could each be {attribute}; none of them is read.",
            attribute=attribute,
            suggestion=f'Name the right one in the settings: fields: {{ {attribute}: "{columns[0]}" }}.',
        )
    if title:
        yield Finding(
            check="title_of_address",
            severity=Severity.NOTE,
            message=f"The column {title!r} holds forms of address (Mr, Ms, Dr) and no job titles; it is not read.",
            attribute="job_title",
        )


def _refuse_sensitive(named: Mapping[str, FieldSpec], allowed: Mapping[str, str]) -> None:
    for attribute, given in named.items():
        kind = sensitive(given.column) or sensitive(attribute)
        if kind and not allowed.get(given.column, "").strip():
            raise ConfigError(
                f"The column {given.column!r} looks like {kind}, which Joinery does not read; nothing was read.",
                fix=f"Take {attribute} out of the fields, or allow the column with a reason (allow_sensitive).",
                data={"code": "sensitive_column", "attribute": attribute, "column": given.column},
            )


def _refuse_missing(named: Mapping[str, FieldSpec], header: Sequence[str]) -> None:
    missing = {to: given.column for to, given in named.items() if given.column not in header}
    if not missing:
        return
    hints = {column: _close(column, header) for column in missing.values()}
    told = "; ".join(
        f"{column!r} ({to})" + (f", did you mean {hints[column]!r}?" if hints[column] else "")
        for to, column in missing.items()
    )
    raise SourceUntrusted(
        f"{len(missing)} of the columns named in the settings are not in the file: {told}. "
        "Nothing was read and nobody was touched.",
        fix=f"Put the column back, or name another one. The file has: {', '.join(header)}.",
        data={"code": "column_missing", "missing": missing, "did_you_mean": hints},
    )


def _close(column: str, header: Sequence[str]) -> str:
    by_name = {packed(name): name for name in header}
    if (same := by_name.get(packed(column))) is not None:
        return same
    close = get_close_matches(packed(column), by_name, n=1, cutoff=0.6)
    return by_name[close[0]] if close else ""


def _no_worker_id(header: Sequence[str], how: str) -> SourceUntrusted:
    return SourceUntrusted(
        "No column holds the employee number (worker_id). Nothing was read and nobody was touched.",
        fix=f"{how} The file has: {', '.join(header)}.",
        data={"code": "column_missing", "missing": {"worker_id": ""}, "columns": list(header)},
    )


def _no_such_column(column: str, header: Sequence[str]) -> SourceUntrusted:
    hint = _close(column, header)
    return SourceUntrusted(
        f"There is no column {column!r}{f'; did you mean {hint!r}?' if hint else '.'} Nothing was read.",
        fix=f"Name one of the file: {', '.join(header)}.",
        data={"code": "column_missing", "missing": {"worker_id": column}, "did_you_mean": {column: hint}},
    )
