"""What one worker's own attributes show to be odd."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from joinery.core.hygiene import CHECKS, check_worker
from joinery.core.hygiene.facts import Facts
from joinery.core.mapping.statuses import WORDS
from joinery.core.model.finding import Severity
from joinery.core.model.worker import Status, Worker

FACTS = Facts(
    as_of=date(2026, 11, 24),
    time_zones=frozenset({"Europe/Paris"}),
    words=WORDS,
    mapped=frozenset({"work_email", "hire_date", "termination_date", "status", "given_name", "family_name"}),
)
GOOD = Worker(
    source_id="1", worker_id="1", given_name="Ann", family_name="Lee", work_email="ann@x.org", status_text="Active",
    status=Status.ACTIVE, hire_date=date(2020, 1, 1), time_zone="Europe/Paris",
)  # fmt: skip
N, W, Q = Severity.NOTE, Severity.WARNING, Severity.QUARANTINE

GONE = {"status": Status.TERMINATED, "termination_date": date(2026, 10, 31)}
CASES: list[tuple[str, dict[str, object], list[tuple[str, Severity]]]] = [
    ("all is well", {}, []),
    ("a mononym is a name", {"given_name": ""}, []),
    ("no name at all", {"given_name": "", "family_name": ""}, [("no_name", W)]),
    ("no address", {"work_email": ""}, [("no_email", N)]),
    ("no address and gone", {"work_email": "", **GONE}, []),
    ("a private address", {"work_email": "ann@GMail.com"}, [("free_mail", W)]),
    ("to start and no address", {"work_email": "", "status": Status.PREHIRE, "hire_date": date(2026, 12, 1)},
     [("prehire_without_email", W)]),
    ("to start and a private address", {"work_email": "", "personal_email": "a@b.org", "hire_date": date(2026, 12, 1)},
     [("no_email", N)]),
    ("started today and no address", {"work_email": "", "hire_date": date(2026, 11, 24)}, [("no_email", N)]),
    ("left and no end date", {"status": Status.TERMINATED}, [("ended_without_date", W)]),
    ("a shared mailbox", {"work_email": "HR@x.org"}, [("shared_mailbox", W)]),
    ("no hire date", {"hire_date": None}, [("no_hire_date", W)]),
    ("a pre-hire without a date", {"hire_date": None, "status": Status.PREHIRE}, [("prehire_without_date", W)]),
    ("no hire date and gone", {"hire_date": None, **GONE}, []),
    ("hired in 1939", {"hire_date": date(1939, 12, 31)}, [("hire_date_ancient", W)]),
    ("hired in 1940", {"hire_date": date(1940, 1, 1)}, []),
    ("hired in three years", {"hire_date": date(2029, 12, 1)}, [("date_far_ahead", W)]),
    ("a fixed term of five years", {"termination_date": date(2031, 1, 1)}, [("date_far_ahead", N)]),
    ("end before start", {"termination_date": date(2019, 1, 1)}, [("end_before_start", W)]),
    ("active and the job over last month", {"job_end_date": date(2026, 10, 31)}, [("stale_job_end", W)]),
    ("active and the job over and gone last month",
     {"job_end_date": date(2026, 10, 31), "termination_date": date(2026, 10, 31)}, [("stale_end_date", W)]),
    ("gone, and the job over last month",
     {"job_end_date": date(2026, 10, 31), "status": Status.TERMINATED, "termination_date": date(2026, 10, 31)}, []),
    ("active and gone last month", {"termination_date": date(2026, 10, 31)}, [("stale_end_date", W)]),
    ("active until tonight", {"termination_date": date(2026, 11, 24)}, []),
    ("terminated last month", {"termination_date": date(2026, 10, 31), "status": Status.TERMINATED}, []),
    ("still a pre-hire after the first day", {"status": Status.PREHIRE}, [("prehire_started", W)]),
    ("on leave that is over", {"status": Status.LEAVE, "leave_end_date": date(2026, 11, 23)}, [("leave_over", W)]),
    ("on leave until tonight", {"status": Status.LEAVE, "leave_end_date": date(2026, 11, 24)}, []),
    ("a status nobody knows", {"status": Status.UNKNOWN, "status_text": "x"}, [("unknown_status", Q)]),
    ("no status", {"status": Status.NONE}, [("no_status", W)]),
    ("no such time zone", {"time_zone": "Paris"}, [("unknown_time_zone", W)]),
    ("no time zone", {"time_zone": ""}, []),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_checks(changes: dict[str, object], wanted: list[tuple[str, Severity]]) -> None:
    found = list(check_worker(replace(GOOD, **changes), FACTS))  # type: ignore[arg-type]
    assert [(finding.check, finding.severity) for finding in found] == wanted
    for finding in found:
        assert finding.worker_id == "1"
        assert finding.suggestion
        assert not any(word in finding.message for word in ("Ann", "Lee", "ann@"))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Activ", "active"),
        ("Termianted", "terminated"),
        ("Inactiv", ""),  # near to "inactive", of which nobody knows what it means
        ("Unactive", ""),
        ("pending", ""),
        ("xyz", ""),
    ],
)
def test_a_mistyped_status_is_shown_as_it_is_meant(word: str, meant: str) -> None:
    (found,) = check_worker(replace(GOOD, status=Status.UNKNOWN, status_text=word), FACTS)
    assert (found.check, found.better) == ("unknown_status", meant)


@pytest.mark.parametrize(("zone", "meant"), [("Europe/Pari", "Europe/Paris"), ("Mars/Olympus", "")])
def test_a_mistyped_time_zone_is_shown_as_it_is_meant(zone: str, meant: str) -> None:
    (found,) = check_worker(replace(GOOD, time_zone=zone), FACTS)
    assert found.better == meant


def test_what_the_source_does_not_map_is_not_missed() -> None:
    nobody = Worker(source_id="1", worker_id="1")
    assert list(check_worker(nobody, Facts(as_of=FACTS.as_of))) == []


def test_a_word_that_looks_plain_is_explained() -> None:
    (finding,) = check_worker(replace(GOOD, status=Status.UNKNOWN, status_text="Inactive"), FACTS)
    assert "people on leave" in finding.message


def test_every_check_is_in_the_table_above() -> None:
    names = {name for _, _, wanted in CASES for name, _ in wanted}
    assert len(CHECKS) == 16
    assert len(names) >= len(CHECKS)
