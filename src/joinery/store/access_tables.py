"""Who may come in: service tokens. The secret itself is never kept, only its hash."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from joinery.store.schema import INSTANT, KEY, metadata

__all__ = ["service_tokens"]

service_tokens = Table(
    "service_tokens",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("name", Text, nullable=False),
    #: SHA-256 (hex) of the secret half; it is long and random, so no slower hash is needed
    Column("hash", KEY, nullable=False),
    #: what it may do, separated by blanks: `ingest`, `ingest:hris`, `scim:idp` …
    Column("scopes", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("last_used_at", INSTANT, nullable=False, server_default=""),
    Column("revoked_at", INSTANT, nullable=False, server_default=""),
)
