"""Who was looked at by the Duplicate User Audit: at first nobody, so that the next run looks at everybody once."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A new column, and an index of those who wait."""
    op.add_column("people", sa.Column("compared", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index(
        "ix_people_uncompared",
        "people",
        ["connection", "key"],
        unique=False,
        sqlite_where=sa.text("compared = 0"),
        postgresql_where=sa.text("NOT compared"),
    )
