"""Takes a person out of an account: the shell stays under its ID, what they learnt stays to be counted.

Rule: refused while the account may sign in; done twice, the second time changes nothing. A new table that holds people
is added here; tests/classroom/test_erasing.py looks through every table and every byte.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from joinery_classroom.access import person_door
from joinery_classroom.errors import Conflict
from joinery_classroom.model import Account
from joinery_classroom.tables import (
    accounts,
    assignments,
    completions,
    failed_tries,
    members,
    scim_users,
    sessions,
    sign_in_tokens,
)

#: what was noted of the person beside a completion; where it was, and in which unit, stays countable
_OF_THE_PERSON = frozenset({"job_title", "manager_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied:
    """`changed`: False when it was empty already. `training_records` stay, of nobody in particular."""

    changed: bool
    training_records: int


def erase(connection: Connection, account: Account, pseudonym: str) -> Emptied:
    """Raises Conflict while the account may sign in. Everything belongs to the caller's transaction."""
    if account.state == "active":
        raise Conflict("The account may still sign in; nothing was erased.", fix="End its access first.")
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    mine = completions.c.account_seq == account.seq
    learnt = connection.execute(select(func.count()).select_from(completions).where(mine)).scalar_one()
    if dict(account.attributes) == {"display_name": pseudonym}:
        return Emptied(changed=False, training_records=learnt)
    for table in (sessions, sign_in_tokens, members, scim_users):
        connection.execute(delete(table).where(table.c.account_seq == account.seq))
    door = person_door(account.attributes.get("worker_id") or "")
    connection.execute(delete(failed_tries).where(failed_tries.c.door == door))
    connection.execute(update(assignments).where(assignments.c.account_seq == account.seq).values(reasons="[]"))
    _records(connection, account)
    shell = {
        "external_id": None,
        "email_key": None,
        "worker_key": None,
        "attributes": json.dumps({"display_name": pseudonym}),
        "state": "archived",
        "roles": "[]",
        "search": pseudonym,
        "version": account.version + 1,
        "last_sign_in_at": None,
    }
    connection.execute(update(accounts).where(accounts.c.seq == account.seq).values(shell))
    return Emptied(changed=True, training_records=learnt)


def _records(connection: Connection, account: Account) -> None:
    """The number of a certificate names nobody, and whoever holds the page with the name can go on proving it."""
    mine = completions.c.account_seq == account.seq
    for row in connection.execute(select(completions.c.seq, completions.c.held).where(mine)).all():
        then = {name: value for name, value in json.loads(row.held).items() if name not in _OF_THE_PERSON}
        held = json.dumps(then, ensure_ascii=False)
        connection.execute(update(completions).where(completions.c.seq == row.seq).values(held=held))
