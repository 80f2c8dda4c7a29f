"""One goes, one comes, the address stays: a question, and what is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Worker
from joinery.core.rules.events import Known
from joinery.core.rules.lifecycle import LifecyclePolicy
from joinery.core.rules.same_person import probably_same, took_over

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = LifecyclePolicy()


def day(offset: int) -> date:
    return NOW.date() + timedelta(days=offset)


def known(
    stage: Stage, hired: int | None, ends: int | None = None, email: str = "kim@x.example", **names: str
) -> Known:
    left = stage is Stage.LEFT
    standing = Standing(
        stage=stage,
        since=NOW,
        started_on=day(hired) if hired is not None and stage is not Stage.PREHIRE else None,
        armed_end=day(ends) if ends is not None and not left else None,
        ended_on=day(ends) if ends is not None and left else None,
    )
    hire = day(hired) if hired is not None else None
    return Known(
        worker=Worker(source_id="1", worker_id="1", work_email=email, hire_date=hire, **names),  # type: ignore[arg-type]
        standing=standing,
    )


LEAVES = known(Stage.ACTIVE, -400, 3)
LEFT = known(Stage.LEFT, -400, -3)
COMES = known(Stage.PREHIRE, 6)
A, L, P = Stage.ACTIVE, Stage.LEFT, Stage.PREHIRE


@pytest.mark.parametrize(
    ("leaver", "joiner", "expected"),
    [
        pytest.param(LEAVES, COMES, True, id="the next one starts after the weekend"),
        pytest.param(LEFT, COMES, True, id="left some days ago"),
        pytest.param(LEAVES, known(A, -2), True, id="begins before the other one has ended"),
        pytest.param(LEAVES, known(P, 6, email="KIM@x.example"), True, id="an address is the same in capitals"),
        pytest.param(LEAVES, known(P, 6, email="kim@y.example"), False, id="another address"),
        pytest.param(known(A, -400, 3, ""), known(P, 6, email=""), False, id="no address is no address in common"),
        pytest.param(known(A, -400), COMES, False, id="nobody leaves"),
        pytest.param(known(L, -400), COMES, False, id="left, nobody knows when"),
        pytest.param(LEAVES, known(P, None), False, id="nobody knows when the other one starts"),
        pytest.param(LEAVES, known(P, 60), False, id="two months later it is a reused address"),
        pytest.param(LEAVES, known(L, 6, 9), False, id="who has left as well is nobody's successor"),
        pytest.param(LEAVES, known(A, -500), False, id="who was there first is no successor"),
        pytest.param(known(L, None, -3), COMES, True, id="nobody knows when the leaver began"),
        pytest.param(
            known(A, -400, 3, "a@x.example", given_name="Kim", family_name="Li"),
            known(P, 6, email="b@x.example", given_name="Kim", family_name="Li"),
            False,
            id="names match nobody",
        ),
    ],
)
def test_probably_the_same_person(leaver: Known, joiner: Known, expected: bool) -> None:
    assert probably_same(leaver, joiner, POLICY) is expected


@pytest.mark.parametrize(
    ("joiner", "expected"),
    [
        pytest.param(known(A, -2), True, id="at work the day after"),
        pytest.param(known(A, -5), True, id="at work before the end"),
        pytest.param(known(A, -1), False, id="a day in between"),
        pytest.param(COMES, False, id="not at work yet"),
    ],
)
def test_access_stays_only_without_a_gap(joiner: Known, expected: bool) -> None:
    assert took_over(LEFT, joiner, POLICY) is expected
