"""Operations, reasons, workers, accounts to and from plain JSON values. Rule: what goes in comes out equal.

Keys are sorted and separators fixed by `canonical`, so that equal values have equal text and equal digests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any, get_args

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.employment import Employment
from joinery.core.model.ids import AccountId, RequirementKey
from joinery.core.model.operation import Change, Operation
from joinery.core.model.plan import Reason
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import DATE_NAMES, Status, Worker

_BY_NAME: dict[str, Any] = {kind.__name__: kind for kind in get_args(Operation)}
_FIELDS = {kind: tuple(f.name for f in fields(kind)) for kind in (*_BY_NAME.values(), Worker, Standing, Reason)}
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: object) -> str:
    """JSON text: sorted keys, no spaces; the same text for the same value."""
    return _ENCODER.encode(value)


def instant_text(at: datetime) -> str:
    """UTC with microseconds and `Z`: sorts as text, whatever the zone of the instant."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant_of(text: str) -> datetime:
    """The instant of `instant_text`; raises ValueError on anything else."""
    return datetime.fromisoformat(text)


def encode_operation(operation: Operation) -> dict[str, object]:
    """`{"op": "CreateAccount", …}`; dates as ISO text."""
    out: dict[str, object] = {"op": type(operation).__name__}
    for name in _FIELDS[type(operation)]:
        value = getattr(operation, name)
        match value:
            case date():
                out[name] = value.isoformat()
            case tuple() if name == "changes":
                out[name] = [[c.attribute, c.old, c.new] for c in value]
            case tuple():
                out[name] = list(value)
            case Mapping():
                out[name] = dict(value)
            case _:
                out[name] = value
    return out


def decode_operation(data: Mapping[str, Any]) -> Operation:
    """The operation of `encode_operation`; raises KeyError on an unknown one."""
    values = {name: value for name, value in data.items() if name != "op"}
    if "changes" in values:
        values["changes"] = tuple(Change(attribute=a, old=o, new=n) for a, o, n in values["changes"])
    if values.get("due_on"):
        values["due_on"] = date.fromisoformat(values["due_on"])
    if "reasons" in values:
        values["reasons"] = tuple(values["reasons"])
    operation: Operation = _BY_NAME[data["op"]](**values)
    return operation


def encode_reason(reason: Reason) -> dict[str, str]:
    """Only what is there, and always a text."""
    return {name: value for name in _FIELDS[Reason] if (value := getattr(reason, name)) or name == "text"}


def decode_reason(data: Mapping[str, str]) -> Reason:
    """The reason of `encode_reason`."""
    return Reason(**data)


def encode_worker(worker: Worker) -> dict[str, object]:
    """Only what HR gives."""
    out: dict[str, object] = {}
    for name in _FIELDS[Worker]:
        value = getattr(worker, name)
        if value:
            out[name] = value.isoformat() if name in DATE_NAMES else dict(value) if name == "custom" else str(value)
    return out


def decode_worker(data: Mapping[str, Any]) -> Worker:
    """The worker of `encode_worker`."""
    values = dict(data)
    for name in DATE_NAMES & values.keys():
        values[name] = date.fromisoformat(values[name])
    if "status" in values:
        values["status"] = Status(values["status"])
    return Worker(**values)


_STANDING_DATES = (
    "started_on",
    "armed_end",
    "ended_on",
    "consumed_end",
    "missing_since",
    "back_on",
    "leave_ends",
    "bridged_until",
)


def encode_standing(standing: Standing) -> dict[str, object]:
    """Only what is set."""
    out: dict[str, object] = {"stage": str(standing.stage), "since": instant_text(standing.since)}
    out.update({name: value.isoformat() for name in _STANDING_DATES if (value := getattr(standing, name))})
    for name in ("missing_files", "never_worked", "access_off", "deceased", "held"):
        if value := getattr(standing, name):
            out[name] = value
    return out


def decode_standing(data: Mapping[str, Any]) -> Standing:
    """The standing of `encode_standing`."""
    values = dict(data)
    values["stage"] = Stage(values["stage"])
    values["since"] = instant_of(values["since"])
    for name in _STANDING_DATES:
        if values.get(name):
            values[name] = date.fromisoformat(values[name])
    return Standing(**values)


def encode_employments(jobs: Sequence[Employment]) -> list[dict[str, object]]:
    """A list of plain values; empty for somebody with one record, whose row says it all."""
    return [
        {
            "worker": encode_worker(job.worker),
            "standing": encode_standing(job.standing),
            "slot": job.slot,
            "primary": job.primary,
        }
        for job in jobs
    ]


def decode_employments(data: Sequence[Mapping[str, Any]]) -> tuple[Employment, ...]:
    """The records of `encode_employments`."""
    return tuple(
        Employment(
            worker=decode_worker(each["worker"]),
            standing=decode_standing(each["standing"]),
            slot=each["slot"],
            primary=each["primary"],
        )
        for each in data
    )


def encode_account(account: Account) -> dict[str, object]:
    """Groups and roles sorted; enrolments as a list in key order."""
    return {
        "id": account.id,
        "external_id": account.external_id,
        "attributes": dict(account.attributes),
        "state": str(account.state),
        "roles": sorted(account.roles),
        "groups": sorted(account.groups),
        "enrolments": [
            [
                *(e.requirement, e.cycle, e.due_on.isoformat() if e.due_on else "", e.state),
                *([instant_text(e.completed_at)] if e.completed_at else []),
            ]
            for _, e in sorted(account.enrolments.items())
        ],
        "version": account.version,
    }


def decode_account(data: Mapping[str, Any]) -> Account:
    """The account of `encode_account`."""
    enrolments = [
        Enrolment(
            requirement=RequirementKey(requirement),
            cycle=cycle,
            due_on=date.fromisoformat(due) if due else None,
            state=state,
            completed_at=instant_of(completed[0]) if completed else None,
        )
        for requirement, cycle, due, state, *completed in data["enrolments"]
    ]
    return Account(
        id=AccountId(data["id"]),
        external_id=data["external_id"],
        attributes=data["attributes"],
        state=AccountState(data["state"]),
        roles=tuple(data["roles"]),
        groups=frozenset(data["groups"]),
        enrolments={e.key: e for e in enrolments},
        version=data["version"],
    )
