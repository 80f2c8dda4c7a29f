"""HR's words for a status: what they mean, whose they are, and what is kept of them."""

from __future__ import annotations

import pytest

from joinery.core.mapping.inbound import Mapped, map_record
from joinery.core.mapping.spec import FieldSpec, MappingSpec, row_of
from joinery.core.mapping.statuses import NEUTRAL, PARENTAL, VOCABULARY, normal, own_words, status_of
from joinery.core.mapping.vendor_statuses import VENDORS
from joinery.core.model.worker import Status

S = Status
#: make of HR system, its word, what it means (connectors/hris.md); unknown where it means two things
WORDS = [
    ("bamboohr", "Active", S.ACTIVE),
    ("bamboohr", "Full-Time", S.ACTIVE),
    ("bamboohr", "Contractor", S.ACTIVE),
    ("bamboohr", "Inactive", S.TERMINATED),
    ("bamboohr", "Terminated", S.TERMINATED),
    ("workday", "Active", S.ACTIVE),
    ("workday", "1", S.ACTIVE),
    ("workday", "0", S.UNKNOWN),
    ("workday", "On Leave", S.LEAVE),
    ("workday", "Terminated", S.TERMINATED),
    ("workday", "Retired", S.TERMINATED),
    ("workday", "Hire_Rescinded", S.RESCINDED),
    ("adp", "A", S.ACTIVE),
    ("adp", "L", S.LEAVE),
    ("adp", "T", S.TERMINATED),
    ("adp", "Active", S.ACTIVE),
    ("adp", "Inactive", S.UNKNOWN),
    ("adp", "P", S.UNKNOWN),
    ("adp", "Terminated", S.TERMINATED),
    ("ukg_pro", "A", S.ACTIVE),
    ("ukg_pro", "L", S.LEAVE),
    ("ukg_pro", "T", S.TERMINATED),
    ("ukg_pro", "R", S.TERMINATED),
    ("ukg_pro", "D", S.DECEASED),
    ("ukg_pro", "S", S.GARDEN_LEAVE),
    ("ukg_pro", "O", S.UNKNOWN),
    ("ukg_ready", "Active", S.ACTIVE),
    ("ukg_ready", "Terminated", S.TERMINATED),
    ("ukg_ready", "Inactive", S.UNKNOWN),
    ("successfactors", "A", S.ACTIVE),
    ("successfactors", "U", S.LEAVE),
    ("successfactors", "P", S.LEAVE),
    ("successfactors", "F", S.LEAVE),
    ("successfactors", "S", S.GARDEN_LEAVE),
    ("successfactors", "D", S.DORMANT),
    ("successfactors", "T", S.TERMINATED),
    ("successfactors", "R", S.TERMINATED),
    ("successfactors", "O", S.RESCINDED),
    ("successfactors", "RNS", S.RESCINDED),
    ("salesforce", "Active", S.ACTIVE),
    ("salesforce", "Leave", S.LEAVE),
    ("salesforce", "Terminated", S.TERMINATED),
    ("salesforce", "Inactive", S.UNKNOWN),
]


@pytest.mark.parametrize(("vendor", "word", "meaning"), WORDS, ids=[f"{v} {w}" for v, w, _ in WORDS])
def test_what_each_system_means(vendor: str, word: str, meaning: Status) -> None:
    assert status_of(word, VENDORS[vendor]) is meaning


def test_every_system_is_in_the_table_above() -> None:
    assert VENDORS.keys() == {vendor for vendor, _, _ in WORDS}


@pytest.mark.parametrize("word", ["D", "S", "P", "U", "R", "F", "O", "Inactive", "Suspended", "0"])
def test_a_code_that_means_different_things_in_different_systems_means_nothing_without_one(word: str) -> None:
    assert status_of(word, {}) is Status.UNKNOWN


def test_the_companys_own_word_wins_over_the_systems() -> None:
    own = {**VENDORS["bamboohr"], **own_words({"Inactive": Status.LEAVE})}
    assert status_of("inactive", own) is Status.LEAVE


COLUMNS = ("worker_id", "status", "leave_class")
SPEC = MappingSpec(
    rows=tuple(row_of(name, FieldSpec(column=name)) for name in COLUMNS),
    statuses=own_words({"Reha": Status.LEAVE}),
    leave_classes={normal("Medical"): "suspend"},
)


def mapped(status: str, leave_class: str = "") -> Mapped:
    found = map_record(SPEC, {"worker_id": "1", "status": status, "leave_class": leave_class})
    assert isinstance(found, Mapped)
    return found


@pytest.mark.parametrize(
    ("status", "leave_class", "kept", "access"),
    [
        pytest.param("On leave", "", "On leave", "", id="a word that tells no reason is kept as it is"),
        pytest.param("Sick leave", "", "leave", "", id="a reason is not kept"),
        pytest.param("Reha", "", "leave", "", id="nor the company's own word for one"),
        pytest.param("Maternity leave", "", "leave", "keep", id="parental leave keeps access"),
        pytest.param("Elternzeit", "", "leave", "keep", id="in German too"),
        pytest.param("Parental leave", "suspend", "leave", "suspend", id="unless HR says otherwise for the person"),
        pytest.param("On leave", "KEEP", "On leave", "keep", id="the class as HR gives it"),
        pytest.param("On leave", "Medical", "On leave", "suspend", id="a kind of leave is reduced to its class"),
        pytest.param("On leave", "Maternity", "On leave", "keep", id="a parental kind of leave keeps access"),
        pytest.param("On leave", "Burnout", "On leave", "", id="a kind that nobody explained is dropped"),
        pytest.param("Active", "", "Active", "", id="at work there is nothing to say"),
    ],
)
def test_of_a_leave_only_the_class_is_kept(status: str, leave_class: str, kept: str, access: str) -> None:
    worker = mapped(status, leave_class).worker
    assert (worker.status_text, worker.leave_class) == (kept, access)


def test_a_kind_of_leave_that_nobody_explained_is_told_without_naming_it() -> None:
    (found,) = mapped("On leave", "Burnout").findings
    assert found.check == "leave_class_unknown"
    assert "burnout" not in found.message.lower()


def test_no_word_for_parental_leave_or_an_illness_is_kept() -> None:
    assert not PARENTAL & NEUTRAL
    telling = ("sick", "krank", "maladie", "medical", "disab", "fmla", "mater", "pater", "eltern", "mutter", "pflege")
    assert not [word for word in NEUTRAL if any(part in word for part in telling)]
    assert all(VOCABULARY[word] is Status.LEAVE for word in PARENTAL)
