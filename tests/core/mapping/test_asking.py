"""Which questions two files leave open, in which order, with which choices; never more than six."""

from __future__ import annotations

from collections.abc import Sequence

from joinery.core.mapping.asking import Answers, Question, Seen, open_questions
from joinery.core.mapping.recognition import Cells, Written, recognise_accounts, recognise_people
from joinery.core.mapping.spec import DateFormat

ZONE = Answers(zone="UTC")


def cells(header: Sequence[str], *, same: Sequence[str] = ()) -> dict[str, Cells]:
    return {
        name: Cells(values=("1", "2", "3", "4"), rows=4, filled=4, distinct=1 if name in same else 4) for name in header
    }


def seen(
    people: Sequence[str] = ("Employee ID",),
    accounts: Sequence[str] = ("Login",),
    *,
    answers: Answers = ZONE,
    dates: Written | None = None,
    same: Sequence[str] = (),
) -> Seen:
    return Seen(
        people=recognise_people(people, {}, answers.fields),
        people_cells=cells(people, same=same),
        accounts=recognise_accounts(accounts, {}, answers.account_fields),
        accounts_cells=cells(accounts, same=same),
        dates=dates or Written(),
    )


def asked(found: Seen, answers: Answers = ZONE) -> list[str]:
    return [question.key for question in open_questions(found, answers)]


def test_without_a_doubt_only_the_zone_is_asked_and_a_guess_is_offered() -> None:
    (question,) = open_questions(seen(), Answers(), zone_guess="Europe/Paris")
    assert (question.key, question.flag, question.default) == ("zone", "--zone ", "Europe/Paris")
    assert asked(seen()) == []


def test_two_columns_for_the_employee_number_are_offered_with_what_they_hold() -> None:
    (question,) = open_questions(seen(["Employee ID", "Employee number"]), ZONE)
    assert question == Question(
        key="people.worker_id",
        text="Which column of the HR file holds the employee number (worker_id)?",
        flag="--field worker_id=",
        choices=(("Employee ID", "1, 2, 3 …"), ("Employee number", "1, 2, 3 …")),
    )


def test_what_can_be_left_out_may_be_left_out() -> None:
    (question,) = open_questions(seen(["Employee ID", "Company email", "Business email"]), ZONE)
    assert question.key == "people.work_email" and question.choices[-1] == ("none", "read none of them")


def test_two_columns_for_something_minor_are_left_unread_and_not_asked_about() -> None:
    assert asked(seen(["Employee ID", "Department name", "Dept code"])) == []


def test_without_any_employee_number_the_columns_that_tell_people_apart_are_offered() -> None:
    (question,) = open_questions(seen(["Ref", "Shirt", "Salary"], same=["Shirt"]), ZONE)
    assert question.key == "people.worker_id" and [name for name, _ in question.choices] == ["Ref"]


def test_without_anything_that_names_an_account_its_id_is_asked() -> None:
    (question,) = open_questions(seen(accounts=["Ref", "Points"], same=["Points"]), ZONE)
    assert question.key == "accounts.account_id" and question.flag == "--account-field account_id="
    assert "export of the learning system" in question.text


def test_two_emails_of_an_account_are_asked_about() -> None:
    assert asked(seen(accounts=["Login", "Primary email", "User email"])) == ["accounts.email"]


def test_what_was_answered_is_not_asked_again() -> None:
    answers = Answers(fields={"worker_id": "Ref"}, account_fields={"account_id": "Key"}, zone="UTC")
    assert asked(seen(["Ref", "Other"], ["Key", "Other"], answers=answers), answers) == []


def test_dates_that_can_be_read_in_two_ways_are_asked_once() -> None:
    found = seen(dates=Written(asked=True, example="03-04-2020"))
    (question,) = open_questions(found, ZONE)
    assert [told for _, told in question.choices] == [
        "day first: day 3 of month 4",
        "month first: day 4 of month 3",
    ]
    assert asked(found, Answers(zone="UTC", dates=DateFormat.DAY_FIRST)) == []


def test_never_more_than_five_and_the_weightiest_first() -> None:
    people = ["Employee ID", "Employee number", "Company email", "Business email", "HR status", "Worker status"]
    people += ["Hired on", "Date of hire", "Exit date", "Term date"]
    found = seen(people, ["Login", "Primary email", "User email"], dates=Written(asked=True, example="03/04/2020"))
    assert asked(found, Answers()) == ["people.worker_id", "people.work_email", "accounts.email", "dates", "zone"]


def test_long_examples_are_cut() -> None:
    found = seen(["Employee ID", "Employee number"])
    long = {name: Cells(values=("x" * 90,), rows=1, filled=1, distinct=1) for name in found.people_cells}
    wide = Seen(
        people=found.people,
        people_cells=long,
        accounts=found.accounts,
        accounts_cells=found.accounts_cells,
        dates=found.dates,
    )
    (question,) = open_questions(wide, ZONE)
    assert question.choices[0][1] == f"{'x' * 60} …"
