"""The audit log and the personal values beside it. Both refuse to be changed, by triggers of the database.

`audit_log` is never changed nor deleted from. A value goes only with an erasure, and is never changed. A trigger keeps
out mistakes and small temptations; whoever owns the database can drop it, which is why there is a chain, and anchors.
"""

from __future__ import annotations

from sqlalchemy import DDL, Column, Index, Integer, String, Table, Text, event

from joinery.store.schema import INSTANT, KEY, metadata

#: who did what and when; `hash` covers every other column and the hash before it (core/model/chain.py)
audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", INSTANT, nullable=False),
    Column("connection", String(100), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    #: a digest from `audit_values`; empty when it is about nobody
    Column("person", KEY, nullable=False, server_default=""),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("prev", KEY, nullable=False, server_default=""),
    Column("hash", KEY, nullable=False),
    Index(None, "at"),
    Index(None, "person"),
)

#: what the digests in the log stand for, each with its own salt; an erasure takes the row, and the chain still holds
audit_values = Table(
    "audit_values",
    metadata,
    Column("digest", KEY, primary_key=True),
    #: person | text
    Column("kind", String(10), nullable=False),
    Column("person_key", KEY, nullable=False, server_default=""),
    Column("salt", KEY, nullable=False),
    Column("value", Text, nullable=False),
    Index(None, "person_key"),
)

_REFUSED = "the audit log is append-only"

_FUNCTION = (
    "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
)


def _on_sqlite(table: str, verb: str) -> str:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    return f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {refuse}"


def _on_postgresql(name: str, when: str, table: str, each: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION audit_append_only()"


#: what is run when a table is made without the steps in `migrations/`, which say the same
_TRIGGERS = (
    (audit_log, "sqlite", _on_sqlite("audit_log", "UPDATE")),
    (audit_log, "sqlite", _on_sqlite("audit_log", "DELETE")),
    (audit_values, "sqlite", _on_sqlite("audit_values", "UPDATE")),
    (audit_log, "postgresql", _FUNCTION),
    (audit_log, "postgresql", _on_postgresql("audit_log_append_only", "UPDATE OR DELETE", "audit_log", "ROW")),
    (audit_log, "postgresql", _on_postgresql("audit_log_no_truncate", "TRUNCATE", "audit_log", "STATEMENT")),
    (audit_values, "postgresql", _on_postgresql("audit_values_no_update", "UPDATE", "audit_values", "ROW")),
)
for _table, _dialect, _statement in _TRIGGERS:
    _made = DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]
    event.listen(_table, "after_create", _made)
