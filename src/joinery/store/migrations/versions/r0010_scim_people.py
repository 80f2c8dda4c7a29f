"""People as an identity provider or HR system wrote them over SCIM."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table and its index."""
    op.create_table(
        "scim_people",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("user_key", sa.String(length=300), nullable=False),
        sa.Column("external_id", sa.String(length=300), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("connection", "source", "id", name=op.f("pk_scim_people")),
        sa.UniqueConstraint("connection", "source", "user_key", name=op.f("uq_scim_people_connection_source_user_key")),
    )
    op.create_index(
        op.f("ix_scim_people_connection_source_external_id"),
        "scim_people",
        ["connection", "source", "external_id"],
        unique=False,
    )
