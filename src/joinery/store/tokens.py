"""Service tokens: made once, shown once, kept as a hash, with an end and with what they may do.

A token is `jnr_<id>_<secret>`. The ID is no secret: it is how we find the row and how people name the token.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from joinery.core.model.codec import instant_of, instant_text
from joinery.store.audit_log import Happened, note
from joinery.store.tables import service_tokens

PREFIX = "jnr"
#: what a token may be allowed to do; each may be narrowed to one source, `ingest:hris`
SCOPES = {
    "ingest": "bring files and changes of people",
    "scim": "write people over SCIM",
    "read": "read how things stand",
}
#: the last use is written at most this often
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token. Never its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def may(self, scope: str, source: str = "") -> bool:
        """It is for this, for every source or for this one."""
        return scope in self.scopes or bool(source and f"{scope}:{source}" in self.scopes)

    def state(self, now: datetime) -> str:
        """active | expired | revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if now < self.expires_at else "expired"


def make_token(connection: Connection, name: str, token: Token) -> tuple[Token, str]:
    """Keep a new token; what it is known as, and the text that is shown this once. `token.id` is made here."""
    made, secret = replace(token, id=secrets.token_hex(4)), secrets.token_urlsafe(32)
    row = {
        "id": made.id,
        "connection": name,
        "name": made.name,
        "hash": _hash(secret),
        "scopes": " ".join(made.scopes),
        "made_by": made.made_by,
        "made_at": instant_text(made.made_at),
        "expires_at": instant_text(made.expires_at),
    }
    connection.execute(insert(service_tokens), row)
    facts = {"scopes": list(made.scopes), "expires_at": instant_text(made.expires_at)}
    happened = Happened(action="token.made", at=made.made_at, connection=name, subject=made.id, facts=facts)
    # what somebody called it may be anybody's name
    note(connection, replace(happened, actor=made.made_by, private={"name": made.name}))
    return made, f"{PREFIX}_{made.id}_{secret}"


def known_token(connection: Connection, name: str, text: str) -> Token | None:
    """The token that this text is, whatever its state; None when it is none of ours. Takes the same time either way."""
    prefix, _, rest = text.partition("_")
    key, _, secret = rest.partition("_")
    mine = service_tokens.c.connection == name
    row = connection.execute(select(service_tokens).where(mine, service_tokens.c.id == key)).one_or_none()
    same = hmac.compare_digest(_hash(secret), row.hash if row is not None else "0" * 64)
    return _token(row) if row is not None and same and prefix == PREFIX else None


def tokens_of(connection: Connection, name: str) -> list[Token]:
    """The newest first."""
    query = select(service_tokens).where(service_tokens.c.connection == name)
    rows = connection.execute(query.order_by(service_tokens.c.made_at.desc(), service_tokens.c.id))
    return [_token(row) for row in rows]


def revoke_token(connection: Connection, name: str, key: str, at: datetime) -> Token | None:
    """It opens nothing from now on; None when there is no such token."""
    mine = (service_tokens.c.connection == name) & (service_tokens.c.id == key)
    still = mine & (service_tokens.c.revoked_at == "")
    if connection.execute(update(service_tokens).where(still).values(revoked_at=instant_text(at))).rowcount:
        note(connection, Happened(action="token.revoked", at=at, connection=name, subject=key))
    row = connection.execute(select(service_tokens).where(mine)).one_or_none()
    return None if row is None else _token(row)


def note_use(connection: Connection, key: str, at: datetime) -> None:
    """It was used now."""
    used = update(service_tokens).where(service_tokens.c.id == key)
    connection.execute(used.values(last_used_at=instant_text(at)))


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _token(row: object) -> Token:
    kept = row._mapping  # type: ignore[attr-defined]
    return Token(
        id=kept["id"],
        name=kept["name"],
        scopes=tuple(kept["scopes"].split()),
        made_by=kept["made_by"],
        made_at=instant_of(kept["made_at"]),
        expires_at=instant_of(kept["expires_at"]),
        last_used_at=instant_of(kept["last_used_at"]) if kept["last_used_at"] else None,
        revoked_at=instant_of(kept["revoked_at"]) if kept["revoked_at"] else None,
    )
