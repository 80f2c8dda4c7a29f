"""What came in over HTTP: kept before the sender is told yes, with the key by which it is known again."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text, text

from joinery.store.schema import INSTANT, KEY, metadata

__all__ = ["arrivals"]

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
