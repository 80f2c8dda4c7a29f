"""The safe order, and the lane. Links, creations and updates first, suspensions after, mail last; urgent before all."""

from __future__ import annotations

from hashlib import sha256
from typing import assert_never

from joinery.core.model.codec import canonical, encode_operation, encode_reason
from joinery.core.model.operation import ActionClass, UpdateAccount
from joinery.core.model.plan import Lane, Line

URGENT, ROOM, MAIN, CLOSING, MAIL = range(5)


def phase_of(line: Line) -> int:
    """Lines of a lower phase are terminal before a higher one starts."""
    if line.lane is Lane.URGENT:
        return URGENT
    if isinstance(line.operation, UpdateAccount) and gives_up_address(line.operation):
        return ROOM
    match line.action:
        case ActionClass.SUSPEND | ActionClass.ARCHIVE:
            return CLOSING
        case ActionClass.MAIL:
            return MAIL
        case (
            ActionClass.LINK
            | ActionClass.CREATE
            | ActionClass.RESTORE
            | ActionClass.UPDATE
            | ActionClass.GROUP
            | ActionClass.ASSIGN
            | ActionClass.WITHDRAW
        ):
            return MAIN
        case _:
            assert_never(line.action)


def gives_up_address(update: UpdateAccount) -> bool:
    """It frees an e-mail that somebody else may be given in the same plan."""
    return [(change.attribute, change.new) for change in update.changes] == [("email", "")]


def line_digest(line: Line) -> str:
    """What the line does and why, as SHA-256: the fingerprint of a plan is over these, in order."""
    body = [line.worker_id, encode_operation(line.operation), [encode_reason(r) for r in line.because]]
    return sha256(canonical(body).encode()).hexdigest()
