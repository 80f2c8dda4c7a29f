"""A SCIM User as a record of a source: the columns are our own names, so that `fields` need not be written."""

from __future__ import annotations

from scim2_models import Context, Meta

from joinery.store.scim_people import ScimPeople, ScimPerson
from joinery_scim import EnterpriseUser, Person

_PLAIN = {
    "job_title": "title",
    "language": "preferred_language",
    "time_zone": "timezone",
    "employment_type": "user_type",
}
_WORK = {"cost_center": "cost_center", "legal_entity": "organization", "department": "department"}
#: every column there is
COLUMNS = (
    "source_id",
    "worker_id",
    "given_name",
    "family_name",
    "work_email",
    "status",
    "manager_id",
    *_PLAIN,
    *_WORK,
)


def record_of(person: Person, people: ScimPeople, *, gone: bool) -> dict[str, str]:
    """The record; `gone`: the User was deleted, which means that they have left."""
    name, work = person.name, person[EnterpriseUser]
    record = {
        "source_id": str(person.id),
        "worker_id": number_of(person),
        "given_name": (name.given_name if name else None) or "",
        "family_name": (name.family_name if name else None) or "",
        "work_email": _address(person),
        "status": "Terminated" if gone or person.active is False else "Active",
        "manager_id": _manager(person, people),
    }
    record |= {ours: str(getattr(person, theirs) or "") for ours, theirs in _PLAIN.items()}
    return record | {ours: str((getattr(work, theirs) if work else None) or "") for ours, theirs in _WORK.items()}


def number_of(person: Person) -> str:
    """The employee number; without one the other side's own ID, else the user name."""
    work = person[EnterpriseUser]
    return str((work.employee_number if work else None) or person.external_id or person.user_name)


def _address(person: Person) -> str:
    emails = [email for email in person.emails or [] if email.value]
    work = [email for email in emails if email.type == "work"]
    first = next((email for email in emails if email.primary), next(iter([*work, *emails]), None))
    if first is not None:
        return str(first.value)
    return str(person.user_name) if "@" in str(person.user_name) else ""


def _manager(person: Person, people: ScimPeople) -> str:
    """A manager is named by the ID of a User; we know them by their number."""
    work = person[EnterpriseUser]
    named = str(work.manager.value or "") if work and work.manager else ""
    found = people.get(named) if named else None
    if found is None:
        return named
    return number_of(user_of(found))


def user_of(kept: ScimPerson) -> Person:
    """The User as it was given, with what the server says of it."""
    person = Person.model_validate(dict(kept.body), scim_ctx=Context.DEFAULT)
    person.id, person.external_id, person.user_name = kept.id, kept.external_id or None, kept.user_name
    person.meta = Meta(
        resource_type="User", created=kept.made_at, last_modified=kept.changed_at, version=version_of(kept)
    )
    return person


def version_of(kept: ScimPerson) -> str:
    """The ETag."""
    return f'W/"{kept.version}"'
