"""Who works on the store now, how its learning systems stand, and what the clock sets off.

Rule: times that machines judge each other by are seconds since 1970 by the database's clock, never by their own.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, text

from joinery.store.schema import INSTANT, KEY, metadata

#: living processes that perform lines; one row for each life
nodes = Table(
    "nodes",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("connection", String(100), nullable=False),
    #: the place a restart takes again: whoever is in it buries the life before
    Column("slot", String(100), nullable=False),
    #: run | worker | serve
    Column("kind", String(16), nullable=False),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", INSTANT, nullable=False),
    #: database clock
    Column("beat_at", Float(53), nullable=False),
    Index(None, "connection"),
)

#: pauses and failures of a learning system, for everybody who calls it; no row: all is well
target_states = Table(
    "target_states",
    metadata,
    Column("target", String(100), primary_key=True),
    Column("paused_by", Text, nullable=False, server_default=""),
    Column("paused_at", INSTANT, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    #: how many times in a row the breaker opened; 0: it is closed
    Column("tripped", Integer, nullable=False, server_default="0"),
    #: database clock: nobody calls before
    Column("open_until", Float(53), nullable=False, server_default="0"),
    #: database clock: the target asked everybody to come back then
    Column("resume_at", Float(53), nullable=False, server_default="0"),
    #: the last error that opened the breaker, or stopped `stop_plan`; IDs only
    Column("error", Text, nullable=False, server_default=""),
    Column("stop_plan", String(20), nullable=False, server_default=""),
)

#: what the clock or a file sets off; one row for each schedule of a connection
schedules = Table(
    "schedules",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    #: the last instant that was dealt with
    Column("done_for", INSTANT, nullable=False, server_default=""),
    #: the instant that is being dealt with, and by which node
    Column("claimed_for", INSTANT, nullable=False, server_default=""),
    Column("claimed_by", KEY, nullable=False, server_default=""),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("paused_by", Text, nullable=False, server_default=""),
    #: how the last one ended: done | partial | stopped
    Column("outcome", Text, nullable=False, server_default=""),
)
