"""The completions: an append-only ledger, and the progress that follows from it.

Whatever adds a row or marks a step ends with `remeasure`, so that assignments never disagree with the ledger.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from joinery_classroom import catalogue
from joinery_classroom.days import local_day, zone_of
from joinery_classroom.model import Account, Completion, CompletionResult, Course, CourseId
from joinery_classroom.progress import FINISHING, NOTHING, Learning, effective, measured
from joinery_classroom.sealing import short_id
from joinery_classroom.settings import ClassroomSettings
from joinery_classroom.tables import accounts, assignments, completions, items_done
from joinery_classroom.world import assignment_row, put_assignments, read_accounts

_NAMESPACE = UUID("5f0f6f0e-7d0c-5a36-9c0a-0f6b7f3f2a11")
_KEPT_FROM_THEN = ("job_title", "department", "location", "country", "manager_id", "cost_center", "legal_entity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A completion to be recorded. `by` is 'self' or whoever vouches for it."""

    course: Course
    completed_at: datetime
    result: CompletionResult
    score: float | None
    by: str


def of_account(connection: Connection, account_seq: int) -> tuple[Completion, ...]:
    """All rows of one person, in ledger order."""
    return tuple(_rows(connection, [account_seq])[account_seq])


def learning_of(connection: Connection, account_seqs: Iterable[int]) -> dict[int, Learning]:
    """What these people have finished and begun. People who did nothing are left out."""
    seqs = list(account_seqs)
    if not seqs:
        return {}
    rows = _rows(connection, seqs)
    begun: dict[int, set[str]] = defaultdict(set)
    marks = select(items_done.c.account_seq, items_done.c.course, func.max(items_done.c.attempt))
    marks = marks.where(items_done.c.account_seq.in_(seqs)).group_by(items_done.c.account_seq, items_done.c.course)
    for seq, course, attempt in connection.execute(marks):
        if attempt >= attempt_of(rows.get(seq, ()), course):
            begun[seq].add(course)
    found = {}
    for seq in {*rows, *begun}:
        finished: dict[str, list[datetime]] = defaultdict(list)
        for one in effective(rows.get(seq, ())):
            if one.result in FINISHING:
                finished[one.course].append(one.completed_at)
        found[seq] = Learning(finished=finished, begun=frozenset(begun.get(seq, ())))
    return found


def attempt_of(rows: Sequence[Completion], course: str) -> int:
    """The number of the attempt that is open now; the first is 1."""
    return max((row.attempt for row in rows if row.course == course and row.revokes is None), default=0) + 1


def items_marked(connection: Connection, account_seq: int, course: str, attempt: int) -> frozenset[str]:
    """The steps done in one attempt."""
    chosen = select(items_done.c.item).where(
        items_done.c.account_seq == account_seq, items_done.c.course == course, items_done.c.attempt == attempt
    )
    return frozenset(connection.execute(chosen).scalars())


def mark_item(connection: Connection, account: Account, course: Course, item: str, now: datetime) -> None:
    """Marks a step as done in the open attempt; a second time changes nothing."""
    attempt = attempt_of(of_account(connection, account.seq), course.id)
    row = {"account_seq": account.seq, "course": course.id, "attempt": attempt, "item": item, "at": now}
    connection.execute(sqlite_insert(items_done).values(row).on_conflict_do_nothing())
    remeasure(connection, account)


def record(
    connection: Connection, account: Account, entry: Entry, settings: ClassroomSettings, now: datetime
) -> Completion:
    """Adds a completion and returns it; one for the same course and instant is returned as it is."""
    rows = of_account(connection, account.seq)
    for one in effective(rows):
        if (one.course, one.completed_at) == (entry.course.id, entry.completed_at):
            return one
    attempt = attempt_of(rows, entry.course.id)
    finished = entry.result in FINISHING
    name = f"{account.id}/{entry.course.id}/{attempt}"
    then = {kept: account.attributes.get(kept) for kept in _KEPT_FROM_THEN}
    then["time_zone"] = str(zone_of(account, settings))
    values = {
        "id": str(uuid5(_NAMESPACE, short_id(settings.secret, "completion", name))),
        "attempt": attempt,
        "expires_on": expiry(entry, then) if finished else None,
        "held": json.dumps(then, ensure_ascii=False),
        "certificate_id": short_id(settings.secret, "certificate", name)
        if finished and entry.course.certificate
        else None,
    }
    _append(connection, account, entry, {**values, "revision": 1, "revokes": None}, now)
    remeasure(connection, account)
    return of_account(connection, account.seq)[-1]


def correct(connection: Connection, account: Account, known: Completion, entry: Entry, now: datetime) -> Completion:
    """Adds a new revision of a completion: same id, same certificate, other facts."""
    finished = entry.result in FINISHING
    values = {
        "id": known.id,
        "attempt": known.attempt,
        "expires_on": expiry(entry, known.then) if finished else None,
        "certificate_id": known.certificate_id,
        "course_version": known.course_version,
        "course_title": known.course_title,
        "held": json.dumps(known.then, ensure_ascii=False),
    }
    _append(connection, account, entry, {**values, "revision": known.revision + 1, "revokes": None}, now)
    remeasure(connection, account)
    return of_account(connection, account.seq)[-1]


def revoke(connection: Connection, account: Account, known: Completion, by: str, now: datetime) -> Completion:
    """Adds a row that takes a completion back; done twice, the first one is returned."""
    rows = of_account(connection, account.seq)
    for row in rows:
        if row.revokes == known.id:
            return row
    course = Course(id=known.course, title=known.course_title, version=known.course_version, language="")
    entry = Entry(course=course, completed_at=known.completed_at, result=known.result, score=known.score, by=by)
    values = {
        "id": str(uuid5(_NAMESPACE, f"revokes {known.id}")),
        "attempt": known.attempt,
        "expires_on": known.expires_on,
        "certificate_id": known.certificate_id,
        "held": json.dumps(known.then, ensure_ascii=False),
    }
    _append(connection, account, entry, {**values, "revision": 1, "revokes": known.id}, now)
    remeasure(connection, account)
    return of_account(connection, account.seq)[-1]


def remeasure(connection: Connection, account: Account) -> None:
    """Brings the progress of a person's assignments in line with what they did."""
    _remeasure(connection, read_accounts(connection, accounts.c.seq == account.seq))


def remeasure_path(connection: Connection, path_id: str) -> None:
    """Brings everybody on a path in line after its list of courses has changed."""
    on_path = select(assignments.c.account_seq).where(assignments.c.kind == "path", assignments.c.target == path_id)
    after = 0
    while found := read_accounts(connection, (accounts.c.seq > after) & accounts.c.seq.in_(on_path), 1000):
        _remeasure(connection, found)
        after = found[-1].seq


def _remeasure(connection: Connection, people: Sequence[Account]) -> None:
    targets = catalogue.targets(connection)
    learning = learning_of(connection, [person.seq for person in people])
    rows = []
    for person in people:
        for one in person.assignments.values():
            after = measured(one, targets.get((one.kind, one.target), ()), learning.get(person.seq, NOTHING))
            if after is not one:
                rows.append(assignment_row(person.seq, after))
    if rows:
        put_assignments(connection, rows)


def page(connection: Connection, after: int, limit: int) -> list[tuple[Completion, Row[Any]]]:
    """Ledger rows after a sequence number, each with the account's id, external id and worker id as they are now."""
    chosen = select(completions, accounts.c.id.label("account_id"), accounts.c.external_id, accounts.c.attributes)
    chosen = chosen.join_from(completions, accounts, completions.c.account_seq == accounts.c.seq)
    rows = connection.execute(chosen.where(completions.c.seq > after).order_by(completions.c.seq).limit(limit))
    return [(_completion(row), row) for row in rows]


def find(connection: Connection, column: str, value: str) -> Completion | None:
    """The last row with this id or certificate id; a revocation wins, being later."""
    chosen = select(completions).where(completions.c[column] == value).order_by(completions.c.seq.desc()).limit(1)
    row = connection.execute(chosen).first()
    return None if row is None else _completion(row)


def expiry(entry: Entry, then: Mapping[str, str | None]) -> date | None:
    """The last day on which a proof holds; the 31st becomes the last day of a shorter month."""
    if entry.course.certificate_valid_months is None:
        return None
    done_on = local_day(entry.completed_at, then.get("time_zone"))
    months = done_on.month - 1 + entry.course.certificate_valid_months
    year, month = done_on.year + months // 12, months % 12 + 1
    for day in (done_on.day, 30, 29, 28):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")


def _append(connection: Connection, account: Account, entry: Entry, values: dict[str, Any], now: datetime) -> None:
    row = {
        "account_seq": account.seq,
        "course": entry.course.id,
        "course_version": entry.course.version,
        "course_title": entry.course.title,
        "completed_at": entry.completed_at,
        "result": entry.result,
        "score": entry.score,
        "recorded_at": now,
        "recorded_by": entry.by,
    }
    connection.execute(insert(completions).values({**row, **values}))


def _rows(connection: Connection, seqs: Sequence[int]) -> dict[int, list[Completion]]:
    found: dict[int, list[Completion]] = defaultdict(list)
    chosen = select(completions).where(completions.c.account_seq.in_(seqs)).order_by(completions.c.seq)
    for row in connection.execute(chosen):
        found[row.account_seq].append(_completion(row))
    return found


def _completion(row: Row[Any]) -> Completion:
    values = dict(row._mapping)
    then = json.loads(values["held"])
    names = Completion.__dataclass_fields__
    kept = {name: value for name, value in values.items() if name in names and name not in ("then", "course")}
    return Completion(**kept, course=CourseId(values["course"]), then=then)
