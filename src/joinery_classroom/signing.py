"""Signs text so that anybody with the public key can check it without this server (Ed25519).

Without the `cryptography` package an HMAC takes its place; then only the holder of the key can check. The key comes
from the installation's secret: change the secret and old certificates no longer verify offline.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from joinery_classroom.sealing import keyed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC, SHARED = "ed25519", "hmac-sha256"


def sign(secret: str, message: bytes) -> str:
    """`algorithm.signature`, the same text every time."""
    private = _private(secret)
    if private is None:
        return f"{SHARED}.{encode(hmac.digest(_seed(secret), message, hashlib.sha256))}"
    return f"{PUBLIC}.{encode(private.sign(message))}"


def public_key(secret: str) -> str:
    """`algorithm.key`, what `holds` needs. An ed25519 key may be given to anybody, an hmac key to nobody."""
    private = _private(secret)
    if private is None:
        return f"{SHARED}.{encode(_seed(secret))}"
    return f"{PUBLIC}.{encode(private.public_key().public_bytes_raw())}"


def holds(key: str, message: bytes, signature: str) -> bool:
    """Was the message signed by the owner of this key? False for anything malformed."""
    algorithm, _, key_text = key.partition(".")
    signed_with, _, signature_text = signature.partition(".")
    if algorithm != signed_with:
        return False
    try:
        key_bytes, signed = decode(key_text), decode(signature_text)
    except ValueError:
        return False
    if algorithm == SHARED:
        return hmac.compare_digest(hmac.digest(key_bytes, message, hashlib.sha256), signed)
    return algorithm == PUBLIC and _ed25519_holds(key_bytes, message, signed)


def encode(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    """The reverse of `encode`. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _ed25519_holds(key: bytes, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(secret: str) -> Ed25519PrivateKey | None:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        return None
    return Ed25519PrivateKey.from_private_bytes(_seed(secret))


def _seed(secret: str) -> bytes:
    return keyed(secret, "certificate signing key", "1")
