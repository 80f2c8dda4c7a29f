"""Learning rules as they are written; conditions stay text or mapping. Rule: what a condition means is not known here.

`load` hands every condition to the checker it was given, so that a mistake in one is reported with its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from joinery.errors import ConfigError
from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.tree import Section, typed
from joinery.settings.values import ONE_TEXT, Day, Shape, Text, wrong

#: text of the condition language, or attribute -> value(s); texts and true/false only
RawCondition: TypeAlias = "str | Mapping[str, Any]"


def _condition(value: object) -> object:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, dict) and value:
        return typed(value) if isinstance(value, Section) else value
    wrong(f"must be a condition, e.g. {{country: FR}}; found {found(value)}")


def _one_or_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_CONDITION_SHAPE = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "object", "minProperties": 1}]}

Condition = Annotated[Any, BeforeValidator(_condition), Shape(_CONDITION_SHAPE, instead=True)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_one_or_list), Shape(ONE_TEXT)]


def _period(value: object) -> str:
    from joinery.core.rules.due import parse_duration

    try:
        if isinstance(value, str) and str(parse_duration(value)):
            return value
    except ConfigError:
        pass
    wrong(f"must be a period such as 30 days, 2 weeks or 12 months; found {found(value)}")


def _due(value: object) -> str:
    from joinery.core.rules.due import parse_due

    text = f"on {value}" if isinstance(value, str) and _DATE.fullmatch(value) else value
    try:
        if isinstance(text, str) and parse_due(text):
            return text
    except ConfigError:
        pass
    wrong(f"must be like 30 days, 30 days after start or 2026-12-31; found {found(value)}")


_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PERIOD_SHAPE = {"type": "string", "examples": ["12 months", "30 days"], "pattern": r"^\d+ *(day|week|month|year)s?$"}
_DUE_SHAPE = {"type": "string", "examples": ["30 days after start", "2026-12-31"]}

#: text that `core/rules/due.py` understands
CalendarPeriod = Annotated[str, BeforeValidator(_period), Shape(_PERIOD_SHAPE, instead=True)]
DueText = Annotated[str, BeforeValidator(_due), Shape(_DUE_SHAPE, instead=True)]


class Where(Part):
    """One entry of `include` or `exclude`."""

    where: Condition = Field(description="The condition over facts; several attributes in one mapping must all match.")


def _some_time(value: str) -> str:
    if not int(re.findall(r"\d+", value)[0]):
        wrong("must be longer than no time at all")
    return value


class Recurrence(Part):
    """How something is repeated."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"renew_with"})

    every: Annotated[CalendarPeriod, AfterValidator(_some_time)] = Field(description="How long a proof is good for.")
    window: CalendarPeriod = Field(
        default="30 days",
        validate_default=True,
        description="Renewing within this time before the end keeps the anniversary.",
    )
    grace: CalendarPeriod = Field(
        default="0 days",
        validate_default=True,
        description="How late a renewal may be before the initial course is needed again.",
    )


def _every(value: object) -> object:
    return {"every": value} if isinstance(value, str) else value


class LearningRule(Part):
    """Who gets which learning, by when, and what happens when the match ends."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"statutory", "prerequisites", "language", "calendar"})

    name: Text = Field(description="The rule's name; it is the reason people see.")
    when: Condition | None = Field(
        default=None, description="The condition over facts; without it the rule is for everybody."
    )
    give: Names = Field(default=(), description="The course or path that is given, or a list of them.")
    groups: Names = Field(default=(), description="Groups that people get into while they match.")
    due: DueText | None = Field(
        default=None,
        description="When it is due: `30 days`, `30 days after start` (or `hire`, or `assignment`), or a date.",
    )
    recurs: Annotated[Recurrence, BeforeValidator(_every), Shape(_PERIOD_SHAPE)] | None = Field(
        default=None, description="Makes it come again: `12 months`, or a mapping that says more."
    )
    counts_if_done_within: CalendarPeriod | None = Field(
        default=None, description="A completion that is not older than this counts, e.g. `24 months`."
    )
    applies_to: Literal["everyone", "new_matches"] = Field(
        default="everyone", description="Everybody who matches, or only those who begin to match from now on."
    )
    when_match_ends: Literal["keep", "withdraw_if_not_started", "withdraw"] = Field(
        default="keep", description="What happens to an unfinished assignment when the condition no longer matches."
    )
    kind: Literal["mandatory", "recommended", "optional"] = Field(
        default="mandatory", description="Only mandatory learning counts as overdue."
    )
    published_on: Day | None = Field(
        default=None, description="The rule's first day; nothing is due counted from before it."
    )
    _origin: str = PrivateAttr(default="")

    @property
    def origin(self) -> str:
        """`rules/fr.yaml:3:5`: where the rule is written."""
        return self._origin

    @model_validator(mode="before")
    @classmethod
    def _when_is_not_empty(cls, data: Any) -> Any:
        if isinstance(data, dict) and "when" in data and data["when"] is None:
            wrong("when is empty; leave the key out for a rule that is for everybody")
        return data

    @model_validator(mode="after")
    def _gives_something(self) -> LearningRule:
        if not self.give and not self.groups:
            wrong("a rule gives something: add give or groups")
        return self
