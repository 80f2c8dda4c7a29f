"""An announced lay-off: drafted, approved ahead by name with a fingerprint, withdrawn. It fires at its instant.

Rule: confidential from beginning to end; nothing here is told without being asked for it, and no reason is logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from joinery.core.model.codec import canonical, instant_text
from joinery.core.rules.instants import start_of_day
from joinery.errors import ApprovalNeeded, NotThere, PlanChanged
from joinery.flows.laid_off import APPROVED, KIND, Batch, Member, batches, still_ends
from joinery.flows.person import find_person, now_of
from joinery.flows.policy import Policy, Ports
from joinery.store.connections import next_number
from joinery.store.decisions import about_no_person, decide, of_kinds, release
from joinery.store.people import People


def draft(ports: Ports, numbers: Sequence[str], at: datetime, owner: str, reason: str) -> Batch:
    """Keep a batch of these people for this instant. Raises NotThere, naming whom HR has announced no end of.

    The instant lies ahead, and not before anybody's last day: access never ends earlier than HR says.
    """
    policy, now = ports.policy, now_of(ports)
    if at <= now:
        raise NotThere(
            f"{at:%Y-%m-%dT%H:%MZ} has passed; nothing was kept.", fix="A lay-off is approved ahead of its instant."
        )
    with ports.database.write() as connection:
        members = [_member(connection, policy, number, at) for number in dict.fromkeys(numbers)]
        wrong = [said for said in members if isinstance(said, str)]
        if wrong or not members:
            raise NotThere(
                f"{'; '.join(wrong) or 'The file names nobody'}. Nothing was kept.",
                fix="Only people whose end HR has announced, on that day or before, can be in a lay-off.",
            )
        people = sorted((m for m in members if isinstance(m, Member)), key=lambda m: m.worker_id)
        number, told = next_number(connection, "L"), [[m.key, m.worker_id, m.end.isoformat()] for m in people]
        body = {"at": instant_text(at), "people": told, "fingerprint": _fingerprint(at, told)}
        decide(connection, policy.name, about_no_person(KIND, number, owner, reason, now, body))
        return _named(connection, policy, number)


def _member(connection: Connection, policy: Policy, number: str, at: datetime) -> Member | str:
    try:
        person = find_person(connection, policy, number)
    except NotThere:
        return f"{number}: nobody has this number"
    end = person.standing.armed_end
    if end is None:
        return f"{number}: HR has announced no end"
    if at < start_of_day(end, policy.zone_of(person.worker)):
        return f"{number}: their last day comes after that instant"
    return Member(key=person.key, worker_id=person.worker.worker_id, end=end)


def _fingerprint(at: datetime, people: Sequence[Sequence[str]]) -> str:
    return sha256(canonical([instant_text(at), [list(each) for each in people]]).encode()).hexdigest()


def approve_ahead(ports: Ports, number: str, fingerprint: str, owner: str) -> Batch:
    """Somebody answers for exactly these people and this instant. Raises PlanChanged when it is not the same, and
    ApprovalNeeded for whoever drafted it, unless the settings let them."""
    policy, now = ports.policy, now_of(ports)
    with ports.database.write() as connection:
        batch = _open(connection, policy, number)
        if policy.four_eyes and owner == batch.owner:
            raise ApprovalNeeded(
                f"{number} was drafted by {owner}, and somebody else has to approve it; nothing was approved.",
                fix="Ask a second person. Where one answers for both: `four_eyes: false` in the settings.",
            )
        if batch.fingerprint != fingerprint.strip():
            raise PlanChanged(f"{number} has another fingerprint than the one given; nothing was approved.")
        if batch.at <= now:
            raise PlanChanged(f"The instant of {number} has passed; nothing was approved.", fix="Draft it anew.")
        known = People(connection, policy.name).by_key([member.key for member in batch.members])
        moved = [m.worker_id for m in batch.members if still_ends(known.get(m.key), m)]
        if moved:
            raise PlanChanged(
                f"HR has moved or taken back the end of {', '.join(moved)}; nothing was approved.",
                fix=f"Withdraw {number} and draft it anew without them.",
            )
        if batch.state != "approved":
            body: dict[str, object] = {"fingerprint": fingerprint.strip()}
            decide(connection, policy.name, about_no_person(APPROVED, number, owner, "", now, body))
        return _named(connection, policy, number)


def withdraw(ports: Ports, number: str) -> Batch:
    """It does not fire. Raises NotThere when it has fired, or was withdrawn."""
    policy, now = ports.policy, now_of(ports)
    with ports.database.write() as connection:
        _open(connection, policy, number)
        made = of_kinds(connection, policy.name, (KIND, APPROVED))
        release(connection, [each.id for each, _ in made if each.subject == number], now)
        return _named(connection, policy, number)


def all_batches(ports: Ports) -> list[Batch]:
    """Every batch, oldest first."""
    with ports.database.read() as connection:
        return batches(connection, ports.policy.name)


def one_batch(ports: Ports, number: str) -> tuple[Batch, dict[str, str]]:
    """A batch, and whose end is another now: worker_id -> how. Raises NotThere."""
    with ports.database.read() as connection:
        batch = _named(connection, ports.policy, number)
        known = People(connection, ports.policy.name).by_key([member.key for member in batch.members])
    return batch, {m.worker_id: why for m in batch.members if (why := still_ends(known.get(m.key), m))}


def _named(connection: Connection, policy: Policy, number: str) -> Batch:
    found = next((each for each in batches(connection, policy.name) if each.id == number), None)
    if found is None:
        raise NotThere(f"There is no lay-off {number} here.", fix="`joinery layoff list` shows what there is.")
    return found


def _open(connection: Connection, policy: Policy, number: str) -> Batch:
    batch = _named(connection, policy, number)
    if batch.state in {"fired", "withdrawn"}:
        raise NotThere(f"{number} is {batch.state}; nothing was changed.")
    return batch
