"""One raw record in, one worker or one reason out."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.mapping.dates import NoDay, NotADate, parse_date
from joinery.core.mapping.inbound import Mapped, Rejected, key_of, map_record
from joinery.core.mapping.spec import DateFormat, Empty, FieldSpec, MappingSpec, row_of
from joinery.core.mapping.statuses import own_words, status_of
from joinery.core.mapping.transforms import TRANSFORMS, Transform, clean
from joinery.core.model.finding import Severity
from joinery.core.model.worker import Status, Worker

COLUMNS = ("worker_id", "given_name", "work_email", "status", "hire_date", "termination_date", "manager_id", "team")


def spec(**fields: FieldSpec) -> MappingSpec:
    given = {name: FieldSpec(column=name) for name in COLUMNS} | fields
    return MappingSpec(rows=tuple(row_of(to, field) for to, field in given.items()))


def mapped(raw: dict[str, str], previous: Worker | None = None, **fields: FieldSpec) -> Mapped:
    found = map_record(spec(**fields), {"worker_id": "007"} | raw, previous)
    assert isinstance(found, Mapped)
    return found


def rejected(raw: dict[str, str], **fields: FieldSpec) -> Rejected:
    found = map_record(spec(**fields), {"worker_id": "007"} | raw)
    assert isinstance(found, Rejected)
    return found


def test_a_whole_record() -> None:
    raw = {
        "worker_id": " 00123 ", "given_name": "\u00a0Zoe\u0308 ", "work_email": " Zoe@Example.com",
        "status": "On Leave", "hire_date": "2024-02-29", "termination_date": "", "manager_id": "0009", "team": "Night",
    }  # fmt: skip
    assert mapped(raw).worker == Worker(
        source_id="00123", worker_id="00123", given_name="Zo\u00eb", work_email="Zoe@Example.com",
        status_text="On Leave", status=Status.LEAVE, hire_date=date(2024, 2, 29), manager_id="0009",
        custom={"team": "Night"},
    )  # fmt: skip


REJECTED = [
    ("no employee number", {"worker_id": " \u00a0"}, "no_worker_id"),
    ("a number that a spreadsheet rounded", {"worker_id": "1.23E+05"}, "id_mangled"),
    ("a number that a spreadsheet made a decimal", {"worker_id": "12345.0"}, "id_mangled"),
    ("a number too wide for its cell", {"worker_id": "####"}, "id_mangled"),
    ("an error of a spreadsheet", {"team": "#N/A"}, "cell_error"),
    ("an error of a spreadsheet where a date should be", {"hire_date": "#VALUE!"}, "cell_error"),
    ("a date that can be two days", {"hire_date": "03/04/2026"}, "ambiguous_date"),
    ("a day that does not exist", {"hire_date": "2025-02-29"}, "bad_date"),
    ("a date that is a word", {"termination_date": "soon"}, "bad_date"),
    ("a date that is a spreadsheet's number", {"hire_date": "45321"}, "bad_date"),
]


@pytest.mark.parametrize(("raw", "code"), [r[1:] for r in REJECTED], ids=[r[0] for r in REJECTED])
def test_a_record_that_is_wrong_is_rejected(raw: dict[str, str], code: str) -> None:
    found = rejected(raw)
    assert found.code == code
    assert found.finding(7).severity is Severity.QUARANTINE
    assert found.finding(7).line == 7


def test_an_empty_cell_can_be_an_error() -> None:
    assert (
        rejected({"manager_id": " "}, manager_id=FieldSpec(column="manager_id", empty=Empty.ERROR)).code == "empty_cell"
    )


NOTED = [
    ("an impossible address is left out", {"work_email": "nobody at home"}, "impossible_address", "work_email"),
    ("an address without a dot is left out", {"work_email": "a@localhost"}, "impossible_address", "work_email"),
    ("two addresses are left out", {"work_email": "a@b.org;c@d.org"}, "impossible_address", "work_email"),
    ("9999 is no end", {"termination_date": "9999-12-31"}, "date_means_none", "termination_date"),
    ("1900 is no start", {"hire_date": "1900-01-01"}, "date_means_none", "hire_date"),
    ("a manager's number that was rounded", {"manager_id": "1,2E+11"}, "id_mangled", "manager_id"),
]


@pytest.mark.parametrize(("raw", "check", "attribute"), [n[1:] for n in NOTED], ids=[n[0] for n in NOTED])
def test_what_is_odd_is_left_out_and_said(raw: dict[str, str], check: str, attribute: str) -> None:
    found = mapped(raw)
    assert [(f.check, f.attribute, f.worker_id) for f in found.findings] == [(check, attribute, "007")]
    assert found.worker.value(attribute) == ""
    assert all(raw[attribute] not in f.message or raw[attribute] == "007" for f in found.findings)


def test_somebody_named_as_their_own_manager_is_noted_and_the_fact_kept_as_hr_says_it() -> None:
    """An event tells HR's own value; that nobody is written as their own manager is decided later."""
    found = mapped({"manager_id": "007"})
    assert [(f.check, f.attribute, f.worker_id) for f in found.findings] == [("own_manager", "manager_id", "007")]
    assert found.worker.manager_id == "007"


def test_names_and_addresses_survive_an_empty_cell_and_dates_do_not() -> None:
    before = mapped({
        "given_name": "Ann", "work_email": "a@b.org", "termination_date": "2024-01-01", "manager_id": "9", "team": "x",
    }).worker  # fmt: skip
    after = mapped({"given_name": " "}, before).worker
    assert (after.given_name, after.work_email) == ("Ann", "a@b.org")
    assert (after.termination_date, after.manager_id, dict(after.custom)) == (None, "", {})


def test_a_field_can_be_told_to_keep() -> None:
    keep = FieldSpec(column="hire_date", empty=Empty.KEEP)
    before = mapped({"hire_date": "2024-01-02"}).worker
    assert mapped({"hire_date": ""}, before, hire_date=keep).worker.hire_date == date(2024, 1, 2)
    assert mapped({"hire_date": ""}, None, hire_date=keep).worker.hire_date is None


def test_an_own_key_of_the_source_is_used() -> None:
    found = mapped({"wid": "abc"}, source_id=FieldSpec(column="wid"))
    assert (found.worker.source_id, found.worker.worker_id) == ("abc", "007")


def test_transforms_run_in_order() -> None:
    digits = FieldSpec(column="worker_id", transforms=(Transform.DIGITS, Transform.STRIP_LEADING_ZEROS))
    assert mapped({"worker_id": "E-00120"}, worker_id=digits).worker.worker_id == "120"
    assert key_of(spec(worker_id=digits), {"worker_id": "E-00120"}) == "120"


@pytest.mark.parametrize(
    ("transform", "text", "wanted"),
    [
        (Transform.TRIM, "\u00a0 a \u200b", "a"),
        (Transform.LOWER, "Ab", "ab"),
        (Transform.UPPER, "ab", "AB"),
        (Transform.TITLE, "MARY-ANN O'NEIL", "Mary-Ann O'Neil"),
        (Transform.DIGITS, "a1\u0662b2", "12"),
        (Transform.STRIP_LEADING_ZEROS, "0000", "0"),
        (Transform.STRIP_LEADING_ZEROS, "", ""),
    ],
)
def test_transforms(transform: Transform, text: str, wanted: str) -> None:
    assert TRANSFORMS[transform](text) == wanted


DATES = [
    ("2026-04-03", None, date(2026, 4, 3)),
    ("2026-4-3", None, date(2026, 4, 3)),
    ("2026/04/03", None, date(2026, 4, 3)),
    ("2020-07-07T00:00:00.000+02:00", None, date(2020, 7, 7)),
    ("2008-04-30 00:00:00.000", None, date(2008, 4, 30)),
    ("20260403", None, date(2026, 4, 3)),
    ("03.04.2026", None, date(2026, 4, 3)),
    ("3-Apr-2026", None, date(2026, 4, 3)),
    ("03 April 2026", None, date(2026, 4, 3)),
    ("1 mär 2026", None, date(2026, 3, 1)),
    ("1 juillet 2026", None, date(2026, 7, 1)),
    ("1-juin-2026", None, date(2026, 6, 1)),
    ("13/04/2026", None, date(2026, 4, 13)),
    ("04/13/2026", None, date(2026, 4, 13)),
    ("05/05/2026", None, date(2026, 5, 5)),
    ("03/04/2026", None, NotADate(code="ambiguous_date")),
    ("03-04-2026", None, NotADate(code="ambiguous_date")),
    ("31/02/2026", None, NotADate(code="bad_date")),
    ("3/4/26", None, NotADate(code="bad_date")),
    ("03/04/2026", DateFormat.DAY_FIRST, date(2026, 4, 3)),
    ("03/04/2026 00:00", DateFormat.DAY_FIRST, date(2026, 4, 3)),
    ("03/04/2026", DateFormat.MONTH_FIRST, date(2026, 3, 4)),
    ("6/30/2018 12:00:00 AM", DateFormat.MONTH_FIRST, date(2018, 6, 30)),
    ("13/04/2026", DateFormat.MONTH_FIRST, NotADate(code="bad_date")),
    ("03.04.2026", DateFormat.DOTS, date(2026, 4, 3)),
    ("20260403", DateFormat.PACKED, date(2026, 4, 3)),
    ("03-APR-2026", DateFormat.NAMED, date(2026, 4, 3)),
    ("03-XYZ-2026", DateFormat.NAMED, NotADate(code="bad_date")),
    ("2026-04-03", DateFormat.ISO, date(2026, 4, 3)),
    ("2026-04-03", DateFormat.DAY_FIRST, NotADate(code="bad_date")),
    ("20260403", DateFormat.ISO, NotADate(code="bad_date")),
    ("9999-12-31", None, NoDay()),
    ("31.12.9999", DateFormat.DOTS, NoDay()),
    ("1900-01-01", None, NoDay()),
    ("0000-00-00", None, NoDay()),
    ("00/00/0000", DateFormat.DAY_FIRST, NoDay()),
    ("1899-12-31", None, date(1899, 12, 31)),
]


@pytest.mark.parametrize(("text", "written", "wanted"), DATES)
def test_dates(text: str, written: DateFormat | None, wanted: object) -> None:
    assert parse_date(text, written) == wanted


@given(st.dates(date(1901, 1, 1), date(2900, 12, 31)))
def test_every_day_reads_back_in_every_format(day: date) -> None:
    assert parse_date(day.isoformat(), None) == day
    assert parse_date(f"{day:%Y%m%d}", None) == day
    assert parse_date(f"{day:%d.%m.%Y}", None) == day
    assert parse_date(f"{day:%d/%m/%Y}", DateFormat.DAY_FIRST) == day
    assert parse_date(f"{day:%m/%d/%Y}", DateFormat.MONTH_FIRST) == day
    free = parse_date(f"{day:%d/%m/%Y}", None)
    assert free == day or free == NotADate(code="ambiguous_date")


@given(st.text(max_size=12), st.sampled_from([None, *DateFormat]))
def test_no_text_makes_a_date_crash(text: str, written: DateFormat | None) -> None:
    assert parse_date(text, written) is not None


STATUSES = [
    ("Active", Status.ACTIVE),
    ("A", Status.ACTIVE),
    ("Pre-hire", Status.PREHIRE),
    ("PREHIRE", Status.PREHIRE),
    ("pre hire", Status.PREHIRE),
    ("Terminated", Status.TERMINATED),
    ("On leave", Status.LEAVE),
    ("LOA", Status.LEAVE),
    ("Garden leave", Status.GARDEN_LEAVE),
    ("Notice", Status.NOTICE),
    ("Deceased", Status.DECEASED),
    ("Rescinded", Status.RESCINDED),
    ("No show", Status.RESCINDED),
    ("Withdrawn", Status.RESCINDED),
    ("Aktiv", Status.ACTIVE),
    ("Actif", Status.ACTIVE),
    ("Décédé", Status.DECEASED),
    ("Inactive", Status.UNKNOWN),
    ("Suspended", Status.UNKNOWN),
    ("Resigned", Status.UNKNOWN),
    ("x-17", Status.UNKNOWN),
    ("", Status.NONE),
]


@pytest.mark.parametrize(("word", "wanted"), STATUSES, ids=[s[0] or "empty" for s in STATUSES])
def test_statuses(word: str, wanted: Status) -> None:
    assert status_of(word, {}) is wanted


def test_the_companys_own_words_win() -> None:
    own = own_words({"In-Active": Status.LEAVE, "active": Status.NOTICE})
    assert [status_of(word, own) for word in ("inactive", "ACTIVE", "left")] == [
        Status.LEAVE, Status.NOTICE, Status.TERMINATED,
    ]  # fmt: skip


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=12)))
def test_no_record_makes_it_crash(raw: dict[str, str]) -> None:
    found = map_record(spec(), raw)
    assert isinstance(found, Mapped | Rejected)
