"""Somebody changed the learning system by hand: it is found, told and planned; what is not there is believed last."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from joinery.core.model.account import Account, AccountState
from joinery.core.model.codec import encode_account
from joinery.core.model.ids import AccountId
from joinery.errors import BadAnswer, RunLocked, StopRun, SystemUnreachable
from joinery.flows.match import confirm, reject
from joinery.flows.person import Word
from joinery.flows.reconcile import Reconciled, reconcile
from joinery.store.connections import only_run
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import Mischief, OnCommand
from tests.faces.running import environment
from tests.stories.company import Company, changed, moment, staff
from tests.support.forked import joinery

FIRST, SECOND, THIRD = "2026-11-23", "2026-11-24", "2026-11-25"
ANA = Word(owner="ana", reason="looked")
LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """Eight people with accounts since yesterday, and one account that is nobody's."""
    acme = Company(tmp_path, learning={"groups_from": ["department"]})
    acme.lms().edit(Account(id=AccountId("orphan"), attributes={"email": "guest@elsewhere.example"}))
    acme.day(FIRST, staff(8))
    assert len(acme.who_is("active")) == 9
    return acme


def read_again(acme: Company, day: str = SECOND, **options: Any) -> Reconciled:
    with acme.ports() as ports:
        return reconcile(ports, moment(day), **options)


def by_hand(acme: Company, who: str, **values: object) -> None:
    acme.lms().edit_with(acme.account(who).id, **values)


def attributes(acme: Company, who: str, **values: str) -> None:
    by_hand(acme, who, attributes={**acme.account(who).attributes, **values})


def delete(acme: Company, *who: str) -> list[AccountId]:
    """Somebody deletes accounts in the learning system itself."""
    ids = [acme.account(one).id for one in who]
    path = acme.folder / "lms.json"
    data = json.loads(path.read_text())
    data["accounts"] = [a for a in data["accounts"] if a["id"] not in ids]
    # the pretended system numbers new accounts by how many there are: somebody else's take the place
    data["accounts"] += [
        encode_account(Account(id=AccountId(f"new-{one}"), attributes={"worker_id": one})) for one in ids
    ]
    path.write_text(json.dumps(data))
    return ids


def told(found: Reconciled) -> list[str]:
    return [f"{d.worker_id} {d.what}: {d.was} -> {d.there}, should be {d.should}: {d.happens}" for d in found.drift]


# ------------------------------------------------------------------------------------------------------------ drift


def test_nothing_changed_is_in_step_and_makes_no_plan(acme: Company) -> None:
    found = read_again(acme)
    assert (found.read, found.linked, found.same, found.orphans) == (9, 8, 8, 1)
    assert (found.drift, found.gone, found.clashes, found.plan, found.exit_code) == ((), (), (), None, 0)


def rename(acme: Company) -> None:
    attributes(acme, "0001", family_name="Smith")


def close(acme: Company) -> None:
    by_hand(acme, "0002", state=AccountState.SUSPENDED)


def leave_group(acme: Company) -> None:
    by_hand(acme, "0003", groups=frozenset())


def promote(acme: Company) -> None:
    by_hand(acme, "0004", roles=("administrator",))


def join_group(acme: Company) -> None:
    by_hand(acme, "0005", groups=acme.account("0005").groups | {"Choir"})


def own_field(acme: Company) -> None:
    attributes(acme, "0006", nickname="Bo")


DRIFT: dict[str, tuple[Callable[[Company], None], list[str]]] = {
    "a name is put back": (rename, ["0001 family_name: Family0001 -> Smith, should be Family0001: put back"]),
    "a closed account is opened": (close, ["0002 access: active -> suspended, should be active: put back"]),
    "a group is put back": (leave_group, ["0003 group:Sales: in -> out, should be in: put back"]),
    "a role is theirs to give": (promote, ["0004 role:administrator: has not -> has, should be : kept"]),
    "a group of their own is kept": (join_group, ["0005 group:Choir: out -> in, should be : kept"]),
    "what Joinery does not write is not compared": (own_field, []),
}


@pytest.mark.parametrize(("change", "said"), DRIFT.values(), ids=DRIFT.keys())
def test_a_change_by_hand_is_told_and_put_back_by_the_next_run(
    acme: Company, change: Callable[[Company], None], said: list[str]
) -> None:
    before = acme.accounts()
    change(acme)
    after = acme.raw_accounts()
    found = read_again(acme)
    assert told(found) == said
    assert acme.raw_accounts() == after, "a reconcile writes nothing"
    back = any("put back" in line for line in said)
    assert (found.plan is not None) == back
    acme.day(THIRD)
    assert acme.accounts() == before
    assert read_again(acme, THIRD).drift == ()


def test_a_leaver_whom_somebody_let_in_again_is_closed_again(acme: Company) -> None:
    acme.day(SECOND, changed(staff(8), "0001", **LEFT))
    acme.day(THIRD)
    assert acme.accounts()["0001"] == "suspended"
    by_hand(acme, "0001", state=AccountState.ACTIVE)
    assert told(read_again(acme, THIRD)) == ["0001 access: suspended -> active, should be suspended: put back"]
    acme.day("2026-11-26")
    assert acme.accounts()["0001"] == "suspended"


def test_what_is_written_once_only_is_theirs_afterwards(tmp_path: Path) -> None:
    once = {"given_name": {"from": "given_name", "write": "on_create"}}
    acme = Company(tmp_path, learning={"attributes": once})
    acme.day(FIRST, staff(2))
    attributes(acme, "0001", given_name="Bo")
    found = read_again(acme)
    assert [(d.what, d.happens, d.why) for d in found.drift] == [("given_name", "kept", "written once, then theirs")]
    assert found.plan is None


def test_a_change_that_says_what_hr_says_is_told_as_such(acme: Company) -> None:
    acme.write_settings(mode="observe")
    acme.day(SECOND, changed(staff(8), "0001", job_title="Head"))
    attributes(acme, "0001", job_title="Head")
    found = read_again(acme)
    assert told(found) == ["0001 job_title: Clerk -> Head, should be Head: agrees with HR"]
    assert found.plan is None


def test_what_an_undo_left_so_is_kept(acme: Company) -> None:
    night = acme.day(SECOND, changed(staff(8), "0001", job_title="Head"))
    acme.undo(night.plan, SECOND)
    attributes(acme, "0001", job_title="Boss")
    assert [(d.what, d.happens, d.why) for d in read_again(acme).drift] == [
        ("job_title", "kept", "somebody wanted it left so")
    ]


def test_in_approve_mode_the_change_waits_in_the_plan(acme: Company) -> None:
    acme.write_settings(mode="approve")
    rename(acme)
    found = read_again(acme)
    assert found.plan is not None
    assert acme.lines(found.plan.id) == ["0001 update waiting"]
    assert found.exit_code == 5
    acme.approve(found.plan.id)
    assert acme.account("0001").attributes["family_name"] == "Family0001"


# ---------------------------------------------------------------------------------------------------------- orphans


def test_an_account_of_nobody_is_counted_and_left_alone(acme: Company) -> None:
    orphan = acme.lms().world.accounts[AccountId("orphan")]
    found = read_again(acme)
    acme.day(THIRD, staff(7))
    assert found.orphans == 1
    assert acme.lms().world.accounts[AccountId("orphan")] == orphan


def test_an_account_of_nobody_that_is_deleted_is_forgotten(acme: Company) -> None:
    path = acme.folder / "lms.json"
    data = json.loads(path.read_text())
    data["accounts"] = [a for a in data["accounts"] if a["id"] != "orphan"]
    path.write_text(json.dumps(data))
    assert read_again(acme).orphans == 0


def test_a_second_account_of_somebody_is_told_and_left_alone(acme: Company) -> None:
    for account_id, attributes in (("twin-1", {"email": "W0001@acme.example"}), ("twin-2", {"worker_id": "0002"})):
        acme.lms().edit(Account(id=AccountId(account_id), attributes=attributes))
    found = read_again(acme)
    assert [(d.account_id, d.worker_id, d.why) for d in found.doubles] == [
        ("twin-1", "0001", "same e-mail"),
        ("twin-2", "0002", "same number"),
    ]
    assert (found.exit_code, found.plan) == (0, None)


# --------------------------------------------------------------------------------------------------------- vanished


def test_an_account_that_is_gone_is_never_made_anew_by_itself(acme: Company) -> None:
    (lost,) = delete(acme, "0001")
    found = read_again(acme)
    assert [(g.worker_id, g.account_id) for g in found.gone] == [("0001", lost)]
    assert found.exit_code == 4
    night = acme.day(THIRD, changed(staff(8), "0001", job_title="Head"))
    assert "not in the learning system any more: somebody must look" in night.why_held("0001")
    assert "0001" not in acme.accounts()
    assert [g.worker_id for g in read_again(acme, THIRD).gone] == ["0001"]


def test_an_account_that_is_back_is_used_again(acme: Company) -> None:
    whole = (acme.folder / "lms.json").read_text()
    (lost,) = delete(acme, "0001")
    read_again(acme)
    acme.day(SECOND, changed(staff(8), "0001", job_title="Head"))
    (acme.folder / "lms.json").write_text(whole)
    found = read_again(acme, THIRD)
    assert (found.gone, found.back) == ((), (lost,))
    acme.day(THIRD)
    assert acme.account("0001").attributes["job_title"] == "Head"


def test_somebody_says_that_a_new_one_is_wanted_and_the_next_run_makes_it(acme: Company) -> None:
    (lost,) = delete(acme, "0001")
    read_again(acme)
    with acme.ports() as ports:
        assert reject(ports, "0001", lost, ANA).unlinked
    assert acme.day(THIRD).did("create") == ["0001"]
    assert read_again(acme, THIRD).gone == ()


def test_somebody_says_which_other_one_they_have_and_the_next_run_links_it(acme: Company) -> None:
    delete(acme, "0001")
    read_again(acme)
    with acme.ports() as ports:
        confirm(ports, "0001", "orphan", ANA)
    assert acme.day(THIRD).did("link") == ["0001"]
    assert acme.account("0001").id == "orphan"


def test_half_the_accounts_gone_is_rather_a_permission_than_a_deletion(acme: Company) -> None:
    delete(acme, *(f"{n:04}" for n in range(1, 8)))
    found = read_again(acme)
    assert (found.doubted, found.gone, found.exit_code) == (7, (), 4)
    assert acme.state().get("vanished", []) == []
    assert len(read_again(acme, accept_missing=True).gone) == 7
    # so a doubt takes nothing back that was accepted
    assert len(read_again(acme).gone) == 7


# -------------------------------------------------------------------------------------------------- contradictions


def test_an_account_with_the_key_of_another_system_is_told(acme: Company) -> None:
    by_hand(acme, "0001", external_id="okta-9")
    found = read_again(acme)
    assert [(c.worker_id, c.why) for c in found.clashes] == [("0001", "carries a key of another system")]
    assert found.exit_code == 4


def test_two_accounts_that_carry_the_key_of_one_person_are_told(acme: Company) -> None:
    key = acme.person("0001").key
    acme.lms().edit(Account(id=AccountId("second"), external_id=key, attributes={"worker_id": "x"}))
    found = read_again(acme)
    mine = acme.account("0001").id
    assert [(c.account_id, c.why) for c in found.clashes] == [
        ("second", f"carries the key of 0001, whose account is {mine}")
    ]


# --------------------------------------------------------------------------------------------- readings that stop


class Broken:
    """Five pages of two accounts; page three answers with an error. Everything else works."""

    def __init__(self, inner: Any, error: Exception) -> None:
        self._inner, self._error = inner, error
        self._inner._page_size = 2

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def accounts(self, after: str | None = None) -> Any:
        if after == "4":
            raise self._error
        return await self._inner.accounts(after)


def test_a_reading_that_stops_on_page_three_concludes_nothing_about_absence(acme: Company) -> None:
    delete(acme, "0008")
    rename(acme)
    acme.around = lambda target: Broken(target, SystemUnreachable("The server answered 500."))
    with pytest.raises(SystemUnreachable, match="stopped after 4 accounts: The server answered 500"):
        read_again(acme)
    assert acme.state().get("vanished", []) == []
    acme.around = lambda target: target
    # what was seen is believed, so that the next run puts it right
    assert acme.day(THIRD).lines == ["0001 update done"]


MISCHIEF = {
    "the line goes dead": (Mischief.TRY_AGAIN, SystemUnreachable),
    "one account is missing and the total says so": (Mischief.LOSE, BadAnswer),
    "one account is missing and another comes twice": (Mischief.SWAP, BadAnswer),
    "an account comes twice": (Mischief.REPEAT, BadAnswer),
    "the total is wrong": (Mischief.WRONG_TOTAL, BadAnswer),
    "the credentials are refused": (Mischief.STOP_RUN, StopRun),
}


@pytest.mark.parametrize(("mischief", "error"), MISCHIEF.values(), ids=MISCHIEF.keys())
def test_a_reading_that_does_not_add_up_concludes_nothing_about_absence(
    acme: Company, mischief: Mischief, error: type[Exception]
) -> None:
    mood = OnCommand()
    mood.then("accounts", mischief)
    acme.around = lambda target: HostileTarget(target, mood)
    with pytest.raises(error, match="nothing was concluded"):
        read_again(acme)
    acme.around = lambda target: target
    assert acme.state().get("vanished", []) == []
    assert acme.day(THIRD, staff(8)).lines == []


def test_two_reconciles_or_a_run_and_one_never_work_at_the_same_time(acme: Company) -> None:
    with acme.ports() as ports, only_run(ports.database, ports.policy.name, ports.now), pytest.raises(RunLocked):
        reconcile(ports, moment(SECOND))


# --------------------------------------------------------------------------------------------------- at the prompt


def typed(acme: Company, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*joinery(), *words],
        cwd=acme.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_says_what_is_there_what_should_be_and_what_happens(acme: Company) -> None:
    rename(acme)
    shown = typed(acme, "reconcile")
    assert shown.returncode == 0, shown.stderr
    assert "1 thing was changed in the learning system itself." in shown.stdout
    assert "1 account belongs to nobody from HR" in shown.stdout
    assert "put back" in shown.stdout


def test_the_command_gives_programs_the_same(acme: Company) -> None:
    delete(acme, "0002")
    rename(acme)
    shown = typed(acme, "reconcile", "--json")
    body = json.loads(shown.stdout)
    assert (shown.returncode, body["exit_code"]) == (4, 4)
    assert [(c["worker_id"], c["happens"]) for c in body["changed"]] == [("0001", "put back")]
    assert [g["worker_id"] for g in body["gone"]] == ["0002"]
