"""One person before planning, with everything that a test does not care about already said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.ids import AccountId, PersonKey, RequirementKey, WorkerId
from joinery.core.model.operation import ActionClass, Operation, SuspendAccount
from joinery.core.model.plan import Line, Reason
from joinery.core.model.worker import Worker
from joinery.core.planning.steps import Subject
from joinery.core.rules.desired import Access, Desired

ANA = PersonKey("p-ana")
ACTIVE, SUSPENDED, ARCHIVED = AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.ARCHIVED
WHY = Reason(text="active, started 2026-03-02")
FORKLIFT = RequirementKey("course:FORKLIFT")
DAY = date(2026, 4, 1)


def worker(**given: Any) -> Worker:
    return Worker(**{"source_id": "s-7", "worker_id": "007", "location": "Lille", "language": "fr", **given})


def account(id_: str = "a-1", **given: Any) -> Account:
    return Account(id=AccountId(id_), **given)


def enrolled(state: str = "assigned", due_on: date | None = DAY, cycle: str = "") -> dict[str, Enrolment]:
    one = Enrolment(requirement=FORKLIFT, cycle=cycle, due_on=due_on, state=state)
    return {one.key: one}


def wanted(state: AccountState | None = ACTIVE, *, evidenced: bool = False, **given: Any) -> Desired:
    return Desired(person_key=ANA, access=Access(state=state, because=WHY, evidenced=evidenced), **given)


def subject(desired: Desired, there: Account | None = None, **given: Any) -> Subject:
    return Subject(**{"worker": worker(), "desired": desired, "account": there, **given})


def line(operation: Operation | None = None, action: ActionClass = ActionClass.SUSPEND, **given: Any) -> Line:
    """A line of somebody; a suspension unless told otherwise."""
    values: Mapping[str, Any] = {
        "worker_id": WorkerId("007"),
        "operation": operation or SuspendAccount(person_key=ANA),
        "action": action,
        "because": (WHY,),
        "guard": str(action),
    }
    return Line(**{**values, **given})
