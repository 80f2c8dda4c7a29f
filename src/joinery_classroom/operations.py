"""The closed set of things Joinery may ask for, and how their JSON is read. Nothing here deletes an account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from joinery_classroom.model import AccountId, TargetKind

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class _Strict:
    """A misspelt field is refused rather than ignored: `revoke_role` must not mean "keep the roles"."""

    __slots__ = ()
    __pydantic_config__ = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(_Strict):
    """`old` None: do not compare. `new` None: clear."""

    attribute: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(_Strict):
    """A new account, unless this external id has one."""

    op: Literal["create"] = "create"
    key: str
    external_id: str
    attributes: dict[str, str | None]
    state: Literal["active", "suspended"] = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Strict):
    """All of the changes or none of them."""

    op: Literal["update"] = "update"
    key: str
    account_id: AccountId
    changes: list[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend(_Strict):
    """Sign-in off, sessions ended, everything kept."""

    op: Literal["suspend"] = "suspend"
    key: str
    account_id: AccountId
    revoke_roles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(_Strict):
    """Suspended, seat freed, out of the current lists, history kept."""

    op: Literal["archive"] = "archive"
    key: str
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(_Strict):
    """Active again, whatever it was."""

    op: Literal["restore"] = "restore"
    key: str
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetExternalId(_Strict):
    """Links an account to a person, if it is still linked to `old`."""

    op: Literal["set_external_id"] = "set_external_id"
    key: str
    account_id: AccountId
    external_id: str
    old: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToGroup(_Strict):
    """Into a group, made first if `create`."""

    op: Literal["add_to_group"] = "add_to_group"
    key: str
    account_id: AccountId
    group: str
    create: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFromGroup(_Strict):
    """Out of a group; the group stays, and one that does not exist has nobody in it."""

    op: Literal["remove_from_group"] = "remove_from_group"
    key: str
    account_id: AccountId
    group: str
    create: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(_Strict):
    """A course or path to do, known by (account, assignment); without `assignment` the operation's key names it."""

    op: Literal["assign"] = "assign"
    key: str
    account_id: AccountId
    assignment: str | None = None
    kind: TargetKind
    target: str
    cycle: str = ""
    due_on: date | None = None
    reasons: list[str]
    counts_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(_Strict):
    """No longer to do; what was done stays. Without `assignment` the operation's key names it."""

    op: Literal["withdraw"] = "withdraw"
    key: str
    account_id: AccountId
    assignment: str | None = None
    only_if_not_started: bool = False


Operation: TypeAlias = (
    Create | Update | Suspend | Archive | Restore | SetExternalId | AddToGroup | RemoveFromGroup | Assign | Withdraw
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An operation that could not be understood, and why. It fails alone; its neighbours go on."""

    key: str
    why: str


@cache
def _adapter() -> TypeAdapter[Operation]:
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[Operation, Field(discriminator="op")])


def parse(raw: Any) -> Operation | Unreadable:
    """One operation from its JSON. Never raises; values of the caller are not repeated in `why`."""
    from pydantic import ValidationError

    try:
        json.dumps(raw, ensure_ascii=False).encode()
        return _named(_adapter().validate_python(raw))
    except UnicodeEncodeError:  # half of a surrogate pair: JSON may say it, no database can keep it
        return Unreadable(key=_spoken(raw), why="a text in it is not valid Unicode")
    except ValidationError as error:
        problems = (f"{'.'.join(str(part) for part in one['loc'][1:]) or 'op'}: {one['msg']}" for one in error.errors())
        return Unreadable(key=_spoken(raw), why="; ".join(problems))


def _spoken(raw: Any) -> str:
    key = raw.get("key") if isinstance(raw, dict) else None
    return key.encode("utf-8", "replace").decode() if isinstance(key, str) else ""


def _named(operation: Operation) -> Operation | Unreadable:
    """An empty id or group name would stand for everybody who has none."""
    match operation:
        case Create(external_id="") | SetExternalId(external_id=""):
            return Unreadable(key=operation.key, why="external_id: is empty")
        case AddToGroup(group="") | RemoveFromGroup(group=""):
            return Unreadable(key=operation.key, why="group: is empty")
        case _:
            return operation
