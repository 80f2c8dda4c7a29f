"""What the learning system cannot do, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from joinery.core.model.ids import PersonKey, RequirementKey, WorkerId
from joinery.core.model.operation import ActionClass, ArchiveAccount, Assign, JoinGroup, Operation, SendSignInMail
from joinery.core.model.plan import Line
from joinery.core.planning.able import within_reach

LINE = Line(
    worker_id=WorkerId("0001"),
    operation=Assign(person_key=PersonKey("p"), requirement=RequirementKey("course:X")),
    action=ActionClass.ASSIGN,
    because=(),
    guard="assign",
)


MOVE = replace(
    LINE, operation=JoinGroup(person_key=PersonKey("p"), group="Works"), action=ActionClass.GROUP, guard="update"
)
NO = {ActionClass.ASSIGN: "no way"}
HELD = replace(LINE, held="no way")
NAME = "assign course:X#"


@pytest.mark.parametrize(
    ("lines", "cannot", "told", "wanted"),
    [
        pytest.param((LINE,), {}, (), ((LINE,), (LINE,), ()), id="a system that can do everything holds nothing"),
        pytest.param((LINE,), NO, (), ((HELD,), (), (NAME,)), id="what has no way is held with the reason"),
        pytest.param((LINE,), NO, (NAME,), ((), (), (NAME,)), id="what was said already is not said again"),
        pytest.param((LINE, MOVE), NO, (NAME,), ((HELD, MOVE), (MOVE,), (NAME,)), id="beside other lines it is shown"),
        pytest.param((LINE,), NO, ("other",), ((HELD,), (), (NAME,)), id="something new out of reach is said"),
        pytest.param((), NO, (NAME,), ((), (), ()), id="what is not wanted any more is forgotten"),
        pytest.param((MOVE,), NO, (), ((MOVE,), (MOVE,), ()), id="the other lines go"),
    ],
)
def test_lines_within_reach(
    lines: tuple[Line, ...], cannot: dict[ActionClass, str], told: tuple[str, ...], wanted: tuple[object, ...]
) -> None:
    reach = within_reach(lines, cannot, told)
    assert (reach.lines, reach.possible, reach.beyond) == wanted


def test_an_earlier_hold_keeps_its_reason() -> None:
    first = replace(LINE, held="first")
    assert within_reach((first,), NO, ()).lines == (first,)


@pytest.mark.parametrize(
    ("operation", "action", "name"),
    [
        (SendSignInMail(person_key=PersonKey("p"), employment="2026-03-02"), ActionClass.MAIL, "mail 2026-03-02"),
        (ArchiveAccount(person_key=PersonKey("p")), ActionClass.ARCHIVE, "archive"),
    ],
    ids=["a mail by its employment", "everything else by its kind"],
)
def test_what_is_out_of_reach_is_remembered_by_what_makes_it_the_same(
    operation: Operation, action: ActionClass, name: str
) -> None:
    line = replace(LINE, operation=operation, action=action)
    assert within_reach((line,), {action: "no way"}, ()).beyond == (name,)
