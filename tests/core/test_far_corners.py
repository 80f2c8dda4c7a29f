"""What is said rarely: refusals, fallbacks and edges of the core that no story passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from tests.core.planning.someone import account, subject, wanted

from joinery.core.correlation.correlate import Candidates, Matching
from joinery.core.hygiene.trust import Profile
from joinery.core.mapping.headers import mapping_for
from joinery.core.mapping.inbound import end_said
from joinery.core.mapping.spec import FieldSpec, MappingSpec, row_of
from joinery.core.model.event import Event, EventKind
from joinery.core.model.ids import PersonKey
from joinery.core.model.receipt import Outcome, Receipt
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.planning.steps import lines_for
from joinery.core.rules.conditions import Kind, Vocabulary, parse
from joinery.core.rules.conditions.evaluation import as_date, as_flag
from joinery.core.rules.events import Known, events_for
from joinery.core.rules.instants import at_local_time, days_after
from joinery.errors import ConditionError, SourceUntrusted

VOCABULARY = Vocabulary(custom={"score": Kind.NUMBER, "bonus": Kind.NUMBER})
NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)

REFUSED: list[tuple[str, object, str]] = [
    ("a list where a text belongs", "contains(job_title, [])", ""),
    ("an arithmetic alone", "1 + 1", "arithmetic"),
    ("a dotted name alone", "worker.country", "plain attribute names"),
    ("an empty search in a function", 'starts_with(job_title, "")', "found everywhere"),
    ("an instant for a day", {"hire_date": datetime(2026, 3, 2, 5)}, "This is a time, not a date"),
    ("a condition without an end", "not " * 200 + "has_reports", "nested too deeply"),
    ("a level and a date", "job_level == hire_date", "cannot be compared"),
]


@pytest.mark.parametrize(("given", "said"), [pytest.param(g, s, id=i) for i, g, s in REFUSED])
def test_refused_conditions(given: object, said: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(given, VOCABULARY)  # type: ignore[arg-type]
    assert said in str(refused.value)


READ = [
    ("a negative number", "score > -5"),
    ("yes written as a word", "has_reports == True"),
    ("a level and a text", "job_level == job_title"),
    ("a level and a number", "job_level == score"),
    ("two levels", "job_level == fte"),
]


@pytest.mark.parametrize("given", [pytest.param(g, id=i) for i, g in READ])
def test_conditions_that_are_understood(given: str) -> None:
    condition = parse(given, VOCABULARY)
    assert parse(condition.text, VOCABULARY) == condition


def test_a_condition_names_both_attributes_that_it_compares() -> None:
    assert parse("score > bonus", VOCABULARY).attributes == {"score", "bonus"}


def test_what_is_no_date_and_no_flag_is_unknown() -> None:
    assert as_date("soon") is None
    assert as_date(date(2026, 3, 2)) == as_date(" 2026-03-02 ") == date(2026, 3, 2)
    assert (as_flag(True), as_flag("maybe")) == (True, None)


def test_a_profile_comes_back_as_it_went_in() -> None:
    profile = Profile(rows=7, columns=("a", "b"), blanks={"a": 0.5}, domains={"x.org": 7}, ids=7, as_of=NOW)
    assert Profile.from_json(profile.to_json()) == profile
    without = replace(profile, as_of=None)
    assert Profile.from_json(without.to_json()) == without


def test_a_column_that_differs_in_case_only_is_the_one_that_is_meant() -> None:
    with pytest.raises(SourceUntrusted, match=r"'hire date' \(hire_date\), did you mean 'Hire_Date'\?"):
        mapping_for(["Employee ID", "Hire_Date"], {"hire_date": FieldSpec(column="hire date")})


ENDS = [
    ("word and day", {"status": "Terminated", "end": "2026-03-01"}, Status.TERMINATED, date(2026, 3, 1)),
    ("a day that cannot be read is none", {"status": "Terminated", "end": "soon"}, Status.TERMINATED, None),
    ("no day is none", {"status": "Active", "end": ""}, Status.ACTIVE, None),
]


@pytest.mark.parametrize(("raw", "status", "day"), [pytest.param(*c[1:], id=c[0]) for c in ENDS])
def test_the_end_that_a_bad_row_tells(raw: dict[str, str], status: Status, day: date | None) -> None:
    columns = {"worker_id": "id", "status": "status", "termination_date": "end"}
    spec = MappingSpec(rows=tuple(row_of(to, FieldSpec(column=column)) for to, column in columns.items()))
    assert end_said(spec, raw) == (raw["status"], status, day)
    assert end_said(MappingSpec(rows=spec.rows[:1]), raw)[::2] == ("", None)


def test_a_day_after_the_last_one_is_the_last_one() -> None:
    assert days_after(date.max, 1) == date.max
    assert days_after(date(2026, 2, 28), 1) == date(2026, 3, 1)


def test_an_hour_that_does_not_exist_moves_past_the_gap() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert at_local_time(date(2026, 3, 29), time(2, 30), berlin) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert at_local_time(date(2026, 3, 30), time(7), berlin) == datetime(2026, 3, 30, 5, tzinfo=UTC)


def test_a_new_source_key_is_told_where_the_number_stays() -> None:
    at_work = Standing(stage=Stage.ACTIVE, since=NOW)
    before = Known(worker=Worker(source_id="old", worker_id="007"), standing=at_work)
    after = Known(worker=Worker(source_id="new", worker_id="007"), standing=at_work)
    (event,) = events_for(PersonKey("p"), before, after, NOW.date(), NOW.date())
    assert isinstance(event, Event)
    assert (event.kind, event.attribute, event.old, event.new) == (EventKind.REKEYED, "source_id", "old", "new")


def test_an_address_waits_where_addresses_never_link() -> None:
    there = account(attributes={"email": "ana@example.com"})
    found = lines_for(subject(wanted(), candidates=Candidates(by_email=(there,)), matching=Matching(email="never")))
    assert found[0].held == "another account holds this e-mail, and e-mail never links here: correct one of the two"


def test_an_account_with_roles_is_protected() -> None:
    assert (account(roles=("admin",)).protected, account().protected) == (True, False)


def test_a_receipt_says_that_something_changed_unless_told_otherwise() -> None:
    receipt = Receipt(key="P-1/1", outcome=Outcome.DONE)
    assert (receipt.changed, receipt.account, receipt.detail) == (True, None, "")
