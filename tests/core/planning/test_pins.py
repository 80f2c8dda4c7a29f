"""How long something is left as somebody left it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from joinery.core.model.account import AccountState
from joinery.core.model.ids import PersonKey
from joinery.core.model.plan import Reason
from joinery.core.model.standing import Stage, Standing
from joinery.core.planning.pins import Pin, Pinned, behind_access, pinned_by
from joinery.core.rules.desired import Access, Desired

ACTIVE, SUSPENDED, ARCHIVED = AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.ARCHIVED
AT = datetime(2026, 11, 24, tzinfo=UTC)
AT_WORK = Standing(stage=Stage.ACTIVE, since=AT)
LEFT = Standing(stage=Stage.LEFT, since=AT, ended_on=date(2026, 11, 24))
LEFT_AGAIN = Standing(stage=Stage.LEFT, since=AT, ended_on=date(2027, 3, 31))
AWAY = Standing(stage=Stage.LEAVE, since=AT, access_off=True)


def desired(state: AccountState = ACTIVE, *, by_hand: bool = False, hold: str = "", **attributes: str) -> Desired:
    access = Access(state=state, because=Reason(text="so"), by_hand=by_hand)
    groups = frozenset({"Sales"}) if state is ACTIVE else frozenset[str]()
    return Desired(person_key=PersonKey("p"), access=access, attributes=attributes, groups=groups, hold=hold)


def pin(subject: str, value: str, then: Standing | None = None, *, asks: bool = False) -> Pin:
    return Pin(id="1", subject=subject, value=value, behind=behind_access(then) if then else "", asks=asks)


@pytest.mark.parametrize(
    ("made", "wanted", "now", "expected"),
    [
        pytest.param(pin("title", "Head"), desired(title="Head"), AT_WORK, "kept", id="the same is wanted: kept"),
        pytest.param(pin("title", "Head"), desired(title="Chief"), AT_WORK, "over", id="HR wants another: over"),
        pytest.param(pin("title", "Head"), desired(SUSPENDED), AWAY, "", id="nothing is wanted of a closed account"),
        pytest.param(pin("title", "Head"), desired(hold="x", title="Y"), AT_WORK, "", id="nor of somebody held"),
        pytest.param(pin("title", "Head", asks=True), desired(title="Head"), AT_WORK, "asked", id="a question stands"),
        pytest.param(pin("group:Sales", "in"), desired(), AT_WORK, "kept", id="out of a group they belong to"),
        pytest.param(pin("group:Other", "out"), desired(), AT_WORK, "kept", id="in a group they do not belong to"),
        pytest.param(pin("group:Other", "in"), desired(), AT_WORK, "over", id="the group is not wanted any more"),
        pytest.param(pin("access", "suspended", LEFT), desired(SUSPENDED), LEFT, "kept", id="let in after this end"),
        pytest.param(pin("access", "suspended", LEFT), desired(ARCHIVED), LEFT, "kept", id="and not archived for it"),
        pytest.param(pin("access", "suspended", AWAY), desired(ARCHIVED), AWAY, "over", id="but for being absent"),
        pytest.param(pin("access", "suspended", LEFT), desired(SUSPENDED), LEFT_AGAIN, "over", id="not after the next"),
        pytest.param(
            pin("access", "suspended", AWAY), desired(SUSPENDED), LEFT, "over", id="let in on leave, then left"
        ),
        pytest.param(
            pin("access", "archived", AT_WORK), desired(SUSPENDED), LEFT, "over", id="not archived, then left"
        ),
        pytest.param(
            pin("access", "suspended", LEFT), desired(SUSPENDED, by_hand=True), LEFT, "over", id="ended by hand: out"
        ),
        pytest.param(pin("access", "active", AT_WORK), desired(ACTIVE), AT_WORK, "kept", id="it stays closed"),
    ],
)
def test_pins(made: Pin, wanted: Desired, now: Standing, expected: str) -> None:
    subject = frozenset({made.subject})
    answers = {
        "kept": Pinned(kept=subject),
        "asked": Pinned(asked=subject),
        "over": Pinned(over=("1",)),
        "": Pinned(),
    }
    assert pinned_by([made], wanted, now) == answers[expected]


def test_who_kept_it_is_asked_no_more() -> None:
    both = [pin("title", "Head"), pin("title", "Head", asks=True)]
    assert pinned_by(both, desired(title="Head"), AT_WORK) == Pinned(kept=frozenset({"title"}))
