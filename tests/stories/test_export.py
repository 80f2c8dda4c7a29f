"""A learning system of which only an export is there: seen, matched, never written; then the real one in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.errors import ConfigError
from joinery.flows.match import SAME_EMAIL, confirm_sure, reject, waiting
from joinery.flows.person import Word
from joinery.flows.reconcile import reconcile
from tests.stories.company import Company, moment, staff

ANA = Word(owner="ana", reason="looked it up")
FIRST, SECOND, THIRD = "2026-11-23", "2026-11-24", "2026-11-25"
USERS = """\
id,username,email,firstname,lastname,idnumber,role
11,one,w0001@acme.example,Given0001,Family0001,0001,
12,two,W0002@acme.example,Given0002,Family0002,,
13,boss,boss@acme.example,The,Boss,,Administrator
14,three,w0003@acme.example,Given0003,Family0003,,
"""


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    (tmp_path / "users.csv").write_text(USERS)
    return Company(tmp_path, settings={"mode": "observe"}, learning={"into": "export", "path": "users.csv"})


def test_the_first_plan_links_by_number_asks_by_email_and_makes_what_is_missing(acme: Company) -> None:
    night = acme.day(FIRST, staff(4))
    assert night.report.observed and night.exit_code == 0
    assert [
        (s.line.worker_id, str(s.line.action), str(s.state)) for s in night.stored if s.line.action != "update"
    ] == [
        ("0001", "link", "waiting"),
        ("0002", "link", "held"),
        ("0003", "link", "held"),
        ("0004", "create", "waiting"),
    ]
    with acme.ports() as ports:
        asked = waiting(ports)
    assert [(q.worker_id, q.account.id, q.reason, q.sure) for q in asked] == [
        ("0002", "12", SAME_EMAIL, True),
        ("0003", "14", SAME_EMAIL, True),
    ]


def test_nothing_can_be_approved_whatever_somebody_says(acme: Company) -> None:
    plan = acme.day(FIRST, staff(4)).plan
    with pytest.raises(ConfigError, match=f"{plan} cannot be approved"):
        acme.approve(plan)
    with pytest.raises(ConfigError, match="cannot be approved"):
        acme.approve(plan, override="do it")


@pytest.mark.parametrize("settings", [{"mode": "approve"}, {"mode": "automatic"}, {"modes": {"suspend": "automatic"}}])
def test_no_mode_but_observe_fits_an_export(acme: Company, settings: dict[str, object]) -> None:
    acme.write_settings(**settings)
    with pytest.raises(ConfigError, match="nothing can be written to an export"):
        acme.day(FIRST, staff(1))


def test_an_account_nobody_knows_is_only_counted(acme: Company) -> None:
    acme.day(FIRST, staff(4))
    with acme.ports() as ports:
        found = reconcile(ports, moment(SECOND))
    assert found.orphans == 4 and found.read == 4 and not found.gone


def joined(acme: Company, *accounts: Account) -> MemoryTarget:
    """The company puts the real system where the export was."""
    target = MemoryTarget(accounts=accounts)
    acme.learning = {"into": "memory"}
    acme.memory = target
    acme.write_settings(mode="automatic")
    return target


def real(account_id: str, number: int, **attributes: str) -> Account:
    told = {"email": f"w{number:04}@acme.example", "given_name": f"Given{number:04}"} | attributes
    return Account(id=AccountId(account_id), attributes=told)


def test_the_real_system_after_the_export_keeps_what_was_confirmed_whatever_its_ids_are(acme: Company) -> None:
    acme.day(FIRST, staff(4))
    with acme.ports() as ports:
        assert len(confirm_sure(ports, ANA)) == 2
    there = joined(acme, real("a-1", 1, worker_id="0001"), real("a-2", 2), real("a-3", 3), real("a-9", 9))
    night = acme.day(SECOND)
    assert night.did("link") == ["0001", "0002", "0003"] and night.did("create") == ["0004"]
    assert {a.id: a.worker_id for a in there.world.accounts.values()} == {
        "a-1": "0001",
        "a-2": "0002",
        "a-3": "0003",
        "a-9": "",
        "m-000005": "0004",
    }
    assert acme.day(THIRD).plan == ""


def test_an_id_that_is_another_persons_in_the_real_system_takes_no_answer_along(acme: Company) -> None:
    acme.day(FIRST, staff(4))
    with acme.ports() as ports:
        confirm_sure(ports, ANA)
    # the export's 12 was number two's; here 12 is somebody else, and number two has 99
    joined(acme, real("12", 77), real("99", 2), real("14", 3))
    night = acme.day(SECOND)
    assert night.did("link") == ["0002", "0003"]
    assert {a.id: a.worker_id for a in acme.raw_accounts() if a.worker_id in {"0002", "0003"}} == {
        "99": "0002",
        "14": "0003",
    }


def test_a_no_follows_too_and_what_cannot_be_found_again_is_asked_again(acme: Company) -> None:
    acme.day(FIRST, staff(4))
    with acme.ports() as ports:
        reject(ports, "0002", "12", ANA)
        reject(ports, "0003", "14", ANA)
    joined(acme, real("a-2", 2))
    night = acme.day(SECOND)
    assert "is not theirs" in night.why_held("0002")
    assert night.did("create") == ["0001", "0003", "0004"]


def test_links_made_in_one_system_follow_to_the_next_and_unknown_ones_end(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day(FIRST, staff(3))
    old = {a.worker_id: a.id for a in acme.raw_accounts()}
    accounts = [real(old["0002"], 1, worker_id="0001"), real(old["0001"], 2, worker_id="0002")]
    new = MemoryTarget(accounts=accounts)
    (tmp_path / "users.csv").write_text("id,email,idnumber\n1,w0001@acme.example,0001\n")
    acme.learning = {"into": "export", "path": "users.csv"}
    acme.write_settings(mode="observe")
    acme.day(SECOND)
    acme.learning, acme.memory = {"into": "memory"}, new
    acme.write_settings(mode="automatic")
    night = acme.day(THIRD)
    assert night.did("link") == ["0002"] and night.did("create") == ["0003"]
    assert {a.worker_id: a.id for a in acme.raw_accounts()}["0001"] == old["0002"]
