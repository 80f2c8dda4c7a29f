"""What keeps an installation watched: which troubles people were told of, and what is only counted.

Rule: of nobody but where a title names an employee by number, which an erasure takes out.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, String, Table, Text

from joinery.store.schema import INSTANT, metadata

__all__ = ["tallies", "told_troubles"]

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
