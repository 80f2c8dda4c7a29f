"""Files that a spreadsheet has been at: asked once or kept back, and never a leaver, a joiner or another person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.intake.workbooks import workbook
from tests.stories.company import Company

NAMES = ("worker_id", "given_name", "family_name", "work_email", "status", "hire_date")
HEADER = ",".join(NAMES)


def text(*people: tuple[str, str], header: str = HEADER) -> str:
    rows = [f"{number},Given{n},Family{n},p{n}@example.com,Active,{day}" for n, (number, day) in enumerate(people, 1)]
    return "\n".join([header, *rows]) + "\n"


def days(*written: str) -> str:
    return text(*((f"00010{n}", day) for n, day in enumerate(written, 1)))


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path, people={"path": "./inbox/*", "fields": {name: name for name in NAMES}})


def changes(company: Company, **people: object) -> None:
    company.people |= people
    company.write_settings()


def night(company: Company, day: str, content: str | bytes) -> tuple[str, set[str]]:
    """Drop the content, bytes as a workbook; (state of the file, checks that it raised)."""
    path = company.folder / "inbox" / f"people-{day}.{'csv' if isinstance(content, str) else 'xlsx'}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    done = company.day(day)
    return done.files[path.name], done.checks


def test_dates_that_nobody_can_read_are_asked_about_once(company: Company) -> None:
    state, checks = night(company, "2026-03-02", days("03/04/2020", "05/06/2021"))
    assert (state, checks & {"ambiguous_dates"}) == ("held", {"ambiguous_dates"})
    assert company.accounts() == {}
    changes(company, dates="DD/MM/YYYY")
    assert night(company, "2026-03-03", days("03/04/2020", "05/06/2021"))[0] == "accepted"
    assert str(company.person("000101").worker.hire_date) == "2020-04-03"


def test_what_one_file_showed_holds_for_the_next(company: Company) -> None:
    assert night(company, "2026-03-02", days("25/04/2020", "05/06/2021"))[0] == "accepted"
    assert str(company.person("000102").worker.hire_date) == "2021-06-05"
    assert night(company, "2026-03-03", days("03/04/2020", "05/06/2021"))[0] == "accepted"
    assert str(company.person("000101").worker.hire_date) == "2020-04-03"
    state, checks = night(company, "2026-03-04", days("04/25/2020", "06/05/2021"))
    assert (state, "date_order_changed" in checks) == ("held", True)
    assert str(company.person("000101").worker.hire_date) == "2020-04-03"


def test_numbers_that_lost_their_zeros_are_nobody_new_and_nobody_gone(company: Company) -> None:
    changes(company, leavers_are="absent")
    people = [(f"00010{n}", "2020-04-03") for n in range(1, 6)]
    night(company, "2026-03-02", text(*people))
    before = company.accounts()
    assert len(before) == 5
    state, checks = night(company, "2026-03-03", text(*((number.lstrip("0"), day) for number, day in people)))
    assert (state, "id_width_changed" in checks) == ("held", True)
    state, checks = night(company, "2026-03-04", text(("101", "2020-04-03"), *people[1:]))
    assert (state, "id_width_changed" in checks) == ("accepted", True)
    assert company.accounts() == before
    assert company.events(kinds=["leaver", "joiner"]) == []


def test_a_number_in_scientific_notation_is_kept_back_and_nobody_is_gone(company: Company) -> None:
    changes(company, leavers_are="absent")
    people = [(f"12345670000{n}", "2020-04-03") for n in range(1, 6)]
    night(company, "2026-03-02", text(*people))
    before = company.accounts()
    state, checks = night(
        company, "2026-03-03", text(("1.23457E+11", "2020-04-03"), ("1.23457E+11", "2020-04-03"), *people[2:])
    )
    assert (state, "id_mangled" in checks) == ("accepted", True)
    state, checks = night(company, "2026-03-04", text(*(("1.23457E+11", "2020-04-03") for _ in people)))
    assert (state, "id_mangled" in checks) == ("held", True)
    assert company.accounts() == before
    assert company.events(kinds=["leaver", "joiner"]) == []


def test_a_workbook_follows_a_csv_file_and_nothing_has_changed(company: Company) -> None:
    people = [(f"00010{n}", "2020-04-03") for n in range(1, 4)]
    night(company, "2026-03-02", text(*people))
    rows = [line.split(",") for line in text(*people).splitlines()]
    assert night(company, "2026-03-03", workbook(("Staff", [["Staff of Example"], [], *rows])))[0] == "accepted"
    assert list(company.plans()) == ["P-1"]
    assert company.events() == []
