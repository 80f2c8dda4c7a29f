"""Somebody asks to be erased: what goes, what stays and why, and that no later file brings them back."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import select

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId
from joinery.errors import ErasureRefused, NotThere, SystemUnreachable
from joinery.flows.erase import Erasure, Keeping, end_keeping, erase, hold, look_at_erasure, release_hold
from joinery.flows.match import confirm_sure
from joinery.flows.person import Word, decide_about
from joinery.flows.reconcile import reconcile
from joinery.flows.subject import export_of
from joinery.flows.undo import make_undo
from joinery.kit.contract import Completion, Emptied
from joinery.store.tables import completions, events, metadata, plan_lines
from tests.stories.company import Company, Row, changed, moment, staff, stored_at, without, worker

ANA = Word(owner="ana", reason="request 2026/17")
FIRST, SECOND, THIRD, FOURTH, FIFTH = (f"2026-11-{day}" for day in (23, 24, 25, 26, 27))
HER = "E-77431"
#: nothing of this may be left
WORDS = ("Xanthippe", "Quillfeather", "xq@acme.example", HER, "old-acct-9")
KEEP = Keeping(time=timedelta(days=3 * 365), ground="29 CFR 1910.1030(h)(2)")


def her(**values: str) -> Row:
    ordinary = {"given_name": "Xanthippe", "family_name": "Quillfeather", "work_email": "xq@acme.example"}
    return worker(HER, **(ordinary | {"manager_id": "0001"} | values))


LEFT = {"status": "Terminated", "termination_date": "2026-11-23"}


@pytest.fixture
def acme(tmp_path: Path, store_url: str) -> Company:
    """On each kind of store."""
    return _lived(tmp_path, store_url)


@pytest.fixture
def here(tmp_path: Path) -> Company:
    """On SQLite only: what no kind of store can change."""
    return _lived(tmp_path, "sqlite://")


def _lived(tmp_path: Path, store_url: str) -> Company:
    """She had an account before Joinery came, was moved, learnt something, was exempted, and has left."""
    rule = {"name": "Fire", "when": "True", "give": ["FIRE"], "kind": "mandatory"}
    acme = Company(tmp_path, settings={"learning_rules": [rule], "guards": "off", **stored_at(tmp_path, store_url)})
    acme.lms().edit(Account(id=AccountId("old-acct-9"), attributes={"email": "xq@acme.example"}))
    acme.day(FIRST, [*staff(3), her()])
    with acme.ports() as ports:
        confirm_sure(ports, ANA)
        decide_about(ports, HER, "exemption", "FORKLIFT", Word(owner="ana", reason="Xanthippe has a licence"))
    acme.day(SECOND, [*staff(3), her(job_title="Quillfeather's deputy")])
    made = "2026-11-24T10:00:00Z"
    acme.lms().complete(
        Completion(
            id=f"old-acct-9/{made}",
            account_id=AccountId("old-acct-9"),
            course="FIRE",
            course_title="Fire",
            course_version="1",
            completed_at=made,
            result="completed",
        )
    )
    acme.day(THIRD, [*staff(3), her(**LEFT)])
    assert acme.raw_accounts()[0].state is AccountState.SUSPENDED
    return acme


def ask(acme: Company, keep: Keeping | None = None) -> Erasure:
    with acme.ports() as ports:
        return look_at_erasure(ports, HER, keep)


def do(acme: Company, keep: Keeping | None = None) -> Erasure:
    with acme.ports() as ports:
        return erase(ports, HER, ANA, keep)


def dump(acme: Company) -> str:
    """Every cell of every table; the index of the last file opened."""
    with acme.ports() as ports, ports.database.read() as db:
        rows = [(t.name, row) for t in metadata.tables.values() for row in db.execute(select(t))]
    index = [row.payload.partition(b"\n")[2] for name, row in rows if name == "digests"]
    opened = [pl.read_ipc(io.BytesIO(body)).write_json() for body in index]
    return "\n".join([*(str(cell) for _, row in rows for cell in row), *opened])


def counts(acme: Company) -> dict[str, int]:
    with acme.ports() as ports, ports.database.read() as db:
        return {t.name: len(db.execute(select(t)).all()) for t in (events, plan_lines, completions)}


def test_before_it_everything_is_there_and_after_it_nothing_that_names_her(acme: Company) -> None:
    before = dump(acme)
    assert all(word in before for word in WORDS)
    found = do(acme)
    after = dump(acme)
    assert [word for word in WORDS if word in after] == []
    assert found.pseudonym in after and found.done


def test_the_learning_system_does_not_name_her_either_and_still_counts_her_records(acme: Company) -> None:
    there = acme.folder / "lms.json"
    assert "xq@acme.example" in there.read_text()
    do(acme)
    assert [word for word in WORDS if word in there.read_text()] == ["old-acct-9"]  # the shell, and what it learnt
    (record,) = acme.lms().world.completions
    assert (record.account_id, record.course) == ("old-acct-9", "FIRE")
    assert acme.day(FOURTH, [*staff(3), her(**LEFT)]).plan == ""


def test_an_account_that_somebody_opened_there_is_refused_and_nothing_is_erased(here: Company) -> None:
    here.lms().edit_with(here.raw_accounts()[0].id, state=AccountState.ACTIVE)
    before = dump(here)
    with pytest.raises(ErasureRefused, match=r"account old-acct-9 may still sign in.*nothing was erased"):
        do(here)
    assert dump(here) == before


class _Deaf(MemoryTarget):
    """Cannot be reached."""

    async def erase(self, account_id: AccountId, pseudonym: str) -> Emptied:
        raise SystemUnreachable("The learning system does not answer.")


def test_when_the_learning_system_cannot_be_reached_nothing_is_erased_and_it_is_done_later(here: Company) -> None:
    before = dump(here)
    here.around = lambda _target: _Deaf(path=here.folder / "lms.json")
    with pytest.raises(SystemUnreachable):
        do(here)
    assert dump(here) == before
    here.around = lambda target: target
    assert do(here).done


def test_killed_after_the_learning_system_and_before_the_store_it_is_done_again(here: Company) -> None:
    with here.ports() as ports:
        asyncio.run(here.lms().erase(AccountId("old-acct-9"), look_at_erasure(ports, HER, None).pseudonym))
    assert do(here).done
    assert [word for word in WORDS if word in dump(here)] == []


def test_what_is_counted_stays_countable(acme: Company) -> None:
    before = counts(acme)
    do(acme)
    assert counts(acme) == before and min(before.values()) > 0


def test_it_is_shown_before_it_is_done(here: Company) -> None:
    before = dump(here)
    found = ask(here)
    assert dump(here) == before and not found.done and not found.obstacle
    told = {part.what: (part.becomes, part.why) for part in found.parts}
    assert told["HR's data about the person, now and in the past"][0] == "erased"
    assert told["training records"][0] == "without name"
    assert told["files as HR sent them"] == (
        "kept",
        "go by themselves 30 days after they were read (retention.raw_files)",
    )
    assert told["the account in the learning system itself"] == (
        "without name",
        "an empty shell of the account stays, and training records to be counted",
    )
    assert {part.becomes for part in found.parts} == {"erased", "without name", "kept"}


def test_her_row_in_the_next_files_does_not_bring_her_back(acme: Company) -> None:
    do(acme)
    night = acme.day(FOURTH, [*staff(3), her(**LEFT, job_title="Head")])
    assert night.checks == {"erased_people"} and night.plan == ""
    acme.write_settings(starters=["Onboarding_Path"])  # everybody is looked at again
    acme.day(FIFTH, [*staff(3), her(**LEFT, job_title="Chief")])
    with pytest.raises(NotThere):
        ask(acme)
    assert [word for word in WORDS if word in dump(acme)] == []


def test_nor_does_an_upload_of_changes(here: Company) -> None:
    do(here)
    written = here.drop([her(**LEFT, job_title="Head")])
    inbox = here.folder / ".joinery" / "pushed" / "hris" / "inbox"
    inbox.mkdir(parents=True)
    written.rename(inbox / "hris_upload_part_A-7.csv")
    night = here.day(FOURTH)
    assert [(file.name, file.source) for file in night.report.pulled.files] == [
        ("hris_upload_part_A-7.csv", "hris:push")
    ]
    assert night.checks == {"erased_people"}
    with pytest.raises(NotThere):
        ask(here)


def test_when_hr_takes_her_out_nothing_happens_either(here: Company) -> None:
    do(here)
    assert here.day(FOURTH, staff(3)).plan == ""


def test_hired_anew_after_the_erasure_she_is_a_new_person(here: Company) -> None:
    key = here.person(HER).key
    do(here)
    here.day(FOURTH, [*staff(3), her(hire_date="2099-01-01", status="Pre-hire")])
    assert here.person(HER).key != key


def test_her_account_is_not_remembered_when_all_are_read_again(acme: Company) -> None:
    do(acme)
    with acme.ports() as ports:
        found = reconcile(ports, moment(FOURTH))
    assert found.read == 4 and found.orphans == 0
    assert "xq@acme.example" not in dump(acme)


def test_a_plan_that_held_her_is_still_shown_and_its_undo_leaves_her_alone(acme: Company) -> None:
    do(acme)
    with acme.ports() as ports:
        undone = make_undo(ports, "P-2", moment(FOURTH))
    assert undone.impossible["the person was erased since"] >= 1


# --------------------------------------------------------------------------------------------- what stands against it


def test_nobody_is_erased_while_they_work_here(here: Company) -> None:
    here.day(FOURTH, [*staff(3), her()])
    with pytest.raises(ErasureRefused, match=f"{HER} is active in HR's data.*nothing was erased"):
        do(here)
    assert "is active in HR's data" in ask(here).obstacle


def test_nobody_is_erased_under_a_legal_hold_until_it_is_released(here: Company) -> None:
    with here.ports() as ports:
        hold(ports, HER, Word(owner="petra", reason="case 4711"), None)
    with pytest.raises(ErasureRefused, match=f"{HER} is under a legal hold of petra; nothing was erased"):
        do(here)
    with here.ports() as ports:
        assert release_hold(ports, HER) == (HER, 1)
    assert do(here).done


def test_nobody_is_erased_while_their_account_is_open(here: Company) -> None:
    here.lms().edit_with(here.raw_accounts()[0].id, state=AccountState.ACTIVE)
    with here.ports() as ports:
        reconcile(ports, moment(FOURTH))
    with pytest.raises(ErasureRefused, match="account old-acct-9 of E-77431 is still open"):
        do(here)


def test_records_go_to_hr_before_the_name_goes(here: Company) -> None:
    here.write_settings(completions={"send_to": {"file": "./outbox"}})
    with pytest.raises(ErasureRefused, match="1 training records of E-77431 have not reached HR yet"):
        do(here)


# --------------------------------------------------------------------------------------------- what a law wants


def test_records_a_law_wants_stay_with_the_name_and_say_on_which_ground_and_until_when(acme: Company) -> None:
    kept = [part for part in ask(acme, KEEP).parts if part.what == "training records that a law wants"]
    assert [(part.count, part.becomes) for part in kept] == [(1, "kept")]
    assert kept[0].why == "29 CFR 1910.1030(h)(2); until 2029-11-23, with the name and number"
    do(acme, KEEP)
    left = dump(acme)
    assert "Xanthippe Quillfeather" in left and "xq@acme.example" not in left


def test_when_the_law_wants_no_more_the_name_goes_too(acme: Company) -> None:
    do(acme, KEEP)
    with acme.ports() as ports:
        assert end_keeping(ports, moment("2029-11-23").date()) == 0
        assert end_keeping(ports, moment("2029-11-24").date()) == 1
        assert end_keeping(ports, moment("2029-11-24").date()) == 0
    assert [word for word in WORDS if word in dump(acme)] == []


# --------------------------------------------------------------------------------------------- subject access


def test_she_is_given_everything_that_is_held_about_her(here: Company) -> None:
    with here.ports() as ports:
        found = export_of(ports, HER)
    assert found["now"]["family_name"] == "Quillfeather" and found["account"]["id"] == "old-acct-9"
    assert [row["course"] for row in found["training_records"]] == ["FIRE"]
    assert {row["kind"] for row in found["decisions"]} >= {"match", "exemption"}
    assert any(row["value"] == "Quillfeather's deputy" for row in found["facts"])
    assert found["events"] and found["plan_lines"]
    assert "Family0001" not in json.dumps(found)


def test_others_are_left_as_they_are(acme: Company) -> None:
    rows = [*changed(staff(3), "0002", manager_id=HER), her(**LEFT)]
    acme.day(FOURTH, rows)
    told = {part.what: part.count for part in ask(acme).parts}
    assert told["HR records of others that name the person as manager"] == 1
    before = acme.person("0002")
    do(acme)
    assert acme.person("0002") == before
    assert acme.day(FIFTH, without(rows, HER)).exit_code == 0
