"""`joinery init`: from two files to a first plan that observes; what is in doubt is asked, or named where nobody is."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from joinery.cli.init_answers import ask
from joinery.cli.init_command import app
from joinery.core.mapping.asking import Answers, Question
from joinery.core.mapping.spec import DateFormat
from joinery.errors import AnswerNeeded, ConfigError, JoineryError, SourceUntrusted
from joinery.settings import load
from tests.conftest import ROOT
from tests.faces.running import environment
from tests.support.forked import joinery

EXAMPLE = ROOT / "examples" / "two-files"
ZONE = ("--zone", "Europe/Paris")

Row = Mapping[str, str]


def write(path: Path, rows: Sequence[Row], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def hr(tmp_path: Path, **columns: str) -> Path:
    row = {"Employee ID": "000101", "First name": "Ana", "Last name": "Ito", "Work e-mail": "ana.ito@acme.example"}
    return write(tmp_path / "hr.csv", [row | {name.replace("_", " "): value for name, value in columns.items()}])


def users(tmp_path: Path, **columns: str) -> Path:
    row = {"Login": "ana", "Email": "ana.ito@acme.example", "Firstname": "Ana", "Lastname": "Ito"}
    return write(tmp_path / "users.csv", [row | columns])


def init(*arguments: object) -> str:
    """In this process; the text it says. Raises what it raises."""
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def data(*arguments: object) -> Any:
    return json.loads(init(*arguments, "--json"))


# --------------------------------------------------------------------------------------------- the whole way


def test_the_example_from_two_files_to_a_plan_that_observes(tmp_path: Path) -> None:
    there = tmp_path / "new"
    said = init(
        "--from-files", EXAMPLE / "hr.csv", EXAMPLE / "learning-users.csv", *ZONE, "--accept-sure", "--dir", there
    )
    for sentence in (
        "HR: hr.csv, 11 people",
        "Date of birth (a birth date: never read); Shoe size",
        "Learning system: learning-users.csv, 13 accounts",
        "7  sure: 3 by employee number, 4 by e-mail",
        "1  likely: same e-mail, but another name",
        "1  unclear",
        "1  open accounts of people who have left",
        "2  only in the learning system: nothing will happen to these",
        "1  new: no account yet",
        "4 matches confirmed by e-mail.",
        "Data check: no issues.",
        "[OBSERVE ONLY - nothing can be written]",
        "0  mails",
        f"joinery match --config {there / 'joinery.yaml'}",
    ):
        assert sentence in said, sentence
    assert "14/07/1971" not in said and "Erik Lindqvist" in said


def test_the_settings_left_behind_are_those_a_person_would_write(tmp_path: Path) -> None:
    init("--from-files", EXAMPLE / "hr.csv", EXAMPLE / "learning-users.csv", *ZONE, "--dir", tmp_path / "new")
    file = tmp_path / "new" / "joinery.yaml"
    settings = load(file, environ={})
    assert settings.mode == "observe" and settings.company.name == "Acme"
    assert settings.people["hris"].fields["hire_date"].format == "DD/MM/YYYY"
    assert "Date of birth" not in file.read_text() and "# put HR's next export here" in file.read_text()
    assert len(file.read_text().splitlines()) <= 26
    assert settings.learning["lms"].into == "export"


def test_the_copies_are_read_and_the_originals_are_left_where_they_are(tmp_path: Path) -> None:
    before = (hr(tmp_path).read_bytes(), users(tmp_path).read_bytes())
    init("--from-files", tmp_path / "hr.csv", tmp_path / "users.csv", *ZONE, "--dir", tmp_path / "new")
    assert before == ((tmp_path / "hr.csv").read_bytes(), (tmp_path / "users.csv").read_bytes())
    assert (tmp_path / "new" / "learning" / "users.csv").exists()
    assert not list((tmp_path / "new" / "inbox").iterdir())


def test_without_a_word_no_match_by_email_is_confirmed(tmp_path: Path) -> None:
    found = data("--from-files", hr(tmp_path), users(tmp_path), *ZONE, "--dir", tmp_path / "new")
    assert found["matches"] == {
        "sure": 1,
        "by_number": 0,
        "by_email": 1,
        "likely": 0,
        "unclear": 0,
        "left_open": 0,
        "only_in_learning": 0,
        "new": 0,
    }
    assert found["confirmed"] == 0 and found["plan"]["state"] == "observed"
    assert found["plan"]["held"]["link"] == 1


def test_an_attribute_the_export_does_not_show_is_not_called_different(tmp_path: Path) -> None:
    people = hr(tmp_path, Job_title="Clerk", Department="Sales")
    there = users(tmp_path, **{"custom_field:Employee ID": "000101", "Department": "Sales"})
    assert data("--from-files", people, there, *ZONE, "--dir", tmp_path / "new")["plan"]["counts"] == {"link": 1}


# --------------------------------------------------------------------------------------------- awkward files


def test_semicolons_and_an_old_encoding_on_both_sides(tmp_path: Path) -> None:
    people = [{"Personalnummer": "007", "Vorname": "Zoé", "Nachname": "Müller", "Firmen E-Mail": "z@acme.example"}]
    write(tmp_path / "hr.csv", people, delimiter=";", encoding="cp1252")
    there = [{"Benutzername": "z", "E-Mail Adresse": "Z@acme.example", "Vorname": "Zoé", "Nachname": "Müller"}]
    write(tmp_path / "users.csv", there, delimiter=";", encoding="cp1252")
    found = data("--from-files", tmp_path / "hr.csv", tmp_path / "users.csv", *ZONE, "--dir", tmp_path / "new")
    assert (found["matches"]["by_email"], found["matches"]["new"]) == (1, 0)


def workbook(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """An Excel file with one sheet."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


def test_excel_on_both_sides(tmp_path: Path) -> None:
    people = [("Employee ID", "First name", "Work e-mail", "Hire date")]
    people += [("000101", "Ana", "ana.ito@acme.example", date(2019, 3, 4)), ("000102", "Mei", "mei@acme.example", None)]  # type: ignore[list-item]
    there = [("Username", "Email", "Employee number"), ("ana", "ana.ito@acme.example", "000101")]
    files = (workbook(tmp_path / "hr.xlsx", people), workbook(tmp_path / "users.xlsx", there))
    found = data("--from-files", *files, *ZONE, "--dir", tmp_path / "new")
    assert (found["matches"]["by_number"], found["matches"]["new"]) == (1, 1)
    assert load(tmp_path / "new" / "joinery.yaml", environ={}).people["hris"].path.name == "*.xlsx"  # type: ignore[union-attr]


def test_an_email_twice_in_the_learning_system_is_unclear_never_sure(tmp_path: Path) -> None:
    there = [{"id": n, "email": "ana.ito@acme.example", "firstname": "Ana"} for n in ("1", "2")]
    found = data("--from-files", hr(tmp_path), write(tmp_path / "u.csv", there), *ZONE, "--dir", tmp_path / "new")
    assert (found["matches"]["sure"], found["matches"]["unclear"], found["matches"]["new"]) == (0, 1, 0)


def test_an_address_that_was_somebody_elses_is_not_confirmed_with_the_others(tmp_path: Path) -> None:
    there = users(tmp_path, Firstname="Erik", Lastname="Lind")
    found = data("--from-files", hr(tmp_path), there, *ZONE, "--accept-sure", "--dir", tmp_path / "new")
    assert (found["matches"]["sure"], found["matches"]["likely"], found["confirmed"]) == (0, 1, 0)


def refused(tmp_path: Path, *arguments: object) -> JoineryError:
    """What it says; nothing may be left behind."""
    there = tmp_path / "new"
    with pytest.raises(JoineryError) as caught:
        init("--from-files", *arguments, "--dir", there)
    assert not there.exists() or not list(there.iterdir())
    return caught.value


def test_files_in_the_wrong_order_are_named_with_the_right_command(tmp_path: Path) -> None:
    error = refused(tmp_path, EXAMPLE / "learning-users.csv", EXAMPLE / "hr.csv", *ZONE)
    assert error.data["code"] == "files_swapped"
    assert error.fix == f"joinery init --from-files {EXAMPLE / 'hr.csv'} {EXAMPLE / 'learning-users.csv'}"


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("Employee ID,Work e-mail\n", "not a single row"), ("\x00\x01", "cannot be used")],
    ids=["empty", "only headings", "not a table"],
)
@pytest.mark.parametrize("which", [0, 1], ids=["HR", "learning system"])
def test_a_file_of_no_use_is_refused_by_its_name(tmp_path: Path, which: int, text: str, said: str) -> None:
    files = [hr(tmp_path), users(tmp_path)]
    files[which].write_text(text.replace("Employee ID", "login").replace("Work e-mail", "email") if which else text)
    error = refused(tmp_path, *files, *ZONE)
    assert isinstance(error, SourceUntrusted)
    assert said in error.message and files[which].name in error.message


def test_two_files_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    there = write(tmp_path / "u.csv", [{"login": "ana", "firstname": "Ana", "last login": "x"}])
    assert refused(tmp_path, hr(tmp_path), there, *ZONE).data["code"] == "nothing_in_common"


def test_a_folder_that_has_settings_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "joinery.yaml").write_text("mine")
    with pytest.raises(ConfigError, match="is there already; nothing was written"):
        init("--from-files", hr(tmp_path), users(tmp_path), *ZONE, "--dir", tmp_path)
    assert (tmp_path / "joinery.yaml").read_text() == "mine"


def test_what_fails_after_the_folder_was_made_is_taken_back(tmp_path: Path) -> None:
    there = [{"account id": "1", "email": f"a{n}@acme.example"} for n in range(3)]
    more = ("--account-field", "account_id=account id")
    error = refused(tmp_path, hr(tmp_path), write(tmp_path / "u.csv", there), *ZONE, *more)
    assert error.data["code"] == "accounts_not_told_apart"


# --------------------------------------------------------------------------------------------- questions


def test_where_nobody_can_be_asked_each_doubt_names_its_option(tmp_path: Path) -> None:
    people = hr(tmp_path, Employee_number="7", Hire_date="03/04/2020")
    error = refused(tmp_path, people, users(tmp_path))
    assert isinstance(error, AnswerNeeded) and error.exit_code == 2
    assert error.message.startswith("3 open questions, and nobody can be asked here; nothing was written.")
    assert error.fix.startswith("Answer with --field worker_id=… --dates … --zone …")


def test_options_answer_every_question(tmp_path: Path) -> None:
    people = hr(tmp_path, Employee_number="7", Hire_date="03/04/2020")
    answers = ("--field", "worker_id=Employee number", "--dates", "MM/DD/YYYY", *ZONE, "--company", "Ito & Co: all")
    init("--from-files", people, users(tmp_path), *answers, "--dir", tmp_path / "new")
    settings = load(tmp_path / "new" / "joinery.yaml", environ={})
    fields = settings.people["hris"].fields
    assert fields["worker_id"].column == "Employee number" and fields["hire_date"].format == "MM/DD/YYYY"
    assert settings.company.name == "Ito & Co: all" and str(settings.company.time_zone) == "Europe/Paris"


def test_a_file_answers_them_too_and_options_win(tmp_path: Path) -> None:
    people = hr(tmp_path, Employee_number="7", Hire_date="03/04/2020")
    answers = tmp_path / "answers.yaml"
    answers.write_text(
        "company: From file\nzone: Asia/Tokyo\ndates: DD/MM/YYYY\nfields: { worker_id: Employee number }\n"
        "account_fields: { account_id: Login }\naccept_sure: true\n"
    )
    found = data("--from-files", people, users(tmp_path), "--answers", answers, *ZONE, "--dir", tmp_path / "new")
    settings = load(tmp_path / "new" / "joinery.yaml", environ={})
    assert (settings.company.name, str(settings.company.time_zone)) == ("From file", "Europe/Paris")
    assert found["confirmed"] == 1 and settings.learning["lms"].fields["account_id"] == "Login"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [("zon: UTC\n", "which is not asked"), ("- a\n", "must be a mapping"), ("accept_sure: perhaps\n", "true or false")],
)
def test_answers_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "answers.yaml").write_text(text)
    assert said in refused(tmp_path, hr(tmp_path), users(tmp_path), "--answers", tmp_path / "answers.yaml").message


def test_a_sensitive_column_is_not_read_even_when_it_is_named(tmp_path: Path) -> None:
    people = hr(tmp_path, Gehalt="5000")
    error = refused(tmp_path, people, users(tmp_path), *ZONE, "--field", "level=Gehalt")
    assert "this looks like pay, which Joinery does not read" in error.message
    found = data("--from-files", people, users(tmp_path), *ZONE, "--dir", tmp_path / "new")
    why = "pay: never read"
    assert found["columns"]["people"][-1] == {"column": "Gehalt", "attribute": "", "sure": "sensitive", "why": why}


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    error = refused(tmp_path, hr(tmp_path), users(tmp_path), *ZONE, "--account-field", "email=Mail")
    assert error.fix == "It has: Login, Email, Firstname, Lastname."


def test_a_question_is_asked_again_until_the_answer_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["perhaps", "2"])
    monkeypatch.setattr("typer.prompt", lambda *_args, **_more: next(said))
    question = Question(key="dates", text="?", flag="--dates ", choices=(("DD/MM/YYYY", ""), ("MM/DD/YYYY", "")))
    assert ask(question, Answers(), 1, 1).dates is DateFormat.MONTH_FIRST


def test_at_a_terminal_it_asks_and_ends_with_a_plan(tmp_path: Path) -> None:
    hr(tmp_path, Hire_date="03/04/2020")
    users(tmp_path)
    ours, theirs = pty.openpty()
    command = [*joinery(), "init", "--from-files", "hr.csv", "users.csv"]
    started = subprocess.Popen(
        command, cwd=tmp_path, env=environment(NO_COLOR="1", TERM="dumb"), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    heard: list[bytes] = []

    def listen() -> None:
        while True:
            try:
                heard.append(os.read(ours, 4096))
            except OSError:  # the other side is closed
                return

    listener = threading.Thread(target=listen)
    listener.start()
    os.write(ours, b"1\nEurope/Paris\ny\n")
    assert started.wait(timeout=120) == 0
    listener.join()
    text = b"".join(heard).decode()
    assert "Question 1 of 2. Dates such as 03/04/2020" in text and "Question 2 of 2. In which time zone" in text
    assert "Confirm the 1 with the same e-mail in one go?" in text and "1 match confirmed by e-mail." in text


# --------------------------------------------------------------------------------------------- the other ways in


def test_alone_it_explains_both_ways() -> None:
    said = init()
    assert "joinery init --from-files HR LMS" in said and "--template" in said


def test_the_template_is_valid_once_it_is_filled_in(tmp_path: Path) -> None:
    init("--template", "--out", tmp_path / "joinery.yaml")
    settings = load(tmp_path / "joinery.yaml", environ={})
    assert settings.mode == "observe" and "worker_id" in settings.people["hris"].fields
    assert init("--template") == (tmp_path / "joinery.yaml").read_text()


def test_the_command_is_found_by_its_name(tmp_path: Path) -> None:
    done = subprocess.run(
        [*joinery(), "init"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and done.stdout.startswith("Two ways to begin")
