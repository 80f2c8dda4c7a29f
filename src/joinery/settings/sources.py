"""The kinds of sources that people come from, each with the keys of its own. A new kind is one class and one line."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from joinery.settings.people import PeopleSource, known_kind
from joinery.settings.values import Duration, FilePath

KINDS = ("file",)


class FileSource(PeopleSource):
    """People come from files that HR's system exports into a folder."""

    not_yet: ClassVar[frozenset[str]] = frozenset(
        {
            "host",
            "user",
            "key",
            "host_key",
            "inbox",
            "url",
            "decrypt_with",
            "require_signature_from",
            "schedule",
            "every",
        }
    )

    from_: Literal["file"] = Field(
        alias="from", description="`file`: a folder on this machine that files are put into."
    )
    path: FilePath = Field(description="The folder or file pattern that is read, e.g. `./inbox/employees*.csv`.")
    ready_when: Literal["marker", "rename", "stable", "present"] = Field(
        default="stable",
        description="When a file counts as complete: a `.done` file lies beside it, it was renamed from `.part`, "
        "its size has not changed for a while, or it is there.",
    )
    stable_for: Duration = Field(
        default="30 seconds",
        validate_default=True,
        description="With `stable`: how long the size must not have changed.",
    )
    archive: FilePath | None = Field(
        default=None, description="Files that were read are moved into this folder; without it they stay."
    )


def known_source(data: Any, info: ValidationInfo) -> Any:
    """Refuse a kind of source that this version does not have, before anything else is looked at."""
    return known_kind(data, info, "from", KINDS)


#: with a second kind: `Annotated[FileSource | OtherSource, Field(discriminator="from_")]`
SourceEntry = Annotated[FileSource, BeforeValidator(known_source)]
