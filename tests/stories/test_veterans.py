"""A company that has worked for years joins: nobody gets onboarding, a mail, or anything overdue."""

from __future__ import annotations

import csv
import json
import time
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from joinery.cli.init_command import app
from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.flows.match import confirm_sure
from joinery.flows.person import Word
from joinery.flows.two_files import first_look
from joinery.store.mails import Mails
from tests.stories.company import Company, moment, staff

FIRST, SECOND, THIRD = "2026-11-23", "2026-11-24", "2026-11-25"
COUNTS = [pytest.param(200, id="200"), pytest.param(5000, id="5 000", marks=pytest.mark.long)]


def account(n: int, *, numbered: bool) -> Account:
    told = {"email": f"w{n:04}@acme.example", "given_name": f"Given{n:04}", "family_name": f"Family{n:04}"}
    return Account(id=AccountId(f"u-{n}"), attributes=told | ({"worker_id": f"{n:04}"} if numbered else {}))


def export(path: Path, accounts: list[Account]) -> None:
    """The learning system's users as a file."""
    names = ("email", "given_name", "family_name", "worker_id")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "email", "firstname", "lastname", "idnumber"])
        writer.writerows([a.id, *(a.attributes.get(name, "") for name in names)] for a in accounts)


@pytest.mark.parametrize("count", COUNTS)
def test_veterans_get_no_onboarding_no_mail_and_are_not_overdue(tmp_path: Path, count: int) -> None:
    there = [account(n, numbered=n % 5 > 0) for n in range(1, count + 1)]
    export(tmp_path / "users.csv", there)
    fire = {"name": "Fire", "when": "True", "give": ["FIRE"], "due": "30 days after start", "kind": "mandatory"}
    acme = Company(
        tmp_path,
        settings={
            "mode": "observe",
            "starters": ["Onboarding_Path", "Leadership_101"],
            "learning_rules": [fire],
            "mail": {"enabled": True, "from": "a@acme.example", "host": "127.0.0.1", "security": "none"},
        },
        learning={"into": "export", "path": "users.csv"},
    )
    acme.drop(staff(count))
    with acme.open(FIRST) as it:
        found = first_look(it.ports, moment(FIRST))
        assert (found.sure, found.new, found.only_there) == (count, 0, 0)
        assert len(confirm_sure(it.ports, Word(owner="ana", reason="looked"))) == count // 5

    acme.memory, acme.learning = MemoryTarget(accounts=there), {"into": "memory"}
    acme.write_settings(mode="approve")
    night = acme.day(SECOND)
    counts = night.report.plan.counts if night.report.plan else {}
    assert counts["link"] == count and counts["assign"] == count
    assert counts.keys() == {"link", "update", "assign"}
    # something new for everybody deserves a look and a reason; links do not
    assert night.exit_code == 5 and night.tripped == ["assign", "update"]
    acme.approve(night.plan, override="first contact")
    given = [(e.requirement, e.due_on) for a in acme.raw_accounts() for e in a.enrolments.values()]
    assert {name for name, _ in given} == {"course:FIRE"} and len(given) == count
    assert min(due for _, due in given if due) > date(2026, 12, 20)
    with acme.ports() as ports:
        assert Mails(ports.database, ports.policy.name).counts() == {}
    assert acme.day(THIRD).plan == ""


@pytest.mark.long
def test_the_first_plan_for_5000_people_from_two_files_takes_less_than_90_seconds(tmp_path: Path) -> None:
    with (tmp_path / "hr.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["Employee ID", "First name", "Last name", "Work e-mail", "Hire date", "Department", "Manager ID"]
        )
        writer.writerows(
            [f"{n:06}", f"Given{n}", f"Family{n}", f"w{n:04}@acme.example", "2019-03-04", f"D{n % 40}", f"{n // 9:06}"]
            for n in range(1, 5001)
        )
    export(tmp_path / "users.csv", [account(n, numbered=False) for n in range(1, 4801)])
    began = time.process_time()
    command = ["--from-files", str(tmp_path / "hr.csv"), str(tmp_path / "users.csv"), "--zone", "Europe/Paris"]
    done = CliRunner().invoke(app, [*command, "--accept-sure", "--json", "--dir", str(tmp_path / "new")])
    took = time.process_time() - began
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["plan"]["counts"]["create"] == 200 and found["confirmed"] == 4800
    assert took < 60  # of a processor: how busy the machine is does not count
