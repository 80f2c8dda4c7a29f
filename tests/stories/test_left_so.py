"""What is left as somebody left it: undone and pinned, kept or asked about after a change by hand, released."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.core.model.account import AccountState
from joinery.errors import NotThere
from joinery.flows.left_so import by_hand, keep_so, release_so
from joinery.flows.person import Word
from joinery.flows.reconcile import reconcile
from tests.stories.company import Company, Row, changed, moment, staff

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}
ME = Word(owner="ana", reason="agreed")


def company(tmp_path: Path, **drift: str) -> tuple[Company, list[Row]]:
    acme, rows = Company(tmp_path, learning={"drift": drift, "groups_from": ["department"]}), staff(5)
    acme.day("2026-11-23", rows)
    return acme, rows


def by_admin(acme: Company, who: str, **changes: Any) -> None:
    """Somebody edits the account in the learning system itself."""
    account = acme.account(who)
    if "attributes" in changes:
        changes["attributes"] = {**account.attributes, **changes["attributes"]}
    acme.lms().edit_with(account.id, **changes)


def read_again(acme: Company, day: str) -> dict[str, str]:
    """`joinery reconcile`: what was changed -> what happens."""
    with acme.open(day) as it:
        return {each.what: each.happens for each in reconcile(it.ports, moment(day)).drift}


# ---------------------------------------------------------------- changes by hand


@pytest.mark.parametrize(
    ("choice", "happens", "title"),
    [("overwrite", "put back", "Clerk"), ("keep", "kept", "Boss"), ("ask", "held", "Boss")],
)
def test_a_change_by_hand_is(tmp_path: Path, choice: str, happens: str, title: str) -> None:
    acme, rows = company(tmp_path, job_title=choice)
    by_admin(acme, "0002", attributes={"job_title": "Boss", "location": "Lyon"})
    assert read_again(acme, "2026-11-24") == {"job_title": happens, "location": "put back"}
    acme.day("2026-11-24T13:00")
    attributes = acme.account("0002").attributes
    assert (attributes["job_title"], attributes["location"]) == (title, "Lille"), "only what was named is kept"
    # HR gives another title: that is what is right now
    acme.day("2026-11-25", changed(rows, "0002", job_title="Head"))
    assert acme.account("0002").attributes["job_title"] == "Head"
    acme.day("2026-11-26", changed(rows, "0002", job_title="Clerk"))
    assert acme.account("0002").attributes["job_title"] == "Clerk", "what was overtaken does not come back"


def test_a_question_is_answered_with_keep_or_release(tmp_path: Path) -> None:
    acme, _ = company(tmp_path, job_title="ask")
    for who, answer, title in (("0002", keep_so, "Boss"), ("0003", release_so, "Clerk")):
        by_admin(acme, who, attributes={"job_title": "Boss"})
        read_again(acme, "2026-11-24")
        assert "changed by hand" in acme.day("2026-11-24T13:00").why_held(who)
        with acme.ports() as ports:
            answer(ports, who, "job_title", *((ME,) if answer is keep_so else ()))
        acme.day("2026-11-24T14:00")
        assert acme.account(who).attributes["job_title"] == title
    with acme.ports() as ports, pytest.raises(NotThere, match="nothing left so for 'location'"):
        release_so(ports, "0002", "location")


def test_groups_and_access_have_a_choice_of_their_own(tmp_path: Path) -> None:
    acme, _ = company(tmp_path, groups="keep", access="ask")
    by_admin(acme, "0002", groups=frozenset())
    by_admin(acme, "0003", state=AccountState.SUSPENDED)
    assert read_again(acme, "2026-11-24") == {"group:Sales": "kept", "access": "held"}
    assert acme.day("2026-11-24T13:00").did("restore", "held") == ["0003"]
    assert acme.account("0002").groups == frozenset()


def test_nothing_keeps_a_leaver_in(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, access="keep")
    gone = changed(rows, "0002", **LEFT)
    acme.day("2026-11-24", gone)
    by_admin(acme, "0002", state=AccountState.ACTIVE)
    assert read_again(acme, "2026-11-25") == {"access": "put back"}
    acme.day("2026-11-25T13:00")
    assert acme.accounts()["0002"] == "suspended"


# ---------------------------------------------------------------- pins of an undo


def test_an_undone_end_of_access_does_not_keep_them_in_at_the_next_end(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.undo(acme.day("2026-11-24", changed(rows, "0002", **LEFT)).plan, "2026-11-24")
    assert acme.accounts()["0002"] == "active"
    assert acme.day("2027-03-15").lines == [], "nor are they archived for the end that was taken back"
    acme.day("2027-03-16", rows)
    again = changed(rows, "0002", status="Terminated", termination_date="2027-03-31")
    acme.day("2027-03-17", again)
    acme.day("2027-04-01")
    assert acme.accounts()["0002"] == "suspended"


def test_an_undone_suspension_for_leave_does_not_keep_in_who_is_then_terminated(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.undo(acme.day("2026-11-24", changed(rows, "0002", status="Garden leave")).plan, "2026-11-24")
    assert acme.accounts()["0002"] == "active"
    acme.day("2026-11-26", changed(rows, "0002", status="Terminated", termination_date="2026-11-25"))
    assert acme.accounts()["0002"] == "suspended"


def test_what_an_undo_pinned_can_be_released(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.undo(acme.day("2026-11-24", changed(rows, "0002", job_title="Head")).plan, "2026-11-24")
    assert acme.day("2026-11-25").lines == []
    with acme.ports() as ports:
        release_so(ports, "0002", "job_title")
    assert acme.day("2026-11-26").lines == ["0002 update done"]


# ---------------------------------------------------------------- as commands


def test_the_commands_list_keep_and_release(tmp_path: Path) -> None:
    acme, _ = company(tmp_path, job_title="ask")

    def typed(*words: str) -> str:
        done = CliRunner().invoke(app, ["person", *words, "--config", str(acme.config)])
        assert done.exit_code == 0, done.output
        return done.output

    by_admin(acme, "0002", attributes={"job_title": "Boss"})
    read_again(acme, "2026-11-24")
    typed("exempt", "0003", "FIRE", "--reason", "seen the note", "--until", "2030-01-31")
    listed = json.loads(typed("decided", "--json"))["rows"]
    assert [(row["worker_id"], row["decided"], row["about"], row["until"]) for row in listed] == [
        ("0002", "to be decided", "job_title", ""),
        ("0003", "exempt", "course:FIRE", "2030-01-31"),
    ]
    assert "seen the note" not in typed("decided")
    assert "seen the note" in typed("decided", "0003", "--confidential")
    assert "left as it is" in typed("keep", "0002", "job_title", "--reason", "the title on the door")
    with acme.ports() as ports:
        assert [row.kind for row in by_hand(ports, "0002")] == ["left so"]
    assert "decided by HR" in typed("release", "0002", "job_title")
