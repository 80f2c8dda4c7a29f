"""The kinds of sources that people come from, each with the keys of its own. A new kind is one class and one line."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from joinery.settings.files import FilesSource
from joinery.settings.people import PeopleSource, known_kind
from joinery.settings.sftp import SftpSource, Upload
from joinery.settings.sql import SqlSource
from joinery.settings.values import FilePath

KINDS = ("file", "sftp", "sql", "push", "scim")


class FileSource(FilesSource):
    """People come from files that HR's system exports into a folder."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"url", "schedule", "every"})

    from_: Literal["file"] = Field(
        alias="from", description="`file`: a folder on this machine that files are put into."
    )
    path: FilePath = Field(description="The folder or file pattern that is read, e.g. `./inbox/employees*.csv`.")

    upload: Upload | None = Field(
        default=None, description="Who may put files into this folder over SFTP, while `joinery sftp` runs."
    )

    @property
    def file_pattern(self) -> str:
        """The last part of the path."""
        return self.path.name


class PushSource(PeopleSource):
    """People come by uploads and webhooks only, while `joinery serve` runs."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"url", "schedule", "every"})

    from_: Literal["push"] = Field(alias="from", description="`push`: HR's system brings people to Joinery's API.")


class ScimSource(PeopleSource):
    """People come from an identity provider or HR system that writes them over SCIM, while `joinery serve` runs."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"url", "schedule", "every"})

    from_: Literal["scim"] = Field(
        alias="from", description="`scim`: an identity provider or HR system writes people to `/scim/v2`."
    )


def known_source(data: Any, info: ValidationInfo) -> Any:
    """Refuse a kind of source that this version does not have, before anything else is looked at."""
    return known_kind(data, info, "from", KINDS)


SourceEntry = Annotated[
    Annotated[FileSource | SftpSource | SqlSource | PushSource | ScimSource, Field(discriminator="from_")],
    BeforeValidator(known_source),
]
