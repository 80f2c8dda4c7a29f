"""What waits for its day, and what takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from joinery.core.mapping.ahead import Ahead, ahead_of, in_order, still_waiting, waits, with_begun
from joinery.core.model.worker import Status, Worker

TODAY, SOON, LATER = date(2026, 11, 20), date(2026, 12, 1), date(2026, 12, 15)
NOW = Worker(
    source_id="1",
    worker_id="1",
    status=Status.ACTIVE,
    status_text="Active",
    hire_date=date(2020, 1, 1),
    job_title="Clerk",
    location="Lille",
    custom={"shift": "early"},
)
ALL = ("status", "hire_date", "termination_date", "job_title", "location", "shift")


def ahead(values: Mapping[str, str], on: date = SOON, at: str = "") -> Ahead:
    return Ahead(on=on, values=values, at=at, known_on=TODAY)


@pytest.mark.parametrize(
    ("said", "employed", "held"),
    [
        pytest.param({"job_title": "Head"}, True, {"job_title"}, id="a promotion waits"),
        pytest.param({"custom": {"shift": "late"}}, True, {"shift"}, id="so does an attribute of the company's own"),
        pytest.param({"worker_id": "2"}, True, set(), id="who somebody is does not wait"),
        pytest.param({"termination_date": LATER}, True, set(), id="an end date has its own day"),
        pytest.param(
            {"status": Status.TERMINATED, "status_text": "Left", "termination_date": SOON},
            True,
            set(),
            id="the word beside an end date does not wait either",
        ),
        pytest.param({"status": Status.TERMINATED, "status_text": "Left"}, True, {"status"}, id="alone it waits"),
        pytest.param({"status": Status.DECEASED, "status_text": "Died"}, True, set(), id="a death does not wait"),
        pytest.param({"hire_date": SOON}, True, {"hire_date"}, id="nobody at work becomes a starter before the day"),
        pytest.param({"hire_date": SOON, "job_title": "Head"}, False, set(), id="a start is told as it is"),
        pytest.param({"job_title": "Head"}, False, {"job_title"}, id="a change after the start waits"),
    ],
)
def test_what_waits(said: dict[str, Any], employed: bool, held: set[str]) -> None:
    assert waits(NOW, replace(NOW, **said), SOON, employed=employed) == held


LEAVES = replace(NOW, status=Status.TERMINATED, status_text="Left", termination_date=SOON)


@pytest.mark.parametrize(
    ("said", "held"),
    [
        pytest.param(
            {"hire_date": LATER},
            {"status", "hire_date", "termination_date"},
            id="a return after the end takes nothing away before its day",
        ),
        pytest.param({}, set(), id="an end is taken back at once, with its word"),
        pytest.param({"termination_date": LATER}, {"status"}, id="an end that moves has its own day still"),
    ],
)
def test_what_waits_of_somebody_with_an_end_to_come(said: dict[str, Any], held: set[str]) -> None:
    assert waits(LEAVES, replace(NOW, **said), LATER, employed=True) == held


def waiting_after(waiting: list[Ahead], said: dict[str, Any], on: date = TODAY, at: str = "", **how: Any) -> list[Any]:
    news = Ahead(on=on, values={}, at=at, known_on=TODAY)
    found = still_waiting(NOW, waiting, replace(NOW, **said), how.pop("names", ALL), news, full=how.get("full", False))
    return [(each.on, dict(each.values)) for each in in_order(found)]


HEAD = {"job_title": "Head"}


@pytest.mark.parametrize(
    ("said", "on", "left"),
    [
        pytest.param({"location": "Paris"}, TODAY, [(SOON, HEAD)], id="another attribute changes: it stays"),
        pytest.param({"job_title": "Deputy"}, TODAY, [], id="the same attribute changes: it is replaced"),
        pytest.param({}, TODAY, [], id="nothing changes: it is taken back"),
        pytest.param({}, SOON, [], id="nothing changes on its day: it is taken back"),
        pytest.param(HEAD, LATER, [], id="the same on another day: it has moved"),
        pytest.param(HEAD | {"location": "Paris"}, LATER, [(SOON, HEAD)], id="more on a later day: the first stays"),
        pytest.param({"location": "Paris"}, SOON, [], id="something else on its day: all of the day is said anew"),
        pytest.param({"job_title": "Deputy"}, SOON, [], id="another value on its day"),
    ],
)
def test_what_a_newer_change_leaves_waiting(said: dict[str, Any], on: date, left: list[Any]) -> None:
    assert waiting_after([ahead(HEAD)], said, on) == left


def test_a_full_file_says_all_there_is() -> None:
    assert waiting_after([ahead(HEAD)], {"location": "Paris"}, full=True) == []


def test_what_a_change_leaves_out_stays() -> None:
    assert waiting_after([ahead(HEAD)], {}, names=("location",)) == [(SOON, HEAD)]


def test_something_written_later_stays() -> None:
    assert waiting_after([ahead(HEAD, at="2026-11-20T10")], {}, at="2026-11-20T09") == [(SOON, HEAD)]


def test_all_of_it_comes_into_force_in_the_order_of_the_days() -> None:
    left = Ahead(on=LATER, values={"status": "Left", "shift": ""}, status=Status.TERMINATED, known_on=TODAY)
    first = ahead({"job_title": "Head", "termination_date": "2026-12-14", "leave_end_date": ""})
    after = with_begun(NOW, [left, first, ahead({"job_title": "Chief"}, LATER)])
    assert (after.status, after.status_text, after.job_title) == (Status.TERMINATED, "Left", "Chief")
    assert (after.termination_date, after.leave_end_date, after.custom) == (date(2026, 12, 14), None, {})


def test_what_is_kept_comes_back() -> None:
    kept = Ahead(on=SOON, values={"status": "Left"}, status=Status.TERMINATED, at="x", known_on=TODAY)
    assert ahead_of(kept.to_json()) == kept
