"""The names that learning systems give the columns of their user exports. Data only.

Seen in Moodle (`idnumber`), Canvas (`login_id`, `sis_user_id`), TalentLMS (`Login`, `User-type`), Docebo (`Username`,
`Level`), Litmos (`AccessLevel`), Absorb, Cornerstone, SmarterU, SAP SuccessFactors, LearnUpon and 360Learning.
Rule 1: a bare "user id" is the account's own ID unless a better one stands beside it; it is never an employee number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from joinery.core.mapping.vocabulary import CERTAIN, LIKELY, keyed
from joinery.core.model.account import AccountState

#: what an account may tell, besides `account_id`, `state` and `roles`; the names the accounts of a target use
TOLD: Final = (
    "email",
    "worker_id",
    "given_name",
    "family_name",
    "display_name",
    "username",
    "job_title",
    "department",
    "location",
    "country",
    "manager_id",
    "language",
)
ACCOUNT_ATTRIBUTES: Final = ("account_id", "state", "roles", *TOLD)

#: HR's word for an attribute -> the account's
_SAME: Final = {
    "worker_id": "worker_id",
    "given_name": "given_name",
    "family_name": "family_name",
    "work_email": "email",
    "job_title": "job_title",
    "department": "department",
    "location": "location",
    "country": "country",
    "manager_id": "manager_id",
    "language": "language",
}

_OWN_CERTAIN: Final[Mapping[str, str]] = keyed(
    {
        "account_id": "account id, user guid, canvas user id, profile id, internal user id, lms user id, user key, "
        "learner id, system id, benutzer id, id utilisateur, 360learning id",
        "worker_id": "idnumber, id number, external id, externalid, external employee id, sis id, sis user id, "
        "employee reference, hr id, hris id, custom field employee id, custom field employee number, "
        "custom field personnel number",
        "username": "user name, username, login, login id, login name, user login, benutzername, identifiant, "
        "nom d utilisateur, anmeldename, sign in name",
        "email": "email, e mail, mail, email address, e mail address, primary email, user email, "
        "e mail adresse, adresse email, courriel",
        "display_name": "full name, fullname, display name, user full name, learner name, vollstandiger name, "
        "nom complet",
        "state": "user status, account status, active status, activestatus, is active, isactive, active, enabled, "
        "suspended, is suspended, deactivated, disabled, inactive, archived, aktiv, actif, gesperrt, suspendu",
        "roles": "user type, usertype, access level, accesslevel, role, roles, user role, level, user level, "
        "profile type, system role, account type, rolle, niveau d acces",
    }
)
_OWN_LIKELY: Final[Mapping[str, str]] = keyed(
    {
        "account_id": "id, user id, userid, uuid, guid",
        "display_name": "name, user, learner",
        "state": "status, state, statut",
    }
)

#: packed column name -> account attribute
ACCOUNT_CERTAIN: Final[Mapping[str, str]] = {
    **{name: _SAME[attribute] for name, attribute in CERTAIN.items() if attribute in _SAME},
    **_OWN_CERTAIN,
}
ACCOUNT_LIKELY: Final[Mapping[str, str]] = {
    **{
        name: _SAME[attribute]
        for name, attribute in LIKELY.items()
        if attribute in _SAME and attribute != "worker_id" and name not in _OWN_CERTAIN
    },
    **_OWN_LIKELY,
}

#: when somebody was there: conduct, which is not read
LOGINS: Final = frozenset(
    keyed(
        {
            "login": "last login, last access, lastaccess, first access, last login date, last activity, last seen, "
            "last signed in, last sign in, login count, logins, time spent, letzte anmeldung, derniere connexion"
        }
    )
)
#: columns that only an export of a learning system has, packed
ONLY_IN_LEARNING: Final = frozenset(
    keyed(
        {
            "learning": "username, user name, login, login id, last login, last access, lastaccess, first access, "
            "last login date, last activity, user type, access level, courses, completed courses, points, badges, "
            "enrolled courses, exclude from emails, deactivation date, auth, branches, branch, groups, "
            "date registered, registration date, sis user id, canvas user id, time created, timecreated, "
            "letzte anmeldung, derniere connexion",
        }
    )
)
#: attributes that only an HR export has
ONLY_IN_HR: Final = frozenset(
    {"hire_date", "termination_date", "employment_type", "cost_center", "legal_entity", "fte", "leave_end_date"}
)

_YES: Final = frozenset({"yes", "y", "true", "1", "active", "enabled", "aktiv", "actif", "ja", "oui", "on", "a"})
_NO: Final = frozenset({"no", "n", "false", "0", "inactive", "disabled", "off", "inaktiv", "inactif", "nein", "non"})
_CLOSED: Final = frozenset({"suspended", "deactivated", "locked", "blocked", "gesperrt", "suspendu", "expired"})
_ARCHIVED: Final = frozenset({"archived", "deleted", "archiviert", "archive", "supprime", "removed"})
#: columns whose `yes` says that the account is closed
_TURNED: Final = ("suspended", "disabled", "deactivated", "inactive", "gesperrt", "suspendu", "archived", "locked")

#: words of a role column that give no power over others
ORDINARY: Final = frozenset(
    {
        "",
        "learner",
        "learners",
        "learner-type",
        "user",
        "user (level 6)",
        "student",
        "employee",
        "trainee",
        "participant",
        "member",
        "standard",
        "none",
        "no",
        "false",
        "0",
        "lernender",
        "apprenant",
        "authenticated user",
    }
)


def state_of(column: str, word: str) -> AccountState:
    """What a cell of the state column says; a word that nobody knows leaves the account as open as it may be."""
    said = word.strip().lower()
    if said in _ARCHIVED:
        return AccountState.ARCHIVED
    if said in _CLOSED:
        return AccountState.SUSPENDED
    turned = any(name in column.lower() for name in _TURNED)
    if said in _YES | _NO:
        is_open = (said in _YES) != (turned and said not in {"active", "inactive"})
        return AccountState.ACTIVE if is_open else AccountState.SUSPENDED
    return AccountState.ACTIVE


def roles_of(word: str) -> tuple[str, ...]:
    """Elevated roles that a cell names; an ordinary learner has none."""
    parts = (part.strip() for part in word.replace("|", ";").replace(",", ";").split(";"))
    return tuple(part for part in parts if part.lower() not in ORDINARY)
