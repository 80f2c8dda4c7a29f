"""When HR entered an end: with the row that told it first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from joinery.core.mapping.ahead import Ahead
from joinery.core.mapping.entered import Entered, entered_after, entered_of
from joinery.core.model.worker import Status, Worker

ACTIVE = Worker(source="hr", source_id="1", worker_id="1", status=Status.ACTIVE, hire_date=date(2020, 1, 1))
ENDS = replace(ACTIVE, termination_date=date(2026, 11, 30))
GONE = replace(ACTIVE, status=Status.TERMINATED)
OLD, NEW = (Entered(at=f"2026-11-{day}", read_at=f"2026-11-{day}") for day in (10, 20))


def waiting(worker: Worker, **values: str) -> tuple[Worker, tuple[Ahead, ...]]:
    status = Status.TERMINATED if "status" in values else Status.NONE
    return worker, (Ahead(on=date(2026, 12, 1), values=values, status=status, known_on=date(2026, 11, 20)),)


@pytest.mark.parametrize(
    ("known", "now", "was", "wanted"),
    [
        pytest.param((ACTIVE, ()), (ACTIVE, ()), None, None, id="no end"),
        pytest.param((ACTIVE, ()), (ENDS, ()), None, NEW, id="told"),
        pytest.param((None, ()), (ENDS, ()), None, NEW, id="of a new record"),
        pytest.param((ENDS, ()), (replace(ENDS, job_title="Head"), ()), OLD, OLD, id="repeated"),
        pytest.param((ENDS, ()), (replace(ENDS, status=Status.TERMINATED), ()), OLD, OLD, id="its word follows"),
        pytest.param((ENDS, ()), (ENDS, ()), None, None, id="repeated, and told before it was remembered"),
        pytest.param((ENDS, ()), (replace(ENDS, termination_date=date(2026, 11, 28)), ()), OLD, NEW, id="moved"),
        pytest.param((ENDS, ()), (ACTIVE, ()), OLD, None, id="taken back"),
        pytest.param((ACTIVE, ()), (GONE, ()), None, NEW, id="gone without a day"),
        pytest.param((ACTIVE, ()), waiting(ACTIVE, status="Left"), None, NEW, id="a word that waits"),
        pytest.param(waiting(ACTIVE, status="Left"), (GONE, ()), OLD, OLD, id="which comes into force"),
        pytest.param(waiting(ACTIVE, status="Left"), (ACTIVE, ()), OLD, None, id="or is taken back"),
        pytest.param(
            (ENDS, ()),
            waiting(ENDS, termination_date="", hire_date="2026-12-01"),
            OLD,
            OLD,
            id="a return afterwards takes nothing from it",
        ),
        pytest.param(
            (replace(ENDS, hire_date=date(2026, 12, 5)), ()),
            (replace(ENDS, hire_date=date(2026, 12, 5), status=Status.TERMINATED), ()),
            None,
            NEW,
            id="a day of the employment before is no end of this one",
        ),
    ],
)
def test_the_row_that_told_the_end_first_counts(
    known: tuple[Worker | None, tuple[Ahead, ...]],
    now: tuple[Worker, tuple[Ahead, ...]],
    was: Entered | None,
    wanted: Entered | None,
) -> None:
    assert entered_after(known, now, was, NEW) == wanted


def test_it_is_kept_as_plain_values() -> None:
    assert entered_of(OLD.to_json()) == OLD
