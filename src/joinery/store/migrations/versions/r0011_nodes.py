"""Several machines share the work: who lives, how a learning system stands, and what the clock sets off."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _text(name: str, kind: sa.types.TypeEngine[str]) -> sa.Column[str]:
    return sa.Column(name, kind, server_default="", nullable=False)


def upgrade() -> None:
    """Three new tables, one new column."""
    op.add_column("locks", sa.Column("beat_at", sa.Float(53), server_default="0", nullable=False))
    op.create_table(
        "nodes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("slot", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("beat_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
    )
    op.create_index(op.f("ix_nodes_connection"), "nodes", ["connection"], unique=False)
    op.create_table(
        "target_states",
        sa.Column("target", sa.String(length=100), nullable=False),
        _text("paused_by", sa.Text()),
        _text("paused_at", sa.String(length=32)),
        _text("reason", sa.Text()),
        sa.Column("tripped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("open_until", sa.Float(53), server_default="0", nullable=False),
        sa.Column("resume_at", sa.Float(53), server_default="0", nullable=False),
        _text("error", sa.Text()),
        _text("stop_plan", sa.String(length=20)),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_target_states")),
    )
    op.create_table(
        "schedules",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        _text("done_for", sa.String(length=32)),
        _text("claimed_for", sa.String(length=32)),
        _text("claimed_by", sa.String(length=64)),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("paused_by", sa.Text()),
        _text("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("connection", "name", name=op.f("pk_schedules")),
    )
