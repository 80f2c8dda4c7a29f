"""Signs text so that anybody with the public key can check it without this server (Ed25519).

The key comes from the installation's secret: change the secret and old certificates no longer verify offline.
"""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from joinery_classroom.sealing import keyed

ALGORITHM = "ed25519"


def sign(secret: str, message: bytes) -> str:
    """`algorithm.signature`, the same text every time."""
    return f"{ALGORITHM}.{encode(_private(secret).sign(message))}"


def public_key(secret: str) -> str:
    """`algorithm.key`, what `holds` needs; it may be given to anybody."""
    return f"{ALGORITHM}.{encode(_private(secret).public_key().public_bytes_raw())}"


def holds(key: str, message: bytes, signature: str) -> bool:
    """Was the message signed by the owner of this key? False for anything malformed."""
    algorithm, _, key_text = key.partition(".")
    signed_with, _, signature_text = signature.partition(".")
    if algorithm != ALGORITHM or signed_with != ALGORITHM:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(decode(key_text)).verify(decode(signature_text), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def encode(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    """The reverse of `encode`. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keyed(secret, "certificate signing key", "1"))
