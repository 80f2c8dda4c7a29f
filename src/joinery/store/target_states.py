"""How a learning system stands for all who call it: paused by somebody, or resting after failures.

Rule: instants in here are the database's; what is handed out are seconds from now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from joinery.store.accounts import upsert
from joinery.store.node_tables import target_states
from joinery.store.nodes import seconds_now

_t = target_states.c


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """`opens_in`: seconds until the breaker lets a call through, 0 when it does; `resumes_in`: as the target asked."""

    paused_by: str = ""
    paused_at: str = ""
    reason: str = ""
    tripped: int = 0
    opens_in: float = 0.0
    resumes_in: float = 0.0
    error: str = ""
    stop_plan: str = ""

    @property
    def paused(self) -> bool:
        """Somebody paused it."""
        return bool(self.paused_by)


def state_of(tx: Connection, target: str) -> TargetState:
    """How it stands now; all is well for one never heard of."""
    row = tx.execute(select(target_states).where(_t.target == target)).one_or_none()
    if row is None:
        return TargetState()
    now = seconds_now(tx)
    return TargetState(
        paused_by=row.paused_by,
        paused_at=row.paused_at,
        reason=row.reason,
        tripped=row.tripped,
        opens_in=max(0.0, row.open_until - now),
        resumes_in=max(0.0, row.resume_at - now),
        error=row.error,
        stop_plan=row.stop_plan,
    )


def pause(tx: Connection, target: str, *, by: str, reason: str, at: str) -> None:
    """Nobody calls it until somebody lets it go on."""
    _put(tx, target, paused_by=by, reason=reason, paused_at=at)


def resume(tx: Connection, target: str) -> None:
    """Calls may go on now; whatever the breaker said is forgotten too."""
    _put(tx, target, paused_by="", reason="", paused_at="", tripped=0, open_until=0.0, resume_at=0.0, error="")


def trip(tx: Connection, target: str, *, tripped: int, seconds: float, error: str) -> None:
    """The breaker opens for so long, for the `tripped`-th time in a row."""
    _put(tx, target, tripped=tripped, open_until=seconds_now(tx) + seconds, error=error)


def close(tx: Connection, target: str) -> None:
    """A call went well: the breaker is closed."""
    _put(tx, target, tripped=0, open_until=0.0, error="")


def rest(tx: Connection, target: str, seconds: float) -> None:
    """The target asked everybody to come back later; the longest wish counts."""
    now = seconds_now(tx)
    known = tx.execute(select(_t.resume_at).where(_t.target == target)).scalar()
    _put(tx, target, resume_at=max(known or 0.0, now + seconds))


def stop(tx: Connection, target: str, plan: str, error: str) -> None:
    """A worker cannot go on with this plan: whoever drives it has to say so."""
    _put(tx, target, stop_plan=plan, error=error)


def go_on(tx: Connection, target: str, plan: str) -> None:
    """What stopped this plan is tried again."""
    mine = (_t.target == target) & (_t.stop_plan == plan)
    tx.execute(update(target_states).where(mine).values(stop_plan=""))


def _put(tx: Connection, target: str, **values: Any) -> None:
    statement = upsert(tx)(target_states).values(target=target, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["target"], set_=values))
