"""Webhooks: is this request really from HR's system, and is it new? Pure: no clock, no store, no HTTP.

Rule: every byte of the body is signed, compared in constant time, before anything in it is looked at.
A connector may bring its vendor's own `Scheme`; the rest of Joinery knows only this form.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from joinery.errors import JoineryError

#: a message of another time is a replay, or a clock is wrong
WINDOW = timedelta(minutes=5)


class NotSigned(JoineryError):
    """The request is not signed as agreed; nothing was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that is really from the sender. `id` is the same for every delivery of it; `at` when it was sent."""

    id: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How one vendor signs. `signed` gives what was signed, `said` the signatures in the header, as bytes."""

    #: headers, in small letters: of the signature, the moment (seconds since 1970) and the message's ID
    signature: str
    timestamp: str = ""
    id: str = ""
    signed: Callable[[str, str, bytes], bytes] = lambda _id, _at, body: body
    said: Callable[[str], Iterator[bytes]]
    #: the secret as it is written in settings -> the key
    key: Callable[[str], bytes] = lambda secret: secret.encode()


def _hex(header: str) -> Iterator[bytes]:
    text = header.strip().removeprefix("sha256=")
    try:
        yield bytes.fromhex(text)
    except ValueError:
        return


def _base64(header: str) -> Iterator[bytes]:
    try:
        yield base64.b64decode(header.strip().removeprefix("sha256="), validate=True)
    except (binascii.Error, ValueError):
        return


def _versions(header: str) -> Iterator[bytes]:
    """`v1,BASE64 v1,BASE64 v1a,…`: several while one secret follows the other."""
    for part in header.split():
        version, _, text = part.partition(",")
        if version == "v1":
            yield from _base64(text)


def _whsec(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


#: by the name in settings
SCHEMES: Mapping[str, Scheme] = {
    # https://www.standardwebhooks.com
    "standard": Scheme(
        signature="webhook-signature",
        timestamp="webhook-timestamp",
        id="webhook-id",
        signed=lambda key, at, body: f"{key}.{at}.".encode() + body,
        said=_versions,
        key=_whsec,
    ),
    # body first, no separator: what the vendor's own sample does; not tried against the real service
    "bamboohr": Scheme(
        signature="x-bamboohr-signature",
        timestamp="x-bamboohr-timestamp",
        signed=lambda _id, at, body: body + at.encode(),
        said=_hex,
    ),
    # for senders that sign nothing but the body; a replay is known by its content only
    "hmac_hex": Scheme(signature="x-signature", said=_hex),
    "hmac_base64": Scheme(signature="x-signature", said=_base64),
}


def authentic(scheme: Scheme, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Sent:
    """The message is from somebody who knows one of the secrets, and is not old. Raises NotSigned.

    `headers` have small letters. Without an ID of its own a message is known by its content.
    """
    key, at = headers.get(scheme.id, ""), headers.get(scheme.timestamp, "")
    if scheme.id and not key:
        raise NotSigned(f"The header {scheme.id} is missing; nothing was kept.")
    said = list(scheme.said(headers.get(scheme.signature, "")))
    signed = scheme.signed(key, at, body)
    wanted = [hmac.new(scheme.key(secret), signed, sha256).digest() for secret in secrets]
    # every pair, so that the time says nothing
    if not any([hmac.compare_digest(one, other) for one in said for other in wanted]):
        raise NotSigned(f"The signature in {scheme.signature} is missing or wrong; nothing was kept.")
    sent = _moment(scheme, at)
    if sent is not None and abs(now - sent) > WINDOW:
        raise NotSigned(
            f"The message is signed for {sent:%Y-%m-%dT%H:%M:%SZ}, more than {WINDOW} from now; nothing was kept.",
            fix="Check both clocks; a sender signs each attempt anew.",
        )
    return Sent(id=key or sha256(at.encode() + body).hexdigest(), at=sent)


def _moment(scheme: Scheme, text: str) -> datetime | None:
    if not scheme.timestamp:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise NotSigned(f"The header {scheme.timestamp} is missing or no moment; nothing was kept.")
    return datetime.fromtimestamp(int(text), UTC)
