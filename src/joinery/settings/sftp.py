"""People from an SFTP server. Rule: without the server's own key in the settings nobody signs in there."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from joinery.settings.files import FilesSource, one_or_list
from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.secret import Secret
from joinery.settings.values import ONE_TEXT, Count, Duration, Shape, Text, YesNo, wrong


def _host_key(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", value):
        wrong(f'must be a fingerprint such as "SHA256:…" with 43 characters behind it; found {found(value)}')
    return value


HostKeys = Annotated[
    tuple[Annotated[str, BeforeValidator(_host_key)], ...], BeforeValidator(one_or_list), Shape(ONE_TEXT)
]


class Upload(Part):
    """An account of `joinery sftp`, the drop server: HR brings the file into this source's folder."""

    keys: Annotated[tuple[Text, ...], BeforeValidator(one_or_list), Shape(ONE_TEXT)] = Field(
        min_length=1, description="SSH public keys that may come in, the lines of the senders' `.pub` files."
    )
    user: Text | None = Field(default=None, description="The account's name; the source's name when not given.")
    largest_mb: Annotated[Count, Field(ge=1)] = Field(default=500, description="The most megabytes of one file.")
    room_mb: Annotated[Count, Field(ge=1)] = Field(
        default=5000, description="The most megabytes that may lie in the folder and wait."
    )
    sessions: Annotated[Count, Field(ge=1)] = Field(default=4, description="How many sessions may be open at once.")
    idle: Duration = Field(
        default="5 minutes", validate_default=True, description="A session in which nothing happens for so long ends."
    )


class SftpSource(FilesSource):
    """People come from files that HR's system puts on an SFTP server."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"schedule", "every"})

    from_: Literal["sftp"] = Field(alias="from", description="`sftp`: a folder on an SFTP server.")
    host: Text = Field(description="The server's name or address.")
    port: Annotated[Count, Field(ge=1, le=65535)] = Field(default=22, description="The server's port.")
    user: Text = Field(description="Who Joinery signs in as.")
    key: Secret | None = Field(default=None, description="Our SSH private key, by reference.")
    passphrase: Secret | None = Field(default=None, description="What the private key is locked with, by reference.")
    password: Secret | None = Field(default=None, description="A password instead of a key, by reference.")
    host_key: HostKeys = Field(
        default=(),
        description="Fingerprint of the server's own key, several while one follows the other. Without it nobody "
        "signs in; `joinery connect test` shows it.",
    )
    inbox: Text = Field(
        description="The folder or file pattern on the server, e.g. `/out/employees*.csv`; a folder ends with `/`."
    )
    remote_archive: Text | None = Field(
        default=None,
        description="Files that were read are moved into this folder of the server; without it, into `archive` "
        "beside the inbox, where that is allowed.",
    )
    read_only: YesNo = Field(
        default=False,
        description="Nothing is moved on the server; what was read is remembered by name, size, time and content.",
    )
    legacy_algorithms: YesNo = Field(
        default=False, description="Allow SHA-1, CBC and ssh-rsa, for an old server that has nothing better."
    )
    timeout: Duration = Field(
        default="30 seconds", validate_default=True, description="How long an answer of the server may take."
    )

    @property
    def file_pattern(self) -> str:
        """The last part of the path on the server."""
        return self.inbox.rpartition("/")[2]

    @model_validator(mode="after")
    def _somebody_signs_in(self) -> SftpSource:
        if (self.key is None) == (self.password is None):
            wrong("needs a key or a password, e.g. key: {file: /run/secrets/sftp_key}, and not both")
        if self.passphrase is not None and self.key is None:
            wrong("passphrase is only used together with key")
        return self
