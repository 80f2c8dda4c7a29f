"""The starter rules, as the data that a settings file would hold. Connecting an existing company starts nothing.

Rule 1: a starter gives veterans nothing: it looks at hires since go-live, or at new matches only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RuleData = Mapping[str, object]

ONBOARDING_PATH: Final[RuleData] = {
    "name": "Onboarding_Path",
    "when": "hire_date >= go_live",
    "give": ["path:Onboarding_Path"],
    "due": "30 days after start",
}

#: who leads people: reports first, then what HR says about the level; a title only where HR gives neither
LEADERSHIP_101: Final[RuleData] = {
    "name": "Leadership_101",
    "when": (
        "has_reports or "
        '(known(job_level) and job_level in ["Manager", "Senior Manager", "Director", "VP", "Executive"])'
        " or (not known(job_level) and not known(job_code) and "
        '(job_title in ["Manager", "Senior Manager", "General Manager", "Team Manager", "People Manager"]'
        ' or starts_with(job_title, "Manager,", "Manager of ")))'
    ),
    "give": ["path:Leadership_101"],
    "due": "90 days after start",
    "applies_to": "new_matches",
}


def location_compliance(name: str, countries: tuple[str, ...], locations: tuple[str, ...], give: str = "") -> RuleData:
    """What everybody who comes to work in a country needs; `locations` are sites whose country HR does not give."""
    country: RuleData = {"country": list(countries)}
    return {
        "name": name,
        "when": {"any": [country, {"location": list(locations)}]} if locations else country,
        "give": [give or f"course:{name}"],
        "due": "30 days after start",
        "applies_to": "new_matches",
        "when_match_ends": "keep",
    }


US_COMPLIANCE: Final = location_compliance(
    "US-COMPLIANCE",
    ("US", "USA", "United States", "United States of America"),
    ("New York", "Boston", "Chicago", "Austin", "San Francisco"),
)
UK_COMPLIANCE: Final = location_compliance(
    "UK-COMPLIANCE",
    ("UK", "GB", "GBR", "United Kingdom", "Great Britain"),
    ("London", "Manchester", "Edinburgh", "Cardiff", "Belfast"),
)

#: the name in settings -> the rules it stands for
STARTERS: Final[Mapping[str, tuple[RuleData, ...]]] = {
    "Onboarding_Path": (ONBOARDING_PATH,),
    "Leadership_101": (LEADERSHIP_101,),
    "location_compliance": (US_COMPLIANCE, UK_COMPLIANCE),
}
