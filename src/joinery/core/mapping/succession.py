"""Several rows of one person in news of changes: which was said last, and where nothing shows it. Pure.

Rule: nothing ends access, and nothing takes an end back, that only might have been said last. Rows are put in order by
when HR wrote them, then by the day from which they hold, where every row of the person says so; then by their place,
unless the file itself shows that its order is not that of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby, pairwise
from typing import Final

from joinery.core.mapping.dates import parse_date
from joinery.core.mapping.inbound import end_said, instant_in, text_of
from joinery.core.mapping.spec import RECORD_NAMES, Empty, MappingRow, MappingSpec
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.worker import Status

#: words after which nobody is in
OVER: Final = frozenset({Status.TERMINATED, Status.DECEASED, Status.RESCINDED})
#: by these two rows of one number are told to be of two people, where they share none of them
_LOOKS: Final = ("given_name", "family_name", "work_email")
_NO_TIME: Final = (datetime.min.replace(tzinfo=UTC), date.min)


@dataclass(frozen=True, slots=True)
class Said:
    """One row, and how it is read: rows of a push may have columns of their own."""

    spec: MappingSpec
    record: RawRecord

    def text(self, attribute: str) -> str | None:
        """The cell as it is read; None where the row has no such cell."""
        row = self._row(attribute)
        cell = self.record.get(row.column) if row is not None else None
        return text_of(row, cell) if row is not None and cell is not None else None

    def day(self, attribute: str) -> date | None:
        """The day in this cell; None without one that can be read."""
        row, text = self._row(attribute), self.text(attribute)
        found = parse_date(text, row.format, row.order) if row is not None and text else None
        return found if isinstance(found, date) else None

    @property
    def at(self) -> datetime | None:
        """When HR wrote it."""
        return instant_in(self.text("changed_at") or "")

    def _row(self, attribute: str) -> MappingRow | None:
        return next((row for row in self.spec.rows if row.to == attribute), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """`order`: places of a person's rows, oldest first. `unclear`: attributes of which nobody can tell the last word;
    `worker_id` where the rows look like two people."""

    order: tuple[int, ...]
    unclear: tuple[str, ...] = ()


def in_turn(people: Sequence[Sequence[Said]]) -> list[Turns]:
    """The rows of each person, who has several, in the order in which HR said them."""
    timed = [[(said.at, said.day("effective_date")) for said in rows] for rows in people]
    placed = not any(_backwards(times) for times in timed)
    return [_turns(rows, _keys(times), placed=placed) for rows, times in zip(people, timed, strict=True)]


def in_turn_by_job(people: Sequence[Sequence[Said]]) -> list[Turns]:
    """As `in_turn` where rows of one person may be of several jobs: those of each job follow one another, and jobs are
    in the order in which they are first named. Rows without the ID of a job are of all jobs, and one turn."""
    jobs = [_by_job(rows) for rows in people]
    parted = [[rows[place] for place in some] for rows, mine in zip(people, jobs, strict=True) for some in mine]
    each, found = iter(in_turn(parted)), list[Turns]()
    for rows, some in zip(people, jobs, strict=True):
        turns = [(places, next(each)) for places in some]
        order = tuple(places[n] for places, turn in turns for n in turn.order)
        unclear = tuple(dict.fromkeys(name for _, turn in turns for name in turn.unclear))
        apart = any(_strangers(rows[here], rows[there]) for here, there in pairwise(order))
        found.append(Turns(order=order, unclear=("worker_id",) if apart else unclear))
    return found


def _by_job(rows: Sequence[Said]) -> list[list[int]]:
    """The places of the rows of each job; all in one where a row does not name its job."""
    names = [said.text("job_id") or "" for said in rows]
    if not all(names):
        return [list(range(len(rows)))]
    return [[place for place, name in enumerate(names) if name == job] for job in dict.fromkeys(names)]


_Times = tuple[datetime | None, date | None]


def _backwards(times: Sequence[_Times]) -> bool:
    """A row stands before one that is older."""
    for (at, day), (later_at, later_day) in pairwise(times):
        if at is not None and later_at is not None and at != later_at:
            if at > later_at:
                return True
        elif day is not None and later_day is not None and day > later_day:
            return True
    return False


def _keys(times: Sequence[_Times]) -> list[tuple[datetime, date]]:
    """By what rows are put in order; a time that only some of them have says nothing."""
    ats, days = [at for at, _ in times if at is not None], [day for _, day in times if day is not None]
    return [
        (ats[n] if len(ats) == len(times) else _NO_TIME[0], days[n] if len(days) == len(times) else _NO_TIME[1])
        for n in range(len(times))
    ]


def _turns(rows: Sequence[Said], keys: Sequence[tuple[datetime, date]], *, placed: bool) -> Turns:
    order = tuple(sorted(range(len(rows)), key=lambda place: keys[place]))
    if any(_strangers(one, other) for one, other in pairwise([rows[place] for place in order])):
        return Turns(order=order, unclear=("worker_id",))
    together = [[rows[place] for place in places] for _, places in groupby(order, key=lambda place: keys[place])]
    unclear = [name for some in together for name in (_taken_back(some) if placed else _different(some))]
    return Turns(order=order, unclear=tuple(dict.fromkeys(unclear)))


def _strangers(one: Said, other: Said) -> bool:
    pairs = [((one.text(name) or "").casefold(), (other.text(name) or "").casefold()) for name in _LOOKS]
    both = [pair for pair in pairs if all(pair)]
    return bool(both) and all(here != there for here, there in both)


def _different(rows: Sequence[Said]) -> Iterator[str]:
    """Nothing puts these in order: whatever they do not agree upon. An empty cell that keeps what was says nothing."""
    for name in dict.fromkeys(row.to for said in rows for row in said.spec.rows if row.to not in RECORD_NAMES):
        texts = {said.text(name) for said in rows if not (said.text(name) == "" and _keeps(said, name))}
        if len(texts - {None}) > 1:
            yield name


def _taken_back(rows: Sequence[Said]) -> Iterator[str]:
    """Only their place puts these in order: an end that a later one does not know. Whoever starts after it is back."""
    life = _Life()
    for said in rows:
        day, out, back = said.day("termination_date"), _out(said), life.back(said)
        if life.over and out is False and not back and (day is None or day != life.end):
            yield "status"
        if life.end is not None and day is None and _empties(said) and not (back or out):
            yield "termination_date"
        life.hear(said)


def lives_in(spec: MappingSpec, rows: Sequence[RawRecord]) -> list[list[RawRecord]]:
    """These rows of one person, oldest first, cut where they are back after an end that a row before it tells."""
    life, found = _Life(), list[list[RawRecord]]()
    for row in rows:
        said = Said(spec, row)
        if not found or (life.ends and life.back(said)):
            found.append([])
        found[-1].append(row)
        life.hear(said)
    return found


@dataclass(slots=True)
class _Life:
    """What the rows of one person come to while they are read, oldest first."""

    #: a word said that they are out
    over: bool = False
    end: date | None = None
    hired: date | None = None

    @property
    def ends(self) -> bool:
        """An end was told, with a day or without."""
        return self.over or self.end is not None

    def back(self, said: Said) -> bool:
        """They start after the last day; where no row tells that one, after the first day that was known."""
        starts, last = said.day("hire_date"), self.end or self.hired
        return starts is not None and last is not None and starts > last

    def hear(self, said: Said) -> None:
        """One more row."""
        back, day, starts, out = self.back(said), said.day("termination_date"), said.day("hire_date"), _out(said)
        stale = day is not None and starts is not None and day < starts
        self.over = self.over if out is None else out
        self.end = None if stale else day if back or day is not None or _empties(said) else self.end
        self.hired = starts or self.hired


def _out(said: Said) -> bool | None:
    """The row says that somebody is out; None where it says nothing of it."""
    if said.spec.part == "leavers":
        return True
    word = said.text("status")
    if word is None or (not word and _keeps(said, "status")):
        return None
    return end_said(said.spec, said.record)[1] in OVER


def _keeps(said: Said, name: str) -> bool:
    return any(row.to == name and row.empty is Empty.KEEP for row in said.spec.rows)


def _empties(said: Said) -> bool:
    """The row has a cell for the end date, and an empty one means that there is none."""
    return said.text("termination_date") is not None and not _keeps(said, "termination_date")


def agreed_end(rows: Sequence[Said]) -> tuple[str, Status, date | None] | None:
    """The end of access that every one of these tells, the latest of them; None where one does not tell of any."""
    ends = [end_said(said.spec, said.record) for said in rows]
    if not all(status in OVER for _, status, _ in ends):
        return None
    return max(ends, key=lambda end: end[2] or date.min)


def unclear_finding(worker_id: str, unclear: Sequence[str], rows: int) -> Finding:
    """Why none of these rows counts; it stays until something clear is said of this person."""
    if "worker_id" in unclear:
        return Finding(
            check="duplicate_worker_id",
            severity=Severity.QUARANTINE,
            message=f"The employee number {worker_id} stands on {rows} rows that look like two people.",
            worker_id=worker_id,
            attribute="worker_id",
            suggestion="Give each person a number of their own. Whoever has it keeps the last good facts until then.",
        )
    return Finding(
        check="changes_without_order",
        severity=Severity.QUARANTINE,
        message=f"{rows} rows tell of {worker_id}, differ in {', '.join(unclear)}, and nothing shows which came last.",
        worker_id=worker_id,
        attribute=unclear[0],
        suggestion="Send one row that says how it is now, or say with each when HR wrote it (`changed_at`). "
        "The person keeps the last good facts until then.",
    )


def by_person(keys: Sequence[str]) -> Mapping[str, list[int]]:
    """Key -> places of its rows, of keys that stand on several."""
    places: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        if key:
            places.setdefault(key, []).append(place)
    return {key: found for key, found in places.items() if len(found) > 1}
