"""The OpenPGP keys of the settings: ours and those of who signs, and how long each still counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joinery.errors import JoineryError, NotThere
from joinery.kit.moves import said_plainly
from joinery.settings import Settings
from joinery.settings.files import FilesSource

#: so long before its end a key is spoken of, and so long before it is the first thing said
SOON, URGENT = timedelta(days=30), timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `ours`: files are encrypted to it; else somebody signs with it. `trouble`: why it cannot be used."""

    source: str
    ours: bool
    fingerprint: str = ""
    owner: str = ""
    expires: datetime | None = None
    public: str = ""
    trouble: str = ""

    def left(self, now: datetime) -> timedelta | None:
        """Until it counts no more; None when it never ends."""
        return self.expires - now if self.expires else None

    def soon(self, now: datetime) -> bool:
        """Somebody should see to it."""
        left = self.left(now)
        return bool(self.trouble) or (left is not None and left <= SOON)

    def urgent(self, now: datetime) -> bool:
        """Somebody should see to it at once."""
        left = self.left(now)
        return bool(self.trouble) or (left is not None and left <= URGENT)


def keys_of(settings: Settings) -> Iterator[Key]:
    """All of them; one that cannot be read is told with its trouble."""
    for name, source in settings.people.items():
        if isinstance(source, FilesSource) and (source.decrypt_with or source.require_signature_from):
            yield from (_told(name, secret.reveal) for secret in source.decrypt_with)
            yield from _signers(name, source)


def _told(source: str, reveal: Callable[[], str]) -> Key:
    from joinery.intake.openpgp import secret_keys

    try:
        (key,) = secret_keys([reveal])
    except JoineryError as error:
        return Key(source=source, ours=True, trouble=error.message)
    return _key(source, key.extract_certificate(), ours=True)


def _signers(source: str, settings: FilesSource) -> Iterator[Key]:
    from joinery.intake.openpgp import certificates

    for fingerprint in settings.require_signature_from:
        try:
            (cert,) = certificates(settings.signing_keys, frozenset({fingerprint}))
        except JoineryError as error:
            yield Key(source=source, ours=False, fingerprint=fingerprint.upper(), trouble=error.message)
        else:
            yield _key(source, cert, ours=False)


def _key(source: str, cert: Any, *, ours: bool) -> Key:
    return Key(
        source=source,
        ours=ours,
        fingerprint=cert.fingerprint.upper(),
        owner=str(cert.user_ids[0]) if cert.user_ids else "",
        expires=cert.expiration,
        public=str(cert),
    )


def new_key(place: Path, owner: str, valid: timedelta) -> Key:
    """Makes a key pair; the private half goes into this new file, readable for us only. Raises NotThere, StopRun."""
    from pysequoia import Tsk

    made = Tsk.generate(user_id=owner, validity_seconds=int(valid.total_seconds()))
    with said_plainly("write", place):
        try:
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise NotThere(
                f"{place} exists already; nothing was written.",
                fix="Choose another name: files that are on their way may still be encrypted to the key in it.",
            ) from error
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(str(made))
    return _key("", made.extract_certificate(), ours=True)
