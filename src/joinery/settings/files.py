"""What all sources have in common whose people come as files: how files may be sealed. Rule: keys by reference only."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from joinery.settings.part import Part
from joinery.settings.people import Fields, PeopleSource
from joinery.settings.problems import found
from joinery.settings.secret import Secret, Secrets, one_or_list
from joinery.settings.values import ONE_TEXT, Duration, FilePath, Shape, Text, wrong


def _signer(value: object) -> object:
    digits = re.sub(r"[\s:]", "", str(value)).lower().removeprefix("0x") if isinstance(value, str) else ""
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", digits):
        wrong(
            "must be the whole fingerprint of a key, 40 or 64 digits as `gpg --fingerprint` shows it "
            f"(a shorter ID can be forged); found {found(value)}"
        )
    return digits


Signers = Annotated[tuple[Annotated[str, BeforeValidator(_signer)], ...], BeforeValidator(one_or_list), Shape(ONE_TEXT)]


class Feed(Part):
    """Files of another kind in the same folder: only who starts, or only who leaves. Nobody is absent from them."""

    files: Text = Field(description="The pattern of their names, e.g. `leavers_*.csv`.")
    fields: Fields = Field(
        default_factory=dict,
        description="The columns of these files, where they are not those of the source. Of leavers only the numbers, "
        "`termination_date` and `status` are read.",
    )


class FilesSource(PeopleSource):
    """What every source of files has in common."""

    starters: Feed | None = Field(
        default=None, description="Files of people who start; what they have no column for stays as it is."
    )
    leavers: Feed | None = Field(
        default=None,
        description="Files of people who leave: whoever is named has left, on the day that is given or at once.",
    )

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
        default=None,
        description="Files that were read are moved into this folder of this machine; without it, into `archive` "
        "beside the place where they were read.",
    )
    decrypt_with: Secrets = Field(
        default=(),
        description="The OpenPGP private key that files are encrypted to; two of them while one follows the other.",
    )
    decrypt_passphrase: Secret | None = Field(
        default=None, description="What the private keys are locked with, by reference; without it they are not."
    )
    require_signature_from: Signers = Field(
        default=(),
        description="Fingerprints of the keys that may sign; a file without such a signature is refused.",
    )
    signing_keys: FilePath = Field(
        default="keys",
        validate_default=True,
        description="A file, or a folder of `.asc`, `.pgp` and `.gpg` files, with the public keys of those who sign.",
    )
    plaintext: Literal["refuse", "accept"] | None = Field(
        default=None,
        description="What happens with a file that is not encrypted: refused when there is `decrypt_with` or "
        "`require_signature_from`, unless said otherwise here.",
    )

    @model_validator(mode="after")
    def _seals_make_sense(self) -> FilesSource:
        if self.plaintext == "accept" and self.require_signature_from:
            wrong("plaintext: accept lets in files without a signature; leave it or require_signature_from out")
        if self.plaintext == "refuse" and not (self.decrypt_with or self.require_signature_from):
            wrong("plaintext: refuse needs decrypt_with, or nothing could be read")
        return self
