"""The five instants of every end of access, for the report and for auditors. Kept for ever, by IDs only."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, Text, text

from joinery.store.schema import INSTANT, KEY, metadata

__all__ = ["closings"]

closings = Table(
    "closings",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("person_key", KEY, primary_key=True),
    #: T0: access was to end
    Column("ended_at", INSTANT, primary_key=True),
    Column("target", String(100), nullable=False),
    Column("worker_id", String(200), nullable=False),
    Column("account_id", String(200), nullable=False),
    #: how we heard of it: file | push | webhook | scim | hand
    Column("heard_by", String(16), nullable=False),
    #: T1 to T4; empty where it is not known or has not come
    Column("entered_at", INSTANT, nullable=False, server_default=""),
    Column("read_at", INSTANT, nullable=False),
    Column("accepted_at", INSTANT, nullable=False, server_default=""),
    Column("closed_at", INSTANT, nullable=False, server_default=""),
    Column("plan_id", String(20), nullable=False),
    #: what the learning system showed when it was asked again
    Column("detail", Text, nullable=False, server_default=""),
    #: an administrator's account, or one of the list: a person is told of its end, and when
    Column("protected", Boolean, nullable=False, server_default=text("false")),
    Column("told_at", INSTANT, nullable=False, server_default=""),
    Index(None, "connection", "closed_at"),
    Index(None, "connection", "protected", "told_at"),
)
