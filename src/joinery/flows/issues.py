"""Keeps issues in step with what is found, and takes what people decide about them.

Rule: a run opens, wakes and closes them; a person only assigns, snoozes and waives. `automatic` stays locked while a
blocker of the population is neither gone nor waived by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from joinery.core.hygiene.issues import RELEASABLE, Cause, Issue, IssueState, Note, Seen, after_run, cause_of, owner_of
from joinery.core.hygiene.training import check_record
from joinery.core.model.codec import instant_text
from joinery.core.model.finding import Finding
from joinery.core.rules.instants import local_day
from joinery.errors import NotThere
from joinery.flows.policy import Ports
from joinery.store.audit_log import Happened, note
from joinery.store.completions import Completions
from joinery.store.connections import next_number
from joinery.store.decisions import released_rows
from joinery.store.findings import close_findings, open_findings, record_findings
from joinery.store.issues import history_of, issues_of, save_issues

#: worst first
_RECORDS = 5000
_ORDER = ("blocker", "quarantine", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One issue with its history and the findings it is made of now."""

    issue: Issue
    history: Sequence[Note]
    findings: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody decides: who, why, until when; `until_worse` snoozes at today's number of people."""

    by: str
    why: str = ""
    until: date | None = None
    until_worse: bool = False


def refresh_issues(ports: Ports, as_of: datetime, of: Callable[[Cause], bool] = lambda cause: True) -> None:
    """After a run: new ones get a number, those not found any more close, closed ones that are back open again.

    `of`: only those, for what a run looks at last: each refresh of an issue is one run to its trend.
    """
    at, today = instant_text(ports.now()), local_day(as_of, ports.policy.company_zone)
    with ports.database.write() as connection:
        known = {mark: i for mark, i in issues_of(connection, ports.policy.name).items() if of(i.cause)}
        causes = _by_cause(_weighed(open_findings(connection, ports.policy.name), ports.policy.checks))
        found = {cause.fingerprint: (cause, rows) for cause, rows in causes.items() if of(cause)}
        seen = [_after(issue, found[mark][1] if mark in found else [], at, today) for mark, issue in known.items()]
        new = [_opened(connection, ports, *each, at) for mark, each in found.items() if mark not in known]
        changed = [each for each in seen if each[0] != known[each[0].cause.fingerprint]]
        save_issues(connection, ports.policy.name, [*changed, *new])


def look_at_records(ports: Ports) -> int:
    """Training of unknown people, from before the first day or from the future, as findings; how many there are."""
    records = Completions(ports.database, ports.policy.name).flagged(_RECORDS)
    found = [
        finding
        for record in records
        for finding in check_record(
            record.flags, record.completion.course, record.worker_id, str(record.completion.account_id)
        )
    ]
    # one moment for both: what was just recorded is not of before
    at = ports.now()
    with ports.database.write() as connection:
        record_findings(connection, ports.policy.name, "records:completions", found, at)
        close_findings(connection, ports.policy.name, "records:completions", before=at)
    return len(found)


def _weighed(rows: Sequence[dict[str, Any]], checks: Mapping[str, str]) -> list[dict[str, Any]]:
    """The findings as the settings weigh them; what holds somebody back, or locks `automatic`, stays as it is."""
    found = []
    for row in rows:
        weight = checks.get(row["check"]) if row["severity"] in {"warning", "note"} else None
        if weight != "off":
            found.append(row | {"severity": weight} if weight else row)
    return found


def _by_cause(rows: Sequence[dict[str, Any]]) -> dict[Cause, list[dict[str, Any]]]:
    found: dict[Cause, list[dict[str, Any]]] = {}
    for row in rows:
        cause = cause_of(row["check"], row["attribute"], row["source"], row["message"])
        found.setdefault(cause, []).append(row)
    return found


def people_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The employee numbers of everybody these findings are about."""
    return sorted(_named(rows))


def _named(rows: Sequence[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for row in rows:
        found.update(row["people"].split("\n") if row["people"] else (row["worker_id"],))
    return found - {""}


def _count(rows: Sequence[dict[str, Any]]) -> int:
    return len(_named(rows)) or len(rows)


def _severity(rows: Sequence[dict[str, Any]]) -> str:
    return min((row["severity"] for row in rows), key=_ORDER.index, default="note")


def _after(issue: Issue, rows: Sequence[dict[str, Any]], at: str, today: date) -> tuple[Issue, Note | None]:
    seen = Seen(people=_count(rows) if rows else 0, severity=_severity(rows), at=at, today=today)
    changed, happened = after_run(issue, seen)
    return changed, Note(at=at, what=happened, people=changed.people) if happened else None


def _opened(
    connection: Connection, ports: Ports, cause: Cause, rows: Sequence[dict[str, Any]], at: str
) -> tuple[Issue, Note]:
    count = _count(rows)
    issue = Issue(
        number=next_number(connection, "H"),
        cause=cause,
        severity=_severity(rows),
        owner=owner_of(cause, ports.policy.owners),
        people=count,
        most=count,
        first_seen=at,
        last_seen=at,
    )
    return issue, Note(at=at, what="first seen", people=count)


def let_go(connection: Connection, ports: Ports, population: Sequence[Finding], as_of: datetime) -> list[Finding]:
    """The findings without those about people whom somebody let go by name: their rows are believed."""
    released = released_rows(connection, ports.policy.name, local_day(as_of, ports.policy.company_zone))
    return [f for f in population if f.check not in RELEASABLE or f.worker_id not in released]


# --------------------------------------------------------------------------------------------------- looking


def list_issues(ports: Ports, *, closed: bool = False, owner: str = "") -> list[Told]:
    """Worst first, then those about most people; closed ones only when asked for."""
    with ports.database.read() as connection:
        known = issues_of(connection, ports.policy.name)
        found = {c.fingerprint: rows for c, rows in _by_cause(open_findings(connection, ports.policy.name)).items()}
    wanted = [
        Told(issue=issue, history=(), findings=found.get(mark, []))
        for mark, issue in known.items()
        if (closed or issue.state is not IssueState.CLOSED) and owner in {"", issue.owner}
    ]
    return sorted(wanted, key=lambda told: (_ORDER.index(told.issue.severity), -told.issue.people, told.issue.number))


def show_issue(ports: Ports, name: str) -> Told:
    """By number (H-42), or by the name of its check when only one has it. Raises NotThere."""
    with ports.database.read() as connection:
        issue = _find(connection, ports, name)
        rows = _by_cause(open_findings(connection, ports.policy.name)).get(issue.cause, [])
        return Told(issue=issue, history=history_of(connection, ports.policy.name, issue.number), findings=rows)


def _find(connection: Connection, ports: Ports, name: str) -> Issue:
    known = issues_of(connection, ports.policy.name).values()
    wanted = name.strip()
    by_number = [issue for issue in known if issue.number.casefold() == wanted.casefold()]
    word = wanted.replace(" ", "_").lower()
    by_check = [issue for issue in known if issue.cause.check == word and issue.state is not IssueState.CLOSED]
    if len(by_number or by_check) == 1:
        return (by_number or by_check)[0]
    if by_check:
        numbers = ", ".join(sorted(issue.number for issue in by_check))
        raise NotThere(f"{len(by_check)} issues are open of {word}: {numbers}.", fix="Name one by its number.")
    raise NotThere(f"There is no issue {wanted!r}.", fix="`joinery issue list` shows those that are open.")


# -------------------------------------------------------------------------------------------------- deciding


def assign_issue(ports: Ports, name: str, owner: str, by: str) -> Issue:
    """Somebody looks after it from now on."""
    return _change(ports, name, f"given to {owner}", by, owner=owner)


def snooze_issue(ports: Ports, name: str, said: Said) -> Issue:
    """Nobody is told until it is worse, or until a day has passed."""
    with ports.database.read() as connection:
        issue = _open(_find(connection, ports, name))
    above = issue.people if said.until_worse else None
    what = f"snoozed until more than {above} people" if said.until_worse else f"snoozed until {said.until}"
    changed: dict[str, Any] = {"state": IssueState.SNOOZED, "above": above, "until": said.until}
    return _change(ports, issue.number, what, said.by, by=said.by, why=said.why, **changed)


def waive_issue(ports: Ports, name: str, said: Said) -> Issue:
    """Somebody answers for it until a day; a blocker that is waived by name no longer locks `automatic`."""
    with ports.database.read() as connection:
        issue = _open(_find(connection, ports, name))
    what = f"waived until {said.until}: {said.why}"
    changed: dict[str, Any] = {"state": IssueState.WAIVED, "above": None, "until": said.until}
    return _change(ports, issue.number, what, said.by, by=said.by, why=said.why, **changed)


def _open(issue: Issue) -> Issue:
    if issue.state is IssueState.CLOSED:
        raise NotThere(f"{issue.number} is closed; nothing was changed.", fix="Nothing of it is found any more.")
    return issue


def _change(ports: Ports, name: str, what: str, who: str, **changed: Any) -> Issue:
    at = instant_text(ports.now())
    with ports.database.write() as connection:
        issue = replace(_find(connection, ports, name), **changed)
        save_issues(connection, ports.policy.name, [(issue, Note(at=at, what=what, by=who, people=issue.people))])
        happened = Happened(
            action=f"issue.{what.partition(' ')[0]}",
            at=ports.now(),
            connection=ports.policy.name,
            actor=who,
            subject=issue.number,
            facts={"check": issue.cause.check, "people": issue.people},
            private={"what": what, "reason": issue.why},
        )
        note(connection, happened)
    return issue


def waived(connection: Connection, ports: Ports, row: dict[str, Any], today: date) -> bool:
    """Somebody answers for the issue that this finding belongs to, today."""
    cause = cause_of(row["check"], row["attribute"], row["source"], row["message"])
    issue = issues_of(connection, ports.policy.name).get(cause.fingerprint)
    in_time = issue is not None and (issue.until is None or issue.until >= today)
    return issue is not None and issue.state is IssueState.WAIVED and in_time
