"""Several records of one person in their row, and the names people had before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns and one table."""
    op.add_column("people", sa.Column("person_id", sa.String(length=200), server_default="", nullable=False))
    op.add_column("people", sa.Column("employments", sa.Text(), server_default="[]", nullable=False))
    op.create_index(op.f("ix_people_connection_person_id"), "people", ["connection", "person_id"], unique=False)
    op.create_table(
        "aliases",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=254), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.String(length=10), server_default="", nullable=False),
        sa.Column("valid_to", sa.String(length=10), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "source", "value", "person_key", name=op.f("pk_aliases")),
    )
    op.create_index(op.f("ix_aliases_person_key"), "aliases", ["person_key"], unique=False)
