"""A real Classroom for the contracts: its own database, the starter courses, and the hands of people inside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, RequirementKey
from joinery.kit.contract import Target
from joinery.testing.records_contract import ErasingContract, RecordContract, SignInContract
from joinery.testing.target_contract import TargetContract
from joinery_classroom import catalogue, ledger
from joinery_classroom.app import create_app, open_store
from joinery_classroom.courses import seed_starter_courses
from joinery_classroom.database import Store
from joinery_classroom.settings import ClassroomSettings
from joinery_classroom.tables import accounts
from joinery_classroom.world import read_accounts

HANDS = count(1)
TOKEN = "classroom-token"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classroom:
    """The application and its database."""

    app: Any
    store: Store
    settings: ClassroomSettings


@contextmanager
def classroom(folder: Path) -> Iterator[Classroom]:
    """Open for the length of a test, with the courses it ships with."""
    settings = ClassroomSettings(
        database=folder / "classroom.db",
        base_url="http://classroom.test",
        api_token=TOKEN,
        secret="s" * 32,
        simulation=True,
    )
    store = open_store(settings)
    try:
        seed_starter_courses(store)
        yield Classroom(app=create_app(settings, now=lambda: NOW, store=store), store=store, settings=settings)
    finally:
        store.close()


class ClassroomContract(TargetContract, SignInContract, RecordContract, ErasingContract):
    """What people do in Classroom itself, done to its database; `opened` is set by the target's fixture."""

    course = RequirementKey("course:FORKLIFT")
    path = RequirementKey("path:Onboarding_Path")
    opened: Classroom

    def start(self, target: Target, account: Account, enrolment: str) -> None:
        with self.opened.store.writing() as connection:
            (inside,) = read_accounts(connection, accounts.c.id == account.id)
            course = catalogue.read_course(connection, "FORKLIFT")
            assert course is not None
            ledger.mark_item(connection, inside, course, course.items[0].id, NOW)

    def promote(self, target: Target, account: Account) -> None:
        with self.opened.store.writing() as connection:
            connection.execute(accounts.update().where(accounts.c.id == account.id).values(roles='["admin"]'))

    def unlinked(self, target: Target) -> Account:
        account_id = f"c-by-hand-{next(HANDS)}"
        values = {"id": account_id, "attributes": "{}", "state": "active", "roles": "[]", "search": "", "version": 1}
        with self.opened.store.writing() as connection:
            connection.execute(accounts.insert().values(values | {"created_at": NOW}))
        return Account(id=AccountId(account_id), version="1")

    def complete(self, target: Target, account: Account, hour: int) -> None:
        with self.opened.store.writing() as connection:
            (inside,) = read_accounts(connection, accounts.c.id == account.id)
            course = catalogue.read_course(connection, "FORKLIFT")
            assert course is not None
            at = datetime(2026, 3, 1, hour, tzinfo=UTC)
            entry = ledger.Entry(course=course, completed_at=at, result="completed", score=None, by="trainer")
            ledger.record(connection, inside, entry, self.opened.settings, NOW)
