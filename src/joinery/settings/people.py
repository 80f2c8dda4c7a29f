"""Where people come from. Rule: `fields` is an allow-list; a column that is not named there is never read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from joinery.core.mapping.spec import KEPT_WHEN_EMPTY
from joinery.core.mapping.vendor_statuses import VENDORS
from joinery.core.model.worker import Status
from joinery.settings.defaults import EMPTY_ERROR
from joinery.settings.fields import check_fields
from joinery.settings.part import Part, reported
from joinery.settings.problems import did_you_mean, found, one_of
from joinery.settings.shape import FileShape
from joinery.settings.tree import Section
from joinery.settings.values import (
    ONE_TEXT,
    Count,
    Reading,
    Shape,
    Share,
    Text,
    TimeOfDay,
    YesNo,
    wrong,
)
from joinery.settings.webhook import Webhook


def _status(value: object) -> str:
    meanings = [status.value for status in Status if status.value and status is not Status.UNKNOWN]
    if value not in meanings:
        near = did_you_mean(value, meanings) if isinstance(value, str) else ""
        wrong(f"must be {one_of(meanings)}; found {found(value)}{near}")
    return str(value)


def _vendor(value: object) -> object:
    if value not in VENDORS:
        wrong(f"must be {one_of(sorted(VENDORS))}; found {found(value)}")
    return value


class FieldRule(Part):
    """One attribute: the column it is read from, and how."""

    column: Text = Field(description="The column's heading, exactly as it stands in the file.")
    format: Literal["YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "YYYYMMDD", "DD-Mon-YYYY"] | None = Field(
        default=None,
        description="How dates are written, e.g. `DD/MM/YYYY`; without it, ISO and what can be read in one way only.",
    )
    empty: Literal["keep", "none", "error"] = Field(
        default="none",
        description="What an empty cell means: keep the last value, no value, or an error for this person. "
        "Names and e-mails keep, worker_id is an error, everything else is none.",
    )
    transform: Literal["lower", "upper", "title", "digits", "strip_leading_zeros"] | None = Field(
        default=None, description="Changes the letters: all upper case, all lower case, or Each Word Capitalised."
    )
    owner: YesNo = Field(
        default=False,
        description="This source's value counts where several sources know the person. Without an owner it is the "
        "first source in these settings that has one.",
    )


class Trust(Part):
    """When a file is not believed. All percentages compare with the last accepted file."""

    max_drop: Share = Field(
        default="30%", validate_default=True, description="Hold a file that has this much fewer rows than the last."
    )
    floor: Count = Field(
        default=200, description="Percentages are not looked at while the last file had fewer rows than this."
    )
    max_id_churn: Share = Field(
        default="30%",
        validate_default=True,
        description="Hold a file in which more than this share of the employee numbers is new or gone.",
    )
    max_domain_churn: Share = Field(
        default="50%",
        validate_default=True,
        description="Hold a file in which more than this share of the e-mail domains changed.",
    )
    blank_collapse: Share = Field(
        default="50%",
        validate_default=True,
        description="Hold a file in which a column lost more than this share of its values.",
    )


class Expect(Part):
    """What to expect of the next file, and by when."""

    by: TimeOfDay | None = Field(
        default=None, description="The file should be here by this time of day, in the company's zone."
    )
    days: Literal["every_day", "workdays"] = Field(default="every_day", description="The days a file is expected on.")
    min_rows: Count | None = Field(default=None, description="Hold a file that has fewer rows than this.")
    max_drop: Share | None = Field(default=None, description="Stricter than `trust.max_drop`, for this feed only.")


def _field(name: str, value: Any) -> Any:
    default = "error" if name in EMPTY_ERROR else "keep" if name in KEPT_WHEN_EMPTY else "none"
    if isinstance(value, str):
        return {"column": value, "empty": default}
    if isinstance(value, Section) and "empty" not in value:
        value.put("empty", default, value.place, value.place)
    return value


def _fields(value: Any) -> Any:
    if not isinstance(value, dict):
        wrong(f'must be a mapping such as {{worker_id: "Employee number"}}; found {found(value)}')
    if isinstance(value, Section):
        for name in value:
            value[name] = _field(name, value[name])
        return value
    return {name: _field(name, rule) for name, rule in value.items()}


#: attribute -> the column it is read from, or how
Fields = Annotated[Mapping[str, Annotated[FieldRule, Shape(ONE_TEXT)]], BeforeValidator(_fields)]


class PeopleSource(FileShape):
    """What every source of people has in common, whichever way its rows come in."""

    says: Literal["employment", "directory"] = Field(
        default="employment",
        description="`directory`: the source says nothing of employment; its records add attributes to people whom "
        "another source employs. Nobody joins, leaves or keeps access by it.",
    )
    content: Literal["full", "changes"] = Field(
        default="full", description="Whether a file holds everybody, or only those who changed."
    )
    leavers_are: Literal["status", "absent", "both"] = Field(
        default="status",
        description="How a leaver shows: by status or end date, by being absent from the file, or both.",
    )
    end_date_means: Literal["last_day_worked", "last_day_employed", "first_day_out"] = Field(
        default="last_day_employed", description="What the end date says; access ends at the end of the last day."
    )
    fields: Fields = Field(
        default_factory=dict,
        description="The attributes that are read, and the column of each; nothing else is ever read. "
        "Without it, columns with well-known headings are recognised.",
    )
    statuses: Mapping[str, Annotated[str, BeforeValidator(_status)]] = Field(
        default_factory=dict, description="HR's own words for a status, and what each means."
    )
    hr_system: Annotated[str, BeforeValidator(_vendor)] | None = Field(
        default=None,
        description="The HR system the data comes from, e.g. `successfactors`: its codes for a status are then known.",
    )
    leave_classes: Mapping[str, Literal["keep", "suspend"]] = Field(
        default_factory=dict,
        description="HR's own kinds of leave, and what each does to access; the kind itself is never kept.",
    )
    allow_sensitive: Mapping[str, Text] = Field(
        default_factory=dict, description="Sensitive attributes that may be read all the same, each with the reason."
    )
    trust: Trust = Field(default_factory=Trust, description="When a file is not believed; nobody is touched then.")
    missing_files: Annotated[Count, Field(ge=1)] = Field(
        default=3,
        description="Somebody absent from this many good files in a row is archived (with `leavers_are: status`).",
    )
    expect: Expect = Field(default_factory=Expect, description="What to expect of the next file, and by when.")
    has_several_jobs: YesNo = Field(
        default=False, description="The export has one row for each job, so the same person may be in it several times."
    )
    numbering: Literal["per_company", "per_entity"] = Field(
        default="per_company",
        description="`per_entity`: each legal entity numbers its own people, so that 000123 may be two people; "
        "they are shown and named as `ENTITY/000123`.",
    )
    joined_by: Literal["person_id", "worker_id"] = Field(
        default="person_id",
        description="By which attribute a record of this source belongs to somebody whom another source knows.",
    )
    repeated_email: Literal["hold", "leave_out"] = Field(
        default="hold",
        description="An address that several people have: hold these people until it is corrected, or read them as "
        "people without an e-mail.",
    )

    webhook: Webhook | None = Field(
        default=None, description="Changes that HR's system sends by itself, while `joinery serve` runs."
    )

    @property
    def file_pattern(self) -> str:
        """The names of this source's files; empty when it has none."""
        return ""

    @model_validator(mode="before")
    @classmethod
    def _fields_make_sense(cls, data: Any, info: ValidationInfo) -> Any:
        if isinstance(data, Section) and isinstance(info.context, Reading):
            check_fields(data, info.context.problems)
        return data


def known_kind(data: Any, info: ValidationInfo, key: str, kinds: tuple[str, ...]) -> Any:
    """Stop at a kind that does not exist: its other keys would only be noise."""
    if not isinstance(data, Section) or key not in data or data[key] in kinds:
        return data
    if isinstance(info.context, Reading):
        kind = data[key]
        near = did_you_mean(kind, kinds) if isinstance(kind, str) else ""
        said = f"{found(kind)} is not available in this version; available is {one_of(kinds)}{near}"
        info.context.problems.add(data.values_at[key], data.path_of(key), said)
    raise reported()
