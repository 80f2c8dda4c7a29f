"""News that come between what a look reads and what it marks as looked at: neither lost nor compared with what was.

The doubles audit, the issue of pushed ends that wait, and a reconcile; the order is forced by a hook.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import AccountState
from joinery.flows import doubles
from joinery.flows.doubles import look_for_doubles
from joinery.flows.push import News, tell
from joinery.flows.reconcile import reconcile
from joinery.flows.sync import sync
from joinery.store.accounts import Accounts
from tests.stories.company import Company, Row, changed, moment, staff
from tests.stories.test_doubles import COLUMNS, FIELDS, her, people

syncing = sys.modules[sync.__module__]
FIRST, SECOND, THIRD = "2026-11-23", "2026-11-24", "2026-11-25"
GONE = {"status": "Terminated"}


def push(acme: Company, who: str, day: str = SECOND, **fields: str) -> None:
    """HR pushes news of one person, taken in by a process of its own."""
    with acme.open(day) as it:
        (source,) = it.ports.sources.values()
        record = {"worker_id": who, **fields}
        tell(it.ports, source, News(door="push", name="n", records=[record], received_at=it.ports.now()))


def before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], None]) -> list[int]:
    """Something happens once, just before this function of this module is called; how often it was called."""
    real, calls = getattr(module, name), list[int]()

    def hooked(*args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            act()
        return real(*args, **named)

    monkeypatch.setattr(module, name, hooked)
    return calls


# ------------------------------------------------------------------------------------------------ the doubles audit


@pytest.fixture
def audited(tmp_path: Path) -> Company:
    on = {"guards": "off", "issues": {"same_person": "probably"}}
    return Company(tmp_path, settings=on, people={"fields": FIELDS})


def same_person(acme: Company) -> set[str]:
    return {found for found in acme.findings() if found.startswith("same_person")}


SHE = {name: her("7001")[name] for name in ("given_name", "family_name", "phone", "personal_email")}


@pytest.mark.parametrize("look", ["the first look, at everybody", "a later look, at one"])
def test_somebody_who_becomes_a_double_while_the_audit_compares_is_compared_by_the_next_one(
    audited: Company, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    rows: list[Row] = [
        *people(),
        her("7001"),
        her("7002", given_name="Bo", family_name="Arp", phone="", personal_email=""),
    ]
    if look.startswith("a later"):
        audited.day(FIRST, rows, columns=COLUMNS)
        rows = changed(rows, "7002", family_name="Arpsson")
    hooked = before(monkeypatch, doubles, "_pairs", lambda: push(audited, "7002", **SHE))
    audited.day(SECOND, rows, columns=COLUMNS)
    assert hooked, "the audit never compared anybody"
    assert same_person(audited) == set(), "what it compared with was not so any more"
    audited.day(THIRD)
    assert same_person(audited) == {"same_person 7001"}


def test_a_double_that_is_put_right_while_the_audit_compares_is_not_raised(
    audited: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = [*people(), her("7001"), her("7002")]
    right = {"given_name": "Bo", "family_name": "Arp", "phone": "+1 212 555 0100", "personal_email": "bo@arp.example"}
    before(monkeypatch, doubles, "_pairs", lambda: push(audited, "7002", **right, work_email="bo@acme.example"))
    audited.day(SECOND, rows, columns=COLUMNS)
    assert same_person(audited) == set()
    audited.day(THIRD)
    assert same_person(audited) == set()


def test_what_was_found_of_somebody_stays_while_news_of_them_wait_to_be_compared(
    audited: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = [*people(), her("7001"), her("7002")]
    audited.day(FIRST, rows, columns=COLUMNS)
    assert same_person(audited) == {"same_person 7001"}
    before(monkeypatch, doubles, "_pairs", lambda: push(audited, "7001", phone="+1 212 555 0100"))
    audited.day(SECOND, changed(rows, "7001", work_email="xan@acme.example"), columns=COLUMNS)
    assert same_person(audited) == {"same_person 7001"}
    with audited.open(SECOND) as it:
        assert look_for_doubles(it.ports, moment(SECOND)), "the news wait for the next look"
        assert not look_for_doubles(it.ports, moment(SECOND))


# ------------------------------------------------------------------------------------------- pushed ends that wait


def test_an_end_pushed_above_the_limit_while_a_run_applies_stays_an_issue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = Company(tmp_path, settings={"kill_switch": {"push_per_hour": 1}})
    acme.day(FIRST, staff(8))
    push(acme, "0002", **GONE)
    before(monkeypatch, syncing, "apply_by_mode", lambda: push(acme, "0003", **GONE))
    night = acme.day(SECOND, changed(staff(8), "0001", job_title="Head"))
    assert night.lines == ["0001 update done"], "the plan was made before"
    assert acme.accounts()["0003"] == "active"
    assert "pushed_ends_wait 0003" in acme.findings()


# ------------------------------------------------------------------------------------------------------- reconcile


class Slow(MemoryTarget):
    """Lets something happen once while a page that it has read is on its way."""

    meanwhile: Callable[[], None] | None = None

    async def accounts(self, after: str | None = None) -> Any:
        page = await super().accounts(after)
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            await asyncio.to_thread(act)
        return page


def test_an_end_while_a_reconcile_reads_is_no_change_by_hand(tmp_path: Path) -> None:
    slow = Slow()
    acme = Company(tmp_path, memory=slow)
    acme.day(FIRST, staff(8))
    slow.meanwhile = lambda: push(acme, "0003", **GONE)
    with acme.ports() as ports:
        found = reconcile(ports, moment(SECOND))
    assert acme.accounts()["0003"] == "suspended"
    assert found.drift == () and found.plan is None
    with acme.ports() as ports, ports.database.read() as connection:
        states = {a.worker_id: a.state for a in Accounts(connection, ports.policy.target).all().values()}
    assert states["0003"] is AccountState.SUSPENDED
