"""The demonstration keeps its promises. Each is looked up in the store or in what came out, never in the narration."""

from __future__ import annotations

import csv
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import Connection, select

from joinery.app.demo.learner import link_in, mails_to
from joinery.app.demo.story import CAST
from joinery.app.targets import TargetMaker
from joinery.core.model.account import Account
from joinery.core.model.ids import PersonKey
from joinery.settings import load
from joinery.store.accounts import Accounts
from joinery.store.database import Database
from joinery.store.events import events_of
from joinery.store.findings import open_findings
from joinery.store.people import People
from joinery.store.tables import completions, links, plan_lines, plans
from joinery.store.tables import findings as findings_table
from joinery_classroom import signing
from joinery_classroom.certificates import verify_certificate
from tests.faces.running import environment
from tests.support.forked import joinery

PEOPLE = 120
JOINERS = ("learner", "boston", "osaka", "future", "mononym", "double", "newest", "newest_berlin")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the demonstration left behind."""

    told: dict[str, Any]
    seconds: float
    folder: Path
    db: Connection

    def key(self, part: str) -> PersonKey:
        (person,) = People(self.db, "demo").by_worker_id([CAST[part]])[CAST[part]]
        return person.key

    def account(self, part: str) -> Account:
        key = self.key(part)
        return Accounts(self.db, "lms").of_people([key])[key]

    def lines(self, part: str, *actions: str) -> list[tuple[str, str]]:
        """(action, state) of all plan lines of this person, in order of the plans."""
        c = plan_lines.c
        query = select(c.action, c.state, c.plan_id).where(c.person_key == self.key(part))
        rows = sorted(self.db.execute(query), key=lambda row: int(row.plan_id.partition("-")[2]))
        return [(row.action, row.state) for row in rows if not actions or row.action in actions]

    def events(self, part: str) -> list[str]:
        return [str(event.kind) for event in events_of(self.db, self.key(part))]

    def mails(self, address: str) -> int:
        return len(mails_to(self.folder / "mail", address))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One run for all tests, in a process of its own, as somebody would start it."""
    folder = tmp_path_factory.mktemp("demo") / "company"
    began = perf_counter()
    command = [*joinery(), "demo", "--no-serve", "--people", str(PEOPLE), "--dir", str(folder), "--port", "0", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(), check=False)
    seconds = perf_counter() - began
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    database = Database(load(folder / "joinery.yaml", environ={}).store_url())
    try:
        with database.read() as db:
            yield Seen(told=json.loads(ended.stdout), seconds=seconds, folder=folder, db=db)
    finally:
        database.close()


def test_five_days_take_less_than_a_minute(seen: Seen) -> None:
    assert [day["day"] for day in seen.told["days"]] == [1, 2, 3, 4, 5]
    assert seen.seconds < 60


def test_veterans_notice_nothing_of_the_first_load(seen: Seen) -> None:
    first = seen.told["plans"][0]
    actions = Counter(seen.db.execute(select(plan_lines.c.action).where(plan_lines.c.plan_id == first)).scalars())
    assert actions["create"] == PEOPLE
    assert not actions.keys() & {"assign", "mail"}
    # Marisol, who comes back, needs a way in again
    assert seen.mails("") == len(JOINERS) + 1


@pytest.mark.parametrize("part", JOINERS)
def test_a_new_colleague_gets_account_and_courses_and_one_mail(seen: Seen, part: str) -> None:
    account = seen.account(part)
    assert str(account.state) == "active"
    assert seen.mails(account.email) == 1
    assert link_in(mails_to(seen.folder / "mail", account.email)[0]).startswith(seen.told["base_url"])
    assert ("create", "done") in seen.lines(part)
    assert ("assign", "done") in seen.lines(part)


def test_courses_follow_the_place_of_work(seen: Seen) -> None:
    def given(part: str) -> set[str]:
        c = plan_lines.c
        rows = seen.db.execute(select(c.operation).where(c.person_key == seen.key(part), c.action == "assign"))
        return {json.loads(row)["requirement"] for row in rows.scalars()}

    onboarding = "path:Onboarding_Path"
    assert given("learner") == {onboarding, "course:UK-COMPLIANCE"}
    assert given("boston") == {onboarding, "course:US-COMPLIANCE"}
    assert given("osaka") == {onboarding}
    assert given("promoted") == {"path:Leadership_101"}


def test_a_name_change_keeps_the_account(seen: Seen) -> None:
    account = seen.account("married")
    assert account.attributes["family_name"] == "Abara-Lindholm"
    assert account.email == "ines.abara-lindholm@wrenharbour.example"
    assert {action for action, _ in seen.lines("married")} == {"create", "group", "update"}
    assert seen.lines("married", "create") == [("create", "done")]
    assert seen.mails("ines.") == 0


def test_a_hire_announced_ahead_is_made_on_the_day(seen: Seen) -> None:
    c = plan_lines.c
    plan = seen.db.execute(select(c.plan_id).where(c.person_key == seen.key("future"), c.action == "create")).scalar()
    as_of = seen.db.execute(select(plans.c.as_of).where(plans.c.id == plan)).scalar_one()
    assert as_of[:10] == seen.told["days"][3]["date"]


def test_a_rehire_keeps_the_one_account(seen: Seen) -> None:
    assert seen.lines("seasonal", "create", "suspend", "restore") == [
        ("create", "done"),
        ("suspend", "done"),
        ("restore", "done"),
    ]
    assert str(seen.account("seasonal").state) == "active"
    assert seen.events("seasonal")[-2:] == ["leaver", "rehire"]
    by_number = Accounts(seen.db, "lms").by_worker_id([CAST["seasonal"]])
    assert [len(found) for found in by_number.values()] == [1]


def test_a_contractor_becomes_an_employee_without_losing_access(seen: Seen) -> None:
    assert seen.lines("employee", "create", "suspend", "archive", "restore") == [("create", "done")]
    account = seen.account("employee")
    assert (str(account.state), account.worker_id) == ("active", CAST["employee"])
    assert Accounts(seen.db, "lms").by_worker_id([CAST["contractor"]]) == {}


def test_the_last_day_in_melbourne_ends_in_melbourne(seen: Seen) -> None:
    """The morning run comes at 17:30 there and leaves the account alone; the evening run comes after midnight there."""
    c = plan_lines.c
    plan = seen.db.execute(
        select(c.plan_id).where(c.person_key == seen.key("melbourne"), c.action == "suspend", c.state == "done")
    ).scalar_one()
    as_of = seen.db.execute(select(plans.c.as_of).where(plans.c.id == plan)).scalar_one()
    assert as_of[:10] == seen.told["days"][2]["date"]
    assert as_of[11:13] in {"17", "18"}
    (leaver,) = [e for e in events_of(seen.db, seen.key("melbourne")) if str(e.kind) == "leaver"]
    assert leaver.effective_on.isoformat() == seen.told["days"][2]["date"]


def test_a_double_address_was_held_until_hr_corrected_it(seen: Seen) -> None:
    found = seen.db.execute(select(findings_table).where(findings_table.c.check == "duplicate_email")).all()
    assert {row.worker_id for row in found} == {CAST["double"], CAST["address_owner"]}
    assert not any(row.open for row in found)
    assert seen.lines("address_owner", "suspend", "update") == []
    assert str(seen.account("address_owner").state) == "active"


def test_a_missing_manager_and_a_circle_are_found_and_stop_nobody(seen: Seen) -> None:
    found = {f["check"]: f["severity"] for f in open_findings(seen.db, "demo")}
    assert found["manager_missing"] == found["manager_loop"] == "warning"
    for part in ("loop_a", "loop_b", "lost_manager"):
        assert str(seen.account(part).state) == "active"


def test_a_mass_change_is_held_and_single_people_pass(seen: Seen) -> None:
    c = plan_lines.c
    held = seen.db.execute(select(c.guard, c.state).where(c.plan_id == seen.told["held_plan"], c.held != "")).all()
    assert len(held) >= 50
    assert {(row.guard, row.state) for row in held} == {("manager_change", "held")}
    assert seen.lines("dismissed", "suspend") == [("suspend", "done")]
    lane = select(c.lane).where(c.person_key == seen.key("dismissed"), c.action == "suspend")
    assert seen.db.execute(lane).scalar_one() == "urgent"


def test_a_completion_reaches_hr_exactly_once(seen: Seen) -> None:
    rows = [row for file in (seen.folder / "outbox").glob("*.csv") for row in csv.DictReader(file.open())]
    assert [(row["worker_id"], row["course"], row["action"]) for row in rows] == [
        (CAST["learner"], "UK-COMPLIANCE", "new")
    ]
    assert rows[0]["completed_at"][:10] == seen.told["days"][3]["date"]
    (delivered,) = seen.db.execute(select(completions.c.delivered_in)).scalars()
    assert (seen.folder / "outbox" / delivered).is_file()


def test_the_certificate_verifies_without_a_server(seen: Seen) -> None:
    settings = load(seen.folder / "joinery.yaml", environ={})
    maker = TargetMaker(settings=settings, name="lms", state_dir=seen.folder / ".joinery", now=_never)
    key = signing.public_key(maker.classroom().secret)
    verdict = verify_certificate(Path(seen.told["certificate"]).read_bytes(), key)
    assert verdict.genuine
    assert verdict.unaltered
    assert "Amara Okonjo-Reyes" in verdict.facts.values()


def test_every_write_is_listed(seen: Seen) -> None:
    with (seen.folder / "writes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == seen.told["writes"]
    done = select(plan_lines.c.seq).where(plan_lines.c.state == "done", plan_lines.c.action.not_in(["mail", "link"]))
    assert len(rows) == len(seen.db.execute(done).all())


def test_nobody_has_two_accounts(seen: Seen) -> None:
    people = Counter(seen.db.execute(select(links.c.account_id)).scalars())
    assert set(people.values()) == {1}
    assert len(people) == PEOPLE + len(JOINERS)


def test_the_days_follow_each_other_and_none_lies_ahead(seen: Seen) -> None:
    days = [date.fromisoformat(day["date"]) for day in seen.told["days"]]
    assert days == [days[0] + timedelta(days=number) for number in range(5)]
    written = datetime.fromtimestamp((seen.folder / "writes.csv").stat().st_mtime, UTC)
    assert timedelta(0) <= written.date() - days[-1] <= timedelta(days=1)


def test_a_used_folder_is_left_alone(seen: Seen) -> None:
    before = (seen.folder / "joinery.yaml").stat().st_mtime_ns
    command = [*joinery(), "demo", "--no-serve", "--dir", str(seen.folder), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), check=False)
    assert ended.returncode == 7
    assert "is there already" in ended.stderr
    assert "Leave --dir out" in ended.stderr
    assert (seen.folder / "joinery.yaml").stat().st_mtime_ns == before


def _never() -> Any:
    raise AssertionError("no clock is needed to check a certificate")
