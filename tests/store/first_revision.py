"""Writes the first migration step anew from `tables.py`: `python -m tests.store.first_revision`.

Only until the first release: afterwards steps are history, and a change of the tables gets a step of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from joinery.store.migrate import SCRIPTS
from joinery.store.tables import metadata

FILE = SCRIPTS / "versions" / "r0001_tables.py"
HEAD = '''"""The tables of the first release: written by tests/store/first_revision.py until it is out."""

# ruff: noqa: PLR0915

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All tables, from nothing."""
'''


def source() -> str:
    """The step as Python text, not formatted yet."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        script = produce_migrations(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert script.upgrade_ops is not None
    body = render_python_code(script.upgrade_ops)
    # the renderer indents every line but the first
    body = "    " + body.lstrip()
    return HEAD + "\n".join(line for line in body.splitlines() if not line.strip().startswith("# ###")) + "\n"


def main() -> None:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(source())
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["format", "--quiet"], ["check", "--fix", "--quiet"]):
        subprocess.run([ruff, *arguments, str(FILE)], check=True)


if __name__ == "__main__":
    main()
