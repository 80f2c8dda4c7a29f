"""The Duplicate User Audit of a run: whoever may be there twice becomes a finding, and nothing else happens to anybody.

Rule: never a merge, never a hold. Only people who are new, or of whom something that says who they are has changed, are
compared, with everybody; a quiet night asks one index. The first run compares everybody once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from joinery.core.model.finding import Finding, Severity
from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage
from joinery.core.rules.instants import local_day
from joinery.flows.book import DOUBLES, IDENTITY
from joinery.flows.policy import Ports
from joinery.flows.questions import OTHER
from joinery.store.comparing import everybody, looked_at, waiting
from joinery.store.decisions import in_force
from joinery.store.findings import close_for_workers, open_findings, record_findings

if TYPE_CHECKING:
    import polars as pl

    from joinery.audit.duplicates import Pair

SOURCE: Final = f"{IDENTITY}:{DOUBLES}"
OFF: Final = "off"
SAME_PERSON: Final = "same_person"
#: from this share of the population on, comparing everybody is no dearer
_MOST: Final = 0.5
_OVER: Final = [str(Stage.LEFT), str(Stage.NO_SHOW)]
_ASKED: Final = {"probable_same_person", "two_accounts", "previous_id_unclear", "address_reused"}
#: what is compared, as the store names it
_TEXTS: Final = (
    "person_id", "previous_id", "given_name", "family_name", "preferred_name", "work_email", "personal_email", "phone",
    "hire_date", "termination_date", "job_title", "department", "location", "manager_id", "cost_center", "legal_entity",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Everybody, and what was found of them before. `number`: key -> employee number."""

    frame: pl.DataFrame
    number: Mapping[str, str]
    before: Sequence[Mapping[str, Any]]
    #: employee numbers of whom it is asked already who they are
    asked: frozenset[str]


def look_for_doubles(ports: Ports, as_of: datetime) -> bool:
    """Compare whoever waits for it; True when anybody did."""
    if ports.policy.doubles == OFF:
        return False
    name = ports.policy.name
    with ports.database.read() as connection:
        keys = waiting(connection, name)
        if not keys:
            return False
        known = _known(connection, name)
    whole = len(keys) >= _MOST * known.frame.height
    among = set(known.number) if whole else _touched(known, set(keys))
    pairs = _pairs(ports, known, None if whole else among)
    more = set() if whole else _touched(known, {each for pair in pairs for each in (pair.left, pair.right)}) - among
    if more:  # a finding lists everybody who may be the first of its people: so all of theirs are needed
        among |= more
        pairs = _pairs(ports, known, among)
    at = ports.now()
    with ports.database.write() as connection:
        found = _findings(_kept(connection, ports, known, pairs, as_of), known.number)
        record_findings(connection, name, SOURCE, found, at)
        close_for_workers(connection, name, SOURCE, _numbers(known, among), before=at)
        looked_at(connection, name, None if whole else keys)
    return True


def _known(connection: Connection, name: str) -> _Known:
    import polars as pl

    shape = pl.Struct(dict.fromkeys(_TEXTS, pl.String))
    pages = []
    for rows in everybody(connection, name):
        keys, numbers, stages, workers = zip(*rows, strict=True)
        page = pl.DataFrame({"id": keys, "number": numbers, "gone": pl.Series(stages).is_in(_OVER)})
        pages.append(page.hstack(pl.Series("worker", workers).str.json_decode(shape).struct.unnest()))
    frame = pl.concat(pages)
    found = open_findings(connection, name)
    return _Known(
        frame=frame,
        number=dict(frame.select("id", "number").iter_rows()),
        before=[row for row in found if row["source"] == SOURCE],
        asked=frozenset(row["worker_id"] for row in found if row["check"] in _ASKED),
    )


def _touched(known: _Known, keys: set[str]) -> set[str]:
    """These people, and everybody in a finding that names one of them."""
    numbers = {known.number[key] for key in keys if key in known.number}
    named = {n for row in known.before if numbers & set(people := row["people"].split("\n")) for n in people}
    return keys | {key for key, number in known.number.items() if number in named} if named else keys


def _numbers(known: _Known, keys: set[str]) -> list[str]:
    """Theirs, and those of findings about people who are not known by that number any more."""
    theirs = {known.number[key] for key in keys if key in known.number}
    there = set(known.number.values())
    stale = (row["worker_id"] for row in known.before if not there.issuperset(row["people"].split("\n")))
    return sorted(theirs.union(stale))


def _pairs(ports: Ports, known: _Known, among: set[str] | None) -> list[Pair]:
    """Sure enough, somebody at work in each, and nobody of whom it is asked already who they are."""
    from joinery.audit.duplicates import SURENESS, duplicates

    enough = SURENESS[: SURENESS.index(ports.policy.doubles.replace("_", " ")) + 1]
    gone = set(known.frame.filter("gone").get_column("id"))
    return [
        pair
        for pair in duplicates(known.frame, among)
        if pair.sure in enough
        and not gone.issuperset((pair.left, pair.right))
        and known.asked.isdisjoint((known.number[pair.left], known.number[pair.right]))
    ]


def _kept(connection: Connection, ports: Ports, known: _Known, pairs: Sequence[Pair], as_of: datetime) -> list[Pair]:
    """Without those of whom somebody has said that they are two, and whose former number HR itself names."""
    keys = [PersonKey(each) for pair in pairs for each in (pair.left, pair.right)]
    today = local_day(as_of, ports.policy.company_zone)
    decided = in_force(connection, keys, today)
    apart = {frozenset((key, d.subject)) for key, made in decided.items() for d in made if d.kind == OTHER}
    former = dict(known.frame.select("id", "previous_id").drop_nulls().iter_rows())
    linked = {frozenset((key, number)) for key, number in former.items()}
    sides = ((pair, known.number[pair.left], known.number[pair.right]) for pair in pairs)
    return [
        pair
        for pair, left, right in sides
        if frozenset((pair.left, pair.right)) not in apart
        and linked.isdisjoint((frozenset((pair.left, right)), frozenset((pair.right, left))))
    ]


def _findings(pairs: Iterable[Pair], number: Mapping[str, str]) -> list[Finding]:
    """One for each person who is the first of a pair, by employee numbers."""
    by_first: dict[str, list[Pair]] = {}
    for pair in pairs:
        left, right = sorted((number[pair.left], number[pair.right]))
        by_first.setdefault(left, []).append(replace(pair, left=left, right=right))
    return [
        Finding(
            check=SAME_PERSON,
            severity=Severity.WARNING,
            message=" ".join(pair.message for pair in sorted(own, key=lambda pair: pair.right)),
            worker_id=first,
            attribute="worker_id",
            suggestion=f"Compare the records. If they are two people, `joinery person other {first} "
            f"{own[0].right}` says so; if it is one, close one number in HR and give it as the other's previous one. "
            "Joinery never merges them by itself.",
            people=(first, *sorted(pair.right for pair in own)),
        )
        for first, own in by_first.items()
    ]
