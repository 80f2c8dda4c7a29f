"""`joinery why` about days to come and days gone, in confidence or not; and that nothing is ever written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from joinery.core.model.account import AccountState
from joinery.flows.why import Answer
from tests.stories.asking import LEFT, ask, everything, ruled, said
from tests.stories.company import Company, changed, moment, staff, worker

# ----------------------------------------------------------------------------------------------- 7. other moments


AHEAD = {
    "a starter": {"hire_date": "2026-12-01"},
    "a starter in Auckland": {"hire_date": "2026-12-02", "time_zone": "Pacific/Auckland"},
    "a leaver": {"termination_date": "2026-12-31"},
    "somebody on a fixed term": {"hire_date": "2026-12-01", "termination_date": "2026-12-31"},
    "an ordinary person": {},
}


@pytest.mark.parametrize("values", AHEAD.values(), ids=AHEAD.keys())
def test_a_look_ahead_tells_what_then_comes_true_for(tmp_path: Path, values: dict[str, str]) -> None:
    """… word for word: first it is foretold, then the same days are lived."""
    acme = ruled(tmp_path, settings={"guards": "off"})
    rows = [*staff(3), worker(4, **values)]
    acme.day("2026-11-24", rows)
    days = ("2026-12-01T12:00", "2026-12-02T12:00", "2027-01-15T12:00", "2027-04-15T12:00")
    foretold = {day: ask(acme, "0004", day, confidential=True) for day in days}
    for day in ("2026-11-25", *sorted({*days, "2026-12-03", "2026-12-30", "2027-01-01"})):
        acme.day(day)
        if day in foretold:
            came = ask(acme, "0004", confidential=True)
            for part in ("employment", "learning"):
                assert said(foretold[day], part).replace(" then, unless it is done.", ".") == said(came, part)
            ahead, now = (answer.part("account").data for answer in (foretold[day], came))
            assert (ahead["state"], ahead["wanted"]) == (now["state"], now["wanted"])


def test_a_look_ahead_tells_day_by_day_what_happens_until_then(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-24", [*staff(3), worker(4, hire_date="2026-12-01")])
    answer = ask(acme, "0004", "2027-01-15")
    assert answer.tense == "future"
    assert said(answer, "until") == "2026-12-01: make an account for w0004@acme.example; assign SAFETY, due 2026-12-31."
    assert "An account, made by then: can sign in." in answer.said
    assert "course:SAFETY is overdue then, unless it is done." in answer.said


def test_a_look_back_tells_what_was_known_and_done_then(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-25", changed(staff(5), "0001", job_title="Head", country="FR"))
    acme.day("2026-11-27", changed(staff(5), "0001", job_title="Head", country="FR", location="Paris", **LEFT))
    answer = ask(acme, "0001", "2026-11-24")
    assert answer.tense == "past"
    assert "job_title Clerk, location Lille" in said(answer, "facts")
    assert said(answer, "account") == "Made on 2026-11-23 (P-1)."
    assert "Had course:SAFETY, assigned on 2026-11-23" in said(answer, "learning")
    assert "LEADING" not in said(answer)
    assert "LEADING" in said(ask(acme, "0001", "2026-11-26"), "learning")
    now = ask(acme, "0001", "2026-11-27T11:59")
    assert said(now, "account") == "Made on 2026-11-23 (P-1)."


def test_a_look_back_says_what_was_not_kept(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.day("2026-11-25", changed(staff(3), "0001", job_title="Head"))
    assert "The rules and settings of that day" in said(ask(acme, "0001", "2026-11-24"), "not_kept")


def test_a_look_back_before_hr_told_of_somebody_finds_nobody(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    told = said(ask(acme, "0001", "2026-11-20"))
    assert told == "Nobody was known under this number then; HR's first word came on 2026-11-23."


def test_the_stage_of_then_follows_the_events(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(5)
    acme.day("2026-11-20", rows)
    acme.day("2026-11-23", [*rows, worker(6, hire_date="2026-11-24")])
    acme.day("2026-11-24")
    acme.day(
        "2026-11-26", [*rows, worker(6, status="Terminated", hire_date="2026-11-24", termination_date="2026-11-25")]
    )
    told = {day: said(ask(acme, "0006", day), "employment") for day in ("2026-11-23T13:00", "2026-11-24", "2026-11-25")}
    assert told == {
        "2026-11-23T13:00": "Not at work yet: announced, to start on 2026-11-24.",
        "2026-11-24": "At work since 2026-11-24.",
        "2026-11-25": "At work since 2026-11-24.",
    }


EVENTLESS = {
    "stays": ({}, "At work"),
    "leaves later": (LEFT, "At work"),
    "had left": ({"status": "Terminated", "termination_date": "2026-01-31"}, "Gone"),
    "is to start": ({"hire_date": "2026-12-24"}, "Not at work yet"),
}


@pytest.mark.parametrize(("values", "expected"), EVENTLESS.values(), ids=EVENTLESS.keys())
def test_before_any_event_the_first_file_tells_the_stage_of_somebody_who(
    tmp_path: Path, values: dict[str, str], expected: str
) -> None:
    acme = Company(tmp_path)
    first = {} if values is LEFT else values
    acme.day("2026-11-20", [*staff(3), worker(4, **first)])
    acme.day("2026-11-25", [*staff(3), worker(4, **values)])
    assert said(ask(acme, "0004", "2026-11-21"), "employment") == f"{expected}, since HR's first file or longer."


# ------------------------------------------------------------------------------------------------- in confidence

ANNOUNCED = {
    "an end date": {"termination_date": "2026-12-31"},
    "an end date and the status": {"termination_date": "2026-12-31", "status": "Terminated"},
    "notice": {"termination_date": "2026-12-31", "status": "Notice"},
    "an end years ahead": {"termination_date": "2031-12-31"},
}


def alike(answer: Answer) -> str:
    """Everything in an answer but who it is about."""
    return re.sub(r"000[45]|'key': '[^']*'|'id': '[^']*'|Account \S+", "…", repr(answer))


@pytest.mark.parametrize("at", ["", "2026-11-25T11:00", "2026-12-15", "2027-01-15", "2032-02-02"])
@pytest.mark.parametrize("values", ANNOUNCED.values(), ids=ANNOUNCED.keys())
def test_the_answer_about_somebody_whose_end_is_announced_is_that_about_anybody_else(
    tmp_path: Path, values: dict[str, str], at: str
) -> None:
    words = {"Notice": "notice", "Terminated": "terminated", "Active": "active"}
    acme = ruled(tmp_path, people={"statuses": words})
    rows = staff(8)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-25", changed(rows, "0004", **values))
    announced, other = (ask(acme, who, at) for who in ("0004", "0005"))
    assert alike(announced) == alike(other)
    assert values["termination_date"] not in repr(announced)


def test_in_confidence_an_announced_end_is_told_and_counts(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-25", changed(staff(5), "0004", termination_date="2026-12-31"))
    assert "Confidential: HR has announced an end on 2026-12-31." in said(ask(acme, "0004", confidential=True))
    then = ask(acme, "0004", "2027-01-15", confidential=True)
    assert said(then, "employment").startswith("Left: the employment ended on 2026-12-31.")
    assert "2027-01-01: end access" in said(then, "until")


def test_a_managers_announced_end_shows_in_nobodys_look_ahead(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    rows = [worker(1), worker(2, manager_id="0001", termination_date="2026-12-31"), worker(3, manager_id="0002")]
    acme.day("2026-11-23", rows)
    assert said(ask(acme, "0003", "2027-01-15"), "until") == "Nothing changes."
    assert "manager_id: 0002 -> 0001" in said(ask(acme, "0003", "2027-01-15", confidential=True), "until")


# ----------------------------------------------------------------------------------------------- nothing is written


@pytest.mark.parametrize("at", ["", "2026-11-24", "2027-06-01"], ids=["now", "a past day", "a day to come"])
def test_why_writes_nothing_of(tmp_path: Path, at: str) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.day(
        "2026-11-25", [*changed(staff(3), "0001", termination_date="2026-12-31"), worker(4, hire_date="2026-12-01")]
    )
    accounts, before = acme.raw_accounts(), everything(acme)
    for who in ("0001", "0002", "0004"):
        ask(acme, who, at)
        ask(acme, who, at, course="SAFETY", confidential=True)
    assert everything(acme) == before
    assert acme.raw_accounts() == accounts


def test_somebody_whose_date_has_come_since_the_last_run_is_decided_and_nothing_is_kept(tmp_path: Path) -> None:
    clock = {"now": moment("2026-11-24T13:00")}
    acme = Company(tmp_path, learning={"simulation": False}, clock=lambda: clock["now"])
    acme.day("2026-11-24T11:00", [*staff(3), worker(4, hire_date="2026-11-25")])
    clock["now"] = moment("2026-11-25T12:00")
    before = everything(acme)
    answer = ask(acme, "0004")
    assert answer.said[0] == "At work since 2026-11-25."
    assert "Next plan: make an account for w0004@acme.example." in said(answer, "plan")
    assert everything(acme) == before
    assert AccountState.ACTIVE == answer.part("account").data["wanted"]


def test_a_look_ahead_on(tmp_path: Path, store_url: str) -> None:
    (tmp_path / "store.url").write_text(store_url)
    url = store_url if store_url.startswith("sqlite") else {"file": str(tmp_path / "store.url")}
    acme = ruled(tmp_path, settings={"store": {"url": url}})
    acme.day("2026-11-24", [*staff(3), worker(4, hire_date="2026-12-01", termination_date="2026-12-31")])
    before = everything(acme)
    answer = ask(acme, "0004", "2027-01-15", confidential=True)
    assert said(answer, "until").split(" | ") == [
        "2026-12-01: make an account for w0004@acme.example; assign SAFETY, due 2026-12-31.",
        "2027-01-01: end access.",
    ]
    assert said(ask(acme, "0001", "2026-11-24T11:00")) != said(ask(acme, "0001"))
    assert everything(acme) == before


def test_why_answers_while_a_run_is_writing(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-24", staff(3))
    with acme.ports() as busy, busy.database.write() as connection:
        connection.execute(select(1))
        assert ask(acme, "0001").said[0] == "At work since 2020-01-15."
