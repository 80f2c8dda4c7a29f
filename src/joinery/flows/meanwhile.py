"""Calls of another run that are under way for people whose access ends beside it: what they leave behind is looked at.

Rule: an end of access waits for no other run; but whoever a call of that run lets in again, or was letting in, is put
out as soon as the call has ended, and not by the next run only.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic, sleep
from typing import Final

from sqlalchemy import Connection

from joinery.core.model.account import AccountState
from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import ActionClass
from joinery.flows.doubtful import look_at
from joinery.flows.policy import Ports
from joinery.store.accounts import Accounts
from joinery.store.riding import under_call

#: seconds for which such calls are waited for: a system that hangs for longer is the next run's business
PATIENCE: Final = 10.0
_BREATH: Final = 0.05


def let_in_meanwhile(ports: Ports, people: Sequence[PersonKey]) -> list[PersonKey]:
    """Of those about whom a call is under way: who may sign in once it has ended. Nobody else is asked about."""
    with ports.database.read() as connection:
        called = under_call(connection, people)
    if not called:
        return []
    until = monotonic() + PATIENCE
    while monotonic() < until:
        sleep(_BREATH)
        with ports.database.read() as connection:
            if not under_call(connection, called):
                break
    look_at(ports, dict.fromkeys(sorted(called), (ActionClass.RESTORE,)))
    with ports.database.read() as connection:
        return may_sign_in(connection, ports, sorted(called))


def may_sign_in(connection: Connection, ports: Ports, people: Sequence[PersonKey]) -> list[PersonKey]:
    """Those of these people whose account is open, as it was last seen."""
    accounts = Accounts(connection, ports.policy.target).of_people(list(people)) if people else {}
    return [key for key in people if key in accounts and accounts[key].state is AccountState.ACTIVE]
