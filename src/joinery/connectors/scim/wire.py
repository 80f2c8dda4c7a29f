"""A SCIM User's JSON to and from our account: pure functions over dictionaries, as peers send what they like.

Facts: RFC 7643 §4 and §8, RFC 7644 §3; peers' quirks (attribute names in another case, `active` as a text, no `groups`)
as in the notes of the connector, last verified 2026-11-30 against scim2-server 0.8.3, django-scim2 0.23.0, Classroom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId, PersonKey

#: RFC 7644 §8.1; some take nothing else
MEDIA_TYPE: Final = "application/scim+json"
USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
WORK: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_BULK: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

#: account attribute -> where a User has it: (container or "", name)
_PLACES: Final[dict[str, tuple[str, str]]] = {
    "display_name": ("", "displayName"),
    "job_title": ("", "title"),
    "language": ("", "preferredLanguage"),
    "time_zone": ("", "timezone"),
    "employment_type": ("", "userType"),
    "given_name": ("name", "givenName"),
    "family_name": ("name", "familyName"),
    "worker_id": (WORK, "employeeNumber"),
    "department": (WORK, "department"),
    "cost_center": (WORK, "costCenter"),
    "legal_entity": (WORK, "organization"),
    "division": (WORK, "division"),
}
#: what an account can hold here
ATTRIBUTES: Final = frozenset({*_PLACES, "email"})
#: said by the server alone
_READ_ONLY: Final = frozenset({"id", "meta", "groups"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What this peer can do, by its own word; `bulk` is the most operations in one request, 0 for none."""

    patch: bool = True
    filter: bool = True
    bulk: int = 0
    groups: bool = True
    work: bool = True


def features_of(config: Mapping[str, Any], types: Sequence[Mapping[str, Any]] | None) -> Features:
    """From `/ServiceProviderConfig` and `/ResourceTypes`; `types` None where the peer does not publish them."""
    bulk = config.get("bulk") or {}
    most = min(int(bulk.get("maxOperations") or 0), 200) if bulk.get("supported") is True else 0
    patch = (config.get("patch") or {}).get("supported") is True
    filters = (config.get("filter") or {}).get("supported") is not False
    if types is None:
        return Features(patch=patch, filter=filters, bulk=most)
    users = next((one for one in types if _endpoint(one) == "users"), {})
    extensions = {str(one.get("schema", "")).lower() for one in users.get("schemaExtensions") or []}
    groups = any(_endpoint(one) == "groups" for one in types)
    return Features(patch=patch, filter=filters, bulk=most, groups=groups, work=WORK.lower() in extensions)


def _endpoint(resource_type: Mapping[str, Any]) -> str:
    """Its last part: some say the whole path or the whole address where RFC 7643 §6 wants `/Users`."""
    return str(resource_type.get("endpoint", "")).strip("/").rpartition("/")[2].lower()


def account(raw: Mapping[str, Any]) -> Account:
    """A User as an account. Raises KeyError, TypeError or ValueError when it is none."""
    attributes = {name: value for name in _PLACES if (value := _held(raw, name))}
    if address := address_of(raw):
        attributes["email"] = address
    return Account(
        id=AccountId(_text(raw["id"])),
        external_id=str(raw.get("externalId") or ""),
        attributes=attributes,
        state=AccountState.ACTIVE if _active(raw.get("active")) else AccountState.SUSPENDED,
        roles=_elevated(raw.get("roles")),
        groups=frozenset(str(one["display"]) for one in raw.get("groups") or () if one.get("display")),
        version=str((raw.get("meta") or {}).get("version") or ""),
    )


def address_of(raw: Mapping[str, Any]) -> str:
    """The address that counts: the primary one, else the work one, else the first."""
    emails = [one for one in raw.get("emails") or () if one.get("value")]
    ranked = sorted(emails, key=lambda one: (one.get("primary") is not True, one.get("type") != "work"))
    return str(ranked[0]["value"]) if ranked else ""


def new_user(
    key: PersonKey, attributes: Mapping[str, str], *, user_name_from: str, external_id: bool
) -> dict[str, Any]:
    """The User to create. The user name is the e-mail or the worker ID, the other one where the first is missing."""
    names = [attributes.get(user_name_from), attributes.get("email"), attributes.get("worker_id"), str(key)]
    user: dict[str, Any] = {"schemas": [USER], "userName": next(name for name in names if name), "active": True}
    if external_id:
        user["externalId"] = str(key)
    return with_values(user, {name: value for name, value in attributes.items() if value})


def with_values(raw: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The User with these attributes; an empty text takes one away. What the server alone says is left out."""
    user = {name: value for name, value in raw.items() if name not in _READ_ONLY}
    for name, value in values.items():
        if name == "email":
            user["emails"] = _addresses(raw, value)
            continue
        container, place = _PLACES[name]
        inside = dict(user.get(container) or {}) if container else user
        inside.pop(place, None)
        if value:
            inside[place] = value
        if container:
            user[container] = inside
    if user.get(WORK) and WORK not in user.get("schemas", []):
        user["schemas"] = [*user.get("schemas", [USER]), WORK]
    return {name: value for name, value in user.items() if value not in ({}, [], None)}


def _addresses(raw: Mapping[str, Any], address: str) -> list[dict[str, Any]]:
    """The addresses with this one in the place of the one that counted; the others stay as they are."""
    before = address_of(raw)
    others = [dict(one) for one in raw.get("emails") or () if one.get("value") != before]
    return [{"value": address, "type": "work", "primary": True}, *others] if address else others


def patch(raw: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A PATCH that sets these attributes, or top-level names of SCIM itself such as `active`; empty takes away."""
    return {"schemas": [_PATCH], "Operations": [_operation(raw, name, value) for name, value in values.items()]}


def _operation(raw: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    if name == "email":
        path, value = "emails", _addresses(raw, value)
    elif name in _PLACES:
        container, place = _PLACES[name]
        path = place if not container else f"{container}:{place}" if container == WORK else f"{container}.{place}"
    else:
        path = name
    if value in ("", [], None):
        return {"op": "remove", "path": path}
    return {"op": "replace", "path": path, "value": value}


def membership(account_id: AccountId, *, joins: bool) -> dict[str, Any]:
    """A PATCH of a group."""
    if joins:
        return joining([account_id])
    operation = {"op": "remove", "path": f"members[value eq {quoted(str(account_id))}]"}
    return {"schemas": [_PATCH], "Operations": [operation]}


def joining(members: Sequence[str]) -> dict[str, Any]:
    """A PATCH of a group that these join."""
    operation = {"op": "add", "path": "members", "value": [{"value": str(one)} for one in members]}
    return {"schemas": [_PATCH], "Operations": [operation]}


def leaving_by_value(account_id: AccountId) -> dict[str, Any]:
    """A PATCH of a group as Entra sends it; RFC 7644 §3.5.2.2 knows no value here."""
    operation = {"op": "remove", "path": "members", "value": [{"value": str(account_id)}]}
    return {"schemas": [_PATCH], "Operations": [operation]}


def members_of(group: Mapping[str, Any]) -> set[str]:
    """The IDs of its members."""
    return {str(one.get("value")) for one in group.get("members") or () if isinstance(one, Mapping)}


def with_member(group: Mapping[str, Any], account_id: AccountId, *, joins: bool) -> dict[str, Any]:
    """The whole group with this member or without."""
    others = [{"value": one["value"]} for one in group.get("members") or () if one.get("value") != str(account_id)]
    members = [*others, {"value": str(account_id)}] if joins else others
    return {**{name: value for name, value in group.items() if name not in _READ_ONLY}, "members": members}


def bulk(users: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Many creations in one request, each under its bulk ID."""
    made = [{"method": "POST", "path": "/Users", "bulkId": key, "data": user} for key, user in users.items()]
    return {"schemas": [_BULK], "Operations": made}


def quoted(text: str) -> str:
    """A text as it stands in a filter (RFC 7644 §3.4.2.2: a JSON string)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _held(raw: Mapping[str, Any], name: str) -> str:
    container, place = _PLACES[name]
    inside = raw.get(container) or {} if container else raw
    value = inside.get(place) if isinstance(inside, Mapping) else None
    return value if isinstance(value, str) else ""


def _active(value: object) -> bool:
    """Some peers say it as a text; one that says nothing means active."""
    return value is None or value is True or (isinstance(value, str) and value.lower() == "true")


def _elevated(roles: object) -> tuple[str, ...]:
    values = [str(one.get("value", "")) for one in roles if isinstance(one, Mapping)] if isinstance(roles, list) else []
    return tuple(sorted(value for value in values if "admin" in value.lower()))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text is expected here")
    return value
