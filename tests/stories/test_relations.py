"""Who is looked at again because of somebody else: managers who come, go, are away, or lose their last report."""

from __future__ import annotations

from pathlib import Path

from tests.stories.company import Company, changed, worker

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
