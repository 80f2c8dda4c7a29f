"""`joinery why` about courses, and about what should be and is not yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from joinery.core.model.account import Account, Enrolment
from joinery.core.model.ids import AccountId, RequirementKey
from joinery.core.planning.wording import said as worded
from joinery.flows.person import Word, decide_about
from joinery.flows.side_by_side import side_by_side
from tests.stories.asking import LEADING, SAFETY, ask, by_hand, ruled, said, version
from tests.stories.company import Company, Night, changed, moment, staff, worker

# ----------------------------------------------------------------------------------------------------- 5. training


def test_a_course_given_by_a_changed_value_names_the_value_its_file_and_the_day(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-25", changed(staff(5), "0001", job_title="Head", country="FR"))
    told = said(ask(acme, "0001", course="LEADING"))
    assert (
        'job_title is "Head" (from hris, changed 2026-11-25), country is "FR" (from hris, changed 2026-11-25)' in told
    )


WHY_NOT = {
    "one condition fails": ({"job_title": "Head", "country": "DE"}, 'does not match: country is "DE", not "FR".'),
    "both conditions fail": (
        {"country": "DE"},
        'does not match: job_title is "Clerk", not "Head", country is "DE", not "FR".',
    ),
    "a value is not known": ({"job_title": "Head"}, "cannot be told: country is not known."),
}


@pytest.mark.parametrize(("values", "expected"), WHY_NOT.values(), ids=WHY_NOT.keys())
def test_why_not(tmp_path: Path, values: dict[str, str], expected: str) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", [*staff(3), worker(4, **values)])
    answer = ask(acme, "0004", course="leading")
    assert answer.said == (f"Rule Leading (version {version(acme, 'Leading')}) {expected}",)
    assert answer.parts[0].data["has"] is False


def test_a_mistyped_course_suggests_the_near_ones(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    assert ask(acme, "0001", course="SAFTEY").said == (
        "No rule gives course:SAFTEY.",
        "Did you mean course:SAFETY?",
    )


def test_a_course_that_was_given_in_the_learning_system_itself_is_told_so(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    other = Enrolment(requirement=RequirementKey("course:YOGA"))
    acme.lms().edit(
        Account(id=AccountId(""), attributes={"worker_id": "0001"}, enrolments={other.key: other}),
    )
    acme.day("2026-11-23", staff(3))
    told = said(ask(acme, "0001", course="YOGA"))
    assert "The learning system has it (assigned); it did not come from Joinery." in told


def test_a_finished_course_says_when_and_who_had_asked_for_it(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.completes("0001", "SAFETY", "2026-11-24")
    acme.day("2026-11-25")
    acme.day("2026-11-26", staff(3))
    assert ask(acme, "0001", course="SAFETY").said == (
        "course:SAFETY was completed on 2026-11-24; asked for by rule Lille safety.",
    )
    assert "Done: course:SAFETY (2026-11-24)." in said(ask(acme, "0001"), "learning")


def test_an_exemption_names_its_owner_and_end_and_the_reason_only_in_confidence(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    by_hand(acme, "exemption", "0001", "SAFETY", "bad back")
    acme.day("2026-11-24")
    assert ask(acme, "0001", course="SAFETY").said[1].endswith("asks for it; the exemption outweighs that.")
    for how in ({}, {"course": "SAFETY"}):
        answer = ask(acme, "0001", **how)
        assert "ana decided on an exemption from course:SAFETY until 2027-03-31." in said(answer, "learning")
        assert "bad back" not in repr(answer)
        assert "bad back" in repr(ask(acme, "0001", confidential=True, **how))


def test_an_assignment_by_hand_names_who_and_the_reason_only_in_confidence(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    by_hand(acme, "manual", "0001", "FIRST-AID", "after the accident")
    acme.day("2026-11-24")
    answer = ask(acme, "0001", course="FIRST-AID")
    assert "Has course:FIRST-AID because ana assigned it by hand." in answer.said
    assert "accident" not in repr(answer)
    assert "accident" in said(ask(acme, "0001", course="FIRST-AID", confidential=True))


def test_a_course_that_is_asked_for_and_not_given_yet_names_the_plan_it_waits_in(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve"})
    acme.approve(acme.day("2026-11-23", staff(3)).plan)
    by_hand(acme, "manual", "0001", "YOGA", "x")
    acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    answer = ask(acme, "0001", course="YOGA")
    assert said(answer) == (
        "Has course:YOGA because ana assigned it by hand. | In P-2, not done: assign YOGA. | P-2 waits for approval."
    )


OVERDUE: dict[str, tuple[dict[str, str], dict[str, str], bool]] = {
    "an ordinary person": ({}, {}, True),
    "somebody on leave": ({}, {"status": "Leave"}, False),
    "whoever should, and need not": ({"kind": "recommended"}, {}, False),
}


@pytest.mark.parametrize(("rule", "values", "overdue"), OVERDUE.values(), ids=OVERDUE.keys())
def test_an_unfinished_course_is_overdue_for(
    tmp_path: Path, rule: dict[str, str], values: dict[str, str], overdue: bool
) -> None:
    words = {"Leave": "leave", "Active": "active"}
    acme = ruled(tmp_path, settings={"learning_rules": [SAFETY | rule]}, people={"statuses": words})
    acme.day("2026-11-23", staff(3))
    acme.day("2026-11-25", changed(staff(3), "0001", **values) if values else None)
    acme.day("2027-01-15")
    assert ("course:SAFETY is overdue." in ask(acme, "0001").said) is overdue


def test_a_leaver_is_given_nothing_new(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", [*staff(3), worker(4, status="Terminated", termination_date="2026-05-01")])
    assert ask(acme, "0004", course="SAFETY").said[0] == "They have left: nothing new is given."


# -------------------------------------------------------------------------------------------- 6. should be and is


def test_a_line_that_waits_for_approval_names_its_plan(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve"})
    acme.approve(acme.day("2026-11-23", staff(3)).plan)
    acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    assert said(ask(acme, "0001"), "plan") == "In P-2, not done: job_title: Clerk -> Head. | P-2 waits for approval."


def test_a_line_held_by_a_guard_names_the_guard(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, settings={"guards": {"manager_change": {"most": 5}}}), staff(30)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24", [row | {"manager_id": "0001"} if row["worker_id"] != "0001" else row for row in rows])
    told = said(ask(acme, "0002"), "plan")
    assert told.startswith("Held in P-2: manager_id: nothing -> 0001, because 29 ")


def test_in_observe_mode_nothing_happens_by_itself(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "observe"})
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        decide_about(ports, "0001", "manual", "FIRST-AID", Word(owner="ana", reason="x"))
    told = said(ask(acme, "0001"), "plan")
    assert "In P-1, not done: make an account for w0001@acme.example." in told
    assert "P-1 is only shown, because the mode is observe." in told
    assert "Next plan: assign FIRST-AID. Cause: assigned by hand by ana. It is only shown" in told


def test_what_an_undo_took_back_is_told_as_left_so(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    night = acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    acme.undo(night.plan, "2026-11-24T13:00")
    expected = "Left as somebody wanted it, until HR or a rule changes it: job_title."
    assert said(ask(acme, "0001"), "plan") == expected
    with acme.ports() as ports:
        rows = {row[0]: row[1:] for row in side_by_side(ports, "0001").rows}
    assert rows["job_title"] == ("Head", "Head", "Clerk", "left so")


def planned(night: Night | None, who: str) -> list[str]:
    roles = " and take administrator roles away"
    return [
        worded(s.line.operation).removesuffix(roles) for s in (night.stored if night else ()) if s.line.worker_id == who
    ]


def _exempts(acme: Company) -> None:
    by_hand(acme, "exemption", "0001", "SAFETY", "x")


def _assigns(acme: Company) -> None:
    by_hand(acme, "manual", "0001", "FIRST-AID", "x")


def _new_rule(acme: Company) -> None:
    acme.write_settings(learning_rules=[SAFETY, LEADING, {"name": "All", "give": "ALL"}])


def _ends(acme: Company) -> None:
    acme.day("2026-11-24", changed(staff(4), "0001", termination_date="2026-11-24"))


CHANGES: dict[str, Callable[[Company], None]] = {
    "nothing happened": lambda acme: None,
    "somebody exempted them": _exempts,
    "somebody assigned a course": _assigns,
    "a rule is new": _new_rule,
    "their last day has passed since": _ends,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_said_of_the_next_plan_is_what_the_next_plan_does_when(
    tmp_path: Path, change: Callable[[Company], None]
) -> None:
    clock = {"now": moment("2026-11-24T13:00")}
    real = {"simulation": False}
    acme = ruled(tmp_path, learning=real, clock=lambda: clock["now"])
    acme.day("2026-11-24T11:00", staff(4))
    change(acme)
    clock["now"] = moment("2026-11-25T12:00")
    foretold = [line["what"] for line in ask(acme, "0001").part("plan").data["next"]]
    assert foretold == planned(acme.look("2026-11-25"), "0001")
    if change is not CHANGES["nothing happened"]:
        assert foretold
