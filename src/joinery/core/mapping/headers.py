"""Decides which column holds which attribute, from the names people give their columns.

Rule 1: two columns that could both be meant are an error that names both, never a choice; sensitive columns are
not read unless somebody allowed them with a reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from joinery.core.mapping.sensitive import SCRIPTS, SENSITIVE, STEMS
from joinery.core.mapping.spec import CANONICAL, RECORD_NAMES, FieldSpec, MappingRow, MappingSpec, row_of
from joinery.core.mapping.vocabulary import CERTAIN, LIKELY
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
        taken = {given.column for given in named.values()}
        free = [column for column in header if column not in taken and not sensitive(column)]
        free = [column for column in free if packed(column) not in _REGION or not _PLACES & set(map(packed, header))]
        rows.extend(_recognised(free, already=named))
    if not any(row.to == "worker_id" for row in rows):
        raise _no_worker_id(header)
    order = {column: n for n, column in enumerate(header)}
    rows.sort(key=lambda row: order[row.column])
    return MappingSpec(rows=tuple(rows), statuses=statuses or {})


#: with a city or a postcode beside it, this is the part of a country and not the state of an employment
_REGION: Final = frozenset({"state"})
_PLACES: Final = frozenset(
    {"city", "town", "zip", "zipcode", "postcode", "postalcode", "street", "streetaddress", "address", "addressline1"}
)


def _recognised(columns: Iterable[str], already: Mapping[str, FieldSpec]) -> list[MappingRow]:
    found: dict[str, dict[int, list[str]]] = {}
    for column in columns:
        attribute, rank = _meaning(column)
        if attribute and attribute not in already:
            found.setdefault(attribute, {}).setdefault(rank, []).append(column)
    return [
        row_of(attribute, FieldSpec(column=_only(attribute, by_rank[min(by_rank)])))
        for attribute, by_rank in found.items()
    ]


def _meaning(column: str) -> tuple[str, int]:
    """(attribute, how certain: 0 its own name, 1 a name of it, 2 a name it often has); empty text when unknown."""
    if column in CANONICAL or column in RECORD_NAMES:
        return column, 0
    name = packed(column)
    if (sure := OWN_NAMES.get(name) or CERTAIN.get(name)) is not None:
        return sure, 1
    return LIKELY.get(name, ""), 2


OWN_NAMES: Final = {name.replace("_", ""): name for name in CANONICAL}


def _only(attribute: str, columns: list[str]) -> str:
    if len(columns) == 1:
        return columns[0]
    both = " and ".join(repr(column) for column in columns)
    raise ConfigError(
        f"The columns {both} could both be {attribute}; nothing was read.",
        fix=f'Name the right one in the settings: fields: {{ {attribute}: "{columns[0]}" }}.',
        data={"code": "ambiguous_header", "attribute": attribute, "columns": columns},
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


def _no_worker_id(header: Sequence[str]) -> SourceUntrusted:
    return SourceUntrusted(
        "No column holds the employee number (worker_id). Nothing was read and nobody was touched.",
        fix=f'Name it in the settings: fields: {{ worker_id: "..." }}. The file has: {", ".join(header)}.',
        data={"code": "column_missing", "missing": {"worker_id": ""}, "columns": list(header)},
    )
