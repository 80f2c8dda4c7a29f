"""A person is taken out of Classroom: every table and every byte is looked through for what is left."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from joinery_classroom.tables import metadata
from tests.classroom.company import completed
from tests.classroom.house import House, send

NAMES = ("Xanthippe", "xanthippe", "W-xanthippequillfeather", "p-xanthippequillfeather", "Kilnmaster", "M-4711")
PSEUDONYM = "erased-0123456789ab"

#: a table is listed when somebody has thought about what it says of people
KNOWN = {
    "accounts", "assignments", "completions", "courses", "failed_tries", "files", "groups", "items_done", "members",
    "paths", "schema_version", "scim_groups", "scim_users", "sessions", "sign_in_tokens", "writes",
}  # fmt: skip


def test_every_table_is_known_to_the_erasure() -> None:
    assert set(metadata.tables) == KNOWN


@pytest.fixture
def her(house: House) -> str:
    """She signed in, learnt something, mistyped a code, was written to over SCIM, and has left."""
    hers = {"job_title": "Kilnmaster", "manager_id": "M-4711", "department": "Works"}
    account = house.hire("Xanthippe Quillfeather", email="xanthippe@example.com", **hers)
    house.assign(account, "FORKLIFT", reasons=["Xanthippe asked for it"])
    house.ask({"op": "add_to_group", "account_id": account, "group": "Works", "create": True})
    completed(house, account, "US-COMPLIANCE")
    send(house.browser(), "/sign-in", worker_id="W-xanthippequillfeather", code="AAAA-AAAA")
    house.signed_in(account)
    house.link(account)
    change = {"op": "replace", "path": "userName", "value": "Xanthippe"}
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [change]}
    scim = {"content-type": "application/scim+json"}
    assert house.api.patch(f"/classroom/scim/v2/Users/{account}", json=patch, headers=scim).status_code in {200, 204}
    house.hire("Bo")
    return account


def left(house: House, account: str) -> None:
    house.ask({"op": "suspend", "account_id": account})


def erase(house: House, account: str) -> Any:
    return house.api.post(f"/api/v1/accounts/{account}/erase", json={"pseudonym": PSEUDONYM})


def everything(house: House) -> str:
    with house.store.reading() as connection:
        return "\n".join(str(row) for t in metadata.tables.values() for row in connection.execute(select(t)))


def counted(house: House) -> dict[str, int]:
    with house.store.reading() as connection:
        return {name: len(connection.execute(select(table)).all()) for name, table in metadata.tables.items()}


def test_nothing_that_names_her_is_left_in_any_table_or_byte(house: House, her: str) -> None:
    left(house, her)
    assert all(name in everything(house) for name in NAMES)
    answer = erase(house, her).json()
    assert answer == {"found": True, "changed": True, "training_records": 1, "scrubbed": True}
    assert [name for name in NAMES if name in everything(house)] == []
    for path in house.settings.database.parent.glob("classroom.sqlite*"):
        assert [name for name in NAMES if name.encode() in path.read_bytes()] == [], path


def test_what_is_counted_stays_countable(house: House, her: str) -> None:
    left(house, her)
    before = counted(house)
    erase(house, her)
    after = counted(house)
    gone = {name for name in before if before[name] != after[name]}
    assert gone <= {"members", "scim_users", "sign_in_tokens", "failed_tries", "sessions"}
    (record,) = house.api.get("/api/v1/completions").json()["items"]
    assert (record["account_id"], record["worker_id"], record["result"]) == (her, None, "passed")
    with house.store.reading() as connection:
        (held,) = connection.execute(select(metadata.tables["completions"].c.held)).scalars()
    assert '"department": "Works"' in held


def test_the_account_is_an_archived_shell(house: House, her: str) -> None:
    left(house, her)
    erase(house, her)
    shell = house.account(her)
    assert (shell["state"], shell["external_id"], shell["groups"]) == ("archived", None, [])
    assert shell["attributes"] == {"display_name": PSEUDONYM}
    assert [each["reasons"] for each in shell["assignments"]] == [[]]


def test_others_are_left_as_they_are(house: House, her: str) -> None:
    left(house, her)
    before = house.account("c-000002")
    erase(house, her)
    assert house.account("c-000002") == before


def test_her_certificate_can_still_be_checked_and_names_nobody(house: House, her: str) -> None:
    number = house.api.get("/api/v1/completions").json()["items"][0]["certificate_id"]
    left(house, her)
    erase(house, her)
    page = house.browser().get(f"/verify/{number}")
    assert page.status_code == 200 and PSEUDONYM in page.text and "Xanthippe" not in page.text


def test_an_open_account_is_refused_with_nothing_erased(house: House, her: str) -> None:
    before = everything(house)
    answer = erase(house, her)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert everything(house) == before


def test_twice_is_once_and_nobody_is_nobody(house: House, her: str) -> None:
    left(house, her)
    erase(house, her)
    before = everything(house)
    assert erase(house, her).json()["changed"] is False
    assert everything(house) == before
    assert erase(house, "c-999999").json()["found"] is False


@pytest.mark.parametrize("body", [{}, {"pseudonym": " "}, {"pseudonym": 7}])
def test_without_a_pseudonym_nothing_is_erased(house: House, her: str, body: dict[str, Any]) -> None:
    left(house, her)
    before = everything(house)
    assert house.api.post(f"/api/v1/accounts/{her}/erase", json=body).status_code == 400
    assert everything(house) == before
