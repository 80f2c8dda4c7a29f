"""The whole settings file as one frozen value. Rule: every default is the careful choice; being bold is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, PrivateAttr
from pydantic_core import CoreSchema, core_schema

from joinery.core.hygiene.catalogue import ALWAYS, CATALOGUE
from joinery.core.model.operation import ActionClass
from joinery.settings.api import Api
from joinery.settings.guards import Guards
from joinery.settings.learning import LearningTarget
from joinery.settings.learning_rules import LearningRule, Where
from joinery.settings.mail import Mail
from joinery.settings.operations import Alerts, Audit, Telemetry
from joinery.settings.part import Part
from joinery.settings.privacy import Privacy
from joinery.settings.problems import did_you_mean, found
from joinery.settings.records import SendTo
from joinery.settings.schedule import Schedule
from joinery.settings.secret import Secret
from joinery.settings.sources import SourceEntry
from joinery.settings.sql import address_of
from joinery.settings.tables import TreeTable, ValueMap
from joinery.settings.triggers import Triggers
from joinery.settings.values import Count, Day, Duration, Shape, Text, Zone, wrong
from joinery.settings.written import AsRead, Written

Mode = Literal["observe", "approve", "automatic"]


@dataclass(frozen=True, slots=True)
class OneOrNamed:
    """One entry, or a map of named entries; one entry gets the name `default`."""

    default: str
    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.as_map, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        named = handler(schema)
        return {"anyOf": [named["additionalProperties"], named]}

    def as_map(self, value: Any) -> Any:
        """The map of named entries, whichever way it was written."""
        if not isinstance(value, dict) or not value:
            wrong(f"must be one entry beginning with {self.kind}, or a map of named entries; found {found(value)}")
        if self.kind in value or not all(isinstance(entry, dict) for entry in value.values()):
            return {self.default: value}
        if not any(self.kind in entry for entry in value.values()):
            return {self.default: value}
        for name in value:
            if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
                wrong(f"the name {found(name)} must be small letters, digits, _ and -")
        return value


def _version(value: object) -> object:
    if value not in ("1", 1) or isinstance(value, bool):
        wrong(f"must be 1, the only version of the settings there is; found {found(value)}")
    return 1


def _country(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{2}", value):
        wrong(f"must be two capital letters such as FR or NO; found {found(value)}")
    return value


def _language(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        wrong(f"must be a language such as en or pt-BR; found {found(value)}")
    return value


def _name(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", value):
        wrong(f"must be small letters, digits, _ and -; found {found(value)}")
    return value


class Company(Part):
    """Whose people they are."""

    name: Text = Field(description="The company's name, as people read it.")
    time_zone: Zone = Field(description="The time zone of everybody who has none of their own, e.g. `Europe/Paris`.")
    location_zones: Mapping[Text, Zone] = Field(
        default_factory=dict,
        description="The time zone of each place of work, for people whose record names none, e.g. "
        "`{ Melbourne: Australia/Melbourne }`.",
    )
    country: Annotated[str, BeforeValidator(_country)] | None = Field(
        default=None, description="The country of everybody who has none of their own, e.g. `FR`."
    )
    language: Annotated[str, BeforeValidator(_language)] = Field(
        default="en", description="The language of texts for people who have none of their own."
    )


class Modes(Part):
    """The mode of single kinds of action, where it differs from `mode`."""

    create: Mode | None = Field(default=None, description="New accounts.")
    update: Mode | None = Field(default=None, description="Changed attributes.")
    group: Mode | None = Field(default=None, description="Group memberships.")
    assign: Mode | None = Field(default=None, description="Learning that is given.")
    withdraw: Mode | None = Field(default=None, description="Learning that is taken away.")
    suspend: Mode | None = Field(default=None, description="Access that ends.")
    archive: Mode | None = Field(default=None, description="Accounts that are archived.")
    restore: Mode | None = Field(default=None, description="Access that is given back.")
    link: Mode | None = Field(default=None, description="Existing accounts that are recognised.")
    mail: Mode | None = Field(default=None, description="Sign-in mails.")


class KillSwitch(Part):
    """The lane in which single terminations overtake everything, and its limits."""

    per_hour: Count = Field(
        default=10, description="A file may end the access of this many people an hour without waiting."
    )
    push_per_hour: Count = Field(default=100, description="The same for terminations that are pushed one by one.")
    within: Duration = Field(
        default="1 day",
        validate_default=True,
        description="Access that is not seen to be closed so long after it was to end is a breach, and an issue.",
    )


class Protected(Part):
    """Who is never touched by a sync."""

    worker_ids: tuple[Text, ...] = Field(default=(), description="Employee numbers, as text.")
    account_ids: tuple[Text, ...] = Field(default=(), description="Account IDs, in every learning system.")


class Completions(Part):
    """What happens with training records."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"from", "every"})

    send_to: SendTo | None = Field(default=None, description="Where training records go; nowhere when not given.")


def _checks(value: object) -> object:
    for name in value if isinstance(value, Mapping) else ():
        if name not in CATALOGUE:
            wrong(f"no check is called {found(name)}{did_you_mean(str(name), CATALOGUE)}")
        if name in ALWAYS:
            wrong(f"{name} is about access that is open, and always told")
    return value


class Issues(Part):
    """Data problems that are kept until they are gone."""

    checks: Annotated[Mapping[str, Literal["off", "note", "warning"]], BeforeValidator(_checks)] = Field(
        default_factory=dict,
        description="How much a check matters here, or `off`: `{ same_name: off, manager_left: note }`. Only of what "
        "warns: what holds people back, or locks `automatic`, is an issue whatever is said here.",
    )

    owners: Mapping[str, Text] = Field(
        default_factory=dict,
        description="Who looks after them: by check (`duplicate_email`), attribute (`work_email`) or source (`hris`), "
        "and `default` for all others. The first that fits counts.",
    )
    same_person: Literal["probably", "very_probably", "almost_certainly", "off"] = Field(
        default="probably",
        description="How sure the Duplicate User Audit of a run must be to raise two employee numbers as one person.",
    )


class Retention(Part):
    """How long things are kept. Facts, events, plans and completions stay."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"completions", "facts", "audit"})

    raw_files: Duration = Field(default="30 days", validate_default=True, description="Files as they came.")
    calls: Duration = Field(
        default="90 days", validate_default=True, description="What is known of each call to the learning system."
    )


def _store_url(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"sqlite:///[^\x00\r\n?]+", value):
        wrong(
            "must be sqlite:///PATH, or for PostgreSQL a reference such as {env: JOINERY_DATABASE} (not repeated here)"
        )
    return value


class Store(Part):
    """Where Joinery keeps its memory."""

    url: Annotated[Annotated[str, Field(pattern=r"^sqlite:///.+")] | Secret, BeforeValidator(_store_url)] = Field(
        default="sqlite:///.joinery/joinery.db",
        union_mode="left_to_right",
        description="`sqlite:///PATH`, relative to the settings file, or a reference to a PostgreSQL address.",
    )


def _all_off(value: object) -> object:
    return Guards.all_off() if value == "off" else value


class Settings(Part):
    """Everything a run needs to know, read from one file."""

    not_yet: ClassVar[frozenset[str]] = frozenset(
        {
            "team_mail",
            "access",
            "webhooks",
            "schedule",
            "reports",
            "certificates",
        }
    )

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="The version of this format: 1.")
    name: Annotated[str, BeforeValidator(_name)] = Field(
        default="main", description="The name of this connection; what Joinery remembers is kept under it."
    )
    company: Company = Field(description="Whose people they are.")
    people: Annotated[Mapping[str, SourceEntry], OneOrNamed("hris", "from")] = Field(
        description="Where people come from: one entry, or a map of named entries."
    )
    learning: Annotated[Mapping[str, LearningTarget], OneOrNamed("lms", "into")] = Field(
        description="Where people learn: one entry, or a map of named entries."
    )
    mode: Mode = Field(
        default="observe",
        description="`observe` only shows what would be done, `approve` waits for a person, "
        "`automatic` applies what no guard objects to.",
    )
    modes: Modes = Field(default_factory=Modes, description="The mode of single kinds of action, where it differs.")
    include: tuple[Where, ...] = Field(
        default=(), description="Only people who match one of these are managed; everybody when empty."
    )
    exclude: tuple[Where, ...] = Field(default=(), description="People who match one of these are not managed.")
    out_of_scope: Literal["archive", "keep"] = Field(
        default="archive",
        description="What happens to the account of somebody who is no longer managed but still employed.",
    )
    map: Mapping[str, ValueMap] = Field(
        default_factory=dict, description="Value tables: HR's codes to the words used in learning."
    )
    department_tree: TreeTable | None = Field(
        default=None,
        description="A CSV or XLSX file with the columns code and parent (and valid_from, valid_to): "
        "which department stands below which, for `under(department, …)`.",
    )
    learning_rules: tuple[LearningRule, ...] = Field(default=(), description="Learning rules, written here.")
    rules: tuple[Text, ...] = Field(
        default=(), description="File patterns of YAML files with more learning rules, e.g. `rules/*.yaml`."
    )
    starters: tuple[Literal["Onboarding_Path", "Leadership_101", "location_compliance"], ...] = Field(
        default=(), description="Rules that come with Joinery and are switched on by name."
    )
    go_live: Day | None = Field(
        default=None,
        description="People hired before this day get no day-one learning; "
        "without it, the day of the first accepted file.",
    )
    triggers: Triggers = Field(default_factory=Triggers, description="What hires, leavers, rehires and leaves set off.")
    guards: Annotated[Guards, BeforeValidator(_all_off), Shape({"const": "off"})] = Field(
        default_factory=Guards, description="How many changes of one kind are too many; `off` switches all of them off."
    )
    four_eyes: bool = Field(
        default=True,
        description="Whoever drafted a lay-off may not approve it; `false` where one person answers for both.",
    )
    kill_switch: KillSwitch = Field(
        default_factory=KillSwitch, description="The lane in which single terminations overtake everything."
    )
    protected: Protected = Field(default_factory=Protected, description="Who is never touched by a sync.")
    mail: Mail = Field(default_factory=Mail, description="Sign-in mails.")
    completions: Completions = Field(default_factory=Completions, description="What happens with training records.")
    privacy: Privacy = Field(
        default_factory=Privacy, description="What may be shown of people, and what stays when somebody is erased."
    )
    api: Api = Field(default_factory=Api, description="What callers of the HTTP API may do, and how often.")
    issues: Issues = Field(default_factory=Issues, description="Who looks after data problems.")
    retention: Retention = Field(default_factory=Retention, description="How long things are kept.")
    audit: Audit = Field(default_factory=Audit, description="The log of what was done, and where its head is kept.")
    alerts: Alerts = Field(default_factory=Alerts, description="Who is told when something is wrong.")
    telemetry: Telemetry = Field(default_factory=Telemetry, description="What monitors get beside `/metrics`.")
    schedule: Schedule = Field(default_factory=Schedule, description="When `joinery serve` runs by itself.")
    store: Store = Field(default_factory=Store, description="Where Joinery keeps its memory.")

    _file: Path = PrivateAttr(default=Path("joinery.yaml"))
    _version_hash: str = PrivateAttr(default="")
    _as_read: AsRead | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path:
        """The settings file."""
        return self._file

    @property
    def folder(self) -> Path:
        """The folder all paths are relative to."""
        return self._file.parent

    @property
    def version_hash(self) -> str:
        """SHA-256 (hex) over the settings as read, the rule files and the tables they name."""
        return self._version_hash

    def written(self) -> Written:
        """The files these settings came from."""
        return self._as_read.written(self.tables_named()) if self._as_read else Written(main=self._file.name)

    def tables_named(self) -> dict[str, Path]:
        """Where a table file is named -> the file."""
        found = {f"map.{name}.table": each.table for name, each in self.map.items() if each.table is not None}
        return found | ({"department_tree": self.department_tree} if self.department_tree else {})

    def mode_of(self, action: ActionClass) -> Mode:
        """The mode of one kind of action: its own, else the one for all."""
        own: Mode | None = getattr(self.modes, action.value)
        return own or self.mode

    def store_url(self) -> str:
        """The address of the store with its secret revealed; SQLite paths made absolute. Never log it."""
        return address_of(self.store.url, self.folder)
