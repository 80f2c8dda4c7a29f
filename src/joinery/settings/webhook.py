"""Webhooks of HR's system: how they are signed and where in them the records stand. Rule: secrets by reference only."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from joinery.kit.webhook import SCHEMES, Scheme
from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.secret import Secrets
from joinery.settings.values import Text, wrong


def _header(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,99}", value):
        wrong(f"must be the name of a header such as X-UKG-Signature; found {found(value)}")
    return value.lower()


class Webhook(Part):
    """Changes of single people that HR's system sends by itself, to `/api/v1/webhooks/<source>`."""

    secret: Secrets = Field(
        min_length=1, description="What the sender signs with, by reference; two of them while one follows the other."
    )
    signed: Literal["standard", "bamboohr", "hmac_hex", "hmac_base64"] = Field(
        default="standard",
        description="How it signs: Standard Webhooks, BambooHR's way, or an HMAC-SHA256 of the body as hex or base64.",
    )
    header: Annotated[str, BeforeValidator(_header)] | None = Field(
        default=None,
        description="With `hmac_hex` and `hmac_base64`: the header with the signature, `X-Signature` else.",
    )
    records: Text | None = Field(
        default=None,
        description="Where in the message the records stand, e.g. `data.employees`; without it `data`, else all of it.",
    )


def scheme_of(hooked: Webhook) -> Scheme:
    """How these webhooks are signed."""
    scheme = SCHEMES[hooked.signed]
    return replace(scheme, signature=hooked.header) if hooked.header and not scheme.timestamp else scheme
