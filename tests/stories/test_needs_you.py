"""What could not be done is on one list until it was done, whatever was planned since; what failed once is not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from joinery.app.alerting import tell as alert
from joinery.core.model.operation import UpdateAccount
from joinery.core.model.receipt import Outcome, Receipt
from joinery.flows.needing import look_who_needs_somebody
from joinery.flows.push import News, tell
from tests.stories.company import Company, changed, moment, staff
from tests.stories.test_person import typed

FIRST, SECOND, THIRD, FOURTH = "2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"
PROMOTED = changed(staff(8), "0002", job_title="Head")


class Refusing:
    """A learning system that answers changes of people as it is told to."""

    answer: Outcome | None = None

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    async def perform(self, orders: Sequence[Any]) -> AsyncIterator[Receipt]:
        for order in orders:
            if Refusing.answer is not None and isinstance(order.operation, UpdateAccount):
                yield Receipt(key=order.key, outcome=Refusing.answer, detail="the title is taken", changed=False)
            else:
                async for receipt in self._target.perform([order]):
                    yield receipt


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    (tmp_path / "address").write_text("json://127.0.0.1:9/")
    monkeypatch.setattr(Refusing, "answer", None)
    settings = {"alerts": {"high": [{"file": "address"}]}}
    acme = Company(tmp_path, settings=settings, around=Refusing, learning={"simulation": False})
    acme.day(FIRST, staff(8))
    return acme


def alerts(acme: Company, at: str) -> list[tuple[str, str, str]]:
    with acme.open() as it:
        said = alert(it.settings, it.ports, moment(at), lambda *_: True)
    return [(each.alert.kind, each.alert.told.route, each.alert.told.title) for each in said]


def verdict(acme: Company) -> tuple[str, int, str]:
    shown = json.loads(typed(acme, "status", "--json"))
    return shown["verdict"], shown["needs_you"], shown["next"]


def push(acme: Company, who: str, at: str, **fields: str) -> None:
    with acme.open(at) as it:
        (source,) = it.ports.sources.values()
        records = [{"worker_id": who, **fields}]
        tell(it.ports, source, News(door="push", name=who, records=records, received_at=it.ports.now()))


def test_who_needs_somebody_is_on_the_list_whatever_was_planned_since(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusing, "answer", Outcome.NEEDS_YOU)
    assert acme.day(SECOND, PROMOTED).lines == ["0002 update needs_you"]
    says = "H-1 needs you: something could not be done for 1 person"
    assert alerts(acme, f"{SECOND}T12:01") == [("open", "low", says)]
    push(acme, "0005", f"{SECOND}T13:00", status="Terminated")
    assert acme.accounts()["0005"] == "suspended" and acme.findings() == {"needs_you 0002"}
    said = "1 person needs you: something could not be done for them."
    assert verdict(acme) == (said, 1, "joinery issue show needs_you")
    shown = typed(acme, "issue", "show", "needs_you")
    assert "0002" in shown and "Could not be done in the learning system: update (P-2)." in shown
    assert alerts(acme, f"{SECOND}T13:01") == []
    monkeypatch.setattr(Refusing, "answer", None)
    assert "0002 update done" in acme.day(THIRD).lines
    assert acme.findings() == set() and verdict(acme)[1] == 0
    assert alerts(acme, f"{THIRD}T12:01") == [("solved", "low", says)]


def test_what_failed_once_is_tried_again_and_what_failed_again_is_on_the_list(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusing, "answer", Outcome.FAILED)
    assert acme.day(SECOND, PROMOTED).lines == ["0002 update failed"] and acme.findings() == set()
    assert acme.day(THIRD).lines == ["0002 update failed"] and acme.findings() == {"needs_you 0002"}


def test_what_is_not_wanted_any_more_needs_nobody(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Refusing, "answer", Outcome.NEEDS_YOU)
    acme.day(SECOND, PROMOTED)
    assert acme.findings() == {"needs_you 0002"}
    acme.day(THIRD, staff(8))
    assert acme.findings() == set()


def test_where_nobody_is_on_it_no_line_is_read(acme: Company) -> None:
    asked: list[str] = []
    with acme.ports() as ports:
        event.listen(ports.database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        look_who_needs_somebody(ports, moment(SECOND))
    assert asked and not [text for text in asked if "plan_lines" in text]
