"""Numbers that only grow are counted when they happen, so that a monitor that asks costs the same every year."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new table; people are counted by stage without reading a row."""
    op.create_table(
        "tallies",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("connection", "name", "label", name=op.f("pk_tallies")),
    )
    op.create_index(op.f("ix_people_connection_stage"), "people", ["connection", "stage"], unique=False)
