"""Who is kept back, why, since when, and what happens if nobody does anything; and letting somebody go by name.

Rule: only a double of the address can be let go: of every other row there is nothing that could be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from joinery.core.hygiene.catalogue import explained
from joinery.core.hygiene.issues import RELEASABLE
from joinery.core.model.ids import PersonKey
from joinery.core.rules.instants import local_day
from joinery.errors import NotThere
from joinery.flows.person import Word
from joinery.flows.policy import Ports
from joinery.store.decisions import Decision, decide, released_rows
from joinery.store.findings import open_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBack:
    """One person and one reason. `otherwise`: what happens if nobody does anything."""

    worker_id: str
    check: str
    reason: str
    since: str
    what_to_do: str
    otherwise: str
    releasable: bool
    released_until: date | None = None


def kept_back(ports: Ports) -> Sequence[KeptBack]:
    """Everybody whose row is not believed, those kept back longest first."""
    today = local_day(ports.now(), ports.policy.company_zone)
    with ports.database.read() as connection:
        found = [row for row in open_findings(connection, ports.policy.name) if row["severity"] == "quarantine"]
        released = released_rows(connection, ports.policy.name, today)
    kept = [
        KeptBack(
            worker_id=row["worker_id"],
            check=row["check"],
            reason=row["message"],
            since=row["first_seen"],
            what_to_do=row["suggestion"],
            otherwise=explained(row["check"]).why or "The person keeps the last good data.",
            releasable=row["check"] in RELEASABLE,
            released_until=released.get(row["worker_id"]) if row["check"] in RELEASABLE else None,
        )
        for row in found
        if row["worker_id"]
    ]
    return sorted(kept, key=lambda each: (each.since, each.worker_id, each.check))


def release_row(ports: Ports, worker_id: str, word: Word) -> None:
    """From the next file on this person's row is believed, up to and including `until`. Raises NotThere."""
    mine = [each for each in kept_back(ports) if each.worker_id == worker_id]
    if not mine:
        raise NotThere(
            f"{worker_id} is not kept back; nothing was changed.", fix="`joinery quarantine list` shows who is."
        )
    fixed = [each for each in mine if not each.releasable]
    if fixed:
        raise NotThere(
            f"{worker_id} cannot be let go: {fixed[0].reason} Nothing was changed.",
            fix=f"There is nothing in the row that could be believed. {fixed[0].what_to_do}",
        )
    decision = Decision(
        id="",
        person_key=PersonKey(""),
        kind="release",
        subject=worker_id,
        owner=word.owner,
        reason=word.reason,
        made_at=ports.now(),
        until=word.until,
    )
    with ports.database.write() as connection:
        decide(connection, ports.policy.name, decision)
