"""The ten things a sceptical customer tries on day one, by number. What is not built yet fails visibly, by name."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.testclient import TestClient

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId
from joinery_classroom import signing
from joinery_classroom.app import create_app
from joinery_classroom.certificates import verify_certificate
from joinery_classroom.courses import seed_starter_courses
from tests.mail import post_office
from tests.stories.company import Company, changed, moment, staff, without, worker

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}
MAIL = {"enabled": True, "from": "learning@acme.example", "host": "localhost", "security": "none", "port": 9}
STARTERS = ["Onboarding_Path", "Leadership_101", "location_compliance"]


def test_1_five_thousand_veterans_and_an_existing_system_no_onboarding_no_mail_nobody_overdue(tmp_path: Path) -> None:
    rows = [
        worker(n, hire_date="2012-05-01", country=("US", "FR")[n % 2], job_title=("Manager", "Clerk")[n % 2])
        for n in range(1, 5001)
    ]
    lms = MemoryTarget()
    for row in rows:
        attributes = {"worker_id": row["worker_id"], "email": row["work_email"], "given_name": row["given_name"]}
        attributes |= {"family_name": row["family_name"], "job_title": row["job_title"]}
        lms.edit(Account(id=AccountId(""), attributes=attributes))
    acme = Company(tmp_path, settings={"starters": STARTERS, "mail": MAIL, "guards": "off"}, memory=lms)
    night = acme.day("2026-11-24", rows)
    assert {(s.line.action, s.state) for s in night.stored} == {("link", "done"), ("update", "done")}
    assert len(night.did("link")) == 5000
    # a month of nights later
    moved = changed(rows, "0003", job_title="Senior Clerk")
    assert acme.day("2026-12-24", moved).lines == ["0003 update done"]
    assert acme.mails() == {}
    assert len(acme.raw_accounts()) == 5000
    assert all(not account.enrolments for account in acme.raw_accounts())
    # and the day-one rule does work: a newcomer gets it
    newcomer = worker(6000, hire_date="2026-12-25", country="FR")
    acme.write_settings(mail={"enabled": False})
    acme.day("2026-12-25", [*moved, newcomer])
    assert acme.assigned("6000") == {"path:Onboarding_Path": "2027-01-25"}


def test_2_an_actives_only_file_lacks_one_person_suspended_tonight(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}), staff(260)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24", without(rows, "0042"))
    assert acme.who_is("suspended") == {"0042"}
    # archived after the grace
    acme.day("2026-12-25")
    assert acme.who_is("archived") == {"0042"}


def test_2_an_actives_only_file_lacks_half_of_them_nobody(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}), staff(260)
    acme.day("2026-11-23", rows)
    night = acme.day("2026-11-24", rows[:130])
    assert list(night.files.values()) == ["held"]
    assert len(acme.who_is("active")) == 260
    assert acme.events() == []


def test_3_access_ended_by_hand_while_hr_still_says_active_is_still_ended_after_three_polls(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-23", rows)
    acme.end_access("0004")
    assert acme.accounts()["0004"] == "suspended"
    for number, day in enumerate(("2026-11-24", "2026-11-25", "2026-11-26")):
        acme.day(day, changed(rows, "0004", job_title=f"Still there {number}", status="Active"))
        assert acme.accounts()["0004"] == "suspended"
    acme.release_access("0004")
    acme.day("2026-11-27")
    assert acme.accounts()["0004"] == "active"


def test_3_access_ended_by_hand_comes_back_with_a_later_hire(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-23", rows)
    acme.end_access("0004")
    acme.day("2026-11-25", changed(rows, "0004", **LEFT))
    assert acme.accounts()["0004"] == "suspended"
    acme.day("2027-03-01", changed(rows, "0004", hire_date="2027-03-01"))
    assert acme.accounts()["0004"] == "active"


def administrator(acme: Company, who: str) -> None:
    """Somebody makes this person an administrator of the learning system, by hand, and Joinery reads it."""
    account = acme.account(who)
    acme.lms().edit_with(account.id, roles=("administrator",))


def test_4_an_administrator_of_the_learning_system_is_fired_the_roles_are_gone(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    lms = acme.lms()
    lms.edit(Account(id=AccountId(""), attributes={"worker_id": "0005"}, roles=("administrator",)))
    acme.day("2026-11-23", rows)
    assert acme.account("0005").roles == ("administrator",)
    acme.day("2026-11-24T23:59", changed(rows, "0005", **LEFT))
    fired = acme.account("0005")
    assert (fired.state, fired.roles) == (AccountState.SUSPENDED, ())


def test_4_an_administrator_is_not_touched_by_a_change_in_bulk(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}), staff(30)
    acme.lms().edit(Account(id=AccountId(""), attributes={"worker_id": "0005"}, roles=("administrator",)))
    acme.day("2026-11-23", rows)
    night = acme.day("2026-11-24", without(rows, "0005"))
    assert night.did("suspend", "held") == ["0005"]
    assert acme.account("0005").roles == ("administrator",)


def test_4_an_administrator_who_became_one_since_the_last_look_loses_the_roles_too(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-23", rows)
    administrator(acme, "0005")
    acme.day("2026-11-24T23:59", changed(rows, "0005", **LEFT))
    fired = acme.account("0005")
    assert fired.state is AccountState.SUSPENDED
    assert fired.roles == ()


# the alert and the clock step by step: test_fired_administrator.py
def test_4_somebody_is_alerted_and_the_clock_runs_when_an_administrator_is_fired(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.lms().edit(Account(id=AccountId(""), attributes={"worker_id": "0005"}, roles=("administrator",)))
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24T23:59", changed(rows, "0005", **LEFT))
    assert any(found.endswith(" 0005") for found in acme.findings())


def contractor(**values: str) -> dict[str, str]:
    """Until Friday 27 November 2026."""
    mine = {"employment_type": "Contractor", "work_email": "kim@acme.example", "termination_date": "2026-11-27"}
    return worker("C1", **mine | values)


ENDED = {"status": "Terminated"}


def employee(**values: str) -> dict[str, str]:
    """From Monday 30 November 2026."""
    return worker("E1", work_email="kim@acme.example", hire_date="2026-11-30", status="Pre-hire", **values)


def test_5_contractor_until_friday_employee_from_monday_with_the_former_number_zero_suspensions(
    tmp_path: Path,
) -> None:
    acme, others = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*others, contractor()])
    both = [*others, contractor(), employee(previous_id="C1")]
    nights = [acme.day("2026-11-26", both)]
    for day in ("2026-11-27", "2026-11-28", "2026-11-29"):
        nights.append(acme.day(day))
        assert "active" in {acme.accounts().get("C1"), acme.accounts().get("E1")}
    nights.append(acme.day("2026-11-30", changed(both, "E1", status="Active")))
    nights.append(acme.day("2026-12-01"))
    lines = [line for night in nights for line in night.lines]
    assert not [line for line in lines if "suspend" in line or "archive" in line or "create" in line]
    assert len(acme.raw_accounts()) == 11
    assert acme.accounts()["E1"] == "active"


def test_5_not_confirmed_the_contractor_is_suspended_and_gets_the_same_account_once_hr_gives_the_former_number(
    tmp_path: Path,
) -> None:
    acme, others = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*others, contractor()])
    account = acme.account("C1").id
    acme.day("2026-11-28")
    assert acme.accounts()["C1"] == "suspended"
    acme.day("2026-11-30", [*others, contractor(**ENDED), employee(previous_id="C1") | {"status": "Active"}])
    assert acme.account("E1").id == account
    assert acme.accounts()["E1"] == "active"
    assert len(acme.raw_accounts()) == 11


def test_5_without_the_former_number_nobody_else_gets_the_account(tmp_path: Path) -> None:
    acme, others = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*others, contractor()])
    night = acme.day("2026-11-30", [*others, contractor(**ENDED), employee() | {"status": "Active"}])
    assert night.did("create", "held") == ["E1"]
    assert acme.accounts()["C1"] == "suspended"


def test_5_the_same_account_when_the_former_number_comes_after_the_newcomer(tmp_path: Path) -> None:
    acme, others = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*others, contractor()])
    acme.day("2026-11-30", [*others, contractor(**ENDED), employee() | {"status": "Active"}])
    acme.day("2026-12-01", [*others, contractor(**ENDED), employee(previous_id="C1") | {"status": "Active"}])
    assert acme.accounts()["E1"] == "active"


def test_5_a_new_record_that_starts_ten_days_after_the_old_one_ends_does_not_keep_access_in_between(
    tmp_path: Path,
) -> None:
    acme, others = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*others, contractor()])
    later = employee(previous_id="C1") | {"hire_date": "2026-12-08"}
    acme.day("2026-11-26", [*others, contractor(), later])
    acme.day("2026-11-29")
    assert {a.worker_id for a in acme.raw_accounts() if a.state is not AccountState.ACTIVE} in ({"C1"}, {"E1"})


def test_5_without_the_former_number_it_becomes_a_case_for_a_human(tmp_path: Path) -> None:
    acme, others = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*others, contractor()])
    acme.day("2026-11-26", [*others, contractor(), employee()])
    assert any("same_person" in found for found in acme.findings())


def test_6_a_hire_in_melbourne_on_monday_with_a_mailbox_on_tuesday(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme = Company(tmp_path, settings={"mail": MAIL | {"port": office.port}, "starters": ["Onboarding_Path"]})
        rows = staff(5)
        acme.day("2026-11-27", rows)
        kim = worker(6, hire_date="2026-11-30", time_zone="Australia/Melbourne", work_email="", status="Pre-hire")
        acme.day("2026-11-28", [*rows, kim])
        # 23:59 on Sunday, 00:00 on Monday in Melbourne (UTC+11)
        assert acme.day("2026-11-29T12:59").lines == []
        midnight = acme.day("2026-11-29T13:00")
        assert midnight.lines == ["0006 create done", "0006 assign done", "0006 mail done"]
        assert acme.accounts()["0006"] == "active"
        acme.day("2026-11-29T22:00")
        assert office.received == []
        assert acme.mails() == {"waiting": 1}
        # Tuesday: the mailbox is there
        there = kim | {"work_email": "kim@acme.example", "status": "Active"}
        acme.day("2026-11-30T21:00", [*rows, there])
        assert ["kim@acme.example" in str(letter["To"]) for letter in office.received] == [True]
        acme.day("2026-12-01T09:00")
        assert acme.mails() == {"sent": 1}


def test_7_london_to_new_york_back_dated_40_days_the_us_course_is_due_from_today(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"starters": ["location_compliance"]})
    rows = [*staff(5), worker(6, location="London", country="GB", time_zone="Europe/London")]
    acme.day("2026-10-01", rows)
    # HR enters on 24 November a move of 15 October; the file tells only how it is now
    moved = changed(rows, "0006", location="New York", country="US", time_zone="America/New_York")
    acme.day("2026-11-24", moved)
    assert acme.assigned("0006") == {"course:US-COMPLIANCE": "2026-12-24"}
    assert acme.events("0006") == [
        "0006 mover 2026-11-24 location: London -> New York",
        "0006 mover 2026-11-24 country: GB -> US",
        "0006 mover 2026-11-24 time_zone: Europe/London -> America/New_York",
    ]
    acme.day("2026-11-25", moved)
    assert acme.assigned("0006") == {"course:US-COMPLIANCE": "2026-12-24"}


def test_8_a_manager_typo_fixed_twice_one_leadership_101(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, settings={"starters": ["Leadership_101"]}), staff(5)
    acme.day("2026-11-20", rows)
    assigned = []
    for day, title in ((23, "Manager"), (24, "Clerk"), (25, "Manager"), (26, "Clerk"), (27, "Manager")):
        assigned += acme.day(f"2026-11-{day}", changed(rows, "0002", job_title=title)).did("assign")
    assert assigned == ["0002"]
    assert list(acme.assigned("0002")) == ["path:Leadership_101"]
    assert len([e for e in acme.events("0002") if "job_title" in e]) == 5


FORKLIFT = [
    {
        "name": "Forklift",
        "give": ["FORKLIFT"],
        "due": "30 days after start",
        "recurs": {"every": "12 months", "window": "60 days"},
    },
    {"name": "Fire", "give": ["FIRE"], "due": "60 days after start"},
    {"name": "Privacy", "give": ["PRIVACY"], "due": "20 days after start"},
]


def test_9_back_from_maternity_leave_the_lapsed_forklift_before_duty_others_14_days_nothing_redone(
    tmp_path: Path,
) -> None:
    settings = {"learning_rules": FORKLIFT, "completions": {"send_to": {"file": "./outbox/done.csv"}}}
    acme, rows = Company(tmp_path, settings=settings), staff(3)
    acme.day("2026-01-05", rows)
    assert set(acme.assigned("0002")) == {"course:FORKLIFT", "course:FIRE", "course:PRIVACY"}
    acme.completes("0002", "FORKLIFT", "2026-01-20")
    acme.completes("0002", "PRIVACY", "2026-01-21")
    acme.day("2026-01-22")
    fire_due = acme.assigned("0002")["course:FIRE"]
    away = changed(rows, "0002", status="On leave")
    acme.day("2026-03-01", away)
    assert acme.accounts()["0002"] == "active"  # parental leave keeps access
    # the certificate runs out on 20 January 2027, while she is away
    acme.day("2027-02-01", changed(away, "0001", job_title="Head"))
    back = changed(changed(rows, "0001", job_title="Head"), "0002", status="Active")
    night = acme.day("2027-03-08", back)
    assigned = acme.assigned("0002")
    renewed = {key: due for key, due in assigned.items() if key.startswith("course:FORKLIFT#")}
    assert list(renewed.values()) == ["2027-03-08"], "the lapsed one is due before duty"
    assert assigned["course:FIRE"] > fire_due
    assert assigned["course:FIRE"] >= "2027-03-22"
    assert not [s for s in night.stored if "PRIVACY" in str(s.line.operation)], "nothing finished is assigned again"
    assert acme.account("0002").enrolments["course:PRIVACY"].state == "completed"


def classroom(acme: Company, as_of: str) -> TestClient:
    """The embedded Classroom, asked as Joinery asks it."""
    with acme.open(as_of) as it:
        settings = it.targets.classroom()
    app = create_app(settings, now=lambda: moment(as_of))
    return TestClient(app, base_url=settings.base_url, headers={"authorization": f"Bearer {settings.api_token}"})


def in_classroom(folder: Path) -> Company:
    return Company(folder, learning={"into": "classroom", "database": "classroom.db"})


def browser(client: TestClient, account: str) -> TestClient:
    """A browser of this person, signed in by a link."""
    url = client.post("/api/v1/sign-in-links", json={"account_id": account}).json()["url"]
    private = TestClient(client.app, base_url=str(client.base_url), follow_redirects=False)
    token = re.search(r'name="csrf" value="([^"]+)"', private.get(url).text)
    assert token
    assert private.post(url, data={"csrf": token[1]}).status_code == 303
    return private


def test_10_a_reprint_after_marriage_new_name_same_certificate(tmp_path: Path) -> None:
    acme, rows = in_classroom(tmp_path), staff(3)
    acme.day("2026-03-01", rows)
    client = classroom(acme, "2026-03-02")
    seed_starter_courses(client.app.state.room.store)  # type: ignore[attr-defined]
    ana = next(a for a in client.get("/api/v1/accounts").json()["items"] if a["attributes"]["worker_id"] == "0002")
    done = {"account_id": ana["id"], "course": "FORKLIFT", "completed_at": "2026-03-02T09:00:00Z", "result": "passed"}
    certificate = client.post("/api/v1/completions", json=done).json()["certificate_id"]

    def printed(day: str) -> dict[str, str]:
        at = classroom(acme, day)
        pdf = browser(at, ana["id"]).get(f"/certificates/{certificate}.pdf").content
        with acme.open(day) as it:
            return dict(verify_certificate(pdf, signing.public_key(it.targets.classroom().secret)).facts)

    before = printed("2026-03-03")
    acme.day("2026-11-24", changed(rows, "0002", family_name="Married", work_email="married@acme.example"))
    after = printed("2026-11-25")
    assert "Family0002" in before["name"]
    assert "Married" in after["name"] and "Family0002" not in after["name"]
    assert before["certificate_id"] == after["certificate_id"] == certificate


def test_10_an_archived_leaver_has_a_full_transcript_with_the_organisation_then_and_stays_archived(
    tmp_path: Path,
) -> None:
    acme, rows = in_classroom(tmp_path), staff(3)
    acme.write_settings(completions={"send_to": {"file": "./outbox/done.csv"}})
    acme.day("2026-03-01", rows)
    client = classroom(acme, "2026-03-02")
    seed_starter_courses(client.app.state.room.store)  # type: ignore[attr-defined]
    ana = next(a for a in client.get("/api/v1/accounts").json()["items"] if a["attributes"]["worker_id"] == "0002")
    done = {"account_id": ana["id"], "course": "FORKLIFT", "completed_at": "2026-03-02T09:00:00Z", "result": "passed"}
    client.post("/api/v1/completions", json=done)
    acme.day("2026-03-03")
    acme.day("2026-06-01", changed(rows, "0002", department="Marketing"))
    acme.day(
        "2026-07-01", changed(rows, "0002", department="Marketing", status="Terminated", termination_date="2026-06-30")
    )
    acme.day("2026-10-01")
    leaver = classroom(acme, "2026-10-02").get("/api/v1/accounts").json()["items"]
    assert {a["attributes"]["worker_id"]: a["state"] for a in leaver}["0002"] == "archived"
    (written,) = [
        path.read_text(encoding="utf-8") for path in (acme.folder / "outbox").rglob("*.csv") if path.is_file()
    ]
    assert "FORKLIFT" in written and "Sales" in written and "Marketing" not in written
