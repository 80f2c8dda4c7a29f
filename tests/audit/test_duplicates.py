"""People who may be there twice: found with the evidence, and not found where names only look alike."""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from benchmarks.doubles import Recipe, make, write
from benchmarks.hygiene import judged, look

from joinery.audit.duplicates import Pair, duplicates, sides
from joinery.audit.names import generation, plain, sound
from joinery.audit.population import known
from joinery.audit.similar import needed

ANA = {
    "given_name": "Ana", "family_name": "Müller", "work_email": "ana.mueller@acme.com", "phone": "+49 170 1234567",
    "hire_date": "2019-04-08", "department": "Care 4", "status": "Active",
}  # fmt: skip
CROWD = [
    {
        "worker_id": str(1000 + n),
        "given_name": given,
        "family_name": family,
        "work_email": f"{given}.{family}{n}@acme.com".lower(),
        "phone": f"+49 30 {5000000 + 37 * n}",
        "hire_date": f"20{10 + n % 15}-{1 + n % 12:02}-{1 + n % 28:02}",
        "department": f"Care {n % 9}",
        "status": "Active",
    }
    for n, (given, family) in enumerate(
        itertools.product(["John", "Mary", "Li", "Omar", "Eva", "Jan"], ["Smith", "Berg", "Khan", "Roy", "Wu", "Abel"])
    )
]


def pairs(*people: dict[str, str]) -> tuple[Pair, ...]:
    rows = [*CROWD, *({"worker_id": str(n), **person} for n, person in enumerate(people, 1))]
    names = dict.fromkeys(itertools.chain.from_iterable(rows))
    return duplicates(known(pl.DataFrame([{name: row.get(name, "") for name in names} for row in rows])))


def found(first: dict[str, str], second: dict[str, str]) -> list[tuple[str, str]]:
    return [(pair.left, pair.right) for pair in pairs(first, second)]


OTHER = {"work_email": "someone.else@acme.com"}
ONE = [
    ("a slip in the family name", {**OTHER, "family_name": "Mülller"}),
    ("written without umlaut", {**OTHER, "family_name": "MUELLER"}),
    ("names that changed places", {**OTHER, "given_name": "Müller", "family_name": "Ana"}),
    ("a new family name", {**OTHER, "family_name": "Okonkwo"}),
    ("a second family name", {**OTHER, "family_name": "Müller-Okonkwo"}),
    ("a second given name", {**OTHER, "given_name": "Ana Sofia"}),
    ("another address", OTHER),
    ("another telephone and the same day", {**OTHER, "phone": "+49 170 9999999"}),
]
TWO = [
    ("a twin", {**OTHER, "given_name": "Eva"}),
    ("a name and nothing else", {**OTHER, "phone": "+49 30 111111", "hire_date": "2004-01-01", "department": "X"}),
    ("father and son", {**OTHER, "family_name": "Müller Jr.", "hire_date": "1999-01-01", "department": "Care 1"}),
    ("a colleague of the same day", {**OTHER, "given_name": "Omar", "family_name": "Wu", "phone": ""}),
]  # fmt: skip


@pytest.mark.parametrize("changed", [c[1] for c in ONE], ids=[c[0] for c in ONE])
def test_one_person_under_two_numbers(changed: dict[str, str]) -> None:
    assert found(ANA, {**ANA, **changed}) == [("1", "2")]


@pytest.mark.parametrize("changed", [c[1] for c in TWO], ids=[c[0] for c in TWO])
def test_two_people_who_look_alike(changed: dict[str, str]) -> None:
    first = {**ANA, "family_name": "Müller Sr."} if "Jr" in changed.get("family_name", "") else ANA
    assert found(first, {**ANA, **changed}) == []


def test_somebody_who_came_back_under_a_new_number() -> None:
    before = {**ANA, "status": "Terminated", "termination_date": "2023-06-30"}
    after = {**ANA, **OTHER, "hire_date": "2024-02-01"}
    (pair,) = pairs(before, after)
    assert "one employment ended before the other began" in pair.agree
    assert pair.differ == ()


def test_a_slip_that_reaches_both_ends_of_a_name_is_compared_within_a_place_of_work() -> None:
    """`Bela` and `Bila` share neither beginning nor end: what they share is the family name and the place."""
    bela = {**ANA, "given_name": "Bela", "location": "Oslo", "department": "Care 99"}
    bila = {**bela, **OTHER, "given_name": "Bila", "phone": "", "hire_date": "2019-04-09"}
    assert found(bela, bila) == [("1", "2")]
    assert found(bela, {**bila, "location": "Lille", "department": "Care 98"}) == []


@pytest.mark.parametrize(
    ("people", "bits"), [(40, -0.6), (7_500, -0.4), (30_000, 0.0), (60_000, 0.2), (240_000, 0.6)], ids=str
)
def test_a_crowd_asks_for_less_than_the_square_of_it_and_a_handful_for_more(people: int, bits: float) -> None:
    square = math.log2(people / 2) - math.log2(0.01) + 2
    assert square - needed(people) == pytest.approx(bits)


def _said_of_hire_dates(day: str) -> list[str]:
    """Of Ana and a second record hired on `day`, in a company of a thousand whose hire dates are spread."""
    days = [date(2010, 1, 1) + timedelta(days=5 * n) for n in range(1000)]
    spread = [{**CROWD[n % 36], "worker_id": f"S{n}", "phone": str(7_000_000 + n)} for n in range(1000)]
    rows = [{**row, "hire_date": str(day)} for row, day in zip(spread, days, strict=True)]
    rows += [{**ANA, "worker_id": "1"}, {**ANA, **OTHER, "worker_id": "2", "hire_date": day}]
    found = duplicates(known(pl.DataFrame(rows)), among=["1"])
    return [said for pair in found if pair.right == "2" for said in pair.agree if said.startswith("hired")]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2019-04-08", ["hired on the same day"]),
        ("2019-04-10", ["hired at about the same time"]),
        ("2019-05-02", ["hired at about the same time"]),
        ("2019-05-20", []),
    ],
)
def test_a_day_that_was_entered_a_little_otherwise_still_says_something(day: str, said: list[str]) -> None:
    assert _said_of_hire_dates(day) == said


def test_who_left_on_one_day_is_more_likely_one_person_and_an_end_to_come_is_told_to_nobody() -> None:
    gone = {**ANA, "status": "Terminated", "termination_date": "2023-06-30"}
    (pair,) = pairs(gone, {**gone, **OTHER})
    assert "left on the same day" in pair.agree
    ahead = {**ANA, "termination_date": "2027-06-30"}
    (pair,) = pairs(ahead, {**ahead, **OTHER})
    assert "left on the same day" not in pair.agree


def test_another_place_and_another_job_stand_against_it() -> None:
    here = {**ANA, "location": "Oslo", "job_title": "Nurse"}
    there = {**here, "location": "Lille", "job_title": "Cook"}
    (same,), (moved,) = pairs(here, {**here, **OTHER}), pairs(here, {**there, **OTHER})
    assert same.bits - moved.bits > 3


def test_one_manager_and_one_name_are_compared_whatever_became_of_the_other_name() -> None:
    """`T.` for `Tatiana`, in another department, a month later: what they share is the family name and the manager."""
    full = {**ANA, "given_name": "Tatiana", "family_name": "Quisling", "manager_id": "77", "location": "Oslo"}
    short = {**full, **OTHER, "given_name": "T.", "phone": "", "hire_date": "2019-05-09", "department": "Care 98"}
    assert found(full, short) == [("1", "2")]
    assert found(full, {**short, "manager_id": "78"}) == []


NOISY = [
    Recipe(seed=11, people=6_000, doubles=150, look_alikes=150, pool="eastern", known=0.2, kept=0.65),
    Recipe(seed=12, people=6_000, doubles=150, look_alikes=150, pool="few", known=0.0, kept=0.8, tidy=False),
]


@pytest.mark.parametrize("recipe", NOISY, ids=["eastern names", "few names, shared addresses"])
def test_a_careless_file_is_searched_nearly_as_well_as_a_tidy_one(recipe: Recipe, tmp_path: Path) -> None:
    """What `python -m benchmarks.hygiene --sweep` measures at full size."""
    rows, labels = make(recipe)
    write(tmp_path / "people.csv", rows)
    recall, precision, _ = judged(look(tmp_path / "people.csv"), labels)
    assert recall >= 0.95
    assert precision >= 0.93


def test_a_number_that_hr_linked_itself_is_not_listed() -> None:
    assert found(ANA, {**ANA, "previous_id": "1"}) == []


def test_the_evidence_is_said_in_words_without_a_name_or_an_address() -> None:
    (pair,) = pairs(ANA, {**ANA, **OTHER})
    finding = pair.finding()
    assert finding.people == ("1", "2")
    assert pair.sure == "very probably"
    assert "the same telephone" in pair.agree and "hired on the same day" in pair.agree
    assert not {"ana", "müller", "@"} & set(finding.message.lower().split())
    assert "1234567" not in finding.message


def test_different_telephones_stand_against_it() -> None:
    (pair,) = pairs(ANA, {**ANA, "phone": "+49 30 7654321"})
    assert pair.differ == ("different telephones",)


def test_a_common_name_says_less_than_a_rare_one() -> None:
    rare = {"given_name": "Xolani", "family_name": "Quisling", "department": "Care 2", "hire_date": "2015-05-05"}
    common = {**rare, "given_name": "John", "family_name": "Smith"}
    (first,), (second,) = pairs(rare, rare), pairs(common, common)
    assert first.bits > second.bits


def test_both_records_are_shown_with_what_they_say() -> None:
    people = known(pl.DataFrame([{"worker_id": "1", **ANA}, {"worker_id": "2", **ANA, "phone": ""}]))
    pair = Pair(left="1", right="2", bits=1.0, agree=(), differ=())
    assert {number: side["phone"] for number, side in sides(people, [pair]).items()} == {"1": ANA["phone"], "2": ""}


def test_nobody_and_missing_columns() -> None:
    assert duplicates(known(pl.DataFrame({"worker_id": []}, schema={"worker_id": pl.String}))) == ()
    assert duplicates(known(pl.DataFrame({"worker_id": ["1", "2"]}))) == ()


SPELLINGS = [
    ("Müller", "Mueller"), ("MÜLLER", "müller"), ("Jørgensen", "Joergensen"), ("Łukasz", "Lukasz"),
    ("Иванов", "Ivanov"), ("Dr. Berg", "Berg"), ("O'Brien", "OBrien"), ("Schäfer", "Shaefer"), ("Stephan", "Stefan"),
    ("Berg Jr.", "Berg"), ("Şahin", "Sahin"), ("van den Berg", "Berg"), ("Yuri", "Juri"), ("Élodie", "Elodie"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_spellings_of_one_name_sound_the_same(one: str, other: str) -> None:
    heard = pl.DataFrame({"name": [one, other]}).select(sound(plain(pl.col("name")))).to_series()
    assert heard[0] == heard[1] != ""


@pytest.mark.parametrize(("one", "other"), [("Berg", "Borg"), ("Ana", "Eva"), ("Li", "Lo"), ("Smith", "Khan")])
def test_different_names_stay_different(one: str, other: str) -> None:
    heard = pl.DataFrame({"name": [one, other]}).select(sound(plain(pl.col("name")))).to_series()
    assert heard[0] != heard[1]


def test_generations() -> None:
    names = pl.DataFrame({"name": ["Smith Jr.", "Smith, Senior", "Smith III", "Junior-Smith", "Smith"]})
    assert names.select(generation(pl.col("name"))).to_series().to_list() == ["jr", "sr", "iii", "jr", ""]
