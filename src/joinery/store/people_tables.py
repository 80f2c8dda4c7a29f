"""The tables about people: the current rows, the names they had, their facts and events. Read them through `tables`.

Append-only: facts, events. People and aliases are projections.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from joinery.store.schema import DAY, INSTANT, KEY, metadata

#: the current row per person, projected from facts and events
people = Table(
    "people",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("source", String(100), nullable=False),
    Column("source_id", String(200), nullable=False),
    Column("worker_id", String(200), nullable=False),
    Column("work_email", Text, nullable=False, server_default=""),
    Column("manager_id", String(200), nullable=False, server_default=""),
    #: what guards count by
    Column("department", Text, nullable=False, server_default=""),
    Column("location", Text, nullable=False, server_default=""),
    Column("legal_entity", Text, nullable=False, server_default=""),
    Column("stage", String(16), nullable=False),
    Column("worker", Text, nullable=False),
    Column("standing", Text, nullable=False),
    #: rule names that matched, groups Joinery gave: what the next decision needs to know of the last
    Column("memory", Text, nullable=False, server_default="{}"),
    #: next instant at which the desired state can change by itself; empty when none
    Column("wake_at", INSTANT, nullable=False, server_default=""),
    #: lines of the last plan are held, failed or wait: look again at the next run
    Column("unsettled", Boolean, nullable=False, server_default=text("false")),
    #: how often a look was asked for, and how often it was when a plan last looked: only the same number is settled
    Column("asked", Integer, nullable=False, server_default=text("0")),
    Column("looked", Integer, nullable=False, server_default=text("0")),
    #: a quarantine finding: frozen at the last good state
    Column("frozen", Text, nullable=False, server_default=""),
    #: a key above all employments, where HR has one: what joins records of several sources
    Column("person_id", String(200), nullable=False, server_default=""),
    #: all records, as a list, of somebody who has more than one; their row is then what these come to
    Column("employments", Text, nullable=False, server_default="[]"),
    #: looked at by the Duplicate User Audit since what says who they are last changed
    Column("compared", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("connection", "source", "source_id"),
    Index(None, "connection", "worker_id"),
    Index(None, "connection", "manager_id"),
    Index(None, "connection", "work_email"),
    Index(None, "connection", "person_id"),
    Index(None, "connection", "stage"),
    Index("ix_people_wake", "connection", "wake_at", sqlite_where=text("wake_at <> ''")),
    # SQLite takes a partial index only where the query says the same words
    Index(
        "ix_people_unsettled",
        "connection",
        "worker_id",
        "key",
        sqlite_where=text("unsettled = 1"),
        postgresql_where=text("unsettled"),
    ),
    Index(
        "ix_people_uncompared",
        "connection",
        "key",
        sqlite_where=text("compared = 0"),
        postgresql_where=text("NOT compared"),
    ),
    Index(
        "ix_people_frozen",
        "connection",
        "worker_id",
        "key",
        sqlite_where=text("frozen <> ''"),
        postgresql_where=text("frozen <> ''"),
    ),
)

#: names people had or have besides those of their row: by these they are found, and by these nobody else is matched
aliases = Table(
    "aliases",
    metadata,
    Column("connection", String(100), primary_key=True),
    #: source_id | worker_id | work_email | key
    Column("kind", String(16), primary_key=True),
    #: of a source ID; empty for the others
    Column("source", String(100), primary_key=True),
    Column("value", String(254), primary_key=True),
    Column("person_key", KEY, primary_key=True),
    #: local days, both ends included; no end: still in use
    Column("valid_from", DAY, nullable=False, server_default=""),
    Column("valid_to", DAY, nullable=False, server_default=""),
    Index(None, "person_key"),
)

#: both times kept: effective (HR's) and known (ours); a fact is closed by `known_to`, never changed or deleted
facts = Table(
    "facts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_key", KEY, nullable=False),
    Column("attribute", String(100), nullable=False),
    Column("value", Text, nullable=False),
    Column("effective_from", DAY, nullable=False),
    Column("known_from", INSTANT, nullable=False),
    Column("known_to", INSTANT, nullable=False, server_default=""),
    Column("snapshot_id", KEY, nullable=False),
    Column("source", String(100), nullable=False),
    Index(None, "person_key", "attribute"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("person_key", KEY, nullable=False),
    Column("worker_id", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("attribute", String(100), nullable=False, server_default=""),
    Column("old", Text, nullable=False, server_default=""),
    Column("new", Text, nullable=False, server_default=""),
    Column("effective_on", DAY, nullable=False),
    Column("observed_on", DAY, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("snapshot_id", KEY, nullable=False, server_default=""),
    UniqueConstraint(
        "person_key", "kind", "attribute", "effective_on", "old", "new", "ordinal", name="uq_events_stable_key"
    ),
    Index(None, "connection", "observed_on"),
    Index(None, "connection", "effective_on"),
)
