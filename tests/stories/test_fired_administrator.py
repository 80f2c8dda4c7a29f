"""A fired administrator of the learning system: somebody is told at once and once, the clock runs until closed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from joinery.app.alerting import tell
from joinery.cli.report_command import app as report_app
from joinery.cli.status_command import app as status_app
from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId
from joinery.core.model.operation import SuspendAccount
from joinery.core.model.receipt import Outcome, Receipt
from joinery.flows.issues import list_issues
from joinery.kit.contract import Order
from tests.stories.company import Company, Row, changed, moment, staff

GONE = {"status": "Terminated", "termination_date": "2026-11-24"}


def company(folder: Path, role: str, **more: Any) -> tuple[Company, list[Row]]:
    """Ten people, of whom 0005 has this role in the learning system; alerts have an address."""
    folder.joinpath("address").write_text("json://127.0.0.1:9/")
    acme, rows = Company(folder, settings={"alerts": {"high": [{"file": "address"}]}}, **more), staff(10)
    acme.lms().edit(Account(id=AccountId(""), attributes={"worker_id": "0005"}, roles=(role,)))
    acme.day("2026-11-23", rows)
    return acme, changed(rows, "0005", **GONE)


def told(acme: Company, at: str, sent: list[str]) -> list[str]:
    """What was told now about administrators; `sent` gets every message that left."""

    def send(_addresses: object, title: str, text: str) -> bool:
        sent.append(f"{title}\n{text}")
        return True

    with acme.open() as it:
        said = tell(it.settings, it.ports, moment(at), send)
    return [each.alert.kind for each in said if each.alert.key.startswith("administrator:") and each.sent]


def cli(command: typer.Typer, acme: Company, *words: str) -> Any:
    return json.loads(CliRunner().invoke(command, [*words, "--json", "--config", str(acme.config)]).output)


def test_closed_in_the_same_run_it_is_told_once_and_then_that_it_is_over(tmp_path: Path) -> None:
    acme, fired = company(tmp_path, "administrator")
    acme.day("2026-11-24T23:59", fired)
    assert acme.account("0005").state is AccountState.SUSPENDED
    assert "administrator_left 0005" in acme.findings()
    sent: list[str] = []
    assert told(acme, "2026-11-25T00:00", sent) == ["open"]
    assert told(acme, "2026-11-25T00:01", sent) == ["solved"]
    assert told(acme, "2026-11-25T00:02", sent) == [] and len(sent) == 2
    assert "employee 0005" in sent[0] and "It is seen to be closed (suspended)" in sent[0]
    acme.day("2026-11-25")
    assert "administrator_left 0005" not in acme.findings()
    assert told(acme, "2026-11-25T12:01", sent) == []
    assert not [text for text in sent if "Given0005" in text or "w0005@" in text]


def test_another_issue_of_that_night_is_still_new_in_it(tmp_path: Path) -> None:
    acme, fired = company(tmp_path, "administrator")
    acme.day("2026-11-24T23:59", changed(fired, "0007", status="Wobbly"))
    with acme.ports() as ports:
        trends = {told.issue.cause.check: told.issue.trend for told in list_issues(ports)}
    assert trends["unknown_status"] == "new" and trends["administrator_left"] == "new"


def test_an_ordinary_leaver_is_no_alert(tmp_path: Path) -> None:
    acme, _ = company(tmp_path, "administrator")
    acme.day("2026-11-24T23:59", changed(staff(10), "0006", **GONE))
    sent: list[str] = []
    assert told(acme, "2026-11-25T00:00", sent) == [] and sent == []


def test_who_is_protected_by_the_settings_is_told_of_too(tmp_path: Path) -> None:
    acme, _ = company(tmp_path, "administrator")
    acme.write_settings(protected={"worker_ids": ["0006"]})
    acme.day("2026-11-24T23:59", changed(staff(10), "0006", **GONE))
    assert told(acme, "2026-11-25T00:00", []) == ["open"]


class Owned:
    """A learning system that lets nobody touch its owner: only somebody there can close that account."""

    def __init__(self, target: MemoryTarget) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        for order in orders:
            if isinstance(order.operation, SuspendAccount):
                yield Receipt(key=order.key, outcome=Outcome.FAILED, detail="403: the owner")
                continue
            async for receipt in self._target.perform([order]):
                yield receipt


def test_the_clock_runs_where_the_learning_system_does_not_let_its_owner_be_closed(tmp_path: Path) -> None:
    acme, fired = company(tmp_path, "owner", around=Owned)
    night = acme.day("2026-11-24T23:59", fired)
    assert night.did("suspend", "failed") == ["0005"] and acme.account("0005").roles == ("owner",)
    sent: list[str] = []
    assert told(acme, "2026-11-25T00:00", sent) == ["open"] and "the clock runs since 2026-11-24" in sent[0]
    assert told(acme, "2026-11-25T12:00", sent) == []
    now = cli(status_app, acme)
    assert (now["ends"]["open"], now["ends"]["late"], now["ends"]["protected"]) == (1, 0, 1)
    assert "still open" in now["verdict"] and now["next"] == "joinery report run deprovision --people"
    spoken = CliRunner().invoke(status_app, ["--config", str(acme.config)]).output
    assert "access to end, not seen closed yet: 1, the clock runs since" in spoken and "1 administrator" in spoken
    report = cli(report_app, acme, "run", "deprovision", "--from", "2026-11-01", "--to", "2026-12-31")
    assert (report["ended"], report["seen_closed"], report["protected"]) == (1, 0, 1)
    assert [(p["worker_id"], p["administrator"], p["closed_at"]) for p in report["people"]] == [("0005", True, None)]
    assert report["people"][0]["waiting_s"] is not None


def test_over_the_limit_it_is_worse_and_closed_by_hand_it_is_over(tmp_path: Path) -> None:
    acme, fired = company(tmp_path, "owner", around=Owned)
    acme.day("2026-11-24T23:59", fired)
    sent: list[str] = []
    assert told(acme, "2026-11-25T00:00", sent) == ["open"]
    acme.day("2026-11-26")
    assert told(acme, "2026-11-26T12:01", sent) == ["worse"] and "The limit of 1 day" in sent[1]
    assert told(acme, "2026-11-26T12:02", sent) == []
    assert cli(status_app, acme)["ends"]["late"] == 1
    acme.lms().edit_with(acme.account("0005").id, state=AccountState.SUSPENDED)
    acme.day("2026-11-27")
    assert told(acme, "2026-11-27T12:01", sent) == ["solved"]
    # beside it the line that failed twice is on the list of what needs somebody, until it was done
    about = ["list" if "needs you" in text else "administrator" for text in sent]
    assert sorted(about) == ["administrator"] * 3 + ["list"] * 2
    assert cli(status_app, acme)["ends"]["open"] == 0


def test_everybody_else_over_the_limit_is_one_alert(tmp_path: Path) -> None:
    acme, _ = company(tmp_path, "administrator", around=Owned)
    acme.day("2026-11-24", changed(changed(staff(10), "0006", **GONE), "0007", **GONE))
    acme.day("2026-11-26")
    with acme.open() as it:
        said = tell(it.settings, it.ports, moment("2026-11-26T12:01"), lambda *_: True)
    late = [each.alert for each in said if each.alert.key == "access:late"]
    assert [(alert.kind, alert.told.size, alert.told.route) for alert in late] == [("open", 2, "high")]
