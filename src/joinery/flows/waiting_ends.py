"""Ends of access that wait because a limit is used up: one issue for each limit, with everybody whom it keeps waiting.

Rule: whoever holds an end or lets one go looks here again; so the issue says who waits now, and closes with the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from joinery.core.model.account import AccountState
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.plan import PlanSummary
from joinery.core.model.standing import Stage
from joinery.flows.book import Book
from joinery.flows.issues import refresh_issues
from joinery.flows.plan import PUSHES
from joinery.flows.policy import Ports
from joinery.store.accounts import Accounts
from joinery.store.findings import open_findings
from joinery.store.people import People
from joinery.store.waiting_ends import LANE, SUSPENSIONS, held_ends, pushed_that_wait

#: the check of ends that were pushed above their limit, and that of all others
WAIT: Final = "pushed_ends_wait"
HELD: Final = "ends_held"
CHECKS: Final = frozenset({WAIT, HELD})
#: where they are written
SOURCE: Final = "pushes"
_FREE: Final = (
    "Are they meant? Then `joinery plan` makes a plan of them, `joinery plan approve PLAN --override REASON` and "
    "`joinery apply PLAN --yes` let them go. One person's access ends at once with `joinery person end-access NUMBER`."
)


def look_at_waiting_ends(
    ports: Ports, as_of: datetime, plan: PlanSummary | None = None, *, above: bool = False
) -> None:
    """Who waits now. Nothing is read but what is open already, unless `plan` was held by such a limit, or a push was
    just found to be `above` it."""
    if ports.policy.mode_of_suspension() == "observe":
        return
    stopped = {guard.guard for guard in plan.guards if guard.tripped} if plan is not None else set()
    with ports.database.read() as connection:
        known = any(open_findings(connection, ports.policy.name, f"{SOURCE}:{part}") for part in (LANE, SUSPENSIONS))
    if not (above or known or stopped & {PUSHES, LANE, SUSPENSIONS}):
        return
    with ports.database.write() as connection:
        # the moment is read first: what a push finds beside us stays
        book = Book(connection, ports.policy.name, SOURCE, ports.now())
        pushed = list(_pushed(connection, ports))
        book.whole(LANE, pushed)
        book.whole(SUSPENSIONS, list(_held(connection, ports, {found.worker_id for found in pushed})))
    refresh_issues(ports, as_of, lambda cause: cause.check in CHECKS)


def _pushed(connection: Connection, ports: Ports) -> Iterator[Finding]:
    """Everybody of whom it was pushed who has still left and may still sign in."""
    waiting = pushed_that_wait(connection, ports.policy.name)
    accounts = Accounts(connection, ports.policy.target).of_people(list(waiting))
    open_ones = [key for key, account in accounts.items() if account.state is AccountState.ACTIVE]
    for key, person in sorted(People(connection, ports.policy.name).by_key(open_ones).items()):
        if person.standing.stage in {Stage.LEFT, Stage.NO_SHOW}:
            yield Finding(
                check="pushed_ends_wait",
                severity=Severity.WARNING,
                message=f"More than {ports.policy.push_per_hour} ends of access were pushed within an hour; it waits.",
                worker_id=waiting[key],
                attribute="access",
                suggestion=f"Is the sender sound? {_FREE} A full file of HR that says the same does so too.",
            )


def _held(connection: Connection, ports: Ports, pushed: Set[str]) -> Iterator[Finding]:
    """One for all who were not pushed: in a bad file it is everybody."""
    held = held_ends(connection, ports.policy.name)
    people = {number for numbers in held.values() for number in numbers} - pushed
    if people:
        yield Finding(
            check="ends_held",
            severity=Severity.WARNING,
            message="; ".join(held),
            attribute="access",
            suggestion=f"Is the file right? {_FREE}",
            people=tuple(sorted(people)),
        )
