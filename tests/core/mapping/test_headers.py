"""Which column is meant: well-known names, named fields, errors that name what is missing or unclear."""

from __future__ import annotations

import pytest

from joinery.core.mapping.headers import by_headings, holds_forms_of_address, mapping_for, sensitive
from joinery.core.mapping.spec import CANONICAL, DateFormat, Empty, FieldSpec
from joinery.errors import ConfigError, SourceUntrusted

HEADERS = [
    ("the replay's header",
     "employee_id,first_name,last_name,work_email,hire_date,job_title,department,manager_id,location,time_zone,"
     "employment_status,employment_type,termination_date",
     "worker_id given_name family_name work_email hire_date job_title department manager_id location time_zone status "
     "employment_type termination_date"),
    ("names as people write them",
     "Employee Number,First Name,Surname,Work E-mail,Position Title,Dept,Office,Supervisor ID,Start Date,Last Day",
     "worker_id given_name family_name work_email job_title department location manager_id hire_date termination_date"),
    ("camel case", "empNo,firstName,lastName,department,phone", "worker_id given_name family_name department phone"),
    ("German", "Personalnummer,Vorname,Nachname,E-Mail,Abteilung,Standort,Eintrittsdatum,Austrittsdatum,Kostenstelle",
     "worker_id given_name family_name work_email department location hire_date termination_date cost_center"),
    ("French", "Matricule,Prénom,Nom,Courriel,Intitulé du poste,Département,Site,Date d'embauche,Date de sortie",
     "worker_id given_name family_name work_email job_title department location hire_date termination_date"),
    ("a name without doubt beats a likely one", "id,employee_id,email,work email,start date,hire date",
     "- worker_id - work_email - hire_date"),
    ("of two hire dates that of the latest employment counts", "emp_no,Original Hire Date,Hire Date,activation_date",
     "worker_id - hire_date -"),
    ("the start of work is a hire date where nothing else is one", "emp_no,work_start,activation_date",
     "worker_id hire_date -"),
    ("a bare manager is a name", "emp_no,manager", "worker_id -"),
    ("sensitive columns are not read", "emp_no,National ID,Birthdate,Salary,IBAN,Religion,Gender,password",
     "worker_id - - - - - - -"),
    ("unknown columns are not read", "emp_no,shoe size,note", "worker_id - -"),
    ("canonical names", ",".join(sorted(CANONICAL)), " ".join(sorted(CANONICAL))),
]  # fmt: skip


@pytest.mark.parametrize(("header", "attributes"), [h[1:] for h in HEADERS], ids=[h[0] for h in HEADERS])
def test_well_known_headers_need_no_mapping(header: str, attributes: str) -> None:
    columns = header.split(",")
    wanted = {to: column for to, column in zip(attributes.split(), columns, strict=True) if to != "-"}
    assert mapping_for(columns).by_attribute == wanted


def test_named_fields_win_and_the_rest_is_recognised() -> None:
    spec = mapping_for(["Code", "employee_id", "Vorname"], {"worker_id": FieldSpec(column="Code")})
    assert spec.by_attribute == {"worker_id": "Code", "given_name": "Vorname"}


def test_only_named_fields_are_read_where_settings_say_so() -> None:
    spec = mapping_for(["Code", "Vorname"], {"worker_id": FieldSpec(column="Code")}, well_known=False)
    assert spec.columns == ("Code",)


def test_a_field_may_be_one_of_the_companys_own() -> None:
    spec = mapping_for(["employee_id", "Shoe size"], {"shoe_size": FieldSpec(column="Shoe size")})
    assert spec.column_of("shoe_size") == "Shoe size"


def test_names_and_addresses_are_kept_when_empty_unless_settings_say_otherwise() -> None:
    named = {"family_name": FieldSpec(column="last_name", empty=Empty.ERROR)}
    spec = mapping_for(["employee_id", "first_name", "last_name", "work_email", "job_title"], named)
    assert {row.to: row.empty for row in spec.rows} == {
        "worker_id": Empty.NONE, "given_name": Empty.KEEP, "family_name": Empty.ERROR, "work_email": Empty.KEEP,
        "job_title": Empty.NONE,
    }  # fmt: skip


def test_a_format_is_handed_on() -> None:
    fields = {"hire_date": FieldSpec(column="start", format=DateFormat.DAY_FIRST)}
    assert mapping_for(["employee_id", "start"], fields).rows[1].format is DateFormat.DAY_FIRST


def test_two_columns_that_could_both_be_meant_are_an_error_that_names_both() -> None:
    with pytest.raises(ConfigError, match=r"'Manager ID' and 'Supervisor ID' could both be manager_id") as caught:
        mapping_for(["employee_id", "Manager ID", "Supervisor ID"])
    assert caught.value.data["code"] == "ambiguous_header"


def test_a_named_column_that_is_missing_says_what_was_probably_meant() -> None:
    with pytest.raises(SourceUntrusted) as caught:
        mapping_for(["Employee number", "Work mail"], {"work_email": FieldSpec(column="Work e-mail")})
    assert caught.value.data == {
        "code": "column_missing",
        "missing": {"work_email": "Work e-mail"},
        "did_you_mean": {"Work e-mail": "Work mail"},
    }
    assert "did you mean 'Work mail'?" in str(caught.value)


def test_a_file_without_employee_numbers_is_refused() -> None:
    with pytest.raises(SourceUntrusted, match="employee number") as caught:
        mapping_for(["first_name", "shoe size"])
    assert caught.value.data["code"] == "column_missing"


# ---------------------------------------------------------------- without settings


def test_what_two_columns_could_be_is_left_unread_and_the_file_is_not_refused() -> None:
    spec = by_headings(["employee_id", "Locale", "Manager ID", "Preferred language", "Supervisor ID", "Status"])
    assert spec.by_attribute == {"worker_id": "employee_id", "status": "Status"}
    assert spec.doubtful == {
        "language": ("Locale", "Preferred language"),
        "manager_id": ("Manager ID", "Supervisor ID"),
    }


def test_two_columns_that_could_be_the_number_are_an_error_that_says_how_to_name_it() -> None:
    with pytest.raises(ConfigError, match="'Employee ID' and 'Staff ID' could both be worker_id") as caught:
        by_headings(["Employee ID", "Staff ID"])
    assert "--number" in caught.value.fix
    assert by_headings(["Employee ID", "Staff ID"], "Staff ID").by_attribute == {"worker_id": "Staff ID"}


def test_where_no_heading_tells_the_number_somebody_can() -> None:
    header = ["Clock card", "First name"]
    with pytest.raises(SourceUntrusted, match="No column holds the employee number") as caught:
        by_headings(header)
    assert '--number "COLUMN"' in caught.value.fix
    assert by_headings(header, "Clock card").by_attribute == {"worker_id": "Clock card", "given_name": "First name"}


@pytest.mark.parametrize(("said", "hint"), [("clockcard", "; did you mean 'Clock card'?"), ("Pass", ". Nothing")])
def test_a_number_column_that_is_not_there(said: str, hint: str) -> None:
    with pytest.raises(SourceUntrusted) as caught:
        by_headings(["Clock card", "First name"], said)
    assert hint in str(caught.value) and "Clock card, First name" in caught.value.fix


def test_a_sensitive_column_is_nobodys_number() -> None:
    with pytest.raises(ConfigError, match="a national ID"):
        by_headings(["SSN", "First name"], "SSN")


@pytest.mark.parametrize(
    ("cells", "are"),
    [
        (["Mr", "Ms.", "", "Prof. Dr.", "Frau Dr."], True),
        (["Mr", "Mrs", "Miss", "Dr", "Vicar"], True),
        (["Clerk", "Head of Sales", "Mr"], False),
        (["Doctor", "Sr Engineer"], False),
        (["", " "], False),
    ],
)
def test_knows_forms_of_address(cells: list[str], are: bool) -> None:
    assert holds_forms_of_address(cells) is are


def test_a_sensitive_column_is_refused_without_a_reason() -> None:
    fields = {"badge": FieldSpec(column="National ID")}
    with pytest.raises(ConfigError, match="a national ID") as caught:
        mapping_for(["employee_id", "National ID"], fields)
    assert caught.value.data["code"] == "sensitive_column"
    with pytest.raises(ConfigError):
        mapping_for(["employee_id", "National ID"], fields, allow_sensitive={"National ID": " "})
    spec = mapping_for(["employee_id", "National ID"], fields, allow_sensitive={"National ID": "works agreement 12"})
    assert spec.column_of("badge") == "National ID"


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("SSN", "a national ID"),
        ("dateOfBirth", "a birth date"),
        ("Geburtsdatum", "a birth date"),
        ("Base salary (EUR)", "pay"),
        ("bank_account", "bank details"),
        ("Leave reason", "health data"),
        ("MothersMaiden", "belief, origin or gender"),
        ("Payroll ID", ""),
        ("Manager", ""),
        ("Page", ""),
        ("Location", ""),
    ],
)
def test_knows_sensitive_columns_by_name(column: str, kind: str) -> None:
    assert sensitive(column) == kind


@pytest.mark.parametrize("beside", ["City", "Zip Code", "PostalCode", "Street Address"])
def test_the_state_of_an_address_is_no_state_of_an_employment(beside: str) -> None:
    assert "status" not in mapping_for(["Employee ID", "State", beside]).by_attribute
    assert mapping_for(["Employee ID", "State", "Department"]).by_attribute["status"] == "State"
