"""Access that somebody ended by hand: how long that counts.

Rule: nothing undoes it but a release, or a new employment that began later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from joinery.core.model.account import Account, AccountState
from joinery.core.model.standing import Stage
from joinery.core.rules.lifecycle import Moment
from joinery.store.decisions import Decision
from joinery.store.people import Person


def latch_of(person: Person, decisions: Sequence[Decision], zone: tzinfo) -> Decision | None:
    """The end of access by hand that counts: nobody released it, and no new employment began after it.

    A correction of HR's is not a new employment: only a start date later than the decision, and other than the one
    known then, is. A leave that ends, or a termination that HR takes back, releases nothing.
    """
    standing, worker = person.standing, person.worker
    for made in reversed(decisions):
        if made.kind != "end_access":
            continue
        begun = standing.started_on if standing.stage.employed and standing.consumed_end else None
        known_then = str(made.body.get("hire_date", ""))
        later = begun is not None and begun > made.made_at.astimezone(zone).date()
        if not (later and worker.value("hire_date") != known_then):
            return made
    return None


def latched(person: Person, account: Account | None, decisions: Sequence[Decision], moment: Moment) -> str:
    """By whom and when access was ended by hand (the reason is confidential); empty when it was not.

    A leaver whose account is closed needs no latch: so they are archived like any other.
    """
    latch = latch_of(person, decisions, moment.zone)
    closed = account is None or account.state is not AccountState.ACTIVE
    if latch is None or (closed and not person.standing.stage.employed and person.standing.stage is not Stage.PREHIRE):
        return ""
    return f"by hand: {latch.owner}, on {latch.made_at.astimezone(moment.zone).date()}"
