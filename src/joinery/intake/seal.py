"""Files that came encrypted or signed, opened for as long as they are read. Rule 1: the text is gone when the run is.

Layers are taken off in whichever order they were put on; each must hold before anything is parsed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from joinery.errors import ConfigError, KeyUnusable
from joinery.intake import gnupg
from joinery.intake.decode import untrusted
from joinery.intake.openpgp import (
    Layer,
    TooWrapped,
    certificates,
    decrypted,
    is_encrypted,
    refuse_dead,
    secret_keys,
    tag_of,
    verified,
)
from joinery.kit.drop import ArrivedFile
from joinery.kit.moves import said_plainly

ENDINGS: Final = (".pgp", ".gpg", ".asc")
_MOST_LAYERS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """How a source's files are sealed. Keys are functions: read when a sealed file is there, never kept."""

    now: Callable[[], datetime]
    keys: tuple[Callable[[], str], ...] = ()
    passphrase: Callable[[], str] | None = None
    #: fingerprints of those who may sign; empty: nobody has to
    signers: frozenset[str] = frozenset()
    signing_keys: Path = field(default_factory=Path)
    #: a file that is not sealed may be read
    plaintext: bool = True

    @contextmanager
    def opened(self, file: ArrivedFile) -> Iterator[ArrivedFile]:
        """The same file with `path` where its text lies, readable for us only, until the block ends.

        Raises SourceUntrusted with what is wrong with its seal, KeyUnusable when something is with our keys.
        """
        with said_plainly("read", file.path), file.path.open("rb") as source:
            head = source.read(4096)
        if tag_of(head) is None:
            self._may_be_plain(file)
            yield file
            return
        with said_plainly("read", file.path):
            raw = file.path.read_bytes()
        content = self._open(raw, file.name)
        folder = file.path.parent / ".opened"
        try:
            yield replace(file, path=_put(folder, plain_name(file.path.name), content), sealed=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _may_be_plain(self, file: ArrivedFile) -> None:
        if file.name.lower().endswith(ENDINGS):
            raise untrusted(
                "seal_broken",
                f"{file.name} calls itself encrypted and is no OpenPGP message. Nothing was read.",
                "Have the whole file sent again.",
            )
        if self.signers or not self.plaintext:
            raise untrusted(
                "not_encrypted",
                f"{file.name} is neither encrypted nor signed, and the settings demand it. Nothing was read.",
                "Have it sent encrypted to our key (joinery key show), and tell the sender that people's data came in "
                "the open.",
            )

    def _open(self, raw: bytes, name: str) -> bytes:
        """What is inside of all layers. Raises SourceUntrusted."""
        certs = certificates(self.signing_keys, self.signers) if self.signers else []
        content, signed_by, opened = raw, frozenset[str](), False
        for _ in range(_MOST_LAYERS):
            tag = tag_of(content)
            if tag is None:
                break
            layer = self._layer(content, tag, certs, name)
            opened = opened or is_encrypted(tag)
            content, signed_by = layer.content, signed_by | layer.signed_by
        if self.signers and not signed_by & self.signers:
            raise untrusted(
                "not_signed",
                f"{name} carries no signature of anybody in `require_signature_from`. Nothing was read.",
                "Have it signed with one of these keys and sent again.",
            )
        refuse_dead(certs, signed_by, self.now(), name)
        if self.keys and not opened and not self.plaintext:
            raise untrusted(
                "not_encrypted",
                f"{name} is signed, and not encrypted as the settings demand. Nothing was read.",
                "Have it sent encrypted to our key: joinery key show.",
            )
        return content

    def _layer(self, content: bytes, tag: int, certs: list[Any], name: str) -> Layer:
        if not is_encrypted(tag):
            if not self.signers:
                raise untrusted(
                    "signature_unknown",
                    f"{name} is signed, and the settings do not say whose signature counts. Nothing was read.",
                    "Say it: require_signature_from, with the fingerprint of the sender's key.",
                )
            return verified(content, certs, name)
        if not self.keys:
            raise untrusted(
                "encrypted",
                f"{name} is encrypted, and the settings name no key to open it. Nothing was read.",
                "Say it: decrypt_with: {file: ...}, our private key.",
            )
        keys, passphrase = self._our_keys()
        try:
            return decrypted(content, keys, passphrase, certs, name)
        except TooWrapped:
            return gnupg.decrypted(content, keys, passphrase, certs, name)

    def _our_keys(self) -> tuple[list[Any], str | None]:
        try:
            return secret_keys(self.keys), self.passphrase() if self.passphrase else None
        except ConfigError as error:
            raise KeyUnusable(error.message, fix=error.fix, data=error.data) from error


def plain_name(name: str) -> str:
    """`employees.csv` for `employees.csv.pgp`."""
    return name.rpartition(".")[0] if name.lower().endswith(ENDINGS) else name


def _put(folder: Path, name: str, content: bytes) -> Path:
    """Readable for us only from the first byte on; what a killed run left is gone first."""
    shutil.rmtree(folder, ignore_errors=True)
    with said_plainly("write", folder):
        folder.mkdir(mode=0o700)
        path = folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    return path
