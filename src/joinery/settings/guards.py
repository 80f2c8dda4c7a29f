"""Guards: how many changes of one kind are too many. Rule: a guard that is written keeps the defaults it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from joinery.settings.defaults import GUARDS
from joinery.settings.part import Part
from joinery.settings.tree import Section
from joinery.settings.values import ONE_TEXT, Count, OrWord, Shape, Share, Text, wrong

NAMES = tuple(GUARDS)


def _segments(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Guard(Part):
    """It trips when more than `floor` people AND more than `share` of the linked active accounts are touched,
    or more than `most` people; with `each`, the same within every value of an attribute."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"each_most", "second_person"})

    most: Annotated[Count | None, OrWord("none")] = Field(
        default=None, description="Trips above this many people, whatever the share."
    )
    share: Annotated[Share | None, OrWord("none")] = Field(
        default=None, description="Trips above this share of the linked active accounts."
    )
    floor: Count = Field(default=0, description="`share` is not looked at while no more people than this are touched.")
    each: Annotated[tuple[Text, ...], BeforeValidator(_segments), Shape(ONE_TEXT)] = Field(
        default=(), description="Attributes whose values are looked at one by one, e.g. `location`."
    )
    each_share: Annotated[Share | None, OrWord("none")] = Field(
        default=None, description="Trips above this share of one value's people."
    )
    each_floor: Count = Field(
        default=10, description="`each_share` is not looked at while no more people than this are touched."
    )

    @model_validator(mode="after")
    def _each_needs_a_share(self) -> Guard:
        if self.each and self.each_share is None:
            wrong("each needs each_share, e.g. each_share: 25%")
        return self


def _over_default(name: str) -> Callable[[Any], Any]:
    def merge(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        merged: dict[str, Any] = Section.like(value) if isinstance(value, Section) else {}
        merged.update(GUARDS[name])
        if value.get("each") == "none":
            merged.update({"each": [], "each_share": "none"})
        merged.update({key: given for key, given in value.items() if (key, given) != ("each", "none")})
        return merged

    return merge


def _guard(name: str, description: str) -> Any:
    return Field(default_factory=lambda: Guard.model_validate(GUARDS[name]), description=description)


class Guards(Part):
    """One guard for each kind of change; each can be `off`."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"absent_people", "second_person"})

    create: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("create"))] = _guard(
        "create", "New accounts; `share` is not looked at below 200 linked active accounts."
    )
    update: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("update"))] = _guard(
        "update", "Changed attributes that have no guard of their own."
    )
    manager_change: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("manager_change"))] = _guard(
        "manager_change", "People who get another manager."
    )
    email_change: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("email_change"))] = _guard(
        "email_change", "People whose e-mail, and so their sign-in, changes."
    )
    name_change: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("name_change"))] = _guard(
        "name_change", "People whose name changes."
    )
    assign: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("assign"))] = _guard(
        "assign", "People who are given learning."
    )
    withdraw: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("withdraw"))] = _guard(
        "withdraw", "People whose learning is taken away."
    )
    suspend: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("suspend"))] = _guard(
        "suspend", "People who lose access."
    )
    archive: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("archive"))] = _guard(
        "archive", "Accounts that are archived."
    )
    restore: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("restore"))] = _guard(
        "restore", "Accounts that get access back."
    )
    mail: Annotated[Guard | None, OrWord("off"), BeforeValidator(_over_default("mail"))] = _guard(
        "mail", "Sign-in mails."
    )

    @classmethod
    def all_off(cls) -> Guards:
        """What `guards: off` means."""
        return cls.model_validate(dict.fromkeys(NAMES, "off"))

    def named(self, name: str) -> Guard | None:
        """The guard of this name (as in `Line.guard`); None when it is off or there is none of that name."""
        found = getattr(self, name, None) if name in NAMES else None
        return found if isinstance(found, Guard) else None
