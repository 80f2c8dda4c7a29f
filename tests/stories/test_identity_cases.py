"""The identity cases as tables: what HR's files say night by night, and what must have become of the person."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.stories.company import Company, staff, worker

T = {"status": "Terminated"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """`nights`: day -> the cells of this person's row that differ from those of the night before; None: no row.

    `access`: day -> state of the account; `events`: what is told of them, oldest first, movers without their values
    (None: not looked at).
    """

    nights: dict[str, dict[str, str] | None]
    access: dict[str, str]
    events: list[str] | None = field(default_factory=list)
    findings: set[str] = field(default_factory=set)


CASES = {
    "a true rename is an update, and the same person": Case(
        nights={
            "2026-11-01": {},
            "2026-11-10": {"family_name": "Married", "work_email": "married@acme.example"},
        },
        access={"2026-11-10": "active"},
        events=["mover 2026-11-10", "mover 2026-11-10"],
    ),
    "a rename with a new number is still the same person": Case(
        nights={
            "2026-11-01": {},
            "2026-11-10": {"worker_id": "P-2", "previous_id": "P-1", "family_name": "Married"},
        },
        access={"2026-11-10": "active"},
        events=["rekeyed 2026-11-10", "mover 2026-11-10"],
    ),
    "an end date already past on somebody active when first seen is a finding and no leaver": Case(
        nights={"2026-11-01": {}, "2026-11-10": {"termination_date": "2026-10-31"}},
        access={"2026-11-10": "active"},
        findings={"stale_end_date"},
    ),
    "an end date that precedes the hire is a finding and no leaver": Case(
        nights={"2026-11-01": {"termination_date": "2019-12-31", "hire_date": "2020-01-15"}, "2026-11-10": {}},
        access={"2026-11-10": "active"},
        findings={"end_before_start"},
    ),
    "ended without a date ends the day it is seen": Case(
        nights={"2026-11-01": {}, "2026-11-10": T},
        access={"2026-11-09": "active", "2026-11-10": "suspended"},
        events=["leaver 2026-11-10"],
    ),
    "a future end fires on its day without another file": Case(
        nights={"2026-11-01": {}, "2026-11-05": {"termination_date": "2026-11-20"}},
        access={"2026-11-20": "active", "2026-11-21": "suspended"},
        events=["leaver 2026-11-20"],
    ),
    "terminated from a day to come ends on that day": Case(
        nights={"2026-11-01": {}, "2026-11-05": T | {"termination_date": "2026-11-20"}},
        access={"2026-11-20": "active", "2026-11-21": "suspended"},
        events=["leaver 2026-11-20"],
    ),
    "a future end that is taken back never happens": Case(
        nights={
            "2026-11-01": {},
            "2026-11-05": {"termination_date": "2026-11-20"},
            "2026-11-12": {"termination_date": ""},
        },
        access={"2026-11-21": "active"},
    ),
    "a rehire before the old end was reached goes on without a gap": Case(
        nights={
            "2026-11-01": {},
            "2026-11-05": {"termination_date": "2026-11-20"},
            "2026-11-12": {"hire_date": "2026-11-16", "termination_date": ""},
        },
        access={"2026-11-15": "active", "2026-11-21": "active"},
        events=None,
    ),
    "a rehire under a new number before the old end goes on without a gap": Case(
        nights={
            "2026-11-01": {},
            "2026-11-05": {"termination_date": "2026-11-20"},
            "2026-11-12": {
                "worker_id": "P-2",
                "previous_id": "P-1",
                "hire_date": "2026-11-16",
                "termination_date": "",
            },
        },
        access={"2026-11-16": "active", "2026-11-21": "active"},
        events=["rekeyed 2026-11-16", "mover 2026-11-16"],
    ),
    "a rehire whose row still holds the old end date is not locked out by it": Case(
        nights={
            "2026-11-01": {},
            "2026-11-05": T | {"termination_date": "2026-11-04"},
            "2026-11-16": {"status": "Active", "hire_date": "2026-11-16"},
        },
        access={"2026-11-06": "suspended", "2026-11-16": "active", "2026-11-17": "active"},
        events=["leaver 2026-11-04", "rehire 2026-11-16"],
    ),
    "a rehire with an end of its own leaves a second time": Case(
        nights={
            "2026-11-01": {},
            "2026-11-05": T | {"termination_date": "2026-11-04"},
            "2026-11-16": {"status": "Active", "hire_date": "2026-11-16", "termination_date": "2026-11-25"},
        },
        access={"2026-11-16": "active", "2026-11-26": "suspended"},
        events=["leaver 2026-11-04", "rehire 2026-11-16", "leaver 2026-11-25"],
    ),
    "a number with other letters in front is another person": Case(
        nights={"2026-11-01": {}, "2026-11-10": {"worker_id": "p-1", "work_email": "another@acme.example"}},
        access={"2026-11-10": "active"},
        events=["missing 2026-11-10", "joiner 2020-01-15"],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_identity_case(tmp_path: Path, case: Case) -> None:
    acme, others = Company(tmp_path), staff(6)
    person: dict[str, str] | None = worker("P-1", given_name="Kim", family_name="Li", work_email="kim@acme.example")
    account = ""
    for day in sorted(case.nights.keys() | case.access.keys()):
        if day in case.nights:
            told = case.nights[day]
            person = None if told is None or person is None else person | told
            acme.day(day, [*others, *([person] if person else [])])
        else:
            acme.day(day)
        mine = [a for a in acme.raw_accounts() if a.attributes.get("worker_id", "").startswith("P-")]
        assert len(mine) == 1
        account = account or mine[0].id
        assert mine[0].id == account, "a second account, or another one"
        if day in case.access:
            assert str(mine[0].state) == case.access[day], day
    told_events = [" ".join(e.split()[1:3]) for e in acme.events() if e.split()[0].lower() in {"p-1", "p-2"}]
    assert case.events is None or told_events == case.events
    assert case.findings <= {found.split()[0] for found in acme.findings()}


TWO = {
    "two of one name in one department": {"given_name": "Kim", "family_name": "Li"},
    "two of one name and hire date": {"given_name": "Kim", "family_name": "Li", "hire_date": "2021-03-01"},
    "two without any address": {"work_email": ""},
    "two with one telephone manager": {"manager_id": "0001"},
}


@pytest.mark.parametrize("same", TWO.values(), ids=TWO.keys())
def test_different_people_stay_different_people(tmp_path: Path, same: dict[str, str]) -> None:
    acme, others = Company(tmp_path), staff(3)
    both = [worker("A1", **same), worker("B1", **same)]
    acme.day("2026-11-01", [*others, *both])
    assert {"A1", "B1"} <= acme.who_is("active")
    acme.day("2026-11-02", [*others, both[0] | T, both[1]])
    assert acme.accounts()["A1"] == "suspended"
    assert acme.accounts()["B1"] == "active"
