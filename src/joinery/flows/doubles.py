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
from joinery.flows.believing import believing
from joinery.flows.book import DOUBLES, IDENTITY
from joinery.flows.policy import Ports
from joinery.flows.questions import OTHER
from joinery.store.comparing import everybody, look_at, looked_at, still_waiting, waiting
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What was compared, None for all who waited; `among`: people of whom every pair is in `pairs`."""

    known: _Known
    keys: Sequence[PersonKey] | None
    among: set[str]
    pairs: Sequence[Pair]


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
    _note(ports, _Looked(known=known, keys=None if whole else keys, among=among, pairs=pairs), as_of)
    return True


def _note(ports: Ports, looked: _Looked, as_of: datetime) -> None:
    """What was found, and of whom. Of people of whom news came meanwhile nothing is said, and they go on waiting."""
    name, known, at = ports.policy.name, looked.known, ports.now()
    with ports.database.write() as connection:
        believing(ports.database, connection, name)
        news = _news(connection, name, known)
        apart = _apart(known, looked.pairs, news) if news else news
        pairs = [pair for pair in looked.pairs if apart.isdisjoint((pair.left, pair.right))]
        found = _findings(_kept(connection, ports, known, pairs, as_of), known.number)
        record_findings(connection, name, SOURCE, found, at)
        close_for_workers(connection, (name, SOURCE), _numbers(known, looked.among - apart), before=at)
        waited = news | {key for keys in still_waiting(connection, name) for key, _ in keys if key in apart}
        looked_at(connection, name, looked.keys)
        look_at(connection, waited)


def _news(connection: Connection, name: str, known: _Known) -> set[str]:
    """Who waits and is not as they were compared."""
    import polars as pl

    compared, found = known.frame.select("id", "asked"), set[str]()
    for rows in still_waiting(connection, name):
        now = pl.DataFrame(rows, schema=compared.schema, orient="row")
        found.update(now.join(compared, on=["id", "asked"], how="anti").get_column("id"))
    return found


def _apart(known: _Known, pairs: Sequence[Pair], news: set[str]) -> set[str]:
    """These people, and everybody who is or was found beside them."""
    apart = _touched(known, news)
    while more := {key for p in pairs if not apart.isdisjoint(both := (p.left, p.right)) for key in both} - apart:
        apart = _touched(known, apart | more)
    return apart


def _known(connection: Connection, name: str) -> _Known:
    import polars as pl

    shape = pl.Struct(dict.fromkeys(_TEXTS, pl.String))
    pages = []
    for rows in everybody(connection, name):
        keys, numbers, stages, workers, asked = zip(*rows, strict=True)
        gone = pl.Series(stages).is_in(_OVER)
        page = pl.DataFrame({"id": keys, "number": numbers, "gone": gone, "asked": pl.Series(asked, dtype=pl.Int64)})
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
