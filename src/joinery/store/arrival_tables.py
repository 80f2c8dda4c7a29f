"""What came in over HTTP: kept before the sender is told yes, with the key by which it is known again."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from joinery.store.schema import INSTANT, KEY, metadata

__all__ = ["arrivals", "scim_people"]

arrivals = Table(
    "arrivals",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("source", String(100), nullable=False),
    #: push | webhook | scim
    Column("door", String(16), nullable=False),
    #: the sender's own key: Idempotency-Key, the ID of a webhook; empty without one
    Column("key", String(300), nullable=False, server_default=""),
    #: of the body and of what was said about it
    Column("sha256", KEY, nullable=False),
    #: the file that was kept; empty for news of single people
    Column("file", Text, nullable=False, server_default=""),
    #: news that nobody has taken in yet; emptied as soon as somebody has
    Column("body", Text, nullable=False, server_default=""),
    #: the process that kept it, which takes it in while it lives: the ID of its node
    Column("holder", KEY, nullable=False, server_default=""),
    #: stored | taken | accepted | held | rejected | same | failed
    Column("state", String(16), nullable=False),
    Column("received_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT, nullable=False, server_default=""),
    #: what came of it: numbers and IDs
    Column("report", Text, nullable=False, server_default="{}"),
    Index(
        "uq_arrivals_key",
        "connection",
        "source",
        "door",
        "key",
        unique=True,
        sqlite_where=text("key <> ''"),
        postgresql_where=text("key <> ''"),
    ),
    Index(None, "connection", "state", "received_at"),
)

#: people as an identity provider or HR system wrote them over SCIM; the facts are what the records of these say
scim_people = Table(
    "scim_people",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("id", KEY, primary_key=True),
    Column("user_name", Text, nullable=False),
    #: small letters: a user name is the same in any case
    Column("user_key", String(300), nullable=False),
    Column("external_id", String(300), nullable=False, server_default=""),
    #: the User as it was given
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False),
    #: deleted over there: here it is no longer shown, and has left
    Column("gone", Boolean, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    UniqueConstraint("connection", "source", "user_key"),
    Index(None, "connection", "source", "external_id"),
)
