"""Findings and the issues they are grouped into; see `tables.py` for the rules of all tables."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from joinery.store.schema import DAY, INSTANT, metadata

#: data problems that are open, one row per (check, person, attribute); closed when not found again
findings = Table(
    "findings",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("check", String(64), primary_key=True),
    Column("worker_id", String(200), primary_key=True),
    Column("attribute", String(100), primary_key=True),
    Column("severity", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("suggestion", Text, nullable=False, server_default=""),
    Column("line", Integer, nullable=True),
    Column("first_seen", INSTANT, nullable=False),
    Column("last_seen", INSTANT, nullable=False),
    Column("open", Boolean, nullable=False),
    #: everybody it is about, one number a line, where that is not `worker_id` alone
    Column("people", Text, nullable=False, server_default=""),
    Column("better", Text, nullable=False, server_default=""),
)

#: findings with one cause: a number for people, an owner, a state, and what happened to it
issues = Table(
    "issues",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("fingerprint", String(400), nullable=False),
    Column("check", String(64), nullable=False),
    Column("attribute", String(100), nullable=False),
    Column("source", String(100), nullable=False),
    Column("reason", String(100), nullable=False, server_default=""),
    Column("severity", String(16), nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("people", Integer, nullable=False),
    Column("before", Integer, nullable=False),
    Column("most", Integer, nullable=False),
    Column("first_seen", INSTANT, nullable=False),
    Column("last_seen", INSTANT, nullable=False),
    Column("closed_at", INSTANT, nullable=False, server_default=""),
    Column("returned", Integer, nullable=False, server_default="0"),
    Column("above", Integer, nullable=True),
    Column("until", DAY, nullable=False, server_default=""),
    Column("by", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Column("history", Text, nullable=False, server_default="[]"),
    UniqueConstraint("connection", "fingerprint"),
)
