"""Which column means what, how sure that is, how dates are written, and which file is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from joinery.core.mapping.recognition import (
    Cells,
    Recognised,
    Sure,
    Written,
    is_attribute,
    looks_like_accounts,
    looks_like_people,
    recognise_accounts,
    recognise_people,
    written,
)
from joinery.core.mapping.spec import DateFormat


def cells(*values: str, rows: int = 0) -> Cells:
    return Cells(
        values=tuple(dict.fromkeys(values)), rows=rows or len(values), filled=len(values), distinct=len(set(values))
    )


def people(header: Sequence[str], held: Mapping[str, Cells] | None = None, **said: str) -> Recognised:
    return recognise_people(header, held or {}, said)


def told(found: Recognised) -> list[str]:
    return [f"{c.name}: {c.attribute or '-'} {c.sure}" for c in found.columns]


def test_headings_without_doubt_are_sure_and_those_that_usually_mean_it_are_likely() -> None:
    found = people(["Employee ID", "Title", "hire_date", "Shoe size"])
    assert told(found) == [
        "Employee ID: worker_id sure",
        "Title: job_title likely",
        "hire_date: hire_date sure",
        "Shoe size: - unknown",
    ]
    assert found.taken == {"worker_id": "Employee ID", "job_title": "Title", "hire_date": "hire_date"}


def test_a_heading_without_doubt_beats_one_that_usually_means_it() -> None:
    found = people(["ID", "Personnel number"])
    assert told(found) == ["ID: - unknown", "Personnel number: worker_id sure"]
    assert found.columns[0].why == "Personnel number is worker_id"


def test_forms_of_address_are_no_job_titles() -> None:
    found = people(["Employee ID", "Title", "Position"], {"Title": cells("Mr", "Ms.", "Prof. Dr.", "Dr")})
    assert found.taken["job_title"] == "Position"
    assert found.columns[1].why == "called like job_title, but most cells hold a form of address"


def test_the_hire_date_that_counts_is_that_of_the_latest_employment() -> None:
    found = people(["Employee ID", "Original Hire Date", "Date of Hire", "Activation Date"])
    assert found.taken == {"worker_id": "Employee ID", "hire_date": "Date of Hire"}
    assert people(["Employee ID", "Original Hire Date"]).taken["hire_date"] == "Original Hire Date"


def test_two_that_could_be_meant_are_in_doubt_and_neither_is_taken() -> None:
    found = people(["Employee ID", "Employee number", "Status"])
    assert found.doubtful == {"worker_id": ("Employee ID", "Employee number")}
    assert [c.sure for c in found.columns] == [Sure.DOUBTFUL, Sure.DOUBTFUL, Sure.SURE]
    assert "worker_id" not in found.taken


def test_somebodys_word_settles_a_doubt_and_beats_every_heading() -> None:
    found = people(["Employee ID", "Employee number", "Badge"], worker_id="Badge")
    assert found.taken == {"worker_id": "Badge"} and not found.doubtful
    assert told(found)[0] == "Employee ID: - unknown"


def test_the_canonical_name_is_meant_where_two_could_be() -> None:
    assert people(["worker_id", "Employee ID"]).taken == {"worker_id": "worker_id"}


@pytest.mark.parametrize(
    ("heading", "held", "objection"),
    [
        ("Work e-mail", cells("none", "n/a", "-"), "most cells hold no e-mail address"),
        ("Hire date", cells("soon", "later"), "most cells hold no date"),
        ("Employee ID", cells("1", "1", "1", "1"), "many cells are the same"),
    ],
)
def test_cells_that_cannot_be_it_outweigh_the_heading(heading: str, held: Cells, objection: str) -> None:
    (column,) = people([heading], {heading: held}).columns
    assert column.sure is Sure.UNKNOWN and column.why.endswith(objection)


def test_an_empty_column_keeps_the_meaning_of_its_heading() -> None:
    (column,) = people(["Hire date"], {"Hire date": Cells(rows=10)}).columns
    assert column.sure is Sure.SURE


def test_what_is_sensitive_is_never_read_not_even_on_somebodys_word() -> None:
    found = people(["Employee ID", "Date of birth", "Gehalt"], hire_date="Date of birth")
    assert [c.sure for c in found.columns] == [Sure.SURE, Sure.SENSITIVE, Sure.SENSITIVE]
    assert found.columns[1].why == "a birth date: never read"
    assert found.taken == {"worker_id": "Employee ID"}


def test_the_headings_of_learning_systems_are_known() -> None:
    header = ["id", "username", "email", "firstname", "lastname", "idnumber", "custom_field:Department"]
    assert recognise_accounts(header, {}, {}).taken == {
        "account_id": "id",
        "username": "username",
        "email": "email",
        "given_name": "firstname",
        "family_name": "lastname",
        "worker_id": "idnumber",
        "department": "custom_field:Department",
    }


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ([], Written()),
        (["2026-01-31", "20260131", "31.01.2026", "1-Jan-2026"], Written()),
        (["03/04/2026", "25/12/2026"], Written(format=DateFormat.DAY_FIRST)),
        (["03/04/2026", "12/25/2026"], Written(format=DateFormat.MONTH_FIRST)),
        (["03/04/2026", "04/04/2026"], Written(asked=True, example="03/04/2026")),
        (["03/04/2026", "25/12/2026", "12/25/2026"], Written(asked=True, example="03/04/2026")),
        (["04/04/2026"], Written()),
        (["25/12/2026"], Written()),
    ],
    ids=[
        "no dates at all",
        "dates that can be read in one way only",
        "one day above 12 in first place settles all",
        "one day above 12 in second place settles all",
        "nothing settles it: ask",
        "both ways in one file: ask",
        "the same day either way",
        "nothing that can be read in two ways",
    ],
)
def test_how_dates_are_written_is_found_from_all_of_them_together(texts: list[str], wanted: Written) -> None:
    assert written(texts) == wanted


HR = ["Employee ID", "First name", "E-mail", "Hire date", "Contract type"]
LEARNING = ["Username", "First name", "E-mail", "Last login"]


def test_the_two_files_are_told_apart_by_what_only_one_of_them_has() -> None:
    assert looks_like_people(HR, people(HR)) and not looks_like_accounts(HR, people(HR))
    assert looks_like_accounts(LEARNING, people(LEARNING)) and not looks_like_people(LEARNING, people(LEARNING))
    plain = ["Employee ID", "First name", "E-mail"]
    assert not looks_like_accounts(plain, people(plain)) and not looks_like_people(plain, people(plain))


def test_attributes_of_people_are_those_joinery_knows() -> None:
    assert is_attribute("worker_id") and not is_attribute("shoe_size")
