"""What GnuPG made is opened when it should be, and refused with its reason when it should not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from joinery.errors import KeyUnusable, SourceUntrusted
from joinery.intake import gnupg as fallback
from joinery.intake import openpgp
from joinery.intake.openpgp import tag_of
from joinery.intake.seal import Seal
from joinery.kit.drop import ArrivedFile
from tests.support.gpg import Gpg, gnupg

TEXT = b"worker_id,name\n000123,Ana\n" * 500
PLAIN = "--compress-level", "0"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Fingerprints of ours (two), HR's, and somebody else's."""

    gpg: Gpg
    us: str
    us_next: str
    hr: str
    stranger: str


@pytest.fixture(scope="module")
def keys(gpg_path: Path) -> Iterator[Keys]:
    with gnupg(gpg_path) as gpg:
        kinds = {"us": "default", "us_next": "default", "hr": "default", "stranger": "ed25519"}
        made = {who: gpg.key(who, kind=kind) for who, kind in kinds.items()}
        yield Keys(gpg=gpg, **made)


class Files:
    """Where files lie, and what a source says of their seal."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.folder, self.keys = folder, keys
        (folder / "keys").mkdir()
        for who in (keys.hr, keys.stranger):
            (folder / "keys" / f"{who}.asc").write_bytes(keys.gpg.public(who))

    def seal(self, **changes: Any) -> Seal:
        ours = lambda: self.keys.gpg.secret(self.keys.us)  # noqa: E731
        given: dict[str, Any] = {
            "now": lambda: datetime.now(UTC),
            "keys": (ours,),
            "signing_keys": self.folder / "keys",
            "plaintext": False,
        }
        return Seal(**(given | changes))

    def read(self, data: bytes, name: str = "employees.csv.pgp", **changes: Any) -> bytes:
        """What is inside; the text is gone afterwards, and was nobody else's to read."""
        path = self.folder / name
        path.write_bytes(data)
        before = {each for each in self.folder.rglob("*") if each.is_file()}
        with self.seal(**changes).opened(ArrivedFile(path=path, name=name)) as opened:
            inside = opened.path.read_bytes()
            if opened.path != path:
                assert opened.path.stat().st_mode & 0o777 == 0o600
                assert opened.path.parent.stat().st_mode & 0o777 == 0o700
        assert {each for each in self.folder.rglob("*") if each.is_file()} == before
        return inside

    def refusal(self, data: bytes, name: str = "employees.csv.pgp", **changes: Any) -> str:
        """The code; what was in the file is not repeated."""
        with pytest.raises(SourceUntrusted) as caught:
            self.read(data, name, **changes)
        assert "Ana" not in str(caught.value)
        assert caught.value.fix
        return str(caught.value.data["code"])


@pytest.fixture
def files(tmp_path: Path, keys: Keys) -> Files:
    return Files(tmp_path, keys)


@pytest.mark.parametrize("armour", [(), ("--armor",)], ids=["binary", "armoured"])
def test_an_encrypted_file_is_opened(files: Files, keys: Keys, armour: tuple[str, ...]) -> None:
    assert files.read(keys.gpg.seal(TEXT, *armour, to=keys.us)) == TEXT


@pytest.mark.parametrize("name", ["employees.csv.pgp", "employees.csv.gpg", "EMPLOYEES.CSV.ASC", "employees.csv"])
def test_the_text_has_the_name_without_the_seal(files: Files, keys: Keys, name: str) -> None:
    path = files.folder / name
    path.write_bytes(keys.gpg.seal(TEXT, to=keys.us))
    with files.seal().opened(ArrivedFile(path=path, name=name)) as opened:
        assert opened.whole
        assert opened.path.name.lower() == "employees.csv"
        assert opened.name == name


def sealed(keys: Keys) -> dict[str, bytes]:
    """HR's signature and our key, in every order."""
    gpg, us, hr = keys.gpg, keys.us, keys.hr
    return {
        "signed and encrypted in one, compressed": gpg.seal(TEXT, to=us, by=hr),
        "signed and encrypted in one, not compressed": gpg.seal(TEXT, *PLAIN, to=us, by=hr),
        "signed and encrypted in one, armoured": gpg.seal(TEXT, "--armor", to=us, by=hr),
        "signed, then encrypted": gpg.seal(gpg.seal(TEXT, by=hr), to=us),
        "signed, then encrypted, both armoured": gpg.seal(gpg.seal(TEXT, "--armor", by=hr), "--armor", to=us),
        "encrypted, then signed": gpg.seal(gpg.seal(TEXT, to=us), by=hr),
        "encrypted, then signed, both armoured": gpg.seal(gpg.seal(TEXT, "--armor", to=us), "--armor", by=hr),
        "encrypted to us and to our next key": gpg.seal(TEXT, "--recipient", keys.us_next, to=us, by=hr),
    }


ORDERS = (
    "signed and encrypted in one, compressed",
    "signed and encrypted in one, not compressed",
    "signed and encrypted in one, armoured",
    "signed, then encrypted",
    "signed, then encrypted, both armoured",
    "encrypted, then signed",
    "encrypted, then signed, both armoured",
    "encrypted to us and to our next key",
)


@pytest.fixture(scope="module")
def orders(keys: Keys) -> dict[str, bytes]:
    made = sealed(keys)
    assert tuple(made) == ORDERS
    return made


@pytest.mark.parametrize("order", ORDERS)
def test_a_signature_that_is_demanded_is_found_in_every_order(
    files: Files, keys: Keys, orders: dict[str, bytes], order: str
) -> None:
    assert files.read(orders[order], signers=frozenset({keys.hr})) == TEXT


@pytest.mark.parametrize("order", ORDERS)
def test_the_signature_of_somebody_else_is_refused_in_every_order(
    files: Files, keys: Keys, orders: dict[str, bytes], order: str
) -> None:
    assert files.refusal(orders[order], signers=frozenset({keys.stranger})) in {"signer_unknown", "not_signed"}


def test_both_of_our_keys_open_while_one_follows_the_other(files: Files, keys: Keys) -> None:
    both = tuple((lambda who=who: keys.gpg.secret(who)) for who in (keys.us, keys.us_next))
    for to in (keys.us, keys.us_next):
        assert files.read(keys.gpg.seal(TEXT, to=to, by=keys.hr), keys=both, signers=frozenset({keys.hr})) == TEXT


def test_an_encrypted_file_without_the_signature_that_is_demanded(files: Files, keys: Keys) -> None:
    for words in ((), PLAIN):
        data = keys.gpg.seal(TEXT, *words, to=keys.us)
        assert files.refusal(data, signers=frozenset({keys.hr})) == "not_signed"


def test_another_key_than_ours(files: Files, keys: Keys) -> None:
    assert files.refusal(keys.gpg.seal(TEXT, to=keys.us_next)) == "cannot_decrypt"


def test_an_open_file_is_refused_or_let_in_as_the_settings_say(files: Files) -> None:
    assert files.refusal(TEXT, "employees.csv") == "not_encrypted"
    assert files.read(TEXT, "employees.csv", plaintext=True) == TEXT


def test_a_file_that_is_signed_only_is_no_encrypted_one(files: Files, keys: Keys) -> None:
    data = keys.gpg.seal(TEXT, by=keys.hr)
    assert files.refusal(data, signers=frozenset({keys.hr})) == "not_encrypted"
    assert files.read(data, signers=frozenset({keys.hr}), keys=()) == TEXT
    assert files.refusal(data, keys=()) == "signature_unknown"


def test_a_clear_signed_text_is_verified(files: Files, keys: Keys) -> None:
    data = keys.gpg.run("--clearsign", "--local-user", keys.hr, given=TEXT)
    assert files.read(data, "employees.csv.asc", signers=frozenset({keys.hr}), keys=()) == TEXT
    forged = data.replace(b"Ana", b"Eve", 1)
    with pytest.raises(SourceUntrusted) as caught:
        files.read(forged, "employees.csv.asc", signers=frozenset({keys.hr}), keys=())
    assert caught.value.data["code"] == "signature_not_valid"


@pytest.mark.parametrize("words", [(), PLAIN], ids=["compressed", "not compressed"])
def test_the_key_of_a_signer_that_has_expired_counts_no_more(files: Files, keys: Keys, words: tuple[str, ...]) -> None:
    gpg = keys.gpg
    name = f"former{len(words)}"
    former = gpg.key(name, valid="30d", at="20260101T120000", kind="ed25519")
    (files.folder / "keys" / "former.asc").write_bytes(gpg.public(former))
    data = gpg.seal(TEXT, *words, "--always-trust", to=keys.us)
    data = gpg.run(*words, "--sign", "--local-user", former, given=data, at="20260110T120000")
    assert files.refusal(data, signers=frozenset({former})) == "signature_not_valid"


def test_a_signature_that_has_expired(files: Files, keys: Keys) -> None:
    gpg = keys.gpg
    lasting = gpg.key("lasting", valid="5y", at="20260101T120000", kind="ed25519")
    (files.folder / "keys" / "lasting.asc").write_bytes(gpg.public(lasting))
    inner = gpg.seal(TEXT, to=keys.us)
    words = "--default-sig-expire", "2d", "--sign", "--local-user", lasting
    data = gpg.run(*words, given=inner, at="20260110T120000")
    assert files.refusal(data, signers=frozenset({lasting})) == "signature_not_valid"


def test_our_own_key_that_has_expired_says_so(files: Files, keys: Keys) -> None:
    gpg = keys.gpg
    old = gpg.key("old", valid="30d", at="20260101T120000")
    data = gpg.seal(TEXT, to=old, at="20260110T120000")
    with pytest.raises(SourceUntrusted, match="our key has expired"):
        files.read(data, keys=(lambda: gpg.secret(old),))


@pytest.mark.parametrize("cut", [3, 40, 200, -1, -20, -400])
def test_a_message_that_was_cut(files: Files, keys: Keys, cut: int) -> None:
    whole = keys.gpg.seal(os.urandom(4000), *PLAIN, to=keys.us)
    assert files.refusal(whole[:cut]) == "seal_broken"


@pytest.mark.parametrize("at", [400, 2000, -3])
@pytest.mark.parametrize("signed", [True, False])
def test_a_message_that_was_changed(files: Files, keys: Keys, at: int, signed: bool) -> None:
    changed = bytearray(keys.gpg.seal(os.urandom(4000), *PLAIN, to=keys.us, by=keys.hr if signed else ""))
    changed[at] ^= 0x40
    signers = frozenset({keys.hr}) if signed else frozenset[str]()
    assert files.refusal(bytes(changed), signers=signers) in {"seal_broken", "cannot_decrypt"}


def test_a_changed_message_whose_signature_lies_below_compression(files: Files, keys: Keys) -> None:
    changed = bytearray(keys.gpg.seal(os.urandom(4000), to=keys.us, by=keys.hr))
    changed[-3] ^= 0x40
    assert files.refusal(bytes(changed), signers=frozenset({keys.hr})) == "seal_broken"


def test_a_text_with_the_name_of_a_sealed_file(files: Files) -> None:
    assert files.refusal(TEXT, plaintext=True) == "seal_broken"
    assert files.refusal(b"", plaintext=True) == "seal_broken"


def test_a_sealed_file_without_a_key_in_the_settings(files: Files, keys: Keys) -> None:
    assert files.refusal(keys.gpg.seal(TEXT, to=keys.us), keys=(), plaintext=True) == "encrypted"


def test_a_locked_key_opens_with_its_passphrase_and_waits_without(files: Files, keys: Keys) -> None:
    gpg = keys.gpg
    # what GnuPG 2.4 writes of a locked curve key cannot be read: see below
    locked = gpg.key("locked", passphrase="open sesame", kind="rsa3072")
    secret = (lambda: gpg.secret(locked, "open sesame"),)
    for by in ("", keys.hr):
        data = gpg.seal(TEXT, to=locked, by=by)
        signers = frozenset({by} - {""})
        assert files.read(data, keys=secret, passphrase=lambda: "open sesame", signers=signers) == TEXT
        with pytest.raises(KeyUnusable):
            files.read(data, keys=secret, passphrase=lambda: "another", signers=signers)


def test_a_lock_that_cannot_be_read_is_not_taken_for_a_wrong_passphrase(files: Files, keys: Keys) -> None:
    """GnuPG 2.4.9 writes curve keys so (seen 2026-11-30 with pysequoia 0.1.35); GnuPG 2.2.40 does not."""
    gpg = keys.gpg
    locked = gpg.key("locked by a curve", passphrase="open sesame", kind="default" if gpg.curves else "future-default")
    data = gpg.seal(TEXT, to=locked)
    secret = (lambda: gpg.secret(locked, "open sesame"),)
    if not gpg.curves:
        assert files.read(data, keys=secret, passphrase=lambda: "open sesame") == TEXT
        return
    with pytest.raises(KeyUnusable, match="not the reason") as told:
        files.read(data, keys=secret, passphrase=lambda: "open sesame")
    assert "joinery key new" in (told.value.fix or "")


@dataclass(frozen=True)
class _Odd:
    """A private key whose lock is written otherwise than the library expects, or the passphrase is another one."""

    said: str

    def decryptor(self, _passphrase: str | None) -> None:
        raise RuntimeError(self.said)

    def extract_certificate(self) -> SimpleNamespace:
        return SimpleNamespace(fingerprint="ab" * 20)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param("Malformed MPI: Details omitted, parsing secret", "is not the reason", id="an odd lock"),
        pytest.param("unexpected EOF", "cannot be unlocked", id="a wrong passphrase"),
    ],
)
def test_why_a_key_stays_locked_is_said(said: str, told: str) -> None:
    with pytest.raises(KeyUnusable, match=told):
        openpgp._decryptor(_Odd(said), "open sesame")


@pytest.mark.parametrize("secret", ["not a key", ""])
def test_what_is_no_key_is_said_without_repeating_it(files: Files, keys: Keys, secret: str) -> None:
    with pytest.raises(KeyUnusable) as caught:
        files.read(keys.gpg.seal(TEXT, to=keys.us), keys=(lambda: secret,))
    assert "not a key" not in str(caught.value)


def test_a_signer_whose_public_key_is_not_here(files: Files, keys: Keys) -> None:
    with pytest.raises(KeyUnusable, match="is not in"):
        files.read(keys.gpg.seal(TEXT, to=keys.us), signers=frozenset({"ab" * 20}))


def test_without_gnupg_only_the_compressed_kind_cannot_be_verified(
    files: Files, keys: Keys, orders: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback.shutil, "which", lambda _name: None)  # type: ignore[attr-defined]
    signers = frozenset({keys.hr})
    assert files.read(orders["signed and encrypted in one, not compressed"], signers=signers) == TEXT
    with pytest.raises(KeyUnusable, match="GnuPG"):
        files.read(orders["signed and encrypted in one, compressed"], signers=signers)


def test_gnupg_leaves_no_home_behind(files: Files, keys: Keys, orders: dict[str, bytes]) -> None:
    before = set(Path("/dev/shm").glob("joinery-*")) if Path("/dev/shm").is_dir() else set()
    files.read(orders["signed and encrypted in one, compressed"], signers=frozenset({keys.hr}))
    assert set(Path("/dev/shm").glob("joinery-*")) == before


def test_what_a_killed_run_left_is_gone_with_the_next_one(files: Files, keys: Keys) -> None:
    (files.folder / ".opened").mkdir()
    (files.folder / ".opened" / "employees.csv").write_bytes(TEXT)
    path = files.folder / "employees.csv.pgp"
    path.write_bytes(keys.gpg.seal(TEXT, to=keys.us))
    with files.seal().opened(ArrivedFile(path=path, name=path.name)):
        pass
    assert not (files.folder / ".opened").exists()


TEXTS = ("Âge,Nom", "État", "ÄÖ", "\ufeffID", "é", "Ångström;x", "ID", "", "…", "“quoted”")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_taken_for_a_sealed_file(text: str, encoding: str) -> None:
    assert tag_of((text + "\nworker_id,name\n").encode(encoding, "replace")) is None
