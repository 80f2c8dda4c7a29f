"""The safe order, and the lane. Links, creations and updates first, suspensions after, mail last; urgent before all."""

from __future__ import annotations

from hashlib import sha256
from typing import assert_never

from joinery.core.model.codec import canonical, encode_operation, encode_reason
from joinery.core.model.operation import ActionClass
from joinery.core.model.plan import Lane, Line

URGENT, MAIN, CLOSING, MAIL = 0, 1, 2, 3


def phase_of(line: Line) -> int:
    """Lines of a lower phase are terminal before a higher one starts."""
    if line.lane is Lane.URGENT:
        return URGENT
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


def line_digest(line: Line) -> str:
    """What the line does and why, as SHA-256: the fingerprint of a plan is over these, in order."""
    body = [line.worker_id, encode_operation(line.operation), [encode_reason(r) for r in line.because]]
    return sha256(canonical(body).encode()).hexdigest()
