"""The GRANT lines of the how-to page make a login that reads the view and can do nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import ROOT
from tests.connectors.sql.hr import drop_of, hr, run
from tests.connectors.sql.test_databases import read, refused

PAGE = (ROOT / "docs" / "howto" / "sql-source.md").read_text()
COLUMNS = "employee_id, first_name, last_name, email, status, start_date, changed_at"
VIEW = "SELECT employee_id, first_name FROM joinery_people"


def lines(kind: str) -> list[str]:
    """The statements of one block of the page."""
    block = re.search(rf"^```sql grants-{kind}\.sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert block is not None
    return [line.strip() for line in block[1].split(";") if line.strip()]


@pytest.fixture(params=["postgresql", "mariadb"])
def owner(request: pytest.FixtureRequest) -> Iterator[str]:
    """HR's database with the login of the page in it; the login is gone afterwards."""
    kind = request.param
    url: str = request.getfixturevalue({"postgresql": "postgres_url", "mariadb": "mariadb_url"}[kind])
    name = sa.make_url(url).database
    columns = ", ".join(f"{column} VARCHAR(40)" for column in (*COLUMNS.split(", "), "salary"))
    run(
        url,
        f"CREATE TABLE people ({columns})",
        "INSERT INTO people (employee_id, first_name) VALUES ('000101', 'Ines')",
    )
    with hr(url) as connection:
        for line in lines(kind):
            connection.execute(sa.text(line.replace(" hr.", f" {name}.")))
    yield url
    if kind == "postgresql":
        run(url, "DROP OWNED BY joinery_reader", "DROP ROLE joinery_reader")
    else:
        run(url, "DROP USER joinery_reader")


def test_the_login_of_the_page_reads_the_view_and_can_do_nothing_else(owner: str, tmp_path: Path) -> None:
    reader = sa.make_url(owner).set(username="joinery_reader", password="change-me").render_as_string(False)
    assert read(drop_of(reader, tmp_path / "a", VIEW)) == [["employee_id", "first_name"], ["000101", "Ines"]]
    assert "denied" in refused(drop_of(reader, tmp_path / "b", "SELECT salary FROM people")).message
    with pytest.raises(sa.exc.DBAPIError, match=r"denied|read-only"):
        run(reader, "DELETE FROM joinery_people")
    with hr(owner) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM people").scalar_one() == 1
