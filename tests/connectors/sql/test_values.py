"""What a database gives becomes the text a CSV would hold, and a watermark is one step back in its own kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql

from joinery.connectors.sql.cells import cell
from joinery.connectors.sql.query import Mark, Query, Watermark, before, decoded, encoded
from joinery.errors import ConfigError

CELLS = {
    "null is empty": (None, ""),
    "text stays as it is": ("000123 ", "000123 "),
    "a whole number": (123, "123"),
    "an exact number keeps its places": (Decimal("1234.50"), "1234.50"),
    "a large exact number has no exponent": (Decimal("1E+9"), "1000000000"),
    "an ID that is kept as a float": (100023.0, "100023"),
    "a float": (0.1, "0.1"),
    "yes": (True, "true"),
    "a day": (date(2026, 3, 9), "2026-03-09"),
    "a day that is kept as a moment": (datetime(2026, 3, 9), "2026-03-09"),
    "a moment": (datetime(2026, 3, 9, 8, 30), "2026-03-09 08:30:00"),
    "a moment with a zone": (datetime(2026, 3, 9, tzinfo=UTC), "2026-03-09 00:00:00+00:00"),
    "a time": (time(8, 30), "08:30:00"),
    "a bit": (b"\x01", "1"),
    "text of a binary column": (b"E-7", "E-7"),
    "a key of bytes": (bytes.fromhex("00ff"), "00ff"),
    "a key": (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "a list": (["a", 1], '["a", 1]'),
}
MARKS: dict[str, tuple[Mark, timedelta | int, Mark]] = {
    "a moment": (datetime(2026, 3, 9, 8), timedelta(minutes=10), datetime(2026, 3, 9, 7, 50)),
    "a day goes back a whole day": (date(2026, 3, 9), timedelta(minutes=10), date(2026, 3, 8)),
    "a number": (5000, 1000, 4000),
    "an exact number": (Decimal(5000), 1000, Decimal(4000)),
    "text with a blank": ("2026-03-09 08:00:00", timedelta(hours=1), "2026-03-09 07:00:00"),
    "text with a T": ("2026-03-09T08:00:00", timedelta(hours=1), "2026-03-09T07:00:00"),
}


@pytest.mark.parametrize(("value", "text"), CELLS.values(), ids=CELLS)
def test_a_value_as_text(value: object, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(("mark", "overlap", "start"), MARKS.values(), ids=MARKS)
def test_reading_begins_before_the_watermark_and_a_kept_one_comes_back(
    mark: Mark, overlap: timedelta | int, start: Mark
) -> None:
    assert before(mark, overlap) == start
    assert decoded(encoded(mark)) == mark and type(decoded(encoded(mark))) is type(mark)


@pytest.mark.parametrize(("mark", "overlap"), [(5, timedelta(1)), (datetime(2026, 3, 9), 5), ("E-7", timedelta(1))])
def test_an_overlap_of_another_kind_is_refused(mark: Mark, overlap: timedelta | int) -> None:
    with pytest.raises(ConfigError, match="watermark column"):
        before(mark, overlap)


QUERY = Query(
    sql="SELECT id, '10:00' AS t, a::date FROM p WHERE b LIKE 'A%' -- all",
    within=timedelta(seconds=1),
    most_rows=1,
)
MARK = Watermark(column="Changed at", overlap=timedelta(minutes=10), full_every=timedelta(days=1))


@pytest.mark.parametrize("dialect", [postgresql.dialect(), mysql.dialect(), mssql.dialect(), oracle.dialect()])  # type: ignore[no-untyped-call]
def test_the_watermark_is_bound_and_the_query_is_left_as_it_is(dialect: object) -> None:
    statement, start = QUERY.changes(MARK, datetime(2026, 3, 9, 8), dialect)  # type: ignore[arg-type]
    compiled = statement.compile(dialect=dialect)  # type: ignore[arg-type]
    assert list(compiled.params) == ["watermark"] and start == datetime(2026, 3, 9, 7, 50)
    assert "'10:00'" in str(compiled) and "a::date" in str(compiled)
    assert "2026" not in str(compiled)
    assert "-- all\n) joinery_rows WHERE" in str(compiled)


def test_a_query_of_its_own_for_changes_is_used_as_it_is() -> None:
    sql = "SELECT id FROM p WHERE at > :watermark AND b=':x'"
    own = Watermark(column="at", overlap=0, full_every=timedelta(days=1), changes=sql)
    statement, start = QUERY.changes(own, 7, postgresql.dialect())  # type: ignore[no-untyped-call]
    assert str(statement) == sql and start == 7
    assert list(statement.compile().params) == ["watermark"]
