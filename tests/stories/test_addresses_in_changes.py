"""One e-mail address for two people by files of changes and pushes: seen at once, beside all who are known."""

from __future__ import annotations

from pathlib import Path

from tests.stories.company import changed, staff, worker
from tests.stories.test_managers_in_changes import company, full, news
from tests.stories.test_several_rows import push

ROWS = staff(6)
THEIRS = {"work_email": "W0005@acme.example"}
LEFT = {"status": "Terminated", "termination_date": "2026-11-18"}
BOTH = {"duplicate_email 0004", "duplicate_email 0005"}


def test_an_address_that_two_people_have_by_a_file_of_changes_is_an_issue_that_night(tmp_path: Path) -> None:
    acme = company(tmp_path, ROWS)
    assert news(acme, "19", worker(4, job_title="Head", **THEIRS)) == BOTH
    assert acme.account("0004").attributes["email"] == "w0004@acme.example", "nobody is given what is not free"
    assert news(acme, "20", worker(6, job_title="Head")) == BOTH, "others do not solve it"
    assert news(acme, "21", worker(4, job_title="Head")) == set()


def test_a_full_file_goes_on_with_the_issue_or_ends_it(tmp_path: Path) -> None:
    acme = company(tmp_path, ROWS)
    assert news(acme, "19", worker(4, **THEIRS)) == BOTH
    assert full(acme, "20", changed(ROWS, "0004", **THEIRS)) == BOTH
    assert full(acme, "21", ROWS) == set()


def test_two_people_who_swap_their_addresses_one_after_the_other_are_an_issue_in_between(tmp_path: Path) -> None:
    acme = company(tmp_path, ROWS)
    assert news(acme, "19", worker(4, **THEIRS)) == BOTH
    assert news(acme, "20", worker(5, work_email="w0004@acme.example")) == set()
    assert acme.account("0004").attributes["email"].lower() == "w0005@acme.example"


def test_the_address_of_somebody_who_has_left_or_has_another_number_is_no_shared_one(tmp_path: Path) -> None:
    acme = company(tmp_path, changed(ROWS, "0005", **LEFT))
    renumbered = worker("N006", work_email="w0006@acme.example", previous_id="0006")
    assert not BOTH & news(acme, "19", worker(4, **THEIRS), renumbered)
    assert not any("0006" in each or "N006" in each for each in acme.findings())


def test_the_same_by_a_push(tmp_path: Path) -> None:
    acme = company(tmp_path, ROWS)
    push(acme, "2026-11-19T10:00", {"worker_id": "0004", **THEIRS})
    assert acme.findings() == BOTH
    push(acme, "2026-11-19T11:00", {"worker_id": "0004", "job_title": "Head"})
    assert acme.findings() == BOTH
    push(acme, "2026-11-19T12:00", {"worker_id": "0005", "work_email": "new@acme.example"})
    assert acme.findings() == set()
