"""Issues, one row per cause, with number, owner, state and history. Rule: a row is never removed; it closes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from joinery.core.hygiene.issues import Cause, Issue, IssueState, Note
from joinery.store.accounts import upsert
from joinery.store.tables import issues


def issues_of(connection: Connection, name: str) -> dict[str, Issue]:
    """fingerprint -> issue, of this connection, closed ones too."""
    query = select(issues).where(issues.c.connection == name)
    found = (_issue(row) for row in connection.execute(query))
    return {issue.cause.fingerprint: issue for issue in found}


def open_by_severity(connection: Connection, name: str) -> dict[str, int]:
    """severity -> issues that are not closed."""
    c = issues.c
    query = select(c.severity, func.count()).where(c.connection == name, c.state != IssueState.CLOSED)
    return {severity: count for severity, count in connection.execute(query.group_by(c.severity))}


def history_of(connection: Connection, name: str, number: str) -> Sequence[Note]:
    """What happened to it, oldest first."""
    where = and_(issues.c.connection == name, issues.c.id == number)
    text = connection.scalar(select(issues.c.history).where(where))
    return [Note(**note) for note in json.loads(text or "[]")]


def save_issues(connection: Connection, name: str, changed: Iterable[tuple[Issue, Note | None]]) -> None:
    """Write these, each with what is to be added to its history."""
    for issue, note in changed:
        history = [*history_of(connection, name, issue.number), *([note] if note else [])]
        values: dict[str, Any] = {
            "connection": name,
            "fingerprint": issue.cause.fingerprint,
            "check": issue.cause.check,
            "attribute": issue.cause.attribute,
            "source": issue.cause.source,
            "reason": issue.cause.reason,
            "severity": issue.severity,
            "owner": issue.owner,
            "state": str(issue.state),
            "people": issue.people,
            "before": issue.before,
            "most": issue.most,
            "first_seen": issue.first_seen,
            "last_seen": issue.last_seen,
            "closed_at": issue.closed_at,
            "returned": issue.returned,
            "above": issue.above,
            "until": issue.until.isoformat() if issue.until else "",
            "by": issue.by,
            "why": issue.why,
            "history": json.dumps([asdict(each) for each in history], ensure_ascii=False),
        }
        statement = upsert(connection)(issues).values(id=issue.number, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def _issue(row: Row[Any]) -> Issue:
    return Issue(
        number=row.id,
        cause=Cause(check=row.check, attribute=row.attribute, source=row.source, reason=row.reason),
        severity=row.severity,
        owner=row.owner,
        state=IssueState(row.state),
        people=row.people,
        before=row.before,
        most=row.most,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        closed_at=row.closed_at,
        returned=row.returned,
        above=row.above,
        until=date.fromisoformat(row.until) if row.until else None,
        by=row.by,
        why=row.why,
    )
