"""News that came in over HTTP have a holder: when its process is gone, another takes them in."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody holds what waits now: the first process that looks takes it in."""
    op.add_column("arrivals", sa.Column("holder", sa.String(length=64), nullable=False, server_default=""))
