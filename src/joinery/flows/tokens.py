"""Service tokens for programs that push data in: made, listed, revoked by a person with a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from joinery.errors import ConfigError, NotThere
from joinery.flows.policy import Ports
from joinery.store.tokens import SCOPES, Token, make_token, revoke_token, tokens_of


def new_token(ports: Ports, name: str, scopes: Sequence[str], *, counts: timedelta, by: str) -> tuple[Token, str]:
    """The token and its text, which nobody can see again. Raises ConfigError for a scope that does not exist."""
    for scope in scopes:
        _check(ports, scope)
    if not scopes:
        raise ConfigError("A token must be for something; nothing was made.", fix=f"Scopes are {', '.join(SCOPES)}.")
    now = ports.now()
    wanted = Token(
        id="", name=name, scopes=tuple(dict.fromkeys(scopes)), made_by=by, made_at=now, expires_at=now + counts
    )
    with ports.database.write() as connection:
        return make_token(connection, ports.policy.name, wanted)


def _check(ports: Ports, scope: str) -> None:
    verb, colon, source = scope.partition(":")
    if verb not in SCOPES or not re.fullmatch(r"[a-z]+(:[a-z0-9_-]+)?", scope):
        raise ConfigError(
            f"There is no scope {scope!r}; nothing was made.",
            fix=f"Scopes are {', '.join(SCOPES)}, each also for one source: ingest:{next(iter(ports.sources))}.",
        )
    if colon and source not in ports.sources:
        raise ConfigError(
            f"There is no source {source!r} under `people`; nothing was made.",
            fix=f"Sources here: {', '.join(ports.sources)}.",
        )


def tokens(ports: Ports) -> list[Token]:
    """Every token there ever was, the newest first."""
    with ports.database.read() as connection:
        return tokens_of(connection, ports.policy.name)


def revoke(ports: Ports, key: str) -> Token:
    """It opens nothing from now on. Raises NotThere when there is none."""
    with ports.database.write() as connection:
        found = revoke_token(connection, ports.policy.name, key, ports.now())
    if found is None:
        raise NotThere(f"There is no token {key} here; nothing was changed.", fix="joinery token list shows them.")
    return found
