"""Somebody is erased, and every table, file and byte is looked through for what is left of her.

A new table breaks the first test: say there how an erasure treats it, and fill it with her in `full`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection, Table, insert, select, update

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.flows.erase import Erasure, erase, look_at_erasure
from joinery.flows.laid_off import batches
from joinery.flows.match import confirm_sure
from joinery.flows.person import Word, decide_about
from joinery.flows.who import other_person
from joinery.store.connections import load_state, save_state
from joinery.store.decisions import about_no_person, decide
from joinery.store.facts import WAITING
from joinery.store.mentions import THEIRS
from joinery.store.tables import arrivals, findings, issues, metadata, runs, scim_people, snapshots, told_troubles
from tests.stories.company import Company, changed, moment, staff, stored_at, worker

ANA = Word(owner="ana", reason="request 2026/18")
FIRST, SECOND, THIRD, AFTER, MUCH_LATER = ("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-12-31")
HER, FORMER = "E-77431", "C-90617"
NAMES = ("Xanthippe", "Quillfeather", "Maidenvale")
ADDRESSES = ("xq@acme.example", "xm@acme.example")
ACCOUNTS = ("old-acct-9", "old-acct-double")
#: nothing of this may be left anywhere
NEVER = (*NAMES, *ADDRESSES, *ACCOUNTS, FORMER)
MARKERS = (*NEVER, HER)

#: the rows go, or lose whatever says who it was
OWN = {
    "accounts", "aliases", "assignments", "closings", "completions", "decisions", "events", "facts", "findings",
    "links", "mails", "people", "plan_lines", "scim_people",
}  # fmt: skip
#: rows about something else that may speak of her
MENTIONS = {
    "issues",
    "plans",
    "runs",
    "digests",
    "connections",
    "audit_values",
    "arrivals",
    "snapshots",
    "told_troubles",
}
#: kept as proof of what was in force, and named when she is erased
KEPT = {"config_versions"}
#: hold nothing about anybody: times, numbers, cursors of the learning system, names and counts of files
NOBODY = {
    "audit_log",
    "calls",
    "counters",
    "cursors",
    "locks",
    "nodes",
    "schedules",
    "service_tokens",
    "tallies",
    "target_states",
}


def test_every_table_is_known_to_the_erasure() -> None:
    assert set(metadata.tables) == OWN | MENTIONS | KEPT | NOBODY


@pytest.fixture
def full(tmp_path: Path, store_url: str) -> Company:
    """Every table and every folder speaks of her, under both names and both numbers."""
    rule = {"name": "Fire", "when": "True", "give": ["FIRE"], "kind": "mandatory"}
    settings = {"learning_rules": [rule], "guards": "off", "completions": {"send_to": {"file": "./to-hr"}}}
    settings |= stored_at(tmp_path, store_url)
    protected = {"protected": [HER]}
    acme = Company(tmp_path, settings=settings, learning=protected)
    acme.lms().edit(Account(id=AccountId("old-acct-9"), attributes={"email": "xm@acme.example"}))
    hers: dict[str, Any] = {"given_name": "Xanthippe", "manager_id": "0001"}
    maiden = hers | {"family_name": "Maidenvale", "work_email": "xm@acme.example"}
    married = hers | {"family_name": "Quillfeather", "work_email": "xq@acme.example"}
    acme.day(FIRST, [*staff(3), worker(FORMER, **maiden)])
    with acme.ports() as ports:
        confirm_sure(ports, ANA)
        decide_about(ports, FORMER, "exemption", "FORKLIFT", Word(owner="ana", reason="Xanthippe Maidenvale may"))
    rows = [*staff(3), worker(HER, previous_id=FORMER, **married)]
    acme.day(SECOND, changed(rows, "0002", manager_id=HER))
    acme.completes(HER, "FIRE", "2026-11-24")
    with acme.ports() as ports:
        other_person(ports, "0003", HER, Word(owner="ana", reason="Quillfeather, Xanthippe is somebody else"))
    acme.write_settings(mode="automatic", learning_rules=[rule, {**rule, "name": "Again"}])
    left = {"status": "Terminated", "termination_date": "2026-11-24"}
    acme.end_access(HER, "Xanthippe took the keys")
    acme.day(THIRD, changed(changed(rows, "0002", manager_id=HER), HER, **left))
    with acme.ports() as ports, ports.database.write() as db:
        _more(db, ports.policy.name)
        _account_alike(db, ports.policy.target)
        _laid_off(db, ports.policy.name, str(acme.person(HER).key))
        # something was pushed of her that is to hold from a later day
        db.execute(update(snapshots).values(report=json.dumps({WAITING: [acme.person(HER).key]})))
    _replaced(acme.folder)
    return acme


def _more(db: Connection, name: str) -> None:
    """What takes other systems, or days, to come about."""
    seen = {"first_seen": THIRD, "last_seen": THIRD, "severity": "warning", "connection": name, "source": "people"}
    odd = {"attribute": "work_email", "open": True, **seen}
    for who, others in (("0003", HER), (HER, "0003"), (FORMER, "0003"), ("account old-acct-9", "0003")):
        told = {"message": f"{who} and {others} are probably one person.", "people": f"{who}\n{others}"}
        db.execute(insert(findings).values(check="same_person", worker_id=who, better=others, **told, **odd))
    history = json.dumps([{"at": THIRD, "what": f"snoozed: {HER} comes back on Monday", "by": "ana"}])
    cause = {"fingerprint": "same_person|||", "check": "same_person", "attribute": "", "state": "open"}
    counted = {"people": 2, "before": 0, "most": 2, "why": f"Ask Xanthippe Quillfeather, {HER}.", "history": history}
    db.execute(insert(issues).values(id="H-900", **cause, **counted, **seen))
    news = {"id": "a-1", "connection": name, "source": "hris", "door": "webhook", "sha256": "0" * 64}
    body = json.dumps({"worker": HER, "email": ADDRESSES[0]})
    db.execute(insert(arrivals).values(body=body, state="stored", received_at="2026-11-25T10:00:00Z", **news))
    said = f"An administrator: employee {HER}, account old-acct-9."
    trouble = {"since": THIRD, "size": 1, "route": "high", "title": said}
    db.execute(insert(told_troubles).values(connection=name, key="administrator:1", **trouble))
    for key, address, number in (("u-1", ADDRESSES[0], HER), ("u-2", ADDRESSES[1], FORMER)):
        user = {"user_name": address, "user_key": address, "external_id": number}
        body = json.dumps({"name": {"givenName": NAMES[0], "familyName": NAMES[1]}, "emails": [{"value": address}]})
        times = {"made_at": "2026-11-25T10:00:00Z", "changed_at": "2026-11-25T10:00:00Z"}
        own = {"id": key, "source": "hris", "version": 1, "gone": False, "body": body, **user, **times}
        db.execute(insert(scim_people).values(connection=name, **own))
    state = load_state(db, name)
    extra = {**state.extra, "missing": {"hris": [HER, "0003"]}, "vanished": [*ACCOUNTS]}
    save_state(db, name, replace(state, extra=extra))
    db.execute(update(runs).values(summary=json.dumps({"message": f"{HER} could not be read"})))


def _account_alike(db: Connection, target: str) -> None:
    """A second account with her address that is nobody's."""
    from joinery.store.accounts import Accounts

    double = Account(id=AccountId("old-acct-double"), attributes={"email": "xq@acme.example", "worker_id": HER})
    Accounts(db, target).confirm([double], moment(THIRD))


def _laid_off(db: Connection, name: str, key: str) -> None:
    """A lay-off of three that has fired; she had been taken out of it by HR."""
    people = [["0002-key", "0002", THIRD], [key, HER, THIRD], ["0003-key", "0003", THIRD]]
    body = {"at": "2026-11-25T08:00:00Z", "people": people, "fingerprint": "f" * 64}
    made = moment(SECOND)
    decide(db, name, about_no_person("layoff", "L-1", "ana", f"Xanthippe Quillfeather ({HER}) too", made, body))
    decide(db, name, about_no_person("layoff_approved", "L-1", "petra", "", made, {"fingerprint": "f" * 64}))
    out: dict[str, object] = {"as_of": THIRD, "left_out": {HER: "HR has moved the end", "0003": "not known any more"}}
    decide(db, name, about_no_person("layoff_fired", "L-1", "petra", "", made, out))


def _replaced(folder: Path) -> None:
    """Somebody edited the settings twice; what was replaced lies beside the store."""
    for name, text in (("a", f"protected: [{HER}, 0003]\n# Xanthippe Quillfeather\n"), ("b", "protected: [0003]\n")):
        copy = folder / ".joinery" / "replaced" / f"20261124T12000{ord(name)}" / "joinery.yaml"
        copy.parent.mkdir(parents=True)
        copy.write_text(text, encoding="utf-8")


def do(acme: Company) -> Erasure:
    with acme.ports() as ports:
        return erase(ports, HER, ANA, None)


def cells(acme: Company) -> Iterator[tuple[str, str, str]]:
    """(table, column, text) of everything that is stored; what is packed is opened."""
    with acme.ports() as ports, ports.database.read() as db:
        for table in metadata.tables.values():
            for row in db.execute(select(table)).mappings():
                yield from ((table.name, name, _opened(table, name, value)) for name, value in row.items())


def _opened(table: Table, name: str, value: Any) -> str:
    if (table.name, name) == ("digests", "payload"):
        return str(pl.read_ipc(io.BytesIO(value.partition(b"\n")[2])).write_json())
    if (table.name, name) == ("config_versions", "content"):
        with zipfile.ZipFile(io.BytesIO(value)) as files:
            return "\n".join(files.read(each).decode() for each in files.namelist())
    return str(value)


def found(acme: Company, words: tuple[str, ...]) -> set[tuple[str, str]]:
    return {(table, column) for table, column, text in cells(acme) if any(word in text for word in words)}


def test_before_it_every_table_that_can_speak_of_her_does(full: Company) -> None:
    assert {table for table, _ in found(full, MARKERS)} >= (OWN | MENTIONS | KEPT) - {
        "assignments",
        "mails",
        "snapshots",
    }
    key = str(full.person(HER).key)
    assert {"assignments", "snapshots"} <= {table for table, _, text in cells(full) if key in text}


def test_after_it_no_table_names_her_but_those_that_are_said_to(full: Company) -> None:
    key = str(full.person(HER).key)
    assert do(full).done
    left = found(full, NEVER)
    assert left == set()
    assert not [column for table, column, text in cells(full) if table == "snapshots" and key in text]
    assert {table for table, _ in found(full, (HER,))} - KEPT <= THEIRS.keys()
    assert {(t, c) for t, c in found(full, (HER,)) if t not in KEPT and c not in THEIRS[t]} == set()


def test_what_is_left_of_her_number_is_what_hr_says_of_others(full: Company) -> None:
    do(full)
    with full.ports() as ports, ports.database.read() as db:
        for name, columns in THEIRS.items():
            table = metadata.tables[name]
            rows = [dict(row) for row in db.execute(select(table)).mappings()]
            named = [row for row in rows if any(HER in str(row[column]) for column in columns)]
            key = "worker_id" if "worker_id" in table.c else "person_key"
            others = {"0002", str(full.person("0002").key)}
            assert {row[key] for row in named} <= others, name


def test_no_byte_of_the_database_names_her(full: Company) -> None:
    """PostgreSQL's own files are autovacuum's work, and are not in this folder."""
    before = b"".join(path.read_bytes() for path in (full.folder / ".joinery").rglob("*.db*"))
    if "store" not in full.settings:
        assert all(word.encode() in before for word in (*NAMES, *ADDRESSES))
    assert do(full).scrubbed
    for path in (full.folder / ".joinery").rglob("*"):
        if path.is_file():
            assert [word for word in NEVER if word.encode() in path.read_bytes()] == [], path


def test_what_stays_is_told_before(full: Company) -> None:
    with full.ports() as ports:
        told = {part.what: (part.count, part.becomes) for part in look_at_erasure(ports, HER, None).parts}
    assert told["the account as we remember it, the link to it, and former numbers and addresses"][1] == "erased"
    kept = [what for what, (_, becomes) in told.items() if becomes == "kept"]
    assert told["the account in the learning system itself"] == (1, "without name")
    assert told["copies of settings that were replaced"] == (1, "without name")
    assert [what.partition(" (")[0] for what in kept] == [
        "other accounts there that show their number or address",
        "settings that name the person",
        "files as HR sent them",
        "training records in files for HR",
        "HR records of others that name the person as manager",
    ]


def test_a_lay_off_that_had_her_in_it_still_says_how_many_and_who_else(full: Company) -> None:
    do(full)
    with full.ports() as ports, ports.database.read() as db:
        (batch,) = batches(db, ports.policy.name)
    assert [m.worker_id for m in batch.members if not m.worker_id.startswith("erased-")] == ["0002", "0003"]
    assert (len(batch.members), batch.state, batch.owner, batch.approved_by) == (3, "fired", "ana", "petra")
    assert batch.fired is not None and len(batch.fired["left_out"]) == 2


def test_copies_of_settings_lose_her_and_nothing_else(full: Company) -> None:
    done = do(full)
    pseudonym = done.pseudonym
    assert {part.what: part.count for part in done.parts}["copies of settings that were replaced"] == 1
    copies = sorted((full.folder / ".joinery" / "replaced").rglob("*.yaml"))
    assert [copy.read_text() for copy in copies] == [
        f"protected: [{pseudonym}, 0003]\n# {pseudonym}\n",
        "protected: [0003]\n",
    ]


def test_her_former_number_does_not_bring_her_back(full: Company) -> None:
    do(full)
    row = worker(FORMER, given_name="Xanthippe", family_name="Maidenvale", status="Terminated")
    night = full.day(AFTER, [*changed(staff(3), "0002", manager_id=HER), row])
    assert night.checks >= {"erased_people"}
    assert found(full, NEVER) == set()


def test_a_month_later_no_file_as_hr_sent_it_names_her(full: Company) -> None:
    do(full)
    full.day(MUCH_LATER, staff(3))
    ours = [full.folder / name for name in ("archive", "inbox", ".joinery")]
    for path in (each for folder in ours for each in folder.rglob("*")):
        if path.is_file():
            assert [word for word in NEVER if word.encode() in path.read_bytes()] == [], path


def test_what_was_typed_about_her_erasure_does_not_name_her(full: Company) -> None:
    with full.ports() as ports:
        erase(ports, HER, Word(owner="ana", reason="Xanthippe Quillfeather asked for it"), None)
    assert found(full, NEVER) == set()


def test_counts_and_short_numbers_of_others_are_left_alone() -> None:
    from joinery.store.mentions import without_words

    said = "12 people (0001 and others) report to 12, e-mail 12@x.example, plan P-12, 12."
    assert without_words(said, {"12"}, "gone") == (
        "12 people (0001 and others) report to gone, e-mail 12@x.example, plan P-12, gone."
    )
