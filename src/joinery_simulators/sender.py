"""An HR system that sends webhooks badly: several times, out of order, and again when it hears no yes.

Rule: every message keeps its ID and its own moment through all of its deliveries; only then can a receiver tell.
"""

from __future__ import annotations

import base64
import hmac
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`id` is the webhook-id; `body` the payload, JSON."""

    id: str
    body: Any = field(repr=False)


def deliveries(messages: Sequence[Message], seed: int, *, most: int = 3, far: int = 5) -> list[Message]:
    """Each message one to `most` times, moved by up to `far` places: the same list for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - accidents, not secrets
    places = [(n + dice.uniform(0, far), one) for n, one in enumerate(messages) for _ in range(dice.randint(1, most))]
    return [one for _, one in sorted(places, key=lambda place: place[0])]


def signed(message: Message, secret: str, now: float) -> tuple[bytes, dict[str, str]]:
    """Body and headers as Standard Webhooks says; `now` is in seconds since 1970."""
    content, stamp = json.dumps(message.body).encode(), str(int(now))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(key, f"{message.id}.{stamp}.".encode() + content, sha256).digest()).decode()
    headers = {"webhook-id": message.id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{mark}"}
    return content, headers | {"content-type": "application/json"}


def post(url: str, content: bytes, headers: dict[str, str]) -> int:
    """The status of the answer; 0 when none came."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("The address of the receiver must begin with http:// or https://.")
    try:
        with urlopen(Request(url, content, headers), timeout=30) as answer:  # noqa: S310 - looked at above
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return 0


def send(
    url: str,
    secret: str,
    order: Sequence[Message],
    *,
    clock: Callable[[], float],
    tries: int = 5,
    pause: Callable[[float], None] = time.sleep,
) -> dict[int, int]:
    """Deliver in this order, each again (after 0.1, 0.2, 0.4 … s) until it is taken; how often which status came."""
    heard: dict[int, int] = {}
    for message in order:
        for again in range(tries):
            status = post(url, *signed(message, secret, clock()))
            heard[status] = heard.get(status, 0) + 1
            if 200 <= status < 300:
                break
            pause(0.1 * 2**again)
    return heard
