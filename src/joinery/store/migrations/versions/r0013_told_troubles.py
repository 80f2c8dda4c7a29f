"""What people were told of has a table of its own: a message now leaves while runs are at work."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new table, filled with what each connection remembered."""
    told = op.create_table(
        "told_troubles",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("route", sa.String(length=8), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name=op.f("pk_told_troubles")),
    )
    for name, state in op.get_bind().execute(sa.text("SELECT name, state FROM connections")).all():
        known = _known(state)
        for key, each in (known.pop("alerts", None) or {}).items():
            op.get_bind().execute(told.insert().values(connection=name, key=key, **each))
        if known:
            kept = json.dumps(known, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            op.get_bind().execute(sa.text("UPDATE connections SET state = :s WHERE name = :n"), {"s": kept, "n": name})


def _known(state: str) -> dict[str, dict[str, dict[str, object]]]:
    try:
        found = json.loads(state)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "alerts" in found else {}
