"""The living processes of a store. Rule: who lives is judged by the database's clock, in the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Float, cast, extract, func, insert, literal_column, select, update

from joinery.store.node_tables import nodes

#: a row nobody wrote for so long is of no interest to anybody, in seconds
FORGOTTEN = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """One life of one process; `silent`: seconds since it was last heard of, `beat_at`: when that was, by the store."""

    id: str
    slot: str
    connection: str
    kind: str
    host: str
    pid: int
    started_at: str
    silent: float = 0.0
    beat_at: float = 0.0


def epoch(tx: Connection) -> ColumnElement[float]:
    """Seconds since 1970 by the database's clock, also inside a long transaction."""
    if tx.dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()), Float(53))
    return literal_column("((julianday('now') - 2440587.5) * 86400.0)", Float)


def seconds_now(tx: Connection) -> float:
    """The same as a number."""
    return float(tx.execute(select(epoch(tx))).scalar_one())


def enrol(tx: Connection, node: NodeRow) -> None:
    """A new life: the one that had the slot before is over, whatever it last said of itself."""
    former = (nodes.c.slot == node.slot) & (nodes.c.id != node.id)
    tx.execute(nodes.delete().where(former | (nodes.c.id == node.id) | (nodes.c.beat_at < epoch(tx) - FORGOTTEN)))
    values = {name: getattr(node, name) for name in NodeRow.__slots__ if name not in {"silent", "beat_at"}}
    tx.execute(insert(nodes).values(**values, beat_at=epoch(tx)))


def beat(tx: Connection, node_id: str) -> bool:
    """Heard of again; False when somebody buried us."""
    return tx.execute(update(nodes).where(nodes.c.id == node_id).values(beat_at=epoch(tx))).rowcount == 1


def bury(tx: Connection, node_ids: Collection[str]) -> None:
    """These lives are over."""
    tx.execute(nodes.delete().where(nodes.c.id.in_(node_ids)))


def nodes_of(tx: Connection, connection: str) -> list[NodeRow]:
    """Every life of this connection that was not buried, by ID; how long each was silent says who lives."""
    silent = (epoch(tx) - nodes.c.beat_at).label("silent")
    query = select(nodes, silent).where(nodes.c.connection == connection).order_by(nodes.c.id)
    names = NodeRow.__slots__
    return [NodeRow(**{name: getattr(row, name) for name in names}) for row in tx.execute(query)]
