"""Which of two records counts for which attribute."""

from __future__ import annotations

import pytest

from joinery.core.mapping.merge import merged, older_than_known, told_after
from joinery.core.model.worker import Status, Worker

NINE, TEN, NOON = "2026-11-24T09:00Z", "2026-11-24T10:00Z", "2026-11-24T12:00Z"
ALL = ("worker_id", "status", "job_title", "department")


@pytest.mark.parametrize(
    ("told", "at", "floor", "older"),
    [
        pytest.param({}, TEN, "", set(), id="nothing is known: everything counts"),
        pytest.param({"": NINE}, TEN, "", set(), id="newer than everything: everything counts"),
        pytest.param({"": TEN}, TEN, "", set(), id="of the same moment: the one that came last"),
        pytest.param({"": NOON}, TEN, "", {"status", "job_title", "department"}, id="older than everything"),
        pytest.param({"": NINE, "status": NOON}, TEN, "", {"status"}, id="only the end is known better"),
        pytest.param({"": NOON, "status": NINE}, TEN, "", {"job_title", "department"}, id="only the end is news"),
        pytest.param({}, TEN, NOON, {"status", "job_title", "department"}, id="older than the last full file"),
    ],
)
def test_what_is_older(told: dict[str, str], at: str, floor: str, older: set[str]) -> None:
    assert older_than_known(ALL, told, at, floor) == older


def test_the_memory_of_two_records_whichever_came_first() -> None:
    first_then_second = told_after(("status",), (), told_after(ALL, (), {}, TEN), NOON)
    end_first = told_after(("status",), (), {}, NOON)
    second_then_first = told_after(ALL, older_than_known(ALL, end_first, TEN, ""), end_first, TEN)
    assert first_then_second == second_then_first == {"status": NOON, "job_title": TEN, "department": TEN}


def test_what_is_kept_is_as_it_was_the_word_with_its_meaning() -> None:
    before = Worker(
        source_id="1", worker_id="1", status=Status.TERMINATED, status_text="Left", job_title="A", custom={"shift": "x"}
    )
    now = Worker(
        source_id="1", worker_id="1", status=Status.ACTIVE, status_text="Active", job_title="B", custom={"shift": "y"}
    )
    after = merged(before, now, {"status", "shift"})
    assert (after.status, after.status_text, after.job_title) == (Status.TERMINATED, "Left", "B")
    assert after.custom == {"shift": "x"}
