"""What may be shown of whom, to whom: the table, the releases, the groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from joinery.core.rules.disclosure import Kind, Limits, Release, Verdict, Viewer, may_read_logins, may_show

TODAY = date(2026, 11, 24)
LIMITS = Limits(company_country="FR")

#: sentence -> (viewer, what, country, shown)
TABLE = {
    "a manager sees who is done in Germany": (Viewer.MANAGER, Kind.COMPLETION, "DE", True),
    "a manager sees no score in Germany": (Viewer.MANAGER, Kind.SCORE, "DE", False),
    "a manager sees no time in Austria": (Viewer.MANAGER, Kind.TIME, "AT", False),
    "a manager sees no ranking in the Netherlands": (Viewer.MANAGER, Kind.RANKING, "NL", False),
    "a small letter is the same country": (Viewer.MANAGER, Kind.SCORE, "de", False),
    "a manager sees a score in France": (Viewer.MANAGER, Kind.SCORE, "FR", True),
    "without a country the company's counts": (Viewer.MANAGER, Kind.SCORE, "", True),
    "people see their own score everywhere": (Viewer.SELF, Kind.SCORE, "DE", True),
    "those who run the programme see a score": (Viewer.STAFF, Kind.SCORE, "DE", True),
    "an auditor sees a score": (Viewer.AUDITOR, Kind.SCORE, "DE", True),
    "nobody sees a log-in in Germany, a manager": (Viewer.MANAGER, Kind.LOGIN, "DE", False),
    "nobody sees a log-in in Germany, an auditor": (Viewer.AUDITOR, Kind.LOGIN, "DE", False),
    "nobody sees a log-in in Germany, not even their own": (Viewer.SELF, Kind.LOGIN, "DE", False),
    "a log-in is seen in France": (Viewer.STAFF, Kind.LOGIN, "FR", True),
}


@pytest.mark.parametrize(("viewer", "kind", "country", "shown"), TABLE.values(), ids=TABLE)
def test_what_is_shown(viewer: Viewer, kind: Kind, country: str, shown: bool) -> None:
    found = may_show(LIMITS, viewer, kind, country, TODAY)
    assert found.shown is shown and bool(found.why) is not shown


def test_the_reason_names_the_country() -> None:
    assert may_show(LIMITS, Viewer.MANAGER, Kind.SCORE, "DE", TODAY) == Verdict(
        shown=False, why="no individual score to managers in DE"
    )


def test_a_verdict_is_said_in_a_word() -> None:
    assert (str(Verdict(shown=True)), str(Verdict(shown=False, why="x"))) == ("yes", "no")


def test_where_no_country_is_known_at_all_the_limits_hold() -> None:
    found = may_show(Limits(), Viewer.MANAGER, Kind.SCORE, "", TODAY)
    assert found == Verdict(shown=False, why="no individual score to managers where the country is not known")


@pytest.mark.parametrize(
    ("on", "shown"),
    [(date(2026, 11, 24), True), (date(2026, 11, 25), False)],
    ids=["released today", "released from tomorrow"],
)
def test_a_release_by_a_named_person_counts_from_its_day(on: date, shown: bool) -> None:
    limits = replace(LIMITS, released={"DE": Release(by="Petra Klein", on=on)})
    assert may_show(limits, Viewer.MANAGER, Kind.SCORE, "DE", TODAY).shown is shown
    assert may_show(limits, Viewer.MANAGER, Kind.SCORE, "AT", TODAY).shown is False


@pytest.mark.parametrize(
    ("countries", "why"),
    [
        ({"FR", "ES"}, ""),
        ({"FR", "DE", "AT"}, "log-ins are not read in AT, DE"),
        (set(), ""),
    ],
    ids=["nobody limited", "some limited", "nobody"],
)
def test_whether_log_ins_are_read(countries: set[str], why: str) -> None:
    assert may_read_logins(LIMITS, countries, TODAY) == Verdict(shown=not why, why=why)


def test_log_ins_of_people_of_no_known_country_are_not_read() -> None:
    assert may_read_logins(Limits(), {""}, TODAY).why == "log-ins are not read in unknown"
