"""A full file says of somebody at work, whose end is announced, that they begin anew after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.company import Company, Row, changed, staff, without

END, BACK = "2026-12-05", "2026-12-10"


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    acme = Company(tmp_path)
    acme.day("2026-11-18", staff(5))
    acme.day("2026-11-20", changed(staff(5), "0002", status="Terminated", termination_date=END))
    return acme


def returning(day: str = BACK, **values: str) -> list[Row]:
    return changed(staff(5), "0002", hire_date=day, job_title="Head", **values)


def test_access_ends_on_the_announced_day_and_comes_back_on_the_first(acme: Company) -> None:
    for day in ("2026-11-21", "2026-11-22", END):
        assert (acme.day(day, returning()).lines, acme.accounts()["0002"]) == ([], "active"), day
    assert acme.day("2026-12-06", returning()).lines == ["0002 suspend done"]
    assert acme.day("2026-12-07", returning()).lines == []
    assert acme.day(BACK, returning()).did("restore") == ["0002"]
    assert acme.day("2026-12-11", returning()).lines == []
    assert acme.events("0002") == [f"0002 leaver {END}", f"0002 rehire {BACK}"]


def test_whoever_begins_anew_on_the_next_day_is_out_for_no_moment(acme: Company) -> None:
    for day in ("2026-11-21", END, "2026-12-06", "2026-12-07"):
        night = acme.day(day, returning("2026-12-06"))
        assert (night.did("suspend"), acme.accounts()["0002"]) == ([], "active"), day
    assert {told.split()[1] for told in acme.events("0002")} == {"mover"}


def test_a_first_day_that_is_moved_is_waited_for(acme: Company) -> None:
    acme.day("2026-11-21", returning())
    acme.day("2026-12-07", returning("2026-12-15"))
    assert acme.day(BACK, returning("2026-12-15")).lines == []
    assert acme.accounts()["0002"] == "suspended"
    assert acme.day("2026-12-15").did("restore") == ["0002"]


def test_a_return_that_is_called_off_ends_as_was_announced(acme: Company) -> None:
    acme.day("2026-11-21", returning())
    acme.day("2026-12-04", changed(staff(5), "0002", status="Terminated", termination_date=END))
    assert acme.day("2026-12-06").did("suspend") == ["0002"]
    assert acme.day("2026-12-11").lines == []


def test_an_end_that_is_called_off_with_the_return_ends_nobody(acme: Company) -> None:
    acme.day("2026-11-21", returning())
    acme.day("2026-12-04", staff(5))
    for day in ("2026-12-06", BACK):
        assert (acme.day(day, staff(5)).lines, acme.accounts()["0002"]) == ([], "active")
    assert acme.events("0002") == []


def test_whoever_is_in_no_file_any_more_does_not_come_back(acme: Company) -> None:
    acme.day("2026-11-21", returning())
    acme.day("2026-12-03", without(staff(5), "0002"))
    acme.day("2026-12-06", without(staff(5), "0002"))
    for day in (BACK, "2026-12-11"):
        acme.day(day, without(staff(5), "0002"))
        assert acme.accounts()["0002"] == "suspended", day


@pytest.mark.parametrize("lacking", [BACK, "2026-12-08"], ids=["on the first day", "in the gap"])
def test_a_return_that_the_newest_file_does_not_have_any_more_does_not_come(acme: Company, lacking: str) -> None:
    """Nobody new who is not in a full file before their first day begins either; in a later file they may be there."""
    acme.day("2026-11-21", returning())
    assert acme.day("2026-12-06", returning()).did("suspend") == ["0002"]
    for day in (lacking, "2026-12-10T14:00", "2026-12-11"):
        acme.day(day, without(staff(5), "0002"))
        assert acme.accounts()["0002"] == "suspended", day
    assert acme.events("0002") == [f"0002 leaver {END}"]
    assert acme.day("2026-12-12", returning()).did("restore") == ["0002"]
