"""What keeps an installation watched: which troubles people were told of, what is only counted, and each call made.

Rule: of nobody but where a title names an employee by number, which an erasure takes out.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from joinery.store.schema import INSTANT, KEY, metadata

__all__ = ["calls", "tallies", "told_troubles"]

#: told and not over yet; a row goes when people were told that it is over
told_troubles = Table(
    "told_troubles",
    metadata,
    Column("connection", String(100), primary_key=True),
    #: the same as long as it is the same trouble
    Column("key", String(200), primary_key=True),
    Column("since", INSTANT, nullable=False),
    #: how many were concerned when it was told last
    Column("size", Integer, nullable=False),
    #: high | low
    Column("route", String(8), nullable=False),
    Column("title", Text, nullable=False),
)

#: numbers that only grow: what a monitor asks for costs the same however much has happened
tallies = Table(
    "tallies",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("name", String(64), primary_key=True),
    #: a status, a guard, a bucket: never a person
    Column("label", String(100), primary_key=True),
    Column("value", Float(53), nullable=False),
)

#: calls to the learning system, until they are old
calls = Table(
    "calls",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("connection", String(100), nullable=False),
    #: when it was over
    Column("at", INSTANT, nullable=False),
    #: empty: it carried out nothing
    Column("plan_id", KEY, nullable=False),
    Column("method", String(16), nullable=False),
    #: the template, with nobody in it
    Column("path", String(200), nullable=False),
    #: 0: no answer came
    Column("status", Integer, nullable=False),
    Column("ms", Float(53), nullable=False),
    Column("attempt", Integer, nullable=False),
    #: a code, empty: all was well
    Column("error", String(64), nullable=False),
    Index(None, "connection", "at"),
    Index(None, "plan_id"),
)
