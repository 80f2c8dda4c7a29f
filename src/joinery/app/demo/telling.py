"""Tells what Joinery did on a day. Rule: everything is read back from plans, accounts, findings and reports.

The story may go wrong; the telling may not: what did not happen is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from joinery.app.demo.story import CAST
from joinery.app.wiring import Opened
from joinery.core.model.account import Account
from joinery.core.model.operation import (
    Assign,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    Operation,
    SendSignInMail,
    UpdateAccount,
)
from joinery.core.planning.wording import said
from joinery.flows.sync import SyncReport
from joinery.store.accounts import Accounts
from joinery.store.findings import open_findings
from joinery.store.people import People
from joinery.store.plans import lines_of


def _brief(operation: Operation) -> str:
    """What was done, briefly: the plan itself has it in full."""
    match operation:
        case CreateAccount():
            return "account"
        case SendSignInMail():
            return "mail"
        case JoinGroup() | LeaveGroup():
            return ""
        case Assign(requirement=requirement):
            return requirement.partition(":")[2]
        case UpdateAccount(changes=changes):
            return ", ".join(f"{c.attribute} {c.old} -> {c.new}" for c in changes if c.attribute != "email")
        case _:
            return said(operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The two runs of a day, and the connection to read in."""

    it: Opened
    morning: SyncReport
    evening: SyncReport


def account_of(db: Any, it: Opened, worker_id: str) -> Account | None:
    """The account of this employee number, as last confirmed."""
    people = People(db, it.ports.policy.name).by_worker_id([worker_id]).get(worker_id, [])
    found = Accounts(db, it.ports.policy.target).of_people([person.key for person in people])
    return next(iter(found.values()), None)


def told(day: int, both: Both) -> list[str]:
    """Three to six short lines."""
    with both.it.ports.database.read() as db:
        return list(_DAYS[day](_Reading(db, both)))


class _Reading:
    """The store, asked in the words of the story."""

    def __init__(self, db: Any, both: Both) -> None:
        self.db = db
        self.both = both
        self.it = both.it

    def did(self, part: str, *, evening: bool = False) -> str:
        """What the day's plan did for this person, in words; what was held says so."""
        report = self.both.evening if evening else self.both.morning
        if report.plan is None:
            return ""
        mine = [s for s in lines_of(self.db, report.plan.id) if s.line.worker_id == CAST[part]]
        parts = ((_brief(s.line.operation), "" if str(s.state) == "done" else f" [{s.state}]") for s in mine)
        return ", ".join(words + state for words, state in parts if words)

    def line(self, part: str, words: str, *, evening: bool = False) -> Iterable[str]:
        """`words (number): what was done`; nothing when nothing was."""
        if done := self.did(part, evening=evening):
            yield f"{words} ({CAST[part]}): {done}."

    def account(self, part: str) -> Account | None:
        """Their account."""
        return account_of(self.db, self.it, CAST[part])

    def counts(self) -> dict[str, int]:
        """Lines that were done, by kind of action, morning and evening."""
        found: dict[str, int] = {}
        for report in (self.both.morning, self.both.evening):
            for stored in lines_of(self.db, report.plan.id) if report.plan else ():
                if str(stored.state) == "done":
                    found[str(stored.line.action)] = found.get(str(stored.line.action), 0) + 1
        return found

    def mails(self) -> int:
        """Mails that left."""
        return sum(report.mail.get("sent", 0) for report in (self.both.morning, self.both.evening))

    def findings(self, *checks: str) -> list[str]:
        """Messages of what is open."""
        found = open_findings(self.db, self.it.ports.policy.name)
        return [f["message"] for f in found if f["check"] in checks]


def _one(day: _Reading) -> Iterable[str]:
    counts = day.counts()
    yield f"made {counts.get('create', 0)} accounts, gave {counts.get('assign', 0)} courses, sent {day.mails()} mails."


def _two(day: _Reading) -> Iterable[str]:
    yield from day.line("learner", "Amara, London")
    yield from day.line("boston", "Delphine, New York")
    yield from day.line("osaka", "中村 さくら, Osaka")
    yield from day.line("married", "Ines, the same account")
    yield from day.line("promoted", "Tomasz")
    yield from day.line("seasonal", "Marisol")
    if day.account("future") is None:
        yield f"Olena ({CAST['future']}) waits for day 4: no account yet. Mails sent, 06:00 local: {day.mails()}."


def _three(day: _Reading) -> Iterable[str]:
    yield from day.line("seasonal", "Marisol, the same account")
    yield from day.line("employee", "Jonas, the same account under his new number")
    yield from day.line("mononym", "Suharti, one name is enough")
    yield from _melbourne(day)
    if day.account("double") is None:
        yield from (f"HELD: {message}" for message in day.findings("duplicate_email")[:1])


def _melbourne(day: _Reading) -> Iterable[str]:
    early, late = day.both.morning.as_of, day.both.evening.as_of
    there = ZoneInfo("Australia/Melbourne")
    morning, evening = day.did("melbourne"), day.did("melbourne", evening=True)
    if "end access" in evening and "end access" not in morning:
        yield f"Bronte, run of {early:%H:%M}: {early.astimezone(there):%H:%M} in Melbourne, her last day; access stays."
        yield f"Bronte, run of {late:%H:%M}: {late.astimezone(there):%H:%M} in Melbourne, the day is over: {evening}."


def _four(day: _Reading) -> Iterable[str]:
    yield from day.line("double", "Ravi")
    yield from day.line("future", "Olena")
    for message in day.findings("manager_missing", "manager_loop"):
        yield f"Found: {message}"
    if delivered := sum(r.records.get("delivered", 0) for r in (day.both.morning, day.both.evening)):
        yield f"Amara finished a course and printed her certificate; HR's file has it ({delivered} record)."


def _five(day: _Reading) -> Iterable[str]:
    plan = day.both.morning.plan
    for guard in plan.guards if plan else ():
        if guard.tripped:
            yield f"HELD by a guard: {guard.message}."
    yield from day.line("newest", "Passes: Leocadia")
    yield from day.line("newest_berlin", "Passes: Matthis")
    yield from day.line("dismissed", "Overtakes everything: Corwin")
    again = sum(r.records.get("delivered", 0) for r in (day.both.morning, day.both.evening))
    yield f"Amara's record goes to HR once: sent again {again} times."


_DAYS: dict[int, Callable[[_Reading], Iterable[str]]] = {1: _one, 2: _two, 3: _three, 4: _four, 5: _five}
