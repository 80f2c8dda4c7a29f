"""Takes one person out of rows that are about somebody or something else and only speak of them.

Rule: numbers, addresses, accounts and the full name give way to the pseudonym; everything else of the row stays. What
HR says of others (their manager is …) is theirs and stays: `THEIRS` names it. tests/stories/test_erased_everywhere.py
holds every table against these lists.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, and_, func, or_, select, update

from joinery.store.tables import (
    arrivals,
    audit_values,
    config_versions,
    decisions,
    findings,
    issues,
    people,
    plan_lines,
    plans,
    runs,
    snapshots,
    told_troubles,
)

#: texts about others, or about everybody, in which a person may be named
MENTIONS: Final[tuple[tuple[Table, tuple[str, ...]], ...]] = (
    (findings, ("message", "suggestion", "people", "better")),
    (issues, ("why", "history")),
    (plans, ("cause",)),
    (plan_lines, ("because", "held", "detail")),
    (people, ("frozen",)),
    (decisions, ("subject", "body", "reason")),
    (runs, ("summary",)),
    (arrivals, ("body",)),
    (snapshots, ("report",)),
    (told_troubles, ("title",)),
)
#: where a person may still stand as somebody's manager: HR says it of the others, and HR changes it
THEIRS: Final[dict[str, tuple[str, ...]]] = {
    "people": ("manager_id", "worker", "employments", "memory"),
    "facts": ("value",),
    "events": ("old", "new"),
    "accounts": ("body",),
    "plan_lines": ("operation", "before"),
    "completions": ("org_then",),
}


def take_out_mentions(connection: Connection, words: Collection[str], pseudonym: str) -> int:
    """How many rows were changed. `words`: numbers, addresses, accounts, full names; whole words count, not parts."""
    patterns = _patterns(words)
    changed = 0
    for table, names in MENTIONS if patterns else ():
        columns, key = [table.c[name] for name in names], list(table.primary_key.columns)
        # the marks of erasures hold what a law wants kept
        others = [decisions.c.kind != "erased"] if table is decisions else []
        query = select(*key, *columns).where(or_(*_holds(columns, words)), *others)
        for row in connection.execute(query).mappings().all():
            new = {name: said for name in names if (said := _without(row[name], patterns, pseudonym)) != row[name]}
            if new:
                mine = and_(*(each == row[each.name] for each in key))
                connection.execute(update(table).where(mine).values(new))
                changed += 1
    return changed


def without_words(text: str, words: Collection[str], pseudonym: str) -> str:
    """The text with the pseudonym in their place."""
    return _without(text, _patterns(words), pseudonym)


def noted_about(connection: Connection, key: str, words: Collection[str]) -> frozenset[str]:
    """Texts beside the audit log that name somebody, and what was typed about them: asked before it is erased."""
    c, patterns = audit_values.c, _patterns(words)
    texts = connection.scalars(select(c.value).where(or_(*_holds([c.value], words)))) if patterns else ()
    named = {text for text in texts if any(pattern.search(text) for pattern in patterns)}
    d = decisions.c
    typed = set(connection.scalars(select(d.reason).where(d.person_key == key)))
    # one reason for many says nothing of one
    shared = set(connection.scalars(select(d.reason).where(d.person_key != key, d.reason.in_(typed))))
    return frozenset({*words, *named, *(typed - shared)} - {""})


def made_of(name: str, words: Collection[str]) -> bool:
    """A foreign key that was made of one of these: `c-000102-FIRE` of 000102."""
    return any(re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", name, re.IGNORECASE) for word in words if word)


def settings_that_name(connection: Connection, name: str, words: Collection[str]) -> list[str]:
    """Numbers of kept configurations that name somebody: proof of what was in force, and not ours to rewrite."""
    patterns = _patterns(words)
    c = config_versions.c
    rows = connection.execute(select(c.id, c.content).where(c.connection == name).order_by(c.since, c.id))
    return [row.id for row in rows if any(p.search(text) for text in _texts(row.content) for p in patterns)]


def _texts(packed: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        for each in files.namelist():
            yield files.read(each).decode("utf-8", "replace")


def _holds(columns: Collection[Column[Any]], words: Collection[str]) -> Iterator[Any]:
    """What the store can look for; whether it is a whole word is seen afterwards."""
    for column in columns:
        for word in words:
            yield func.lower(column).contains(word.lower(), autoescape=True)


def _patterns(words: Collection[str]) -> list[re.Pattern[str]]:
    """The longest first. A short number may also be a count: "12 people" names nobody."""
    counted = r"(?! (?:people|person|rows?|of|%|employee|others?|lines?)\b)"
    return [
        re.compile(rf"(?<![\w.@-]){re.escape(word)}(?![\w@-]){counted if word.isdigit() else ''}", re.IGNORECASE)
        for word in sorted({word for word in words if word}, key=lambda word: (-len(word), word))
    ]


def _without(text: str, patterns: list[re.Pattern[str]], pseudonym: str) -> str:
    for pattern in patterns:
        text = pattern.sub(pseudonym, text)
    return text
