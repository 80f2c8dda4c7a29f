"""An announced lay-off, approved ahead: it fires at its instant, for exactly those people, and nothing tells before."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.app import looking
from joinery.cli.main import app
from joinery.errors import ApprovalNeeded, NotThere, PlanChanged
from joinery.flows.laid_off import Batch
from joinery.flows.layoff import approve_ahead, draft, one_batch, withdraw
from tests.stories.company import Company, Row, changed, moment, staff

END = "2026-12-01"
AT = "2026-12-01T10:00"
WHO = [f"{number:04}" for number in range(1, 26)]


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """60 people; on 20 November HR announces the end of 25 of them for 1 December."""
    company = Company(tmp_path, settings={"mode": "approve"}, clock=lambda: moment("2026-11-20T13:00"))
    company.day("2026-11-18", staff(60))
    company.approve(next(iter(company.plans())))
    company.day("2026-11-20", announced())
    return company


def announced(*, but: dict[str, str] | None = None, others: Iterable[str] = ()) -> list[Row]:
    """HR's file with the 25; `but`: their other end date (empty: taken back); `others` are people who go at once."""
    rows = staff(60)
    for who in WHO:
        end = (but or {}).get(who, END)
        rows = changed(rows, who, termination_date=end)
    for who in others:
        rows = changed(rows, who, status="Terminated")
    return rows


def drafted(acme: Company, who: list[str] | None = None, at: str = AT) -> Batch:
    with acme.ports() as ports:
        return draft(ports, who or WHO, moment(at), "bea", "site closes")


def approved(acme: Company) -> Batch:
    batch = drafted(acme)
    with acme.ports() as ports:
        return approve_ahead(ports, batch.id, batch.fingerprint, "ana")


def told(acme: Company, *words: str) -> Any:
    found = CliRunner().invoke(app, [*words, "--config", str(acme.config)])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_it_fires_at_its_instant_for_all_of_them_past_lane_and_guards(acme: Company) -> None:
    approved(acme)
    assert acme.day("2026-12-01T09:59").lines == []
    night = acme.day(AT)
    assert night.did("suspend") == WHO
    assert acme.who_is("suspended") == set(WHO)
    assert "lay-off L-1, approved by ana" in night.why("0001")
    # HR's own day comes: nothing is left to do
    assert acme.day("2026-12-02").did("suspend") == []
    with acme.ports() as ports:
        assert one_batch(ports, "L-1")[0].state == "fired"


def test_without_an_approval_they_wait_like_any_mass_change(acme: Company) -> None:
    drafted(acme)
    assert acme.day(AT).lines == []
    night = acme.day("2026-12-02")
    assert (night.did("suspend"), night.tripped) == ([], ["suspend"])


def test_whose_end_was_taken_back_or_moved_is_left_out_and_told(acme: Company) -> None:
    approved(acme)
    acme.day("2026-11-25", announced(but={"0001": "", "0002": "2026-12-31"}))
    night = acme.day(AT)
    assert night.did("suspend") == WHO[2:]
    shown = json.loads(told(acme, "layoff", "show", "L-1", "--confidential", "--json"))
    assert shown["fired"]["left_out"] == {"0001": "HR has taken the end back", "0002": "HR has moved the end"}


def test_whose_end_is_taken_back_afterwards_comes_back(acme: Company) -> None:
    approved(acme)
    acme.day(AT)
    acme.day("2026-12-01T15:00", announced(but={"0001": ""}))
    plan = max(acme.plans(), key=lambda number: int(number[2:]))
    assert "0001 restore waiting" in acme.lines(plan)


def test_others_are_guarded_as_usual_beside_it(acme: Company) -> None:
    approved(acme)
    night = acme.day(AT, announced(others=[f"{number:04}" for number in range(30, 46)]))
    assert night.did("suspend") == WHO
    assert len(night.did("suspend", "held")) == 16
    assert night.tripped == ["suspend"]
    # and the lane is as free for single people as ever
    again = acme.day("2026-12-01T10:30", announced(others=["0050"]))
    assert "0050" in again.did("suspend")


def test_nothing_of_it_shows_before(acme: Company) -> None:
    approved(acme)
    for words in (["why", "0001"], ["person", "show", "0001"], ["person", "decided"], ["layoff", "show", "L-1"]):
        said = told(acme, *words)
        assert "2026-12-01" not in said and "site closes" not in said and "lay-off" not in said, words
    assert "25" not in told(acme, "layoff", "list")
    ahead = told(acme, "plan", "--as-of", "2026-12-01T12:00Z", "--json")
    assert "suspend" not in ahead
    assert "lay-off" not in told(acme, "why", "0001", "--as-of", "2026-12-01T12:00Z")
    assert "site closes" in told(acme, "layoff", "show", "L-1", "--confidential")


def test_it_can_be_withdrawn_until_it_fires(acme: Company) -> None:
    approved(acme)
    with acme.ports() as ports:
        assert withdraw(ports, "L-1").state == "withdrawn"
        with pytest.raises(NotThere, match="withdrawn"):
            withdraw(ports, "L-1")
    assert acme.day(AT).lines == []


def test_only_what_was_seen_can_be_approved(acme: Company) -> None:
    batch = drafted(acme)
    with acme.ports() as ports, pytest.raises(PlanChanged, match="another fingerprint"):
        approve_ahead(ports, batch.id, "0" * 64, "ana")
    acme.day("2026-11-21", announced(but={"0003": ""}))
    with acme.ports() as ports, pytest.raises(PlanChanged, match="0003"):
        approve_ahead(ports, batch.id, batch.fingerprint, "ana")


@pytest.mark.parametrize(
    ("who", "at", "why"),
    [
        (["0040"], AT, "announced no end"),
        (["9999"], AT, "nobody"),
        (["0001"], "2026-11-30T10:00", "last day comes after"),
        (["0001"], "2026-11-01T10:00", "has passed"),
    ],
)
def test_only_announced_ends_can_be_drafted(acme: Company, who: list[str], at: str, why: str) -> None:
    with pytest.raises(NotThere, match=why):
        drafted(acme, who, at)


def test_whoever_drafted_it_cannot_approve_it_unless_the_settings_let_them(acme: Company) -> None:
    batch = drafted(acme)
    with acme.ports() as ports, pytest.raises(ApprovalNeeded, match="drafted by bea, and somebody else has to"):
        approve_ahead(ports, batch.id, batch.fingerprint, "bea")
    with acme.ports() as ports:
        assert one_batch(ports, "L-1")[0].state == "drafted"
    acme.write_settings(four_eyes=False)
    with acme.ports() as ports:
        assert approve_ahead(ports, batch.id, batch.fingerprint, "bea").state == "approved"


def test_the_commands(acme: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "this_user", lambda: "bea")
    file, reason = tmp_path / "people.csv", tmp_path / "reason.txt"
    file.write_text("worker_id\n0001\n0002\n")
    reason.write_text("site closes\n")
    more = ["--at", "2099-12-01T10:00+01:00", "--reason-file", str(reason)]
    made = json.loads(told(acme, "layoff", "add", str(file), *more, "--json"))
    assert [each["worker_id"] for each in made["people"]] == ["0001", "0002"]
    approve = ["layoff", "approve", made["layoff"], "--fingerprint", made["fingerprint"]]
    alone = CliRunner().invoke(app, [*approve, "--config", str(acme.config)])
    assert isinstance(alone.exception, ApprovalNeeded)
    monkeypatch.setattr(looking, "this_user", lambda: "ana")
    done = told(acme, *approve)
    assert done == f"{made['layoff']} is approved. Nothing is written before its instant.\n"
    assert "withdrawn" in told(acme, "layoff", "withdraw", made["layoff"], "--json")
    wrong = CliRunner().invoke(app, ["layoff", "add", str(file), "--at", "soon", *more[2:], "--config", "x"])
    assert "is not an instant" in wrong.output
