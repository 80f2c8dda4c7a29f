"""Decides what may be shown of somebody, and to whom: the limits that works councils ask for, country by country.

Rule 1: the limits hold until a named person released them; where the country is not known they hold.
Rule 2: everything that shows scores, times or rankings asks here, and nowhere else. Figures of groups (no fewer than
five people) are shown by nothing; what shows the first one asks here, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

#: where limits hold unless the settings say other
LIMITED = frozenset({"DE", "AT", "NL"})


class Viewer(StrEnum):
    """Who looks."""

    SELF = "self"
    MANAGER = "manager"
    #: HR, learning and development, IT: those who run the programme
    STAFF = "staff"
    AUDITOR = "auditor"
    PRIVACY_OFFICER = "privacy_officer"


class Kind(StrEnum):
    """What is shown of one person."""

    #: done or not, due, overdue: what a duty is about
    COMPLETION = "completion"
    SCORE = "score"
    #: how long somebody took, how often they tried, at what hour they worked
    TIME = "time"
    #: a place in an order of people
    RANKING = "ranking"
    #: when somebody signed in
    LOGIN = "login"


#: measures of performance and conduct: not for the manager of somebody in a limited country
_MEASURES = frozenset({Kind.SCORE, Kind.TIME, Kind.RANKING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Somebody released a country from the limits."""

    by: str
    on: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where the limits hold, and what was released; `company_country` is that of everybody without one."""

    countries: frozenset[str] = LIMITED
    released: Mapping[str, Release] = field(default_factory=dict)
    company_country: str = ""

    def limited(self, country: str, today: date) -> bool:
        """The limits hold for somebody there."""
        where = (country or self.company_country).strip().upper()
        release = self.released.get(where)
        if release is not None and release.on <= today:
            return False
        return not where or where in self.countries


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """May it be shown? `why` finishes "not shown: …"; empty when it may."""

    shown: bool
    why: str = ""

    def __str__(self) -> str:
        return "yes" if self.shown else "no"


YES = Verdict(shown=True)


def may_show(limits: Limits, viewer: Viewer, kind: Kind, country: str, today: date) -> Verdict:
    """One person's own figure, to this viewer."""
    if not limits.limited(country, today) or (viewer is Viewer.SELF and kind is not Kind.LOGIN):
        return YES
    where = country or limits.company_country
    there = f"in {where}" if where else "where the country is not known"
    if kind is Kind.LOGIN:
        return Verdict(shown=False, why=f"log-ins are not read {there}")
    if kind in _MEASURES and viewer is Viewer.MANAGER:
        return Verdict(shown=False, why=f"no individual {kind} to managers {there}")
    return YES


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Somebody looks, today, where these limits hold. Every face that shows a measure of a person asks `told`."""

    viewer: Viewer
    limits: Limits
    today: date

    def told(self, kind: Kind, country: str, value: str, instead: str = "") -> str:
        """The value where it may be shown, else `instead`."""
        return value if may_show(self.limits, self.viewer, kind, country, self.today).shown else instead

    def when(self, country: str, instant: str) -> str:
        """The moment at which somebody did something, ISO 8601; its day alone where the hour may not be shown."""
        return self.told(Kind.TIME, country, instant, instant[:10])


def tells_of_an_end(check: str, attribute: str) -> bool:
    """A data problem that would tell of an end of employment to come: named people only."""
    return check == "date_far_ahead" and attribute == "termination_date"


def may_read_logins(limits: Limits, countries: Collection[str], today: date) -> Verdict:
    """Log-ins may be read at all, of people in these countries."""
    held = sorted({c or "unknown" for c in countries if limits.limited(c, today)})
    return Verdict(shown=False, why=f"log-ins are not read in {', '.join(held)}") if held else YES
