"""The resources we serve: the core User and Group with the attributes somebody really fills, and the enterprise User.

Rule: what is announced in `/Schemas` is kept and given back; nothing is accepted and forgotten.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import EmailStr, Field, ValidationInfo, model_validator
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    Context,
    EnterpriseUser,
    ETag,
    External,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Returned,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.resources.resource import AnyExtension

__all__ = [
    "MOST_RESULTS",
    "Email",
    "EnterpriseUser",
    "Group",
    "GroupMember",
    "MemberOf",
    "Name",
    "Person",
    "User",
    "provider",
]

#: most resources in one answer, and most operations and bytes in one bulk request
MOST_RESULTS = 1000
MOST_OPERATIONS = 1000
MOST_BYTES = 10_000_000


class Name(ComplexAttribute):
    """How somebody is called."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """An address."""

    value: EmailStr | None = None
    type: str | None = Field(None, examples=["work", "home", "other"])
    primary: bool | None = None


class MemberOf(ComplexAttribute):
    """A group somebody is in; changed at the group."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(  # noqa: UP037 stands below
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[AnyExtension]):
    """A person's account."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    user_type: str | None = None
    active: Annotated[bool | None, Required.true] = None
    emails: list[Email] | None = None
    groups: Annotated[list[MemberOf] | None, Mutability.read_only, Returned.default] = None

    @model_validator(mode="before")
    @classmethod
    def _new_ones_are_active(cls, data: Any, info: ValidationInfo) -> Any:
        """Announced as required, because it is always there; a new User that does not say is active. A replacement
        must say: nobody is let in again because a word was left out."""
        creating = (info.context or {}).get("scim") is Context.RESOURCE_CREATION_REQUEST
        if creating and isinstance(data, dict) and not any(str(key).lower() == "active" for key in data):
            return {**data, "active": True}
        return data


class GroupMember(ComplexAttribute):
    """Somebody in a group."""

    value: Annotated[str | None, Mutability.immutable, Required.true, CaseExact.true] = None
    ref: Annotated[Reference[User[Any]] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of accounts."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: list[GroupMember] | None = None


Person = User[EnterpriseUser]


def provider(documentation: str | None = None, *, groups: bool = True) -> ScimProvider:
    """What we serve and what we can do; without `groups`, Users only."""
    users: list[Any] = [User, EnterpriseUser]
    types = [ResourceType.from_resource(Person)]
    return ScimProvider(
        models=[*users, Group] if groups else users,
        resource_types=[*types, ResourceType.from_resource(Group)] if groups else types,
        config=ServiceProviderConfig(
            documentation_uri=Reference[External](documentation) if documentation else None,
            patch=Patch(supported=True),
            bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BYTES),
            filter=Filter(supported=True, max_results=MOST_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=False),
            etag=ETag(supported=True),
            authentication_schemes=[
                AuthenticationScheme(
                    type=AuthenticationScheme.Type.oauthbearertoken,
                    name="Bearer token",
                    description="A token in the header `Authorization: Bearer …`.",
                    primary=True,
                )
            ],
        ),
    )
