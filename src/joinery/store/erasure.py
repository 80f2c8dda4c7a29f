"""Takes one person out of every table: rows go, or lose everything that says who it was and stay to be counted.

Rule: everything here belongs to the caller's transaction. A new table that holds people is added to `holdings` and
`erase_person`, or to `mentions.py`; tests/stories/test_erased_everywhere.py knows every table and looks.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, or_, select, text, update

from joinery.core.model.codec import canonical
from joinery.core.model.ids import AccountId, PersonKey
from joinery.store.mentions import made_of, take_out_mentions
from joinery.store.tables import (
    accounts,
    aliases,
    assignments,
    closings,
    completions,
    decisions,
    events,
    facts,
    findings,
    links,
    mails,
    people,
    plan_lines,
    scim_people,
)

GONE = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything by which one person is found in the store, and what stands in its place afterwards."""

    connection: str
    target: str
    key: PersonKey
    #: every number they have or had
    numbers: frozenset[str]
    account_id: AccountId | None
    pseudonym: str
    #: addresses and full names they have or had, by which others' rows may speak of them
    words: frozenset[str] = field(default_factory=frozenset)
    #: accounts that are nobody's and show their number or address
    alike: frozenset[AccountId] = field(default_factory=frozenset)
    #: training records that stay as they are: (id, revision)
    kept: frozenset[tuple[str, int]] = field(default_factory=frozenset)

    @property
    def called(self) -> frozenset[str]:
        """What stands in the place of an employee number, where a problem is about them or their account."""
        ids = {*self.alike, *((self.account_id,) if self.account_id else ())}
        return self.numbers | {f"account {one}" for one in ids}

    @property
    def all_words(self) -> frozenset[str]:
        """Everything by which a text may speak of them."""
        return self.numbers | self.words | self.alike | {self.key} | ({self.account_id} if self.account_id else set())


def holdings(connection: Connection, trace: Trace) -> Mapping[str, int]:
    """How many rows of each table speak of this person."""
    mine = {
        "people": people.c.key == trace.key,
        "facts": facts.c.person_key == trace.key,
        "accounts": _account(trace),
        "links": links.c.person_key == trace.key,
        "aliases": aliases.c.person_key == trace.key,
        "events": events.c.person_key == trace.key,
        "plan_lines": plan_lines.c.person_key == trace.key,
        "mails": mails.c.person_key == trace.key,
        "findings": _findings(trace),
        "decisions": and_(decisions.c.person_key == trace.key, decisions.c.kind != GONE),
        "assignments": assignments.c.person_key == trace.key,
        "closings": closings.c.person_key == trace.key,
        "completions": completions.c.person_key == trace.key,
    }
    tables = {table.name: table for table in (people, facts, accounts, links, aliases, events)}
    tables |= {table.name: table for table in (plan_lines, mails, findings, decisions, assignments, completions)}
    tables |= {closings.name: closings}
    return {name: int(connection.scalar(_count(tables[name]).where(where)) or 0) for name, where in mine.items()}


def _count(table: Table) -> Any:
    return select(func.count()).select_from(table)


def _account(trace: Trace) -> Any:
    mine = {*trace.alike, trace.account_id or ""}
    return and_(accounts.c.target == trace.target, accounts.c.id.in_(mine))


def _findings(trace: Trace) -> Any:
    return and_(findings.c.connection == trace.connection, findings.c.worker_id.in_(trace.called))


def named_as_manager(connection: Connection, trace: Trace) -> int:
    """People whose HR record names this person as manager: their data, not this person's."""
    where = people.c.connection == trace.connection, people.c.manager_id.in_(trace.numbers), people.c.key != trace.key
    return int(connection.scalar(_count(people).where(*where)) or 0)


def records_of(connection: Connection, trace: Trace) -> list[tuple[str, int, str, str]]:
    """(id, revision, completed at, delivered in) of their training records."""
    c = completions.c
    query = select(c.id, c.revision, c.completed_at, c.delivered_in).where(c.person_key == trace.key)
    return [(row.id, row.revision, row.completed_at, row.delivered_in) for row in connection.execute(query)]


def erase_person(connection: Connection, trace: Trace) -> None:
    """Rows that only describe go; rows that are counted stay under the pseudonym."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete = ON"))
    connection.execute(delete(facts).where(facts.c.person_key == trace.key))
    connection.execute(delete(links).where(links.c.person_key == trace.key))
    connection.execute(delete(aliases).where(aliases.c.person_key == trace.key))
    connection.execute(delete(accounts).where(_account(trace)))
    connection.execute(delete(people).where(people.c.key == trace.key))
    _events(connection, trace)
    _lines(connection, trace)
    connection.execute(update(mails).where(mails.c.person_key == trace.key).values(detail=""))
    # how long access took to end stays evidence, of nobody in particular
    gone = {"worker_id": trace.pseudonym, "account_id": trace.pseudonym}
    connection.execute(update(closings).where(closings.c.person_key == trace.key).values(gone))
    _over_scim(connection, trace)
    _data_problems(connection, trace)
    _decisions(connection, trace)
    take_name_off_records(connection, trace)
    take_out_mentions(connection, trace.all_words, trace.pseudonym)


def _over_scim(connection: Connection, trace: Trace) -> None:
    """Users as an identity provider wrote them: an empty one stays under its ID, and is no longer shown."""
    c = scim_people.c
    names = {each.casefold() for each in trace.numbers | trace.words}
    theirs = or_(c.id.in_(trace.numbers), c.external_id.in_(trace.numbers), c.user_key.in_(names))
    for key in connection.scalars(select(c.id).where(c.connection == trace.connection, theirs)).all():
        name = f"{trace.pseudonym}/{key}"
        gone = {"user_name": name, "user_key": name, "external_id": "", "gone": True}
        body = canonical({"userName": name})
        mine = c.connection == trace.connection, c.id == key
        connection.execute(update(scim_people).where(*mine).values(body=body, **gone))


def _data_problems(connection: Connection, trace: Trace) -> None:
    """Under the pseudonym; the same problem under two of their numbers stays two."""
    for place, number in enumerate(sorted(trace.called)):
        where = findings.c.connection == trace.connection, findings.c.worker_id == number
        who = trace.pseudonym if place == 0 else f"{trace.pseudonym}/{place}"
        gone = {"worker_id": who, "message": GONE, "suggestion": "", "people": "", "better": "", "open": False}
        connection.execute(update(findings).where(*where).values(gone))


def _events(connection: Connection, trace: Trace) -> None:
    """The kind, the attribute and the days stay countable; what changed to what goes. The row number keeps the key
    unique."""
    for row in connection.execute(
        select(events.c.id, events.c.old, events.c.new).where(events.c.person_key == trace.key)
    ):
        gone = f"{GONE} {row.id}"
        values = {"worker_id": trace.pseudonym, "old": gone if row.old else "", "new": gone if row.new else ""}
        connection.execute(update(events).where(events.c.id == row.id).values(values))


def _lines(connection: Connection, trace: Trace) -> None:
    c = plan_lines.c
    rows = connection.execute(select(plan_lines).where(c.person_key == trace.key)).all()
    for row in rows:
        values = {
            "worker_id": trace.pseudonym,
            "operation": canonical(_nameless(json.loads(row.operation), trace)),
            "because": canonical([_reason(reason) for reason in json.loads(row.because)]),
            "held": GONE if row.held else "",
            "detail": GONE if row.detail else "",
            "before": "",
            "state": "discarded" if row.state in {"waiting", "held", "planned"} else row.state,
        }
        connection.execute(update(plan_lines).where(c.plan_id == row.plan_id, c.seq == row.seq).values(values))


def _nameless(operation: dict[str, Any], trace: Trace) -> dict[str, Any]:
    """What was done, without any value that was written."""
    if "attributes" in operation:
        operation["attributes"] = {}
    if "changes" in operation:
        operation["changes"] = [[change[0], "", ""] for change in operation["changes"]]
    if "account_id" in operation:
        operation["account_id"] = trace.pseudonym
    return operation


def _reason(reason: Mapping[str, str]) -> dict[str, str]:
    return {"text": GONE} | {name: reason[name] for name in ("rule", "attribute") if name in reason}


def _decisions(connection: Connection, trace: Trace) -> None:
    """Who decided what kind of thing and when stays; the reason and the account go."""
    c = decisions.c
    mine = c.person_key == trace.key, c.kind != GONE
    connection.execute(update(decisions).where(*mine).values(reason=GONE, body="{}"))
    named = "match", "no_match", "same_person", "other_person"
    connection.execute(update(decisions).where(*mine, c.kind.in_(named)).values(subject=trace.pseudonym))
    # a row that was let go by its number, whoever that was taken to be
    by_number = c.connection == trace.connection, c.kind == "release", c.subject.in_(trace.numbers)
    connection.execute(update(decisions).where(*by_number).values(subject=trace.pseudonym, reason=GONE))


def take_name_off_records(connection: Connection, trace: Trace) -> None:
    """A record stays: with everything where a law asks for it, else as one of nobody in particular."""
    c = completions.c
    for row in connection.execute(select(completions).where(c.person_key == trace.key)).all():
        if (row.id, row.revision) in trace.kept:
            continue
        own_id = (
            f"{trace.pseudonym}/{row.course}/{row.completed_at}"
            if (trace.account_id and trace.account_id in row.id) or made_of(row.id, trace.all_words)
            else row.id
        )
        body = json.loads(row.body) | {"id": own_id, "account_id": trace.pseudonym, "certificate_id": ""}
        org = {
            name: value for name, value in json.loads(row.org_then).items() if name not in {"manager_id", "job_title"}
        }
        values = {"id": own_id, "account_id": trace.pseudonym, "body": canonical(body), "org_then": canonical(org)}
        where = c.target == row.target, c.id == row.id, c.revision == row.revision
        connection.execute(update(completions).where(*where).values(values))


# ------------------------------------------------------------------------------------------ those who were erased


def erased(connection: Connection, name: str) -> dict[str, str]:
    """digest -> the day of the erasure, of everybody who was erased here."""
    c = decisions.c
    query = select(c.body, c.made_at).where(c.connection == name, c.kind == GONE, c.released_at == "")
    return {digest: row.made_at[:10] for row in connection.execute(query) for digest in json.loads(row.body)["digests"]}


def kept_names(connection: Connection, name: str) -> list[tuple[str, PersonKey, dict[str, Any]]]:
    """(decision, person, its body) of erased people whose name a law still wants."""
    c = decisions.c
    query = select(c.id, c.person_key, c.body).where(c.connection == name, c.kind == GONE)
    found = ((row.id, PersonKey(row.person_key), json.loads(row.body)) for row in connection.execute(query))
    return [each for each in found if "kept" in each[2]]


def forget_name(connection: Connection, decision_id: str, body: Mapping[str, Any]) -> None:
    """The name goes; the mark stays."""
    rest = {name: value for name, value in body.items() if name != "kept"}
    connection.execute(update(decisions).where(decisions.c.id == decision_id).values(body=canonical(rest)))


def forget_accounts(connection: Connection, target: str, ids: Collection[AccountId]) -> None:
    """Accounts of people who were erased: the learning system still shows them, we do not remember them."""
    for one in ids:
        connection.execute(delete(accounts).where(accounts.c.target == target, accounts.c.id == one))


def listed(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Erasures and legal holds, the newest first, for the register: by whom, when, on what ground."""
    c = decisions.c
    query = (
        select(decisions)
        .where(c.connection == name, c.kind.in_((GONE, "legal_hold")))
        .order_by(c.made_at.desc(), c.id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]
