"""The safe order of lines, and what a fingerprint is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.core.planning.someone import ANA, line

from joinery.core.model.ids import WorkerId
from joinery.core.model.operation import ActionClass, Change, CreateAccount, UpdateAccount
from joinery.core.model.plan import Lane, Reason
from joinery.core.planning.order import CLOSING, MAIL, MAIN, ROOM, URGENT, line_digest, phase_of

PHASES = {
    ActionClass.LINK: MAIN,
    ActionClass.CREATE: MAIN,
    ActionClass.RESTORE: MAIN,
    ActionClass.UPDATE: MAIN,
    ActionClass.GROUP: MAIN,
    ActionClass.ASSIGN: MAIN,
    ActionClass.WITHDRAW: MAIN,
    ActionClass.SUSPEND: CLOSING,
    ActionClass.ARCHIVE: CLOSING,
    ActionClass.MAIL: MAIL,
}


@pytest.mark.parametrize("action", ActionClass)
def test_every_class_has_its_phase(action: ActionClass) -> None:
    assert phase_of(line(action=action)) == PHASES[action]


@pytest.mark.parametrize(
    ("changes", "phase"),
    [
        pytest.param((Change(attribute="email", old="a@x.example", new=""),), ROOM, id="an address given up"),
        pytest.param((Change(attribute="email", old="", new="a@x.example"),), MAIN, id="an address taken"),
        pytest.param((Change(attribute="title", old="Boss", new=""),), MAIN, id="something else given up"),
    ],
)
def test_an_address_is_given_up_before_anybody_takes_it(changes: tuple[Change, ...], phase: int) -> None:
    assert phase_of(line(UpdateAccount(person_key=ANA, changes=changes), ActionClass.UPDATE)) == phase
    assert ROOM < MAIN


@pytest.mark.parametrize("action", ActionClass)
def test_what_rides_in_the_lane_comes_before_everything(action: ActionClass) -> None:
    assert phase_of(line(action=action, lane=Lane.URGENT)) == URGENT < min(PHASES.values())


A_LINE = line(CreateAccount(person_key=ANA, attributes={"a": "1", "b": "2"}), ActionClass.CREATE)
SAME = [
    ("a hold put on by a guard", replace(A_LINE, held="too many")),
    ("the lane", replace(A_LINE, lane=Lane.URGENT)),
    (
        "the order of a mapping",
        replace(A_LINE, operation=CreateAccount(person_key=ANA, attributes={"b": "2", "a": "1"})),
    ),
]
OTHER = [
    ("another person's number", replace(A_LINE, worker_id=WorkerId("008"))),
    ("another reason", replace(A_LINE, because=(Reason(text="because"),))),
    ("one reason more", replace(A_LINE, because=(*A_LINE.because, Reason(text="because")))),
    ("another value", replace(A_LINE, operation=CreateAccount(person_key=ANA, attributes={"a": "1", "b": "3"}))),
    ("another operation", line()),
]


@pytest.mark.parametrize("other", [pytest.param(o, id=f"{i} does not change the fingerprint") for i, o in SAME])
def test_the_same_thing(other: object) -> None:
    assert line_digest(other) == line_digest(A_LINE)  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [pytest.param(o, id=f"{i} changes the fingerprint") for i, o in OTHER])
def test_another_thing(other: object) -> None:
    assert line_digest(other) != line_digest(A_LINE)  # type: ignore[arg-type]


def test_the_digest_of_a_line_never_changes_between_versions() -> None:
    """Approvals name a fingerprint: a plan that waits over an upgrade must keep its own."""
    assert line_digest(line()) == "b498695cd40b87f71f42bda27de8515e33cfbc51db0e05f74869d07f398ae272"
