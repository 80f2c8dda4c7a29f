"""One layer of an OpenPGP message: recognised, opened with our keys, its signatures verified. Keys stay in memory.

Rule 1: who signed is answered only by verified signatures of the certificates given; anything doubtful raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from joinery.errors import KeyUnusable, SourceUntrusted
from joinery.intake.decode import untrusted

_ARMOUR: Final = b"-----BEGIN PGP "
_KEY_BLOCKS: Final = (b"-----BEGIN PGP P",)
#: packet tag -> first bytes that its body may begin with: no text begins so (RFC 9580 §5)
_FIRST: Final = {1: (2, 3, 6), 2: (3, 4, 5, 6), 3: (4, 5, 6), 4: (3, 6), 8: (0, 1, 2, 3), 18: (1, 2), 20: (1,)}
_ENCRYPTED: Final = frozenset({1, 3, 18, 20})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What is inside, and the primary fingerprints of those whose signature on it is valid."""

    content: bytes
    signed_by: frozenset[str] = frozenset()


class TooWrapped(Exception):
    """pysequoia does not look for signatures below a compressed layer inside an encrypted one."""


def tag_of(data: bytes) -> int | None:
    """The kind of OpenPGP packet that these bytes begin with; None when they are none, as any text is."""
    if data.lstrip()[: len(_ARMOUR)] == _ARMOUR and not data.lstrip().startswith(_KEY_BLOCKS):
        return _tag_of_armour(data)
    if len(data) < 3 or not data[0] & 0x80:
        return None
    if data[0] & 0x40:
        tag, size = data[0] & 0x3F, data[1]
        body = 2 if size < 192 or 224 <= size < 255 else 3 if size < 224 else 6
    else:
        tag, body = (data[0] >> 2) & 0x0F, (2, 3, 5, 1)[data[0] & 3]
    return tag if len(data) > body and data[body] in _FIRST.get(tag, ()) else None


def _tag_of_armour(data: bytes) -> int:
    from pysequoia.packet import PacketPile

    if b"BEGIN PGP SIGNED MESSAGE" in data[:200]:
        return 2
    try:
        first = next(iter(PacketPile.from_bytes(data)))
    except (RuntimeError, StopIteration, ValueError):
        return 1
    return int(first.tag)


def is_encrypted(tag: int) -> bool:
    """A layer that needs one of our keys."""
    return tag in _ENCRYPTED


def secret_keys(reveal: Sequence[Callable[[], str]]) -> list[Any]:
    """Our private keys. Raises KeyUnusable when one cannot be used; what was read is never repeated."""
    from pysequoia import Tsk

    found = []
    for each in reveal:
        try:
            found.append(Tsk.from_bytes(each().encode()))
        except (RuntimeError, ValueError) as error:
            raise KeyUnusable(
                "`decrypt_with` does not name an OpenPGP private key; the files wait.",
                fix="It is the armoured file that `joinery key new` or `gpg --export-secret-keys --armor` writes.",
            ) from error
    return found


def certificates(place: Path, wanted: frozenset[str]) -> list[Any]:
    """Public keys with these fingerprints in this file or folder. Raises KeyUnusable for one that is not there."""
    from pysequoia import Cert

    files = sorted(place.iterdir()) if place.is_dir() else [place] if place.is_file() else []
    found: dict[str, Any] = {}
    for file in files:
        if file.suffix.lower() in {".asc", ".pgp", ".gpg"} or file == place:
            try:
                certs = Cert.split_bytes(file.read_bytes())
            except (RuntimeError, ValueError, OSError):
                continue
            found |= {cert.fingerprint.lower(): cert for cert in certs if cert.fingerprint.lower() in wanted}
    if missing := sorted(wanted - found.keys()):
        raise KeyUnusable(
            f"The public key {missing[0].upper()} of `require_signature_from` is not in {place}; the files wait.",
            fix="Put it there: gpg --export --armor FINGERPRINT > keys/hr.asc, or ask the sender for it.",
        )
    return list(found.values())


def decrypted(data: bytes, keys: Sequence[Any], passphrase: str | None, certs: Sequence[Any], name: str) -> Layer:
    """The content, opened with the first of our keys that fits. Raises SourceUntrusted, KeyUnusable or TooWrapped."""
    from pysequoia import decrypt

    said = ""
    for key in keys:
        decryptor = _decryptor(key, passphrase)
        if decryptor is None:
            said = said or "expired"
            continue
        try:
            plain = bytes(decrypt(bytes=data, decryptor=decryptor).bytes or b"")
        except RuntimeError as error:
            said = _first_line(error)
            if "No key to decrypt" in said:
                continue
            break
        return Layer(content=plain, signed_by=_signed_inside(data, decryptor, certs) if certs else frozenset())
    raise _cannot(said, name)


def _decryptor(key: Any, passphrase: str | None) -> Any:
    """None for a key that has expired."""
    try:
        return key.decryptor(passphrase)
    except RuntimeError as error:
        if "No suitable decryption subkey" in str(error):
            return None
        number = key.extract_certificate().fingerprint.upper()
        if "Malformed MPI" in str(error):  # a wrong passphrase ends in another error; GnuPG 2.4.9, seen 2026-11-30
            raise KeyUnusable(
                f"The lock of the private key {number} cannot be read; the passphrase is not the reason. The files "
                "wait.",
                fix="GnuPG 2.4 locks curve keys in this way. Take the passphrase off a copy (gpg --edit-key, passwd) "
                "and keep that copy as a secret, or make a key with joinery key new.",
            ) from error
        raise KeyUnusable(
            f"The private key {number} cannot be unlocked; the files wait.",
            fix="`decrypt_passphrase` names what it is locked with.",
        ) from error


def _signed_inside(data: bytes, decryptor: Any, certs: Sequence[Any]) -> frozenset[str]:
    """Signatures in the same layer; none is no error here, since a layer further in may be signed."""
    from pysequoia import decrypt

    issuers: list[str] = []

    def store(ids: list[str]) -> Sequence[Any]:
        issuers.extend(ids)
        return certs

    try:
        answer = decrypt(bytes=data, decryptor=decryptor, store=store)
    except RuntimeError as error:
        if "Unexpected message structure" in str(error) and issuers:
            raise TooWrapped from error
        return frozenset()
    return frozenset(sig.certificate.lower() for sig in answer.valid_sigs)


def verified(data: bytes, certs: Sequence[Any], name: str) -> Layer:
    """The content of a signed layer. Raises SourceUntrusted when no signature of these certificates is valid."""
    from pysequoia import verify

    issuers: list[str] = []

    def store(ids: list[str]) -> Sequence[Any]:
        issuers.extend(ids)
        return certs

    try:
        answer = verify(bytes=data, store=store)
    except RuntimeError as error:
        raise _not_valid(_first_line(error), issuers, certs, name) from error
    content = bytes(answer.bytes or b"")
    if data.lstrip().startswith(b"-----BEGIN PGP SIGNED MESSAGE") and not content.endswith(b"\n"):
        content += b"\n"  # the line end before the signature belongs to its frame, not to the text
    return Layer(content=content, signed_by=frozenset(sig.certificate.lower() for sig in answer.valid_sigs))


def refuse_dead(certs: Sequence[Any], signed_by: frozenset[str], now: datetime, name: str) -> None:
    """A key that is revoked or has expired signs no more. Raises SourceUntrusted."""
    for cert in certs:
        expired = cert.expiration is not None and cert.expiration <= now
        if cert.fingerprint.lower() in signed_by and (cert.is_revoked or expired):
            raise untrusted(
                "signature_not_valid",
                f"{name} is signed with the key {cert.fingerprint.upper()}, which "
                f"{'was revoked' if cert.is_revoked else f'expired on {cert.expiration:%Y-%m-%d}'}. Nothing was read.",
                "Ask the sender for the key that is in use now and put it among the `signing_keys`.",
            )


def _not_valid(said: str, issuers: Sequence[str], certs: Sequence[Any], name: str) -> SourceUntrusted:
    known = {cert.fingerprint.lower() for cert in certs}
    if "no valid signatures" not in said:
        return _broken(name)
    if issuers and not any(fingerprint.endswith(each.lower()) for each in issuers for fingerprint in known):
        return unknown_signer(name, issuers)
    return untrusted(
        "signature_not_valid",
        f"The signature of {name} is not valid: it has expired, or the file was changed after it was signed. "
        "Nothing was read and nobody was touched.",
        "Have the file signed and sent again.",
    )


def unknown_signer(name: str, issuers: Sequence[str]) -> SourceUntrusted:
    """Signed, and by nobody who may."""
    return untrusted(
        "signer_unknown",
        f"{name} is signed with the key {', '.join(each.upper() for each in issuers)}, which is not among "
        "`require_signature_from`. Nothing was read and nobody was touched.",
        "If that is HR's new key, ask HR by another way, then add its fingerprint and its public key.",
    )


def _cannot(said: str, name: str) -> SourceUntrusted:
    if said in {"expired", ""} or "No key to decrypt" in said:
        why = "our key has expired" if said == "expired" else "it is encrypted to other keys than ours"
        return untrusted(
            "cannot_decrypt",
            f"{name} cannot be decrypted: {why}. Nothing was read and nobody was touched.",
            "Give the sender our present public key: joinery key show.",
        )
    return _broken(name)


def _broken(name: str) -> SourceUntrusted:
    return untrusted(
        "seal_broken",
        f"{name} was cut off or changed on its way: the OpenPGP message is not whole. Nothing was read.",
        "Have the whole file sent again.",
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
