"""Incidents that took access from many people at once, elsewhere. One test each, under the name it is known by.

What happened, and where it was told: anchors §3.1 and §6.1 (Keycloak #24669, o365-moodle #1650, #1771, #2048, #2391,
authentik #19295, dim PR #90).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.connectors.memory import MemoryTarget
from joinery.core.model.receipt import Receipt
from joinery.errors import SystemUnreachable
from joinery.flows.layoff import draft
from joinery.flows.reconcile import reconcile
from joinery.kit.contract import Order
from joinery.store.people import People
from joinery.store.plans import lines_of
from tests.stories.asking import SAFETY
from tests.stories.company import COLUMNS, Company, Row, changed, moment, staff, worker

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}
HOW = pytest.mark.parametrize("leavers_are", ["status", "absent", "both"])


def company(tmp_path: Path, many: int = 40, **more: Any) -> tuple[Company, list[Row]]:
    """A company whose people all have accounts since yesterday."""
    acme, rows = Company(tmp_path, **more), staff(many)
    acme.day("2026-11-23", rows)
    assert len(acme.who_is("active")) == many
    return acme, rows


def csv_text(rows: list[Row]) -> str:
    return "\n".join([",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows)]) + "\n"


def nobody_is_touched(tmp_path: Path, leavers_are: str, broken: Callable[[list[Row]], str]) -> None:
    """One clear issue, zero leavers; the next good file is read as if nothing had happened."""
    acme, rows = company(tmp_path, people={"leavers_are": leavers_are, "trust": {"floor": 20}})
    acme.drop_text(broken(rows))
    night = acme.day("2026-11-24")
    assert night.report.pulled.stopped
    assert night.exit_code in {4, 5}
    assert (night.stored, acme.events()) == ((), [])
    assert len(acme.findings()) == 1, "one clear issue"
    assert len(acme.who_is("active")) == 40
    assert acme.day("2026-11-25", changed(rows, "0007", job_title="Head")).lines == ["0007 update done"]
    assert acme.findings() == set()


# ---------------------------------------------------------------- answers that are no answers


@HOW
def test_empty_directory_answer(tmp_path: Path, leavers_are: str) -> None:
    """A directory answered with success and nobody in it; everybody was deleted with all roles."""
    nobody_is_touched(tmp_path, leavers_are, lambda _rows: "")


@HOW
def test_header_only(tmp_path: Path, leavers_are: str) -> None:
    nobody_is_touched(tmp_path, leavers_are, lambda _rows: csv_text([]))


@HOW
@pytest.mark.parametrize("share", [0.25, 0.5, 0.97])
def test_truncated(tmp_path: Path, leavers_are: str, share: float) -> None:
    """The transfer broke off: the last row is half a row, and the others after it are not there."""

    def cut(rows: list[Row]) -> str:
        whole = csv_text(rows)
        end = int(len(whole) * share)
        return whole[:end].rpartition("\n")[0] + '\n"00'

    nobody_is_touched(tmp_path, leavers_are, cut)


@HOW
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            "<!DOCTYPE html><html><body>503 Service Unavailable</body></html>\n", id="a page instead of a file"
        ),
        pytest.param('{"error": "invalid_grant"}\n', id="success with an error inside"),
    ],
)
def test_http_error_while_paging_on_the_way_in(tmp_path: Path, leavers_are: str, page: str) -> None:
    """One API error, 5,160 accounts suspended."""
    nobody_is_touched(tmp_path, leavers_are, lambda _rows: page)
    nobody_is_touched(tmp_path / "later", leavers_are, lambda rows: csv_text(rows[:20]) + page)


class StopsAfter:
    """A learning system whose list of accounts breaks off after the first pages."""

    def __init__(self, inner: MemoryTarget) -> None:
        self._inner = inner
        self._inner._page_size = 10

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def accounts(self, after: str | None = None) -> Any:
        if after is not None:
            raise SystemUnreachable("The server answered 502.")
        return await self._inner.accounts(after)


def test_http_error_while_paging_through_the_accounts(tmp_path: Path) -> None:
    """Whoever was not shown is not gone, is not made anew, and loses nothing."""
    acme, rows = company(tmp_path)
    acme.around = StopsAfter
    with acme.ports() as ports, pytest.raises(SystemUnreachable, match="nothing was concluded"):
        reconcile(ports, moment("2026-11-24"))
    acme.around = lambda target: target
    assert acme.state().get("vanished", []) == []
    assert acme.day("2026-11-25", rows).lines == []


# ---------------------------------------------------------------- edits that mean more than they seem


@pytest.mark.parametrize(
    "scope", [{"include": [{"where": {"department": "Slaes"}}]}, {"exclude": [{"where": {"location": "Lille"}}]}]
)
def test_filter_edit_that_empties_the_scope(tmp_path: Path, scope: dict[str, Any]) -> None:
    """A filter was edited, and whoever it no longer found was deleted, second factors and all."""
    acme, rows = company(tmp_path, 60)
    acme.write_settings(**scope)
    night = acme.day("2026-11-24", changed(rows, "0001", job_title="Head"))
    assert night.tripped == ["archive"]
    assert night.exit_code == 5
    assert len(acme.who_is("active")) == 60
    acme.write_settings(include=[], exclude=[])
    assert acme.day("2026-11-25").lines == ["0001 update done"], "the edit is taken back and nothing has happened"


# ---------------------------------------------------------------- many at once


@pytest.mark.parametrize("many", [33_000, pytest.param(85_840, marks=pytest.mark.long)])
def test_85840_removals_in_one_statement(tmp_path: Path, many: int) -> None:
    """So many names in one statement overflowed it, and nobody was ever removed. Here each of them is decided about.

    A statement takes 32,766 of them: a few more show the same every day.
    """
    acme = Company(tmp_path, people={"leavers_are": "absent"}, memory=MemoryTarget())
    with acme.open("2026-11-23") as it:
        keys = everybody(it.ports, many)
        with it.ports.database.write() as connection:
            known = People(connection, it.ports.policy.name)
            assert len(known.by_key(keys)) == many
            known.mark(keys, unsettled=True)
            assert len(known.unsettled()) == many
            known.mark(keys, unsettled=False)
            assert known.unsettled() == []


def everybody(ports: Any, many: int) -> list[Any]:
    """So many people, straight into the store."""
    from joinery.core.model.ids import PersonKey
    from joinery.core.model.standing import Stage, Standing
    from joinery.core.model.worker import Worker
    from joinery.store.people import Person

    at = moment("2026-11-23")
    there = [
        Person(
            key=PersonKey(f"k{number}"),
            worker=Worker(source_id=f"s{number}", worker_id=f"w{number}"),
            standing=Standing(stage=Stage.ACTIVE, since=at),
        )
        for number in range(many)
    ]
    with ports.database.write() as connection:
        People(connection, ports.policy.name).add(there)
    return [person.key for person in there]


def test_removals_beyond_one_statement_are_carried_out_to_the_last(tmp_path: Path) -> None:
    """The same incident through the whole loop, with more people than one statement takes parameters here."""
    many = 2_000
    acme = Company(
        tmp_path,
        people={"leavers_are": "absent", "trust": {"floor": 5000}},
        memory=MemoryTarget(),
        settings={"mode": "approve"},
    )
    acme.approve(acme.day("2026-11-23", staff(many)).plan, override="first load")
    night = acme.day("2026-11-24", staff(3))
    assert len(night.did("suspend", "held")) == many - 3
    acme.approve(night.plan, override="the plant is closed")
    assert len(acme.who_is("suspended")) == many - 3
    assert acme.who_is("active") == {"0001", "0002", "0003"}


def test_re_enabling_at_scale(tmp_path: Path) -> None:
    """A thousand were suspended by mistake, and then 26 a night got their access back. Here all of them, in one run."""
    many = 1_000
    settings = {"guards": "off", "kill_switch": {"per_hour": 0}}
    acme, rows = company(tmp_path, many, settings=settings, memory=MemoryTarget())
    wrong = acme.day("2026-11-24", [row | LEFT for row in rows])
    assert len(acme.who_is("suspended")) == many
    undone = acme.undo(wrong.plan, "2026-11-24")
    assert undone is not None
    assert undone.states == {"done": many}
    assert len(acme.who_is("active")) == many
    assert acme.day("2026-11-25").lines == [], "and the next run does not do it again"


def test_re_enabling_at_scale_when_hr_puts_it_right(tmp_path: Path) -> None:
    """The right file a day later gives everybody access back in that run, once somebody has said so."""
    many = 120
    acme, rows = company(tmp_path, many, settings={"kill_switch": {"per_hour": 0}}, memory=MemoryTarget())
    wrong = [row | LEFT if row["worker_id"] <= "0060" else row for row in rows]
    acme.approve(acme.day("2026-11-24", wrong).plan, override="believed to be true")
    assert len(acme.who_is("suspended")) == 60
    night = acme.day("2026-11-25", rows)
    assert night.tripped == ["restore"], "so many at once are as likely a mistake as a correction"
    acme.approve(night.plan, override="HR's mistake of yesterday")
    assert len(acme.who_is("active")) == many


# ---------------------------------------------------------------- previews


class Untouchable:
    """A learning system that may be read; whoever writes fails the test."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        raise AssertionError(f"a preview wrote {len(orders)} orders")
        yield  # pragma: no cover


#: command -> (its words, what it ends with)
PREVIEWS = {
    "plan": (["plan"], 0),
    "plan for another day": (["plan", "--as-of", "2027-06-01"], 0),
    "plan show": (["plan", "show", "P-1"], 0),
    "check": (["check", "{file}"], 0),
    "reconcile": (["reconcile"], 0),
    "person show": (["person", "show", "0001"], 0),
    "why": (["why", "0001"], 0),
    "why on another day": (["why", "0002", "--as-of", "2027-06-01"], 0),
    "undo": (["undo", "P-1"], 0),
    "status": (["status"], 0),
    "accounts": (["accounts"], 0),
    "events": (["events", "--from", "2026-11-01", "--to", "2026-12-31"], 0),
    "match": (["match", "list"], 0),
    "mail": (["mail", "list"], 0),
    "completions": (["completions", "list"], 0),
    "rules test": (["rules", "test", "--rule", "Lille safety"], 0),
    "rules diff": (["rules", "diff"], 0),
    "rules learn": (["rules", "learn"], 0),
    "rules lint": (["rules", "lint"], 0),
    "map unmapped": (["map", "unmapped"], 0),
    "map suggest": (["map", "suggest"], 0),
    "config diff": (["config", "diff"], 0),
    "config revert": (["config", "revert", "C-1"], 0),
    "privacy erase": (["privacy", "erase", "0005"], 5),
    "privacy erase of somebody at work": (["privacy", "erase", "0001"], 5),
    "quarantine list": (["quarantine", "list"], 0),
    "layoff show": (["layoff", "show", "L-1"], 0),
}


@pytest.mark.parametrize(("words", "code"), PREVIEWS.values(), ids=PREVIEWS.keys())
def test_preview_lost_in_a_refactor(
    tmp_path: Path, words: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run was rewired and wrote. Here every command that only shows is run against what must not be written."""
    acme, rows = company(tmp_path, 5, settings={"learning_rules": [SAFETY]})
    rows = changed(changed(rows, "0005", **LEFT), "0002", termination_date="2098-12-31")
    assert acme.day("2026-11-24", rows).did("suspend") == ["0005"]
    with acme.ports() as ports:
        draft(ports, ["0002"], moment("2098-12-31"), "bea", "site closes")
    path = acme.drop([*changed(rows, "0001", **LEFT), worker(6), worker(7, job_title="Head")])
    before = (acme.folder / "lms.json").read_bytes()
    monkeypatch.setattr(MemoryTarget, "perform", Untouchable.perform)
    said = [word.replace("{file}", str(path)) for word in words]
    done = CliRunner().invoke(app, [*said, "--config", str(acme.config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output
    assert (acme.folder / "lms.json").read_bytes() == before
    assert json.loads(before)


def test_preview_lost_in_a_refactor_in_observe_mode(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    acme.write_settings(mode="observe")
    acme.around = Untouchable
    night = acme.day("2026-11-24", [*changed(rows, "0001", **LEFT), worker(6)])
    assert {line.split()[1] for line in night.lines} == {"suspend", "create"}
    with acme.ports() as ports, ports.database.read() as connection:
        assert not [line for line in lines_of(connection, night.plan) if line.state in {"done", "sent"}]
