"""A sign-in mail promises that the account is there: with import files it waits until an export of users shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mail import post_office
from tests.mail.post_office import PostOffice
from tests.stories.company import Company, changed, staff, worker
from tests.stories.test_files_confirmed import exported, rows

MAIL = {"enabled": True, "from": "learning@acme.example", "host": "localhost", "security": "none", "first_load": "send"}
DOOR = "https://lms.acme.example/login"
CONFIRM = {"path": "./from-lms/users*.csv"}


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office.opened() as office:
        yield office


def company(folder: Path, office: PostOffice, **learning: Any) -> Company:
    files = {"into": "file", "layout": "generic", "path": "./to-lms", "simulation": True}
    mail = MAIL | {"port": office.port}
    return Company(folder / "acme", settings={"learning": files | learning, "guards": "off", "mail": mail})


def test_a_mail_waits_for_the_export_that_shows_the_account_and_leaves_in_that_night(
    tmp_path: Path, office: PostOffice
) -> None:
    acme = company(tmp_path, office, confirm=CONFIRM, sign_in_at=DOOR)
    assert acme.day("2026-11-24", staff(3)).did("mail") == ["0001", "0002", "0003"]
    acme.day("2026-11-25")
    assert (acme.mails(), office.received) == ({"planned": 3}, [])
    exported(acme, "2026-11-25T12:00", rows("0003"))
    acme.day("2026-11-26")
    assert acme.mails() == {"sent": 2, "planned": 1}, "who is not there is not invited"
    assert all(DOOR in letter.get_body(("plain",)).get_content() for letter in office.received)  # type: ignore[union-attr]
    exported(acme, "2026-11-26T12:00", rows(), "users_2.csv")
    acme.day("2026-11-27")
    acme.day("2026-11-28")
    assert acme.mails() == {"sent": 3}
    assert len(office.received) == 3


def test_training_that_was_told_is_waited_for_with_the_account(tmp_path: Path, office: PostOffice) -> None:
    acme = company(tmp_path, office, confirm=CONFIRM, sign_in_at=DOOR, groups_from=["department"])
    acme.day("2026-11-24", staff(2))
    exported(acme, "2026-11-25", rows("0003"))
    acme.day("2026-11-25T13:00")
    assert acme.mails() == {"sent": 2}
    moved = [worker(3, hire_date="2026-11-26", department="Care"), *staff(2)]
    acme.day("2026-11-26", moved)
    acme.day("2026-11-26T18:00")
    assert acme.mails() == {"sent": 2, "planned": 1}


def test_whoever_left_before_an_export_came_gets_none(tmp_path: Path, office: PostOffice) -> None:
    acme = company(tmp_path, office, confirm=CONFIRM, sign_in_at=DOOR)
    acme.day("2026-11-24", staff(2))
    acme.day("2026-11-25", changed(staff(2), "0002", status="Terminated", termination_date="2026-11-24"))
    exported(acme, "2026-11-25T12:00", rows("0003", w0002="inactive"))
    acme.day("2026-11-26")
    assert (len(office.received), acme.mails()["sent"]) == (1, 1)


@pytest.mark.parametrize(
    ("learning", "why"),
    [
        ({"confirm": CONFIRM}, "where people sign in is not known"),
        ({"sign_in_at": DOOR}, "nobody shows that the account is there"),
    ],
    ids=["no place to sign in", "nobody confirms"],
)
def test_a_mail_that_could_not_keep_its_promise_is_held_with_the_reason(
    tmp_path: Path, office: PostOffice, learning: dict[str, Any], why: str
) -> None:
    acme = company(tmp_path, office, **learning)
    night = acme.day("2026-11-24", staff(2))
    held = {one.line.worker_id: one.line.held for one in night.stored if one.line.action == "mail"}
    assert sorted(held) == ["0001", "0002"] and all(said.startswith(why) for said in held.values())
    assert len(acme.day("2026-11-25").stored) == 0, "it is said once"
    assert (acme.mails(), office.received) == ({}, [])


def test_mails_leave_unconfirmed_where_somebody_said_so(tmp_path: Path, office: PostOffice) -> None:
    acme = company(tmp_path, office, sign_in_at=DOOR, mail_unconfirmed=True)
    acme.day("2026-11-24", staff(2))
    assert acme.mails() == {"sent": 2}
    assert len(office.received) == 2
