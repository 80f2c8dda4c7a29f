"""Who is looked at again because of somebody else: managers who come, go, are away, or lose their last report."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.company import COLUMNS, FIELDS, Company, changed, worker

LEADS = [{"name": "Lead", "when": "has_reports", "give": ["LEAD-1"], "when_match_ends": "withdraw_if_not_started"}]
#: 0001 is above 0002, who is above 0003
CHAIN = [worker(1), worker(2, manager_id="0001"), worker(3, manager_id="0002"), *[worker(n) for n in range(4, 8)]]


def company(folder: Path, **settings: object) -> Company:
    acme = Company(folder)
    acme.write_settings(guards="off", **settings)
    return acme


def manager_of(acme: Company, who: str) -> str:
    return acme.account(who).attributes.get("manager_id", "")


def test_a_manager_on_leave_is_replaced_by_the_next_one_up_and_comes_back(tmp_path: Path) -> None:
    acme = company(tmp_path)
    acme.day("2026-03-02", CHAIN)
    assert manager_of(acme, "0003") == "0002"
    away = changed(CHAIN, "0002", status="On leave")
    acme.day("2026-03-03", away)
    assert manager_of(acme, "0003") == "0001"
    acme.day("2026-03-04", CHAIN)
    assert manager_of(acme, "0003") == "0002"


def test_who_is_two_levels_below_hears_of_it_when_those_between_are_away(tmp_path: Path) -> None:
    acme = company(tmp_path)
    away = changed(CHAIN, "0002", status="On leave")
    acme.day("2026-03-02", away)
    assert manager_of(acme, "0003") == "0001"
    acme.day("2026-03-03", changed(away, "0001", status="Terminated", termination_date="2026-03-02"))
    assert manager_of(acme, "0003") == "0002", "nobody up there is at work: HR's own word"


def test_who_reports_to_somebody_away_follows_a_change_further_up(tmp_path: Path) -> None:
    acme = company(tmp_path)
    away = changed(CHAIN, "0002", status="On leave")
    acme.day("2026-03-02", away)
    acme.day("2026-03-03", changed(away, "0002", manager_id="0004"))
    assert manager_of(acme, "0003") == "0004"


def test_a_manager_whose_last_report_leaves_leads_nobody_any_more(tmp_path: Path) -> None:
    acme = company(tmp_path, learning_rules=LEADS)
    acme.day("2026-03-02", CHAIN)
    assert "course:LEAD-1" in acme.assigned("0002")
    acme.day("2026-03-03", changed(CHAIN, "0003", status="Terminated", termination_date="2026-03-02"))
    assert acme.assigned("0002") == {}


def test_nobody_is_their_own_manager_and_the_events_tell_what_hr_says(tmp_path: Path) -> None:
    acme = company(tmp_path, learning_rules=LEADS)
    acme.day("2026-03-02", CHAIN)
    own = changed(CHAIN, "0004", manager_id="0004")
    acme.day("2026-03-03", own)
    assert manager_of(acme, "0004") == "" and acme.assigned("0004") == {}
    acme.day("2026-03-04", changed(own, "0004", manager_id="0001"))
    assert manager_of(acme, "0004") == "0001"
    assert acme.events("0004", kinds=["mover"]) == [
        "0004 mover 2026-03-03 manager_id:  -> 0004",
        "0004 mover 2026-03-04 manager_id: 0004 -> 0001",
    ]


@pytest.mark.parametrize("way", ["previous_id", "person_id", "source_id"])
def test_a_manager_under_a_new_number_leads_also_those_who_still_name_the_former_one(tmp_path: Path, way: str) -> None:
    """However HR tells that 0001 is N001 now. A number that somebody else got since is theirs alone."""
    keys = ("person_id", "source_id") if way == "source_id" else ("person_id",)
    columns = (*COLUMNS, *keys)
    acme = Company(tmp_path, people={"fields": FIELDS | {name: name for name in keys}})
    acme.write_settings(guards="off", learning_rules=LEADS)
    theirs = [{"person_id": f"U{n}" if way == "person_id" else "", "source_id": f"S{n}"} for n in range(1, 4)]
    rows = [worker(n, manager_id="" if n == 1 else "0001") | theirs[n - 1] for n in (1, 2, 3)]
    acme.day("2026-03-02", rows, columns=columns)
    assert acme.assigned("0001").keys() == {"course:LEAD-1"}
    boss = rows[0] | {"worker_id": "N001", "previous_id": "0001" if way == "previous_id" else ""}
    acme.day("2026-03-03", [boss, *rows[1:]], columns=columns)
    assert (manager_of(acme, "0002"), manager_of(acme, "0003")) == ("N001", "N001")
    assert acme.assigned("N001").keys() == {"course:LEAD-1"}, "has reports still"
    late = worker(4, manager_id="0001") | {"person_id": "", "source_id": "S4"}
    acme.day("2026-03-04", [boss | {"previous_id": ""}, *rows[1:], late], columns=columns)
    assert manager_of(acme, "0004") == "N001"


def test_a_former_number_that_somebody_else_has_now_is_theirs_alone(tmp_path: Path) -> None:
    keyed = {"fields": FIELDS | {"source_id": "source_id"}}
    acme, columns = Company(tmp_path, people=keyed), (*COLUMNS, "source_id")
    rows = [worker(n, manager_id="" if n == 1 else "0001") | {"source_id": f"S{n}"} for n in (1, 2)]
    acme.day("2026-03-02", rows, columns=columns)
    new = worker(1, given_name="Other", work_email="other@acme.example") | {"source_id": "S9"}
    acme.day("2026-03-03", [rows[0] | {"worker_id": "N001"}, new, rows[1] | {"job_title": "Head"}], columns=columns)
    acme.day("2026-03-04", [rows[0] | {"worker_id": "N001"}, new, rows[1] | {"job_title": "Chief"}], columns=columns)
    assert manager_of(acme, "0002") == "0001"
