"""E-mail: changed, swapped, given to somebody else, shared by several, or none at all."""

from __future__ import annotations

from pathlib import Path

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.flows.person import find_person
from tests.stories.company import FIELDS, Company, changed, staff, without, worker
from tests.stories.test_identity import asked, say_other

LEFT = {"status": "Terminated", "termination_date": "2026-11-20"}


def company(tmp_path: Path, people: int = 6, **settings: object) -> tuple[Company, list[dict[str, str]]]:
    acme, rows = Company(tmp_path, people=dict(settings)), staff(people)
    acme.day("2026-11-20", rows)
    return acme, rows


def test_a_new_address_is_an_update_and_never_a_second_account(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    night = acme.day("2026-11-21", changed(rows, "0002", work_email="married@acme.example"))
    assert night.lines == ["0002 update done"]
    assert len(acme.raw_accounts()) == 6


def test_another_spelling_of_the_same_address_is_no_other_person(tmp_path: Path) -> None:
    lms = MemoryTarget()
    lms.edit(Account(id=AccountId(""), attributes={"email": "W0002@Acme.Example", "worker_id": "0002"}))
    acme = Company(tmp_path, memory=lms)
    night = acme.day("2026-11-20", staff(2))
    assert night.did("link") == ["0002"]
    assert night.did("create") == ["0001"]


def test_two_people_who_swap_their_addresses_have_swapped_them_in_the_morning(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    one, two = rows[1]["work_email"], rows[2]["work_email"]
    night = acme.day("2026-11-21", changed(changed(rows, "0002", work_email=two), "0003", work_email=one))
    assert night.did("update", "held") == night.did("update", "failed") == []
    assert acme.account("0002").attributes["email"] == two
    assert acme.account("0003").attributes["email"] == one
    assert acme.day("2026-11-22").lines == []


def test_an_address_that_moves_on_along_a_row_of_people_arrives_in_one_night(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    first, second = rows[1]["work_email"], rows[2]["work_email"]
    moved = changed(changed(rows, "0002", work_email=second), "0003", work_email="new@acme.example")
    acme.day("2026-11-21", moved)
    assert acme.account("0002").attributes["email"] == second
    assert acme.account("0003").attributes["email"] == "new@acme.example"
    assert first not in {account.email for account in acme.raw_accounts()}


def test_the_address_of_somebody_who_stays_is_not_taken_from_them(tmp_path: Path) -> None:
    """HR gives one person the address of another who keeps it: both are held, and nothing is swapped."""
    acme, rows = company(tmp_path)
    night = acme.day("2026-11-21", changed(rows, "0002", work_email=rows[2]["work_email"]))
    assert night.lines == []
    assert "duplicate_email 0002" in acme.findings()
    assert acme.account("0003").attributes["email"] == rows[2]["work_email"]


def test_a_newcomer_with_the_address_of_somebody_who_left_long_ago_never_gets_that_account(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-21", changed(rows, "0002", **LEFT))
    acme.day("2027-04-01", without(rows, "0002"))
    account = acme.account("0002")
    newcomer = worker(77, work_email="w0002@acme.example", hire_date="2027-06-01")
    night = acme.day("2027-06-01", [*without(rows, "0002"), newcomer])
    assert night.did("create", "held") == ["0077"]
    assert acme.account("0002") == account
    assert "0077" not in acme.accounts()


def test_a_newcomer_with_an_address_that_was_somebody_elses_before_waits_for_an_answer(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    renamed = changed(rows, "0002", work_email="married@acme.example")
    acme.day("2026-11-21", renamed)
    both = [*renamed, worker(77, work_email="w0002@acme.example")]
    night = acme.day("2026-11-22", both)
    assert night.did("create", "held") == ["0077"]
    assert asked(acme) == ["0077 0002 address_reused"]
    say_other(acme, "0077", "0002")
    assert acme.day("2026-11-23").lines == ["0077 create done"]
    assert asked(acme) == []


def test_two_at_work_with_one_address_are_held_or_read_without_it_as_the_settings_say(tmp_path: Path) -> None:
    same = {"work_email": "shift3@acme.example"}
    held = Company(tmp_path / "held")
    assert held.day("2026-11-20", [*staff(2), worker(8, **same), worker(9, **same)]).did("create") == ["0001", "0002"]
    assert {"duplicate_email 0008", "duplicate_email 0009"} <= held.findings()
    without_it = Company(tmp_path / "out", people={"repeated_email": "leave_out"})
    night = without_it.day("2026-11-20", [*staff(2), worker(8, **same), worker(9, **same)])
    assert night.did("create") == ["0001", "0002", "0008", "0009"]
    assert without_it.account("0008").email == without_it.account("0009").email == ""
    assert without_it.day("2026-11-21", [worker(8, **same), *staff(2), worker(9, **same)]).lines == []


def test_a_mailbox_that_several_people_read_matches_nobody(tmp_path: Path) -> None:
    lms = MemoryTarget()
    lms.edit(Account(id=AccountId(""), attributes={"email": "info@acme.example"}))
    acme = Company(tmp_path, memory=lms)
    night = acme.day("2026-11-20", [*staff(2), worker(9, work_email="info@acme.example")])
    assert night.did("link") == night.did("link", "held") == []
    assert "several people read" in night.why_held("0009")
    assert "shared_mailbox 0009" in acme.findings()


def test_a_mailbox_that_several_people_read_does_not_stand_in_the_way_of_the_number(tmp_path: Path) -> None:
    lms = MemoryTarget()
    lms.edit(Account(id=AccountId(""), attributes={"email": "info@acme.example"}))
    lms.edit(Account(id=AccountId(""), attributes={"worker_id": "0009"}))
    acme = Company(tmp_path, memory=lms)
    assert "0009" in acme.day("2026-11-20", [*staff(2), worker(9, work_email="info@acme.example")]).did("link")


def test_somebody_without_an_address_has_an_account_and_no_invented_one(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), [*staff(2), worker(9, work_email="")]
    assert "0009" in acme.day("2026-11-20", rows).did("create")
    assert acme.account("0009").email == ""
    assert "no_email 0009" in acme.findings()
    # the address comes later
    acme.day("2026-11-21", changed(rows, "0009", work_email="kim@acme.example"))
    assert acme.account("0009").email == "kim@acme.example"
    # an empty cell keeps it
    acme.day("2026-11-22", rows)
    assert acme.account("0009").email == "kim@acme.example"


def test_two_people_of_one_name_are_two_people(tmp_path: Path) -> None:
    names = {"given_name": "Kim", "family_name": "Li"}
    lms = MemoryTarget()
    lms.edit(Account(id=AccountId(""), attributes={**names, "email": "kim.li@else.example"}))
    acme = Company(tmp_path, memory=lms)
    night = acme.day("2026-11-20", [worker(1, **names), worker(2, **names)])
    assert night.lines == ["0001 create done", "0002 create done"]
    assert asked(acme) == []


def test_numbers_are_text_to_the_last_zero(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-20", [worker("000123"), worker("123"), worker("0123")])
    assert set(acme.accounts()) == {"000123", "123", "0123"}
    padded = [worker("000123") | {"worker_id": "  000123 "}, worker("123"), worker("0123")]
    assert acme.day("2026-11-21", padded).lines == []


def test_numbers_whose_zeros_the_settings_take_off_are_the_same_people_the_next_day(tmp_path: Path) -> None:
    column = {"column": "worker_id", "transform": "strip_leading_zeros"}
    acme = Company(tmp_path, people={"fields": FIELDS | {"worker_id": column}})
    rows = staff(5)
    acme.day("2026-11-20", rows)
    assert set(acme.accounts()) == {"1", "2", "3", "4", "5"}
    assert acme.day("2026-11-21", changed(rows, "0002", job_title="Head")).lines == ["2 update done"]
    acme.day("2026-11-22", without(rows, "0003"))
    assert acme.events("3") == ["3 missing 2026-11-22"]


def test_somebody_is_found_by_every_number_and_address_they_ever_had(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-21", changed(rows, "0002", work_email="married@acme.example"))
    renumbered = rows[1] | {"worker_id": "9002", "previous_id": "0002", "work_email": "married@acme.example"}
    acme.day("2026-11-22", [*without(rows, "0002"), renumbered])
    with acme.ports() as ports, ports.database.read() as connection:
        found = {
            find_person(connection, ports.policy, text).key
            for text in ("9002", "0002", "married@acme.example", "W0002@ACME.example", " 0002 ")
        }
    assert len(found) == 1
