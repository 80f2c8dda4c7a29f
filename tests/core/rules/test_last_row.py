"""Whether what a last row comes to ends access, or ends it sooner."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from joinery.core.model.standing import Stage, Standing
from joinery.core.rules.last_row import OpenRow, ends_sooner, reads

THEN = datetime(2026, 11, 24, tzinfo=UTC)
EARLY, LATE = date(2026, 12, 1), date(2026, 12, 10)


def at(stage: Stage, end: date | None = None, *, off: bool = False) -> Standing:
    return Standing(stage=stage, since=THEN, armed_end=end, access_off=off)


CASES = [
    ("somebody new, without an end", None, at(Stage.ACTIVE), False),
    ("somebody new who has left", None, at(Stage.LEFT), True),
    ("somebody new with an end to come", None, at(Stage.ACTIVE, LATE), True),
    ("somebody who had left leaves again", at(Stage.LEFT), at(Stage.LEFT, EARLY), False),
    ("at work, and has left", at(Stage.ACTIVE), at(Stage.LEFT), True),
    ("about to start, and does not come", at(Stage.PREHIRE), at(Stage.NO_SHOW), True),
    ("about to start, on another day", at(Stage.PREHIRE), at(Stage.PREHIRE), False),
    ("at work, and not yet hired", at(Stage.ACTIVE), at(Stage.PREHIRE), True),
    ("access goes off", at(Stage.ACTIVE), at(Stage.LEAVE, off=True), True),
    ("access stays off", at(Stage.LEAVE, off=True), at(Stage.LEAVE, off=True), False),
    ("an end where there was none", at(Stage.ACTIVE), at(Stage.ACTIVE, LATE), True),
    ("an end comes nearer", at(Stage.ACTIVE, LATE), at(Stage.ACTIVE, EARLY), True),
    ("an end stays", at(Stage.ACTIVE, LATE), at(Stage.ACTIVE, LATE), False),
    ("an end moves away", at(Stage.ACTIVE, EARLY), at(Stage.ACTIVE, LATE), False),
    ("an end is taken back", at(Stage.ACTIVE, LATE), at(Stage.ACTIVE), False),
]


@pytest.mark.parametrize(("before", "after", "sooner"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_an_end_comes_sooner(before: Standing | None, after: Standing, sooner: bool) -> None:
    assert ends_sooner(before, after) is sooner


def test_a_legal_entity_is_part_of_the_number_where_numbers_repeat() -> None:
    row = OpenRow(key="1", line=2, digest="", in_doubt=reads({"legal_entity"}, numbered=True))
    assert row.nobody_knows_whose
    assert not OpenRow(key="1", line=2, digest="", in_doubt=reads({"legal_entity"}, numbered=False)).nobody_knows_whose


def test_a_title_decides_nothing_unless_it_decides_who_is_managed() -> None:
    row = OpenRow(key="1", line=2, digest="", in_doubt=frozenset({"job_title"}))
    assert not row.decides
    assert OpenRow(key="1", line=2, digest="", in_doubt=row.in_doubt, scope=row.in_doubt).decides
