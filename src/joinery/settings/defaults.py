"""The defaults that are decisions, each with its reason. Rule: change one only together with its reason.

Plain data in the words of the settings file, so that the documentation can show it as it is.
"""

from __future__ import annotations

from typing import Any, Final

#: A guard trips when more than `floor` people are touched AND they are more than `share` of the linked active
#: accounts, or when there are more than `most`. Measured against a normal day of 265,000 people (300 hires, 60
#: leavers, 300 moves), which must pass, and a department's new manager (18 % of everybody), which must wait.
GUARDS: Final[dict[str, dict[str, Any]]] = {
    # A tenth more people in one run is an acquisition or a wrong filter. A new installation starts empty, so below
    # 200 linked accounts a percentage says nothing.
    "create": {"share": "10%", "floor": "50"},
    # Ordinary updates are the least dangerous and, after a reorganisation or a new mapping, the most frequent.
    "update": {"share": "30%", "floor": "100"},
    # Managers get reports and mails about their people: a shifted column would show thousands to the wrong one.
    "manager_change": {"share": "5%", "floor": "50"},
    # The e-mail is how people sign in: a wrong domain locks everybody out.
    "email_change": {"share": "2%", "floor": "20"},
    # Names are on certificates; many at once is nearly always an encoding that broke.
    "name_change": {"share": "2%", "floor": "20"},
    # A new rule for everybody is normal and wanted; a third of all people in one run deserves a look.
    "assign": {"share": "30%", "floor": "100"},
    # Taking learning away is noticed by people, and nearly always an edited rule.
    "withdraw": {"share": "5%", "floor": "20"},
    # Access. Two percent in one night is a lay-off or a mistake; a quarter of one site is a wrong file.
    "suspend": {"share": "2%", "floor": "10", "each": ["location"], "each_share": "25%", "each_floor": "10"},
    "archive": {"share": "2%", "floor": "10"},
    # Undoing many suspensions at once gives access back: as likely a mistake as a correction.
    "restore": {"share": "5%", "floor": "20"},
    # A mail cannot be taken back, however many people there are.
    "mail": {"most": "500"},
}

#: An empty cell is an error for who somebody is. Names and e-mails keep their value (core/mapping/spec.py), for they do
#: not become empty; everything else is none: a date that is gone is gone, or a rehire's old end date would survive.
EMPTY_ERROR: Final = frozenset({"worker_id"})

#: Account attribute <- worker attribute. The account is Joinery's to write, so "always" unless the settings say other.
ATTRIBUTES: Final[dict[str, str]] = {
    "email": "work_email",
    "given_name": "given_name",
    "family_name": "family_name",
    "worker_id": "worker_id",
    "job_title": "job_title",
    "department": "department",
    "location": "location",
    "country": "country",
    "manager_id": "manager_id",
    "cost_center": "cost_center",
    "legal_entity": "legal_entity",
    "employment_type": "employment_type",
    "language": "language",
    "time_zone": "time_zone",
}
