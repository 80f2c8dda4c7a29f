"""Who may come in with a service token, and how often. Rule: a refused caller learns nothing but that they are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from joinery.store.database import Database
from joinery.store.tokens import NOTED_EVERY, Token, known_token, note_use
from joinery.web.problems import Problem
from joinery.web.rates import Rates, Turn

#: wrong tokens a minute from one address
WRONG_PER_MINUTE = 30
REFUSED = "The token is missing, wrong, expired or revoked; nothing was read or written."
HOW = "Send `Authorization: Bearer …` with a token of `joinery token new`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A caller who was let in. `turn` says how much they may still ask."""

    token: Token
    turn: Turn


@dataclass(slots=True, kw_only=True)
class Doorkeeper:
    """Lets callers in by token. `address` is where the request came from, for the limit on guesses."""

    database: Database
    connection: str
    now: Callable[[], datetime]
    rates: Rates
    wrong: Rates = field(default_factory=lambda: Rates(WRONG_PER_MINUTE))
    _noted: dict[str, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def let_in(self, authorization: str | None, address: str, scope: str, source: str = "") -> Guest:
        """The caller; raises Problem 401, 403 or 429. Any good token does for an empty scope. Blocks for the store."""
        if (guesses := self.wrong.take(address, cost=0)).wait:
            raise Problem(429, "too_many_requests", "Too many wrong tokens came from there.", "", guesses.headers)
        token = self._token(authorization)
        if token is None:
            self.wrong.take(address)
            raise Problem(401, "not_let_in", REFUSED, HOW, {"WWW-Authenticate": 'Bearer realm="joinery"'})
        turn = self.rates.take(token.id)
        if turn.wait:
            raise Problem(
                429, "too_many_requests", "This token asks more often than it may; nothing was kept.", "", turn.headers
            )
        if scope and not token.may(scope, source):
            wanted = f"{scope}:{source}" if source else scope
            raise Problem(403, "not_allowed", f"Token {token.id} is not for {wanted}; nothing was read or written.")
        self._note(token)
        return Guest(token=token, turn=turn)

    def _token(self, authorization: str | None) -> Token | None:
        kind, _, text = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            return None
        with self.database.read() as connection:
            found = known_token(connection, self.connection, text.strip())
        return found if found is not None and found.state(self.now()) == "active" else None

    def _note(self, token: Token) -> None:
        """The last use, now and then: a write for each request would be the dearest part of it."""
        now = self.now()
        with self._lock:
            last = self._noted.get(token.id, token.last_used_at)
            if last is not None and now - last < NOTED_EVERY:
                return
            self._noted[token.id] = now
        with self.database.write() as connection:
            note_use(connection, token.id, now)
