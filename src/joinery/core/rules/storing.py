"""Memory rows as plain data, for the store, and back.

Rule 1: what is encoded is decoded equal; a new field gets a default, so that older rows can still be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.rules.learning import Assignment, Exemption, ManualAssignment, State, Weight


def encode_assignment(row: Assignment) -> dict[str, object]:
    """Plain data, empty things left out; dates in ISO form."""
    days = ("due_on", "assigned_on", "completed_on", "withdrawn_on", "paused_on", "renews")
    found: dict[str, object] = {
        "requirement": row.requirement,
        "cycle": row.cycle,
        "state": row.state.value,
        "weight": row.weight.value,
        "reasons": sorted(row.reasons),
        "paused_days": row.paused_days,
        "time_zone": row.time_zone,
        "match_started": {name: day.isoformat() for name, day in sorted(row.match_started.items())},
    }
    found |= {name: getattr(row, name).isoformat() for name in days if getattr(row, name) is not None}
    return {name: value for name, value in found.items() if value or name == "requirement"}


def decode_assignment(data: Mapping[str, object]) -> Assignment:
    """The row that was written by `encode_assignment`."""
    started = data.get("match_started") or {}
    reasons = data.get("reasons") or []
    if not isinstance(started, Mapping) or not isinstance(reasons, list):
        raise TypeError("not an assignment")
    return Assignment(
        requirement=RequirementKey(str(data["requirement"])),
        cycle=str(data.get("cycle", "")),
        due_on=_day(data, "due_on"),
        reasons=frozenset(map(str, reasons)),
        state=State(str(data["state"])),
        assigned_on=date.fromisoformat(str(data["assigned_on"])),
        completed_on=_day(data, "completed_on"),
        withdrawn_on=_day(data, "withdrawn_on"),
        paused_on=_day(data, "paused_on"),
        paused_days=int(str(data.get("paused_days", 0))),
        renews=_day(data, "renews"),
        weight=Weight(str(data["weight"])),
        time_zone=str(data.get("time_zone", "")),
        match_started={str(name): date.fromisoformat(str(day)) for name, day in started.items()},
    )


def _day(data: Mapping[str, object], key: str) -> date | None:
    return date.fromisoformat(str(data[key])) if data.get(key) else None


def encode_exemption(exemption: Exemption) -> dict[str, object]:
    """Plain data; `until` is left out when there is no end."""
    found: dict[str, object] = {
        "person_key": exemption.person_key,
        "requirement": exemption.requirement,
        "owner": exemption.owner,
        "reason": exemption.reason,
    }
    return found | ({"until": exemption.until.isoformat()} if exemption.until else {})


def decode_exemption(data: Mapping[str, object]) -> Exemption:
    """The exemption that was written by `encode_exemption`."""
    return Exemption(
        person_key=PersonKey(str(data["person_key"])),
        requirement=RequirementKey(str(data["requirement"])),
        owner=str(data["owner"]),
        reason=str(data["reason"]),
        until=_day(data, "until"),
    )


def encode_manual(manual: ManualAssignment) -> dict[str, object]:
    """Plain data; empty things left out."""
    found: dict[str, object] = {
        "person_key": manual.person_key,
        "requirement": manual.requirement,
        "cycle": manual.cycle,
        "owner": manual.owner,
        "reason": manual.reason,
        "due_on": manual.due_on and manual.due_on.isoformat(),
        "until": manual.until and manual.until.isoformat(),
        "asked_on": manual.asked_on and manual.asked_on.isoformat(),
    }
    return {name: value for name, value in found.items() if value}


def decode_manual(data: Mapping[str, object]) -> ManualAssignment:
    """The assignment by hand that was written by `encode_manual`."""
    return ManualAssignment(
        person_key=PersonKey(str(data["person_key"])),
        requirement=RequirementKey(str(data["requirement"])),
        cycle=str(data.get("cycle", "")),
        due_on=_day(data, "due_on"),
        owner=str(data["owner"]),
        reason=str(data.get("reason", "")),
        until=_day(data, "until"),
        asked_on=_day(data, "asked_on"),
    )
