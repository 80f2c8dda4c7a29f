"""What every acceptance begins with: its turn, a key for somebody new, and the day of the first one."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from uuid import UUID

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.core.rules.instants import local_day
from joinery.store.database import Database


def believing(database: Database, connection: Connection, name: str) -> None:
    """Said before anything is read that is to be believed anew: two transactions that knew the same people as they were
    would each write what it heard of them, and the news of the first be lost without a word."""
    database.one_by_one(connection, f"joinery believes {name}")


def uuid7(at: datetime, random: int) -> PersonKey:
    """A UUIDv7 (time-ordered) from an instant and 74 random bits."""
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    high = (millis << 16) | 0x7000 | ((random >> 62) & 0xFFF)
    low = (0b10 << 62) | (random & ((1 << 62) - 1))
    return PersonKey(str(UUID(int=(high << 64) | low)))


def baseline_day(as_of: datetime, zone: tzinfo) -> date:
    """The local day of the first acceptance, in the company's zone."""
    return local_day(as_of, zone)
