"""People from an SFTP server. Rule: without the server's own key in the settings nobody signs in there."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from joinery.settings.files import FilesSource
from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.secret import Secret, one_or_list
from joinery.settings.values import ONE_TEXT, Count, Duration, Shape, Text, YesNo, wrong


def _host_key(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", value):
        wrong(f'must be a fingerprint such as "SHA256:…" with 43 characters behind it; found {found(value)}')
    return value


HostKeys = Annotated[
    tuple[Annotated[str, BeforeValidator(_host_key)], ...], BeforeValidator(one_or_list), Shape(ONE_TEXT)
]


Host = Annotated[Text, Field(description="The server's name or address.")]
Port = Annotated[Count, Field(ge=1, le=65535, description="The server's port.")]
User = Annotated[Text, Field(description="Who Joinery signs in as.")]
Key = Annotated[Secret | None, Field(description="Our SSH private key, by reference.")]
Passphrase = Annotated[Secret | None, Field(description="What the private key is locked with, by reference.")]
Password = Annotated[Secret | None, Field(description="A password instead of a key, by reference.")]
HostKey = Annotated[
    HostKeys,
    Field(
        description="Fingerprint of the server's own key, several while one follows the other. Without it nobody "
        "signs in; `joinery connect test` shows it."
    ),
]
Legacy = Annotated[YesNo, Field(description="Allow SHA-1, CBC and ssh-rsa, for an old server that has nothing better.")]
Timeout = Annotated[Duration, Field(description="How long an answer of the server may take.")]


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
    host: Host
    port: Port = 22
    user: User
    key: Key = None
    passphrase: Passphrase = None
    password: Password = None
    host_key: HostKey = ()
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
    legacy_algorithms: Legacy = False
    timeout: Timeout = Field(default="30 seconds", validate_default=True)

    @property
    def file_pattern(self) -> str:
        """The last part of the path on the server."""
        return self.inbox.rpartition("/")[2]

    @model_validator(mode="after")
    def _somebody_signs_in(self) -> SftpSource:
        _signs_in(self)
        return self


class SftpPlace(Part):
    """A folder on an SFTP server that somebody collects files from."""

    host: Host
    port: Port = 22
    user: User
    key: Key = None
    passphrase: Passphrase = None
    password: Password = None
    host_key: HostKey = ()
    folder: Text = Field(description="The folder on the server that files are put into; it has to be there.")
    legacy_algorithms: Legacy = False
    timeout: Timeout = Field(default="30 seconds", validate_default=True)

    @model_validator(mode="after")
    def _somebody_signs_in(self) -> SftpPlace:
        _signs_in(self)
        return self


def _signs_in(part: SftpSource | SftpPlace) -> None:
    if (part.key is None) == (part.password is None):
        wrong("needs a key or a password, e.g. key: {file: /run/secrets/sftp_key}, and not both")
    if part.passphrase is not None and part.key is None:
        wrong("passphrase is only used together with key")
