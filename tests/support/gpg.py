"""A real GnuPG with a home of its own: makes keys, encrypts and signs as HR's system would."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Gpg:
    """`home` is short, because a socket lies in it."""

    program: Path
    home: Path

    @property
    def curves(self) -> bool:
        """Whether it makes keys of curves unless told otherwise: since 2.3."""
        said = self.run("--version").decode().split()[2]
        return tuple(int(part) for part in said.split(".")[:2]) >= (2, 3)

    def run(self, *words: str, given: bytes = b"", passphrase: str = "", at: str = "") -> bytes:
        """One command; `at` pretends that it is that moment (UTC, 20260131T120000)."""
        line = [
            str(self.program),
            "--homedir",
            str(self.home),
            "--batch",
            "--yes",
            "--quiet",
            "--trust-model",
            "always",
        ]
        line += ["--pinentry-mode", "loopback", "--passphrase", passphrase]
        line += ["--faked-system-time", at] if at else []
        done = subprocess.run([*line, *words], input=given, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def key(self, who: str, *, valid: str = "1y", passphrase: str = "", at: str = "", kind: str = "default") -> str:
        """A new key pair; its fingerprint, small letters."""
        usage = "default" if kind.endswith("default") else "encr" if kind.startswith("rsa") else "sign"
        self.run("--quick-gen-key", f"{who} <{who}@example.com>", kind, usage, valid, passphrase=passphrase, at=at)
        listed = self.run("--with-colons", "--fingerprint", f"={who} <{who}@example.com>").decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")).lower()

    def public(self, fingerprint: str) -> bytes:
        return self.run("--armor", "--export", fingerprint)

    def secret(self, fingerprint: str, passphrase: str = "") -> str:
        return self.run("--armor", "--export-secret-keys", fingerprint, passphrase=passphrase).decode()

    def seal(self, text: bytes, *words: str, to: str = "", by: str = "", at: str = "") -> bytes:
        """Encrypted (`to`), signed (`by`), or both in one message, compressed as GnuPG likes it."""
        doing = ["--encrypt", "--recipient", to] if to else []
        doing += ["--sign", "--local-user", by] if by else []
        return self.run(*words, *doing, given=text, at=at)


@contextmanager
def gnupg(program: Path) -> Iterator[Gpg]:
    """With an agent of its own that is ended with it."""
    home = Path(tempfile.mkdtemp(prefix="gpg-"))
    try:
        yield Gpg(program=program, home=home)
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=30)
        shutil.rmtree(home, ignore_errors=True)
