"""An account as a SCIM User and back. What Classroom has no place for is kept beside the account and given back.

Rule: where Classroom has an attribute of its own, that one counts, whoever changed it last and through which door.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scim2_models import Context, Meta, Reference

from joinery_classroom.model import Account
from joinery_scim.schema import Email, EnterpriseUser, Group, MemberOf, Name, Person

#: Classroom's attribute -> where a User has it
_PLAIN = {
    "display_name": "display_name",
    "job_title": "title",
    "language": "preferred_language",
    "time_zone": "timezone",
    "employment_type": "user_type",
}
_NAMES = {"given_name": "given_name", "family_name": "family_name"}
_WORK = {
    "worker_id": "employee_number",
    "cost_center": "cost_center",
    "legal_entity": "organization",
    "division": "division",
    "department": "department",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept beside an account: the User as it was last given, and when that was."""

    user_name: str | None = None
    body: Mapping[str, Any] | None = None
    modified_at: datetime | None = None


def user_of(account: Account, kept: Kept, created_at: datetime, groups: Mapping[str, str]) -> Person:
    """The User that this account is; `groups`: name -> SCIM ID."""
    person = Person.model_validate(dict(kept.body or {}), scim_ctx=Context.DEFAULT)
    person.id, person.external_id = str(account.id), account.external_id
    person.user_name = user_name_of(account, kept.user_name)
    person.active = account.state == "active"
    for ours, theirs in _PLAIN.items():
        setattr(person, theirs, account.attributes.get(ours) or None)
    _put_names(person, account)
    _put_address(person, account.attributes.get("email"))
    _put_work(person, account)
    person.groups = [_member_of(name, groups[name]) for name in sorted(account.groups)] or None
    person.meta = Meta(
        resource_type="User",
        created=created_at,
        last_modified=kept.modified_at or created_at,
        version=version_of(account.version),
    )
    return person


def _member_of(name: str, key: str) -> MemberOf:
    return MemberOf(value=key, ref=Reference[Group](f"Groups/{key}"), display=name)


def version_of(number: int) -> str:
    """The ETag of a version."""
    return f'W/"{number}"'


def user_name_of(account: Account, given: str | None) -> str:
    """As it was given; for accounts made through another door their e-mail, worker ID or ID."""
    return given or account.attributes.get("email") or account.attributes.get("worker_id") or str(account.id)


def attributes_from(person: Person, before: Mapping[str, str | None]) -> dict[str, str | None]:
    """Classroom's attributes after this User was written; what SCIM does not speak of stays."""
    work, name = person[EnterpriseUser], person.name
    found: dict[str, str | None] = {ours: getattr(person, theirs) for ours, theirs in _PLAIN.items()}
    found |= {ours: getattr(name, theirs) if name else None for ours, theirs in _NAMES.items()}
    found |= {ours: getattr(work, theirs) if work else None for ours, theirs in _WORK.items()}
    found["email"] = _address(person)
    return {key: value for key, value in {**before, **found}.items() if value}


def body_of(person: Person) -> dict[str, Any]:
    """What is kept beside the account, as JSON; without what only the server says."""
    body = person.model_dump(scim_ctx=Context.DEFAULT)
    return {key: value for key, value in body.items() if key not in {"id", "meta", "groups", "externalId", "password"}}


def _address(person: Person) -> str | None:
    emails = person.emails or []
    chosen = next((email for email in emails if email.primary), emails[0] if emails else None)
    return str(chosen.value) if chosen is not None and chosen.value else None


def _put_names(person: Person, account: Account) -> None:
    name = person.name or Name()
    for ours, theirs in _NAMES.items():
        setattr(name, theirs, account.attributes.get(ours) or None)
    person.name = name if name.formatted or name.given_name or name.family_name else None


def _put_address(person: Person, address: str | None) -> None:
    """The address that Classroom has is among them, and first where it was not given before."""
    known = person.emails or []
    if not address:
        person.emails = None
        return
    if (_address(person) or "").casefold() != address.casefold():
        person.emails = [Email(value=address, type="work", primary=True), *(e for e in known if not e.primary)][:1]


def _put_work(person: Person, account: Account) -> None:
    work = person[EnterpriseUser] or EnterpriseUser()
    for ours, theirs in _WORK.items():
        setattr(work, theirs, account.attributes.get(ours) or None)
    filled = any(getattr(work, name) for name in (*_WORK.values(), "manager"))
    person[EnterpriseUser] = work if filled else None
