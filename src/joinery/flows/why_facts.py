"""Where the values come from, what changed lately, and what is kept back until somebody corrects it.

Rule: no former name and no value of the employment itself (status, end, leave) is told here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from joinery.core.model.worker import LIFECYCLE_NAMES
from joinery.core.rules.explain import Origin
from joinery.flows.why_case import Case
from joinery.flows.why_part import Part, day
from joinery.store.history import FactRow, facts_of, findings_about

#: a change of these is told without the old value
NAMES = frozenset({"given_name", "family_name", "preferred_name"})
#: changes of so many days are told
LATELY = timedelta(days=30)
MOST = 3
_DOES = {
    "blocker": "The whole file is held back",
    "quarantine": "Kept back at the last good values",
    "warning": "Warning",
    "note": "Note",
}


def facts_part(case: Case) -> Part:
    """Source, file, the latest changes, open findings."""
    rows = facts_of(case.connection, case.person.key)
    current = [row for row in rows if row.known_to is None and row.value]
    found = told_findings(case, findings_about(case.connection, case.policy.name, case.number))
    changes = _changes(case, rows)
    said = [_from(case, current), *(_changed(case, row) for row in changes), *(_finding(row) for row in found)]
    if case.person.standing.held:
        said.append(f"Held: {case.person.standing.held}. Nothing is written until HR's word is mapped in `statuses`.")
    return Part(
        name="facts",
        title="Facts",
        said=tuple(said),
        data={
            "values": {
                row.attribute: {"value": row.value, "since": row.known_from.isoformat(), "file": row.file}
                for row in current
                if case.confidential or row.attribute not in LIFECYCLE_NAMES
            },
            "findings": [_data(row) for row in found],
        },
    )


def origins(case: Case) -> dict[str, Origin]:
    """attribute -> where its value came from, and the day it changed, if it did."""
    return {
        row.attribute: Origin(
            source=row.source, changed_on=row.known_from.astimezone(case.zone).date() if row.replaces else None
        )
        for row in facts_of(case.connection, case.person.key)
        if row.known_to is None
    }


def _from(case: Case, current: Sequence[FactRow]) -> str:
    if not current:
        return f"HR ({case.person.worker.source}) gives no values."
    last = max(current, key=lambda row: row.known_from)
    file = f"file {last.file}, " if last.file else ""
    return f"Values from {last.source}, the latest from {file}known since {day(last.known_from, case.zone)}."


def _changes(case: Case, rows: Sequence[FactRow]) -> list[FactRow]:
    told = [
        row
        for row in rows
        if row.replaces and row.attribute not in LIFECYCLE_NAMES and row.known_from > case.at - LATELY
    ]
    return told[-MOST:]


def _changed(case: Case, row: FactRow) -> str:
    on = f"on {day(row.known_from, case.zone)}"
    if row.attribute in NAMES:
        return f"HR changed {row.attribute} {on}."
    return f"HR changed {row.attribute} to {row.value or 'nothing'} {on}" + (
        f" (file {row.file})." if row.file else "."
    )


def told_findings(case: Case, found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those about the employment itself, which may tell of an end to come; what keeps somebody back is told."""
    return [
        row
        for row in found
        if case.confidential or row["attribute"] not in LIFECYCLE_NAMES or row["severity"] in {"blocker", "quarantine"}
    ]


def _finding(row: Mapping[str, Any]) -> str:
    todo = f" To do: {row['suggestion']}" if row["suggestion"] else ""
    return f"{_DOES.get(row['severity'], 'Found')}: {row['message']}{todo}"


def _data(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("check", "severity", "attribute", "message", "suggestion", "first_seen")}


def refused_part(found: Sequence[Mapping[str, Any]]) -> Part:
    """Somebody whose row never was good enough to be taken over."""
    said = ("In HR's file, but never taken over: so there is no account.", *(_finding(row) for row in found))
    return Part(name="facts", title="Facts", said=said, data={"findings": [_data(row) for row in found]})
