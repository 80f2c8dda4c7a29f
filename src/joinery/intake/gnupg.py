"""GnuPG opens what pysequoia cannot verify: a compressed, signed message inside an encrypted one (0.1.35).

Rule 1: its home is a folder of this call alone, in memory where the machine has such a place, and gone afterwards.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from joinery.errors import KeyUnusable
from joinery.intake.decode import untrusted
from joinery.intake.openpgp import Layer, unknown_signer

_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
_BAD: Final = {"BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"}


def decrypted(data: bytes, keys: Sequence[Any], passphrase: str | None, certs: Sequence[Any], name: str) -> Layer:
    """As `openpgp.decrypted`, by GnuPG. Raises KeyUnusable when it is not installed."""
    program = shutil.which("gpg")
    if program is None:
        raise KeyUnusable(
            f"{name} is signed inside a compressed layer; verifying that needs GnuPG, which is not here. "
            "Nothing was read.",
            fix="Install it (apt-get install gnupg), or have the file made without compression: gpg -z 0.",
        )
    with _home(program) as gpg:
        for key in keys:
            _run(gpg, "--import", given=str(key).encode(), passphrase=passphrase)
        for cert in certs:
            _run(gpg, "--import", given=bytes(cert))
        done = _run(gpg, "--decrypt", given=data, passphrase=passphrase)
    told = [line.split()[1:] for line in done.stderr.decode("utf-8", "replace").splitlines() if _is_status(line)]
    signed = frozenset(words[-1].lower() for words in told if words[0] == "VALIDSIG")
    if any(words[0] == "ERRSIG" for words in told):
        raise unknown_signer(name, [words[1] for words in told if words[0] == "ERRSIG"])
    if not signed or any(words[0] in _BAD for words in told) or done.returncode != 0:
        raise untrusted(
            "signature_not_valid",
            f"The signature of {name} is not valid: it or its key has expired or was revoked, or the file was changed. "
            "Nothing was read and nobody was touched.",
            "Have the file signed and sent again.",
        )
    return Layer(content=done.stdout, signed_by=signed)


def _is_status(line: str) -> bool:
    return line.startswith("[GNUPG:] ") and len(line.split()) > 1


@contextmanager
def _home(program: str) -> Iterator[list[str]]:
    """The beginning of each command line, with a home that is removed together with its agent."""
    folder = tempfile.mkdtemp(prefix="joinery-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
    try:
        plain = ["--batch", "--no-tty", "--yes", "--trust-model", "always", "--no-auto-key-retrieve"]
        yield [program, "--homedir", folder, *plain]
    finally:
        stop = shutil.which("gpgconf")
        if stop is not None:
            _call([stop, "--homedir", folder, "--kill", "all"])
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    gpg: Sequence[str], doing: str, *, given: bytes, passphrase: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    """One command; status lines go to stderr. A passphrase goes through a file of the private home."""
    extra = ["--status-fd", "2", "--pinentry-mode", "loopback"]
    if passphrase is not None:
        place = Path(gpg[2]) / "passphrase"
        place.touch(mode=0o600)
        place.write_text(passphrase, encoding="utf-8")
        extra += ["--passphrase-file", str(place)]
    return _call([*gpg, *extra, doing], given)


def _call(line: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A program found on the path, with words that are ours; what came from outside goes through its input."""
    return subprocess.run(line, input=given, capture_output=True, check=False, timeout=300)  # noqa: S603
