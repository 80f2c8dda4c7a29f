"""Two people of our memory were one: everything about the one who goes is the other's from now on.

Rule: facts and events stay as they were written, under the key they had; an alias leads from it to the one who stays.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, func, select, update

from joinery.core.model.ids import PersonKey
from joinery.store.aliases import Aliases
from joinery.store.people import People, in_chunks
from joinery.store.plans import drop_lines_of
from joinery.store.tables import assignments, completions, decisions, links, mails, people


def linked(connection: Connection, keys: Collection[PersonKey]) -> set[PersonKey]:
    """Those of these people who have an account, in any learning system."""
    found: set[PersonKey] = set()
    for chunk in in_chunks(keys):
        query = select(links.c.person_key).where(links.c.person_key.in_(chunk)).distinct()
        found.update(PersonKey(key) for key in connection.scalars(query))
    return found


def hand_over(connection: Connection, name: str, gone: PersonKey, kept: PersonKey) -> None:
    """Decisions, assignments and training records go over; lines that have not run are dropped; the row goes."""
    drop_lines_of(connection, gone, but="")
    connection.execute(update(decisions).where(decisions.c.person_key == gone).values(person_key=kept))
    connection.execute(update(completions).where(completions.c.person_key == gone).values(person_key=kept))
    waits = mails.c.person_key == gone, mails.c.state == "waiting"
    connection.execute(delete(mails).where(mails.c.connection == name, *waits))
    _assignments(connection, gone, kept)
    Aliases(connection, name).hand_over(gone, kept)
    People(connection, name).remove([gone])


def _assignments(connection: Connection, gone: PersonKey, kept: PersonKey) -> None:
    """What both owe is what the one who stays owes."""
    a = assignments.c
    theirs = {
        (row.requirement, row.cycle) for row in connection.execute(select(assignments).where(a.person_key == kept))
    }
    for row in connection.execute(select(assignments).where(a.person_key == gone)).all():
        this = a.person_key == gone, a.requirement == row.requirement, a.cycle == row.cycle
        if (row.requirement, row.cycle) in theirs:
            connection.execute(delete(assignments).where(*this))
        else:
            connection.execute(update(assignments).where(*this).values(person_key=kept))


def shared_addresses(connection: Connection, name: str, emails: Collection[str] | None = None) -> set[str]:
    """Addresses that several people have: of these, or of everybody."""
    found: set[str] = set()
    mine = people.c.connection == name, people.c.work_email != ""
    query = select(people.c.work_email).where(*mine).group_by(people.c.work_email).having(func.count() > 1)
    for chunk in in_chunks(emails) if emails is not None else [None]:
        found.update(connection.scalars(query.where(people.c.work_email.in_(chunk)) if chunk else query))
    return found
