"""Sign-in mails. Rule: off until somebody switches them on, and silent on the first load."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.secret import Secret
from joinery.settings.values import Count, FilePath, Text, YesNo, wrong

_ADDRESS = re.compile(r"(?:[^<>\r\n]{1,100} ?<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)")


def _address(value: object) -> object:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        wrong(f"must be an e-mail address such as learning@example.com; found {found(value)}")
    return value


Address = Annotated[str, BeforeValidator(_address)]


class Mail(Part):
    """How sign-in mails are sent."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"dkim", "oauth", "bounces"})

    enabled: YesNo = Field(default=False, description="Whether any mail is sent at all.")
    from_: Address | None = Field(
        default=None, alias="from", description="The sender, e.g. `Learning <learning@example.com>`."
    )
    reply_to: Address | None = Field(default=None, description="Where answers go.")
    host: Text | None = Field(default=None, description="The mail server.")
    port: Annotated[Count, Field(ge=1, le=65535)] = Field(default=587, description="The mail server's port.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="starttls", description="How the connection is secured: `tls` from the start, `starttls`, or `none`."
    )
    user: Text | None = Field(default=None, description="The user name for the mail server.")
    password: Secret | None = Field(default=None, description="The password for the mail server, by reference.")
    ca_file: FilePath | None = Field(
        default=None, description="A PEM file with your own certificate authority, for a mail server inside."
    )
    personal_address: YesNo = Field(
        default=False, description="Whether the mail may go to the personal address HR gives, before there is another."
    )
    days_before: Count = Field(
        default=0, description="To a personal address it may leave this many days before the first day."
    )
    templates: FilePath | None = Field(default=None, description="A folder with your own mail texts.")
    per_run: Count = Field(default=200, description="No more mails than this in one run; the rest waits.")
    per_day: Count = Field(default=1000, description="No more mails than this in one day; the rest waits.")
    help_contact: Text | None = Field(default=None, description="Who helps people that cannot sign in.")
    first_load: Literal["silent", "send"] = Field(
        default="silent", description="Whether people who are there at the first load get a mail."
    )

    @model_validator(mode="after")
    def _can_send(self) -> Mail:
        missing = [name for name, value in (("from", self.from_), ("host", self.host)) if not value]
        if self.enabled and missing:
            wrong(f"mail is enabled, so it needs {' and '.join(missing)}")
        if self.user and self.security == "none":
            wrong("security: none would send the password readably; use tls or starttls")
        if (self.user is None) != (self.password is None):
            wrong("user and password go together")
        return self
