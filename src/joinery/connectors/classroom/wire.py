"""Classroom's JSON to and from our model: pure functions, no pydantic, because pages and batches are large.

Classroom writes null where it holds nothing; we hold empty text. Rule: a value that is missing or of another kind
raises KeyError, TypeError or ValueError here and is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, assert_never

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.ids import AccountId, RequirementKey
from joinery.core.model.operation import (
    ArchiveAccount,
    Assign,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    Operation,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome, Receipt
from joinery.kit.contract import Completion

_STATES = {str(state): state for state in AccountState}
_OUTCOMES = {str(outcome): outcome for outcome in Outcome}


def encode(key: str, operation: Operation, account_id: AccountId | None) -> dict[str, object]:
    """One operation of `POST /operations`; `key` names it, `assignment` names the assignment."""
    if isinstance(operation, CreateAccount):
        attributes = dict(operation.attributes)
        return {"key": key, "op": "create", "external_id": operation.person_key, "attributes": attributes}
    return {"key": key, "account_id": account_id, **_fields(operation)}


def _fields(operation: Operation) -> dict[str, object]:
    match operation:
        case LinkAccount(person_key=person_key):
            # old null: only an account that is nobody's
            return {"op": "set_external_id", "external_id": person_key, "old": None}
        case UpdateAccount(changes=changes):
            rows = [{"attribute": c.attribute, "old": c.old, "new": c.new or None} for c in changes]
            return {"op": "update", "changes": rows}
        case JoinGroup() | LeaveGroup():
            return _membership(operation)
        case Assign() | Withdraw():
            return _duty(operation)
        case SuspendAccount() | ArchiveAccount() | RestoreAccount():
            return _turn(operation)
        case CreateAccount() | SendSignInMail():
            raise AssertionError("encoded elsewhere, or not at all")
        case _:
            assert_never(operation)


def _membership(operation: JoinGroup | LeaveGroup) -> dict[str, object]:
    if isinstance(operation, LeaveGroup):
        return {"op": "remove_from_group", "group": operation.group}
    return {"op": "add_to_group", "group": operation.group, "create": operation.create}


def _turn(operation: SuspendAccount | ArchiveAccount | RestoreAccount) -> dict[str, object]:
    match operation:
        case SuspendAccount(revoke_roles=revoke_roles):
            return {"op": "suspend", "revoke_roles": revoke_roles}
        case ArchiveAccount():
            return {"op": "archive"}
        case RestoreAccount():
            return {"op": "restore"}
        case _:
            assert_never(operation)


def _duty(operation: Assign | Withdraw) -> dict[str, object]:
    assignment = Enrolment(requirement=operation.requirement, cycle=operation.cycle).key
    if isinstance(operation, Withdraw):
        keep = operation.only_if_not_started
        return {"op": "withdraw", "assignment": assignment, "only_if_not_started": keep}
    kind, _, target = operation.requirement.partition(":")
    return {
        "op": "assign",
        "assignment": assignment,
        "kind": kind,
        "target": target,
        "cycle": operation.cycle,
        "due_on": operation.due_on.isoformat() if operation.due_on else None,
        "reasons": list(operation.reasons),
    }


def account(raw: Mapping[str, Any]) -> Account:
    """An account as Classroom shows it."""
    attributes: dict[str, str] = raw["attributes"]
    if None in attributes.values():
        attributes = {name: value for name, value in attributes.items() if value is not None}
    return Account(
        id=AccountId(_text(raw["id"])),
        external_id=raw["external_id"] or "",
        attributes=attributes,
        state=_STATES[raw["state"]],
        roles=tuple(raw["roles"]),
        groups=frozenset(raw["groups"]),
        enrolments=_enrolments(raw["assignments"]) if raw["assignments"] else {},
        version=str(raw["version"]),
    )


def _enrolments(rows: list[Mapping[str, Any]]) -> dict[str, Enrolment]:
    found: dict[str, Enrolment] = {}
    for row in rows:
        one = Enrolment(
            requirement=RequirementKey(f"{row['kind']}:{row['target']}"),
            cycle=row["cycle"],
            due_on=date.fromisoformat(row["due_on"]) if row["due_on"] else None,
            state=row["state"],
            completed_at=datetime.fromisoformat(row["completed_at"]) if row.get("completed_at") else None,
        )
        # an assignment made by somebody else under a key of their own must not hide ours
        if row["key"] == one.key or one.key not in found:
            found[one.key] = one
    return found


def receipt(raw: Mapping[str, Any]) -> Receipt:
    """What became of one operation."""
    shown = raw["account"]
    return Receipt(
        key=_text(raw["key"]),
        outcome=_OUTCOMES[raw["outcome"]],
        detail=raw["detail"],
        changed=raw["changed"],
        account=account(shown) if shown else None,
    )


def completion(raw: Mapping[str, Any]) -> Completion:
    """One row of the ledger; a correction repeats the id with a higher revision."""
    return Completion(
        id=_text(raw["id"]),
        account_id=AccountId(_text(raw["account_id"])),
        course=raw["course"],
        course_title=raw["course_title"],
        course_version=raw["course_version"],
        completed_at=raw["completed_at"],
        result=raw["result"],
        score="" if raw["score"] is None else f"{raw['score']:g}",
        expires_on=raw["expires_on"] or "",
        certificate_id=raw["certificate_id"] or "",
        attempt=raw["attempt"],
        revision=raw["revision"],
        revokes=raw["revokes"] or "",
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("an identifier must be text")
    return value
