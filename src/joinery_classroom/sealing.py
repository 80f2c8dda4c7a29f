"""Everything made from the installation's secret by a one-way function: short ids, form tokens, hashes of codes."""

from __future__ import annotations

import base64
import hashlib
import hmac

#: No I, L, O, U: read aloud and typed by hand without mistakes.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def keyed(secret: str, purpose: str, text: str) -> bytes:
    """32 bytes that only the holder of the secret can make. Each purpose has its own."""
    return hmac.digest(secret.encode(), f"{purpose}\n{text}".encode(), hashlib.sha256)


def short_id(secret: str, purpose: str, text: str) -> str:
    """A stable id for people to read, 60 bits, like 4F7K-Q2ZD-91MB."""
    letters = [_ALPHABET[byte % 32] for byte in keyed(secret, purpose, text)[:12]]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


def token_hash(token: str) -> str:
    """What is stored of a long random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(secret: str, visit: str) -> str:
    """The CSRF token for one visit cookie."""
    return base64.urlsafe_b64encode(keyed(secret, "form", visit)).decode().rstrip("=")


def same(left: str, right: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
