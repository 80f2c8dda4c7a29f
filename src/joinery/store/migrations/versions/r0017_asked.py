"""A plan settles only what it knew: whoever asks for a look at somebody is counted, and so is what a plan has seen."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has asked for anything that the last plan does not know."""
    op.add_column("people", sa.Column("asked", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("people", sa.Column("looked", sa.Integer(), nullable=False, server_default=sa.text("0")))
