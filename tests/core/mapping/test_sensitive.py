"""What must not be read is known by its name in many languages, and nothing that must be read is taken for it."""

from __future__ import annotations

import pytest

from joinery.core.mapping.account_headings import ACCOUNT_CERTAIN, ACCOUNT_LIKELY
from joinery.core.mapping.headers import mapping_for, sensitive
from joinery.core.mapping.inbound import Mapped, map_record
from joinery.core.mapping.sensitive import SENSITIVE
from joinery.core.mapping.spec import FieldSpec
from joinery.core.mapping.vocabulary import CERTAIN, LIKELY
from joinery.core.model.worker import FACT_NAMES
from joinery.errors import ConfigError

REFUSED = {
    "a national ID": "SSN|Social Security Number|NationalID|NINO|Sozialversicherungsnummer|SV-Nummer|Steuer-ID|"
    "Reisepass-Nr|Numéro de sécurité sociale|NIR|DNI|NIF|Codice fiscale|BSN|Burgerservicenummer|CPF|PESEL|マイナンバー|"
    "身份证号码|СНИЛС|Passport no",
    "a birth date": "Date of birth|DOB|BirthDate|birth_date|Geburtsdatum|Geb. Geburtstag|Date de naissance|"
    "Fecha de nacimiento|Data di nascita|Data de nascimento|Geboortedatum|Data urodzenia|"
    "生年月日|Дата рождения|Age|Alter",
    "pay": "Salary|Base pay|Bruttogehalt|Gehalt|Monatslohn Lohn|Salaire brut|Salario|Sueldo|Stipendio|Salaris|"
    "Wynagrodzenie|Hourly rate|Bonus|給与|工资|Зарплата",
    "health data": "Disability|Sick days|Krankentage|Schwerbehinderung|Grad der Behinderung|Handicap|Salud|Malattia|"
    "Ziekte|Verzuim|Arrêt maladie|Leave reason|Absence reason|健康診断|Pregnant",
    "belief, origin or gender": "Religion|Konfession|Ethnicity|Gender|Geschlecht|Sexe|Nationality|Staatsangehörigkeit|"
    "Marital status|Familienstand|Estado civil|Trade union|性別",
    "bank details": "IBAN|Bank account|Kontonummer|RIB|Cuenta bancaria|employeeIban",
    "a password": "Password|Passwort|Mot de passe|Wachtwoord|Contraseña",
}
CASES = [(heading, kind) for kind, headings in REFUSED.items() for heading in headings.split("|")]


@pytest.mark.parametrize(("heading", "kind"), CASES, ids=[heading for heading, _ in CASES])
def test_such_a_heading_is_known(heading: str, kind: str) -> None:
    assert sensitive(heading) == kind


@pytest.mark.parametrize(("heading", "kind"), CASES, ids=[heading for heading, _ in CASES])
def test_it_is_never_read_by_its_heading_and_refused_when_it_is_named(heading: str, kind: str) -> None:
    spec = mapping_for(["worker_id", heading])
    assert spec.columns == ("worker_id",)
    with pytest.raises(ConfigError) as caught:
        mapping_for(
            ["worker_id", heading], {"worker_id": FieldSpec(column="worker_id"), "x": FieldSpec(column=heading)}
        )
    assert caught.value.data["code"] == "sensitive_column" and kind in str(caught.value)


def test_with_a_reason_it_is_read() -> None:
    fields = {"worker_id": FieldSpec(column="worker_id"), "born": FieldSpec(column="Date of birth")}
    spec = mapping_for(["worker_id", "Date of birth"], fields, allow_sensitive={"Date of birth": "minors, JArbSchG"})
    assert spec.columns == ("worker_id", "Date of birth")
    with pytest.raises(ConfigError):
        mapping_for(["worker_id", "Date of birth"], fields, allow_sensitive={"Date of birth": "  "})


def test_nothing_that_is_read_by_its_heading_is_taken_for_sensitive() -> None:
    known = {*FACT_NAMES, *CERTAIN, *LIKELY, *ACCOUNT_CERTAIN, *ACCOUNT_LIKELY, "is_minor"}
    assert {name: kind for name in known if (kind := sensitive(name))} == {}


@pytest.mark.parametrize(
    "heading",
    ["Spain", "Single sign-on", "Language", "Stage", "Manager", "Polen", "Umsatz", "Полное имя", "Usage", "Lone"],
)
def test_a_word_that_only_contains_one_is_not_one(heading: str) -> None:
    assert sensitive(heading) == ""


def test_every_kind_has_words() -> None:
    assert SENSITIVE.keys() == REFUSED.keys() and all(len(words) > 3 for words in SENSITIVE.values())


@pytest.mark.parametrize(
    ("cell", "kept", "notes"),
    [
        ("Yes", "yes", []),
        ("ja", "yes", []),
        ("0", "no", []),
        ("", "", []),
        ("2009-04-01", "", ["not_a_flag"]),
        ("17", "", ["not_a_flag"]),
    ],
    ids=["yes", "another language", "no", "nothing said", "a birth date is no flag", "an age is no flag"],
)
def test_is_minor_is_a_flag_and_never_a_birth_date(cell: str, kept: str, notes: list[str]) -> None:
    fields = {"worker_id": FieldSpec(column="No"), "is_minor": FieldSpec(column="Minor")}
    mapped = map_record(mapping_for(["No", "Minor"], fields), {"No": "1", "Minor": cell})
    assert isinstance(mapped, Mapped)
    assert mapped.worker.value("is_minor") == kept and [found.check for found in mapped.findings] == notes
    assert all(cell not in found.message for found in mapped.findings if cell)
