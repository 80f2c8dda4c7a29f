"""A run raises people who may be there twice as issues: never a merge or a hold, and only as much work as changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from joinery.flows import doubles
from joinery.flows.issues import list_issues, show_issue
from joinery.flows.person import Word
from joinery.flows.who import other_person, same_person
from tests.stories.company import Company, Row, changed, staff, without, worker

FIRST, SECOND, THIRD, FOURTH = "2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"
ANA = Word(owner="ana", reason="asked HR")
FIELDS = {**{name: name for name in worker(1)}, "phone": "phone", "personal_email": "personal_email"}
COLUMNS = tuple(FIELDS)
SAME = {"phone": "+33 6 12 34 56 78", "personal_email": "xq@home.example"}


def her(number: str, **values: str) -> Row:
    own = {"given_name": "Xanthippe", "family_name": "Quillfeather", "work_email": f"{number}@acme.example"}
    return worker(number, **{**own, **SAME, **values})


def people(count: int = 30) -> list[Row]:
    """Each with a telephone of their own, and a day on which nobody else began."""
    days = [f"20{10 + number % 9}-0{1 + number % 9}-{10 + number % 18}" for number in range(count)]
    rows = staff(count)
    return [
        {**row, "hire_date": day, "phone": f"+33 1 00 00 {number:04}", "personal_email": ""}
        for number, (row, day) in enumerate(zip(rows, days, strict=True))
    ]


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    on = {"guards": "off", "issues": {"same_person": "probably"}}
    return Company(tmp_path, settings=on, people={"fields": FIELDS})


def raised(acme: Company, *, closed: bool = False) -> list[tuple[str, int]]:
    with acme.ports() as ports:
        found = [told.issue for told in list_issues(ports, closed=closed) if told.issue.cause.check == "same_person"]
    return [(issue.state, issue.people) for issue in found]


def compared(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """With whom each look was taken: None for everybody."""
    from joinery.audit import duplicates

    looks: list[Any] = []
    real = duplicates.duplicates

    def spied(frame: Any, among: Any = None) -> Any:
        looks.append(None if among is None else len(among))
        return real(frame, among)

    monkeypatch.setattr(duplicates, "duplicates", spied)
    return looks


def day(acme: Company, when: str, rows: list[Row]) -> Any:
    return acme.day(when, rows, columns=COLUMNS)


def test_the_first_run_looks_at_everybody_once_and_holds_nobody_back(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = compared(monkeypatch)
    night = day(acme, FIRST, [*people(), her("7001"), her("7002")])
    assert raised(acme) == [("open", 2)] and looks == [None]
    assert len(night.did("create")) == 32 and night.exit_code == 0
    with acme.ports() as ports:
        told = show_issue(ports, "same_person")
    assert (told.findings[0]["people"], told.issue.severity) == ("7001\n7002", "warning")
    assert "7001 and 7002 are probably one person: " in told.findings[0]["message"]
    assert not any(word in told.findings[0]["message"] for word in ("Xanthippe", "xq@home", "12 34"))
    assert acme.person("7001").key != acme.person("7002").key


def test_a_quiet_night_looks_at_nobody_and_a_move_is_no_reason_to_look(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*people(), her("7001"), her("7002")]
    day(acme, FIRST, rows)
    looks = compared(monkeypatch)
    monkeypatch.setattr(doubles, "everybody", _never)
    day(acme, SECOND, rows)
    acme.day(THIRD)
    day(acme, FOURTH, changed(rows, "0003", department="Research", job_title="Head"))
    assert looks == [] and raised(acme) == [("open", 2)]


def _never(*_arguments: Any) -> Any:
    raise AssertionError("nobody was to be looked at")


def test_only_whoever_is_new_or_changed_is_compared_with_everybody(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*people(), her("7001")]
    day(acme, FIRST, rows)
    assert raised(acme) == []
    looks = compared(monkeypatch)
    day(acme, SECOND, [*rows, her("7002")])
    assert looks[0] == 1 and None not in looks and raised(acme) == [("open", 2)]
    named = {name: value for name, value in her("7003").items() if name != "worker_id"}
    day(acme, THIRD, changed([*rows, her("7002")], "0004", **named))
    assert raised(acme) == [("open", 3)]


def test_what_is_corrected_closes_and_what_comes_back_opens_again(acme: Company) -> None:
    rows = [*people(), her("7001"), her("7002")]
    day(acme, FIRST, rows)
    other = {"given_name": "Rosalind", "family_name": "Overbeck", "phone": "+33 7 99 88 77 66", "personal_email": ""}
    day(acme, SECOND, changed(rows, "7002", **other))
    assert raised(acme) == [] and raised(acme, closed=True) == [("closed", 0)]
    day(acme, THIRD, rows)
    assert raised(acme) == [("open", 2)]
    with acme.ports() as ports:
        assert show_issue(ports, "same_person").issue.returned == 1


def test_of_three_numbers_one_is_told_apart_and_the_other_two_stay(acme: Company) -> None:
    rows = [*people(), her("7001"), her("7002"), her("7003")]
    day(acme, FIRST, rows)
    assert raised(acme) == [("open", 3)]
    for one in ("7001", "7002"):
        with acme.ports() as ports:
            other_person(ports, one, "7003", ANA)
    day(acme, SECOND, rows)
    assert raised(acme) == [("open", 2)]


def test_once_somebody_said_that_it_is_one_person_nothing_is_raised_any_more(acme: Company) -> None:
    rows = [*people(), her("7001"), her("7002", status="Terminated", termination_date="2026-11-20")]
    day(acme, FIRST, rows)
    assert raised(acme) == [("open", 2)]
    with acme.ports() as ports:
        same_person(ports, "7002", "7001", ANA)
    day(acme, SECOND, rows)
    assert raised(acme) == []


def test_two_who_have_both_left_are_nobody_s_work(acme: Company) -> None:
    left = {"status": "Terminated", "termination_date": "2026-11-20"}
    day(acme, FIRST, [*people(), her("7001", **left), her("7002", **left)])
    assert raised(acme) == []


def test_a_file_of_changes_is_compared_with_those_who_are_not_in_it(acme: Company) -> None:
    day(acme, FIRST, [*people(), her("7001")])
    acme.people["content"] = "changes"
    acme.write_settings()
    day(acme, SECOND, [her("7002")])
    assert raised(acme) == [("open", 2)]


@pytest.mark.parametrize(("setting", "found"), [("off", []), ("very_probably", []), ("probably", [("open", 2)])])
def test_the_settings_say_how_sure_it_must_be(acme: Company, setting: str, found: list[Any]) -> None:
    acme.write_settings(issues={"same_person": setting})
    day(acme, FIRST, [*people(), her("7001"), her("7002")])
    assert raised(acme) == found


def test_somebody_who_is_gone_from_a_pair_leaves_no_finding_behind(acme: Company) -> None:
    rows = [*people(), her("7001"), her("7002")]
    day(acme, FIRST, rows)
    day(acme, SECOND, [*without(rows, "7001"), her("7009", previous_id="7001")])
    with acme.ports() as ports:
        (told,) = [t for t in list_issues(ports) if t.issue.cause.check == "same_person"]
    assert [row["people"] for row in told.findings] == ["7002\n7009"]
