"""Where the values come from, what changed lately, and what is kept back until somebody corrects it.

Rule: no former name, no address that may hold one, and no value of the employment itself (status, end, leave) is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from joinery.core.mapping.ahead import Ahead
from joinery.core.mapping.outbound import unmapped_in
from joinery.core.model.worker import IDENTITY_NAMES, LIFECYCLE_NAMES, Worker
from joinery.core.rules.explain import Origin
from joinery.flows.in_time import all_waiting
from joinery.flows.relations import manager_of
from joinery.flows.why_case import Case
from joinery.flows.why_part import Part, day
from joinery.store.history import FactRow, facts_of, findings_about
from joinery.store.snapshots import last_accepted

#: a change of these is told without the old value: former names are nobody's business, and addresses hold them
NAMES = frozenset({"given_name", "family_name", "preferred_name", "work_email", "personal_email", "manager_email"})
#: changes of so many days are told
LATELY = timedelta(days=30)
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
    kept_back = any(row["severity"] in {"blocker", "quarantine"} for row in found)
    said = [_from(case, rows, kept_back=kept_back), *_changes(case, rows), *_otherwise(case)]
    waiting = waiting_ahead(case)
    said += [f"{to_come(*each)}; until then nothing changes." for each in waiting]
    said += [finding_said(row) for row in found]
    if case.person.standing.held:
        said.append(f"Held: {case.person.standing.held}. Nothing is written until the settings say what it means.")
    return Part(
        name="facts",
        title="Facts",
        said=tuple(said),
        data={
            "values": {
                row.attribute: {
                    "value": row.value,
                    "known_since": row.known_from.isoformat(),
                    "changed": row.old is not None,
                    "source": row.source,
                    "file": row.file,
                }
                for row in current
                if case.confidential or row.attribute not in LIFECYCLE_NAMES
            },
            "to_come": [
                {"on": each.on.isoformat(), "known_on": each.known_on.isoformat(), "values": dict(each.values)}
                for _, each in waiting
            ],
            "findings": [finding_data(row) for row in found],
        },
    )


def waiting_ahead(case: Case) -> list[tuple[Worker, Ahead]]:
    """What HR has dated ahead, and in which record; of the employment itself only where that is asked for."""
    hidden = frozenset[str]() if case.confidential else LIFECYCLE_NAMES
    found = [(worker, each.without(hidden)) for worker, each in all_waiting(case.person)]
    return [(worker, each) for worker, each in found if each.values]


def to_come(worker: Worker, ahead: Ahead) -> str:
    """`From 2026-12-01 on: job_title Head instead of Clerk. HR said so on 2026-11-20`."""
    changes = [
        name if name in NAMES else f"{name} {value or 'nothing'} instead of {worker.value(name) or 'nothing'}"
        for name, value in ahead.values.items()
    ]
    return f"From {ahead.on} on: {'; '.join(changes)}. HR said so on {ahead.known_on}"


def origins(case: Case) -> dict[str, Origin]:
    """attribute -> where its value came from, and the day it changed, if it did."""
    return {
        row.attribute: Origin(
            source=row.source,
            changed_on=row.known_from.astimezone(case.zone).date() if row.old is not None else None,
        )
        for row in facts_of(case.connection, case.person.key)
        if row.known_to is None
    }


def _from(case: Case, rows: Sequence[FactRow], *, kept_back: bool) -> str:
    """Not even the day of a change of the employment itself is told: it may be the announcement of an end."""
    source = case.person.worker.source
    told = [row for row in rows if row.attribute not in LIFECYCLE_NAMES]
    if not told:
        return f"HR ({source}) gives no values."
    since = max(row.known_from for row in told)
    last = last_accepted(case.connection, case.policy.name, source)
    if last is None or not last.complete or kept_back or case.person.standing.missing_files:
        file = next((row.file for row in reversed(told) if row.known_from == since), "")
        return f"Last good values from {source}" + (f" (file {file})" if file else "") + f", {day(since, case.zone)}."
    return f"As in HR's file {last.name} ({source}); the same since {day(since, case.zone)}."


def _changes(case: Case, rows: Sequence[FactRow]) -> list[str]:
    told = [
        row
        for row in rows
        if row.old is not None
        and row.known_from > case.at - LATELY
        and row.attribute not in LIFECYCLE_NAMES
        and (row.attribute == "worker_id" or row.attribute not in IDENTITY_NAMES)
    ]
    by_day = groupby(told, key=lambda row: day(row.known_from, case.zone))
    return [f"On {on} HR changed {'; '.join(_changed(row) for row in several)}." for on, several in by_day]


def _changed(row: FactRow) -> str:
    if row.attribute in NAMES:
        return row.attribute
    if row.attribute == "worker_id":
        return f"the number from {row.old} to {row.value}"
    return f"{row.attribute} from {row.old or 'nothing'} to {row.value or 'nothing'}"


def _otherwise(case: Case) -> Iterator[str]:
    """Where something else is written than HR's own value."""
    worker, outbound = case.person.worker, case.policy.outbound
    written = manager_of(worker, case.batch.managers)
    if worker.manager_id and not written:
        yield f"HR names {worker.manager_id} as their own manager, up the line: no manager is written."
    elif written != worker.manager_id:
        yield f"HR names {worker.manager_id} as manager, who is not at work; {written}, the next one up, is written."
    for attribute, code in unmapped_in(outbound, worker):
        if outbound.tables[attribute].unmapped == "hold":
            yield f"The table for {attribute} has no word for {code!r}: the account keeps what it has until it does."


def told_findings(case: Case, found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without remarks about the employment itself, which may tell of an end to come; what keeps people back is told."""
    return [
        row
        for row in found
        if case.confidential or row["attribute"] not in LIFECYCLE_NAMES or row["severity"] in {"blocker", "quarantine"}
    ]


def finding_said(row: Mapping[str, Any]) -> str:
    """What it does, what it is, what to do."""
    todo = f" To do: {row['suggestion']}" if row["suggestion"] else ""
    return f"{_DOES.get(row['severity'], 'Found')}: {row['message']}{todo}"


def finding_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same for programs."""
    return {name: row[name] for name in ("check", "severity", "attribute", "message", "suggestion", "first_seen")}


def refused_part(found: Sequence[Mapping[str, Any]]) -> Part:
    """Somebody whose row never was good enough to be taken over."""
    said = ("In HR's file, but never taken over: so there is no account.", *(finding_said(row) for row in found))
    return Part(name="facts", title="Facts", said=said, data={"findings": [finding_data(row) for row in found]})
