"""Where learning happens: the targets. Rule: an attribute that is not mapped here is never written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from joinery.core.mapping.account_headings import ACCOUNT_ATTRIBUTES
from joinery.settings.defaults import ATTRIBUTES
from joinery.settings.part import Part
from joinery.settings.people import known_kind
from joinery.settings.problems import did_you_mean, found
from joinery.settings.secret import Secret
from joinery.settings.sftp import SftpPlace
from joinery.settings.shape import Encoding
from joinery.settings.tree import Section
from joinery.settings.values import ONE_TEXT, Count, FilePath, Shape, Text, YesNo, wrong

KINDS = ("classroom", "memory", "export", "scim", "file")
#: what a SCIM User has a place for, beside what is written there without being asked for
SCIM_PLACES = (
    "email",
    "given_name",
    "family_name",
    "display_name",
    "worker_id",
    "job_title",
    "department",
    "division",
    "cost_center",
    "legal_entity",
    "employment_type",
    "language",
    "time_zone",
)
SCIM_ATTRIBUTES = {name: source for name, source in ATTRIBUTES.items() if name in SCIM_PLACES}


def web_address(value: object) -> str:
    """An http(s) address without a login in it and without a slash at its end."""
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s\x00]+", value):
        wrong(f"must be an address such as https://learn.example.com; found {found(value)}")
    try:
        parts = urlsplit(value)
        login, host = parts.username or parts.password, parts.hostname
        _ = parts.port
    except ValueError:
        login, host = None, None
    if login:
        wrong("must not hold a user name or password (not repeated here); use key: {env: NAME}")
    if not host:
        wrong("must be an address such as https://learn.example.com")
    return value.rstrip("/")


WebAddress = Annotated[str, BeforeValidator(web_address)]


class WriteRule(Part):
    """One account attribute: the worker attribute it comes from, and when it is written."""

    from_: Text = Field(alias="from", description="The worker attribute whose value is written.")
    write: Literal["always", "on_create", "if_empty"] = Field(
        default="always", description="Keep it equal always, only set it on a new account, or only fill it when empty."
    )


class FirstMatch(Part):
    """What to do when an account that is already there looks like one of the people."""

    worker_id: Literal["link", "ask"] = Field(
        default="link", description="Same employee number in the account: link it by itself, or ask first."
    )
    email: Literal["link", "ask", "never"] = Field(
        default="ask", description="Same e-mail, one on each side: link it by itself, ask (all in one go), or never."
    )


def _beyond(usual: Mapping[str, str]) -> BeforeValidator:
    """What is written stands beside the usual attributes of this kind of system, or in place of them."""

    def merge(value: Any) -> Any:
        if not isinstance(value, dict):
            wrong(f"must be a mapping of account attribute to worker attribute; found {found(value)}")
        merged: dict[str, Any] = Section.like(value) if isinstance(value, Section) else {}
        merged.update({name: {"from": source} for name, source in usual.items() if value.get(name) != "none"})
        merged.update(
            {name: {"from": rule} if isinstance(rule, str) else rule for name, rule in value.items() if rule != "none"}
        )
        return merged

    return BeforeValidator(merge)


class Target(Part):
    """What every learning system has in common."""

    simulation: YesNo = Field(
        default=False, description="Marks a system that is only a simulation: any date may be written to it."
    )
    seats: Count | None = Field(default=None, description="The seats that were bought; plans show what is left.")
    attributes: Annotated[Mapping[str, Annotated[WriteRule, Shape(ONE_TEXT)]], _beyond(ATTRIBUTES)] = Field(
        default_factory=dict,
        validate_default=True,
        description="Account attribute and the worker attribute it comes from, on top of the usual ones; "
        "`none` leaves a usual one out.",
    )
    groups_from: tuple[Text, ...] = Field(
        default=(), description="Worker attributes whose value (after `map`) becomes a group, e.g. `[department]`."
    )
    create_groups: YesNo = Field(default=True, description="Whether a group that does not exist yet may be made.")
    protected: tuple[Text, ...] = Field(
        default=(), description="IDs of accounts of this system that are never changed, such as service accounts."
    )
    drift: Mapping[str, Literal["overwrite", "keep", "ask"]] = Field(
        default_factory=dict,
        description="Changes made in the learning system itself, by account attribute, `access`, `groups` or "
        "`courses`: overwritten, kept until HR gives another value, or asked about.",
    )
    first_match: FirstMatch = Field(
        default_factory=FirstMatch, description="What to do when an existing account looks like one of the people."
    )


class ClassroomTarget(Target):
    """Classroom, the learning system that comes with Joinery."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"branch", "sso"})

    into: Literal["classroom"] = Field(description="`classroom`: the learning system that comes with Joinery.")
    database: FilePath = Field(
        default=".joinery/classroom.db", validate_default=True, description="Classroom's own database file."
    )
    base_url: WebAddress = Field(
        default="http://127.0.0.1:8484", description="The address people open Classroom at; it is put into mails."
    )
    url: WebAddress | None = Field(
        default=None, description="Talk to a Classroom elsewhere over HTTP; without it, it runs inside Joinery."
    )
    key: Secret | None = Field(default=None, description="The key for `url`, by reference.")

    @model_validator(mode="after")
    def _key_for_url(self) -> ClassroomTarget:
        if self.url and self.key is None:
            wrong("url needs a key, e.g. key: {env: CLASSROOM_KEY}")
        if self.key is not None and not self.url:
            wrong("key is only used together with url")
        return self


class MemoryTarget(Target):
    """A learning system that only exists for tests and demonstrations."""

    into: Literal["memory"] = Field(description="`memory`: a pretended learning system for tests.")
    file: FilePath | None = Field(default=None, description="Where its accounts are kept between runs.")


def _account_fields(value: Any) -> Any:
    if not isinstance(value, dict):
        wrong(f'must be a mapping such as {{email: "E-mail address"}}; found {found(value)}')
    for name in value:
        if name not in ACCOUNT_ATTRIBUTES:
            wrong(f"{found(name)} is nothing an account tells{did_you_mean(str(name), ACCOUNT_ATTRIBUTES)}")
    return value


AccountFields = Annotated[Mapping[str, Text], BeforeValidator(_account_fields)]


class ExportTarget(Target):
    """A learning system of which only an export of its users is there: it is read, and nothing is ever written."""

    into: Literal["export"] = Field(description="`export`: a file of the learning system's users; for looking only.")
    path: FilePath = Field(description="The export, or a file pattern of which the newest file counts.")
    fields: AccountFields = Field(
        default_factory=dict,
        description="What an account tells (`email`, `worker_id`, `account_id` …) and the column it stands in; "
        "without it, well-known headings are recognised.",
    )
    encoding: Encoding | None = Field(
        default=None, description="The file's encoding, e.g. `cp1252`; found out when not given."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=3)] | None = Field(
        default=None, description='What separates columns, e.g. `";"`; found out when not given.'
    )


class ScimTarget(Target):
    """Any learning system that is provisioned by SCIM 2.0. It has no assignments: lines that give training are held."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"drift", "token_url"})

    into: Literal["scim"] = Field(description="`scim`: a learning system that is provisioned by SCIM 2.0.")
    url: WebAddress = Field(description="The address before `/Users`, e.g. `https://lms.example.com/scim/v2`.")
    key: Secret = Field(description="The bearer token, by reference.")
    user_name: Literal["email", "worker_id"] = Field(
        default="email", description="What people sign in with: the User's `userName`."
    )
    external_id: YesNo = Field(
        default=True, description="Whether the system keeps `externalId`; it is how Joinery finds its accounts again."
    )
    rate: Count | None = Field(
        default=None,
        description="Most operations a second, of all processes together; each takes two or three requests. The "
        "default is no limit of our own.",
    )
    concurrency: Count = Field(
        default=4,
        description="Batches on their way at one time, of all processes together; of each, `side_by_side` people are "
        "written at one time.",
    )
    side_by_side: Annotated[Count, Field(ge=1, le=64)] = Field(
        default=8,
        description="People of one batch that are written at one time. The system hears at most `concurrency` times "
        "`side_by_side` calls at one time: make it smaller for one that bears few.",
    )
    attributes: Annotated[Mapping[str, Annotated[WriteRule, Shape(ONE_TEXT)]], _beyond(SCIM_ATTRIBUTES)] = Field(
        default_factory=dict,
        validate_default=True,
        description="Account attribute and the worker attribute it comes from, on top of the usual ones that a "
        "SCIM User has a place for; `none` leaves a usual one out.",
    )

    @model_validator(mode="after")
    def _a_user_has_a_place(self) -> ScimTarget:
        for name in self.attributes:
            if name not in SCIM_PLACES:
                near = did_you_mean(name, SCIM_PLACES)
                wrong(f"a SCIM User has no place for the attribute {found(name)}{near}")
        return self


class LayoutFile(Part):
    """A layout of your own."""

    file: FilePath | None = Field(default=None, description="The YAML file of the layout.")
    columns: Mapping[str, Any] | None = Field(
        default=None,
        description="Instead of a file: the columns of one file of users, e.g. `{Login: email, Active: {from: state, "
        "words: {active: Y, suspended: N}}}`.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> LayoutFile:
        if (self.file is None) == (self.columns is None):
            wrong("must be the name of a layout, {file: PATH} or {columns: …}")
        return self


class Delivery(Part):
    """Where import files are brought to, when the learning system does not collect them from a folder here."""

    sftp: SftpPlace = Field(description="A folder on an SFTP server.")


class UserExport(Part):
    """An export of the learning system's users, to compare with what it was told."""

    path: FilePath = Field(description="The export, or a file pattern of which the newest file counts.")
    fields: AccountFields = Field(
        default_factory=dict,
        description="What an account tells (`email`, `worker_id`, `state` …) and the column it stands in; without it, "
        "well-known headings are recognised.",
    )
    encoding: Encoding | None = Field(default=None, description="The file's encoding; found out when not given.")
    delimiter: Annotated[str, Field(min_length=1, max_length=3)] | None = Field(
        default=None, description="What separates columns; found out when not given."
    )


class FileOutTarget(Target):
    """A learning system that imports files: they are written from a layout, everybody or what changed."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"drift"})

    into: Literal["file"] = Field(description="`file`: import files for a learning system that takes CSV.")
    layout: Text | LayoutFile = Field(
        description="The form of the files: `generic`, `moodle`, `talentlms`, `litmos`, `oneroster-1.1`, "
        "`oneroster-1.2`, or one of your own, `{file: PATH}` or `{columns: …}`."
    )
    path: FilePath | None = Field(
        default=None, description="The folder that files are put into; each is whole when its `.done` is there."
    )
    deliver: Delivery | None = Field(
        default=None, description="Instead of `path`: the server that files are brought to, e.g. `{sftp: …}`."
    )
    send: Literal["changes", "full"] = Field(
        default="changes", description="Whether each file holds what changed, or everybody every time."
    )

    confirm: UserExport | None = Field(
        default=None, description="An export of its users, which shows what the system made of the files."
    )
    sign_in_at: WebAddress | None = Field(
        default=None, description="Where people sign in: sign-in mails lead there. Without it none are sent."
    )
    mail_unconfirmed: YesNo = Field(
        default=False,
        description="Whether a sign-in mail leaves though no export of users has shown the account.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> FileOutTarget:
        if (self.path is None) == (self.deliver is None):
            wrong("needs path: FOLDER or deliver: {sftp: …}, and not both")
        return self


def known_target(data: Any, info: ValidationInfo) -> Any:
    """Refuse a kind of learning system that this version does not have, before anything else is looked at."""
    return known_kind(data, info, "into", KINDS)


LearningTarget = Annotated[
    Annotated[ClassroomTarget | MemoryTarget | ExportTarget | ScimTarget | FileOutTarget, Field(discriminator="into")],
    BeforeValidator(known_target),
]
