"""What each operation does, told as a table; and the promise that asking twice is asking once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.classroom.house import House, opened

ANA = {"email": "Ana@Example.test", "worker_id": "0007", "display_name": "Ana Silva", "department": "Ops"}
BO = {"email": "bo@example.test", "worker_id": "0008", "display_name": "Bo"}
COURSE = {"op": "assign", "account_id": "c-000001", "kind": "course", "reasons": ["because"]}


@contextmanager
def two_people(folder: Path) -> Iterator[House]:
    with opened(folder) as house:
        house.ask(
            {"op": "create", "external_id": "p-1", "attributes": ANA},
            {"op": "create", "external_id": "p-2", "attributes": BO},
            {"op": "add_to_group", "account_id": "c-000001", "group": "Warehouse", "create": True},
            {**COURSE, "key": "forklift/1", "target": "FORKLIFT", "due_on": "2026-04-01"},
        )
        yield house


@pytest.fixture(name="house")
def _house(tmp_path: Path) -> Iterator[House]:
    with two_people(tmp_path) as made:
        yield made


def update(*changes: tuple[str, str | None, str | None]) -> dict[str, Any]:
    listed = [{"attribute": name, "old": old, "new": new} for name, old, new in changes]
    return {"op": "update", "account_id": "c-000001", "changes": listed}


CASES: dict[str, tuple[dict[str, Any], str, bool, str]] = {
    "a person who is there already is returned, not made again": (
        {"op": "create", "external_id": "p-1", "attributes": {"email": "new@x.test"}},
        "done",
        False,
        "already there",
    ),
    "an address in use is for a person to decide, whatever its capitals": (
        {"op": "create", "external_id": "p-9", "attributes": {"email": " aNA@example.TEST "}},
        "needs_you",
        False,
        "e-mail belongs to account c-000001",
    ),
    "a worker ID in use is for a person to decide": (
        {"op": "create", "external_id": "p-9", "attributes": {"worker_id": "0008"}},
        "needs_you",
        False,
        "worker ID belongs to account c-000002",
    ),
    "two people may both have no address": (
        {"op": "create", "external_id": "p-9", "attributes": {"email": "", "display_name": "No Mail"}},
        "done",
        True,
        "",
    ),
    "a change from what is there is made": (update(("department", "Ops", "Sales")), "done", True, ""),
    "a change that is there already changes nothing": (update(("department", "Old", "Ops")), "done", False, ""),
    "one stale attribute keeps all of them back": (
        update(("display_name", None, "Ana Costa"), ("department", "Finance", "Sales")),
        "skipped",
        False,
        "department is no longer what it was",
    ),
    "old null does not compare": (update(("department", None, "Sales")), "done", True, ""),
    "an address of somebody else is not taken over": (
        update(("email", None, "BO@example.test")),
        "needs_you",
        False,
        "c-000002",
    ),
    "null clears an attribute": (update(("department", "Ops", None)), "done", True, ""),
    "clearing what is not there changes nothing": (update(("job_title", None, None)), "done", False, ""),
    "suspend closes": ({"op": "suspend", "account_id": "c-000001"}, "done", True, ""),
    "archive closes": ({"op": "archive", "account_id": "c-000001"}, "done", True, ""),
    "restore of an active account changes nothing": (
        {"op": "restore", "account_id": "c-000001"},
        "done",
        False,
        "",
    ),
    "an account that is linked to somebody else is left alone": (
        {"op": "set_external_id", "account_id": "c-000001", "external_id": "p-5", "old": "p-4"},
        "skipped",
        False,
        "no longer what it was",
    ),
    "a person has one account": (
        {"op": "set_external_id", "account_id": "c-000001", "external_id": "p-2", "old": "p-1"},
        "needs_you",
        False,
        "linked to account c-000002",
    ),
    "a key can be changed": (
        {"op": "set_external_id", "account_id": "c-000001", "external_id": "p-5", "old": "p-1"},
        "done",
        True,
        "",
    ),
    "a group that does not exist is for a person to decide": (
        {"op": "add_to_group", "account_id": "c-000001", "group": "Nowhere"},
        "needs_you",
        False,
        "group does not exist",
    ),
    "a group can be made on the way": (
        {"op": "add_to_group", "account_id": "c-000001", "group": "New", "create": True},
        "done",
        True,
        "",
    ),
    "nobody is twice in a group": (
        {"op": "add_to_group", "account_id": "c-000001", "group": "Warehouse"},
        "done",
        False,
        "",
    ),
    "out of a group": ({"op": "remove_from_group", "account_id": "c-000001", "group": "Warehouse"}, "done", True, ""),
    "out of a group one is not in": (
        {"op": "remove_from_group", "account_id": "c-000002", "group": "Nowhere"},
        "done",
        False,
        "",
    ),
    "a path can be assigned": (
        {**COURSE, "kind": "path", "key": "on/1", "target": "Onboarding_Path"},
        "done",
        True,
        "",
    ),
    "an unknown course is for a person to decide": (
        {**COURSE, "key": "x/1", "target": "NOPE"},
        "needs_you",
        False,
        "there is no course NOPE",
    ),
    "the same assignment again changes nothing": (
        {**COURSE, "key": "other", "assignment": "forklift/1", "target": "FORKLIFT", "due_on": "2026-04-01"},
        "done",
        False,
        "",
    ),
    "a new due date is written": (
        {**COURSE, "key": "forklift/1", "target": "FORKLIFT", "due_on": "2026-05-01"},
        "done",
        True,
        "",
    ),
    "an assignment does not change its course": (
        {**COURSE, "key": "forklift/1", "target": "welcome"},
        "needs_you",
        False,
        "is for the course FORKLIFT",
    ),
    "what was not begun is withdrawn": (
        {"op": "withdraw", "account_id": "c-000001", "assignment": "forklift/1", "only_if_not_started": True},
        "done",
        True,
        "",
    ),
    "what is not assigned need not be withdrawn": (
        {"op": "withdraw", "account_id": "c-000001", "assignment": "nothing/1"},
        "done",
        False,
        "",
    ),
    "an account that does not exist fails": (
        {"op": "suspend", "account_id": "c-999999"},
        "failed",
        False,
        "no such account",
    ),
    "a misspelt field is not ignored": (
        {"op": "suspend", "account_id": "c-000001", "revoke_role": True},
        "failed",
        False,
        "revoke_role",
    ),
    "a person without an id cannot be made": (
        {"op": "create", "external_id": "", "attributes": {}},
        "failed",
        False,
        "external_id: is empty",
    ),
    "a group without a name is none": (
        {"op": "add_to_group", "account_id": "c-000001", "group": "", "create": True},
        "failed",
        False,
        "group: is empty",
    ),
    "an unknown operation fails": ({"op": "delete", "account_id": "c-000001"}, "failed", False, "delete"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_operation(house: House, case: tuple[dict[str, Any], str, bool, str]) -> None:
    operation, outcome, changed, detail = case
    before = house.api.get("/api/v1/accounts").json()["items"]
    (result,) = house.ask(operation)
    assert (result["outcome"], result["changed"]) == (outcome, changed), result
    assert detail in result["detail"]
    after = house.api.get("/api/v1/accounts").json()["items"]
    assert (after != before) == changed
    (again,) = house.ask(operation)
    assert (again["outcome"], again["changed"]) == (outcome, False)
    assert house.api.get("/api/v1/accounts").json()["items"] == after


def test_the_operation_s_answer_is_the_account_as_it_can_be_read_afterwards(house: House) -> None:
    (result,) = house.ask(update(("display_name", "Ana Silva", "Ana Costa")))
    assert result["account"] == house.account("c-000001")
    assert result["account"]["attributes"]["display_name"] == "Ana Costa"
    assert result["account"]["version"] == 4


def test_a_bad_operation_harms_none_of_its_neighbours(house: House) -> None:
    results = house.ask(
        update(("department", "Ops", "Sales")),
        {"op": "suspend", "account_id": "nobody"},
        {"op": ["nonsense"]},
        {"op": "suspend", "account_id": "c-000002"},
    )
    assert [one["outcome"] for one in results] == ["done", "failed", "failed", "done"]
    assert [one["key"] for one in results] == ["k0", "k1", "k2", "k3"]
    assert house.account("c-000001")["attributes"]["department"] == "Sales"
    assert house.account("c-000002")["state"] == "suspended"


def test_what_is_not_even_an_operation_fails_alone(house: House) -> None:
    close = {"op": "suspend", "key": "s", "account_id": "c-000001"}
    half = {"op": "create", "key": "\ud800", "external_id": "p-9", "attributes": {"email": "\ud800"}}
    body = json.dumps({"operations": [5, None, [], half, close]})  # half of a surrogate pair, as JSON may say it
    answer = house.api.post("/api/v1/operations", content=body)
    assert [one["outcome"] for one in answer.json()["results"]] == ["failed"] * 4 + ["done"]


def test_two_people_can_swap_their_addresses_by_way_of_none(house: House) -> None:
    other = {**update(("email", None, "ana@example.test")), "account_id": "c-000002"}
    results = house.ask(update(("email", None, None)), other, update(("email", None, "bo@example.test")))
    assert [one["outcome"] for one in results] == ["done"] * 3
    assert house.account("c-000001")["attributes"]["email"] == "bo@example.test"
    assert house.account("c-000002")["attributes"]["email"] == "ana@example.test"


def test_what_one_account_gives_up_a_new_one_may_have_in_the_same_request(house: House) -> None:
    freed = {"op": "set_external_id", "account_id": "c-000001", "external_id": "p-7", "old": "p-1"}
    new = {"op": "create", "external_id": "p-1", "attributes": {"email": "ana@example.test"}}
    results = house.ask(freed, update(("email", None, "")), new)
    assert [one["outcome"] for one in results] == ["done"] * 3
    assert house.account("c-000003")["external_id"] == "p-1"


def test_the_same_new_address_twice_in_one_request_goes_to_the_first(house: House) -> None:
    new = {"op": "create", "attributes": {"email": "same@example.test"}}
    first, second = house.ask({**new, "external_id": "p-8"}, {**new, "external_id": "p-9"})
    assert (first["outcome"], second["outcome"]) == ("done", "needs_you")


def test_suspend_takes_roles_only_when_told(house: House) -> None:
    house.api.put("/api/v1/accounts/c-000001/roles", json={"roles": ["admin"]})
    (kept,) = house.ask({"op": "suspend", "account_id": "c-000001"})
    assert kept["account"]["roles"] == ["admin"]
    (taken,) = house.ask({"op": "suspend", "account_id": "c-000001", "revoke_roles": True})
    assert (taken["changed"], taken["account"]["roles"]) == (True, [])


def test_archived_stays_archived_when_suspended(house: House) -> None:
    results = house.ask({"op": "archive", "account_id": "c-000001"}, {"op": "suspend", "account_id": "c-000001"})
    assert results[1]["account"]["state"] == "archived"


def test_what_comes_back_after_a_withdrawal_has_its_progress(house: House) -> None:
    from tests.classroom.company import completed

    house.clock.turn(days=1)
    completed(house, "c-000001", "FORKLIFT")
    house.ask({"op": "withdraw", "account_id": "c-000001", "assignment": "forklift/1"})
    assert house.account("c-000001")["assignments"][0]["state"] == "withdrawn"
    house.ask({**COURSE, "key": "forklift/1", "target": "FORKLIFT", "due_on": "2026-04-01"})
    (back,) = house.account("c-000001")["assignments"]
    assert (back["state"], back["completed_at"]) == ("completed", "2026-03-03T09:00:00Z")


def test_what_was_begun_is_not_withdrawn_when_told_to_spare_it(house: House) -> None:
    from tests.classroom.house import send

    page = "/courses/FORKLIFT/items/loads"
    send(house.signed_in("c-000001"), page, f"{page}/done")
    spare = {"op": "withdraw", "account_id": "c-000001", "assignment": "forklift/1", "only_if_not_started": True}
    (result,) = house.ask(spare)
    assert (result["outcome"], result["changed"]) == ("skipped", False)
    assert house.account("c-000001")["assignments"][0]["state"] == "in_progress"


def test_courses_done_before_count_inside_a_path_unless_a_day_says_otherwise(house: House) -> None:
    from tests.classroom.company import completed

    for course in ("welcome", "security-basics"):
        completed(house, "c-000001", course)
    house.clock.turn(days=10)
    path = {**COURSE, "kind": "path", "target": "Onboarding_Path"}
    (counts,) = house.ask({**path, "key": "on/1"})
    (anew,) = house.ask({**path, "key": "on/2", "counts_since": "2026-03-10"})
    states = {one["key"]: one["state"] for one in anew["account"]["assignments"]}
    assert counts["outcome"] == "done"
    assert (states["on/1"], states["on/2"]) == ("completed", "assigned")


ACCOUNT = st.sampled_from(["c-000001", "c-000002", "c-000003", "c-000009"])
TEXT = st.sampled_from(["", "a@x.test", "A@x.test", "0007", "0008", "Ops"])
SOME = st.one_of(st.none(), TEXT)
CHANGE = st.fixed_dictionaries(
    {"attribute": st.sampled_from(["email", "worker_id", "department"]), "old": SOME, "new": SOME}
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["email", "worker_id", "department"]), TEXT)
KEYS = st.sampled_from(["forklift/1", "on/1"])
OPERATIONS = st.one_of(
    st.fixed_dictionaries(
        {"op": st.just("create"), "external_id": st.sampled_from(["p-1", "p-3"]), "attributes": ATTRIBUTES}
    ),
    st.fixed_dictionaries({"op": st.just("update"), "account_id": ACCOUNT, "changes": st.lists(CHANGE, max_size=3)}),
    st.fixed_dictionaries({"op": st.just("suspend"), "account_id": ACCOUNT, "revoke_roles": st.booleans()}),
    st.fixed_dictionaries({"op": st.sampled_from(["archive", "restore"]), "account_id": ACCOUNT}),
    st.fixed_dictionaries(
        {
            "op": st.just("set_external_id"),
            "account_id": ACCOUNT,
            "external_id": st.sampled_from(["p-1", "p-2", "p-3"]),
            "old": st.sampled_from([None, "p-1", "p-2", "p-3"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("add_to_group"),
            "account_id": ACCOUNT,
            "group": st.sampled_from(["A", "B"]),
            "create": st.booleans(),
        }
    ),
    st.fixed_dictionaries(
        {"op": st.just("remove_from_group"), "account_id": ACCOUNT, "group": st.sampled_from(["A", "B"])}
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("assign"),
            "account_id": ACCOUNT,
            "assignment": KEYS,
            "kind": st.just("course"),
            "target": st.sampled_from(["FORKLIFT", "welcome", "NOPE"]),
            "due_on": st.sampled_from([None, "2026-05-01"]),
            "reasons": st.lists(st.sampled_from(["r1", "r2"]), max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"op": st.just("withdraw"), "account_id": ACCOUNT, "assignment": KEYS, "only_if_not_started": st.booleans()}
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(OPERATIONS, min_size=1, max_size=6))
def test_whatever_is_asked_twice_in_a_row_has_the_effect_of_once(operations: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, two_people(Path(folder)) as house:
        for operation in operations:
            (first,) = house.ask(operation)
            (second,) = house.ask(operation)
            assert not second["changed"]
            if first["outcome"] == "done":
                assert second["outcome"] == "done"
                assert second["account"] == first["account"] == house.account(first["account"]["id"])


@settings(max_examples=40, deadline=None)
@given(st.lists(OPERATIONS, min_size=1, max_size=8))
def test_one_request_or_many_make_no_difference(operations: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
        with two_people(Path(one)) as together, two_people(Path(many)) as singly:
            batch = together.ask(*operations)
            steps = [singly.ask(operation)[0] for operation in operations]
            assert [(b["outcome"], b["changed"], b["account"]) for b in batch] == [
                (s["outcome"], s["changed"], s["account"]) for s in steps
            ]
            listed = [house.api.get("/api/v1/accounts").json()["items"] for house in (together, singly)]
            assert listed[0] == listed[1]
