"""Classroom's SCIM face: what the public compliance tester asks, and what it does not ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.classroom.house import TOKEN, House
from tests.contract.serving import served

BASE = "/classroom/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
WORK = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ANA: dict[str, Any] = {
    "schemas": [USER, WORK],
    "userName": "ana",
    "externalId": "p-1",
    "name": {"givenName": "Ana", "familyName": "Silva"},
    "emails": [{"value": "ana@example.com", "type": "work", "primary": True}],
    WORK: {"employeeNumber": "0001", "department": "Warehouse"},
}


class Caller:
    """A SCIM client that has nothing but HTTP."""

    def __init__(self, house: House) -> None:
        self._http = TestClient(house.app, headers={"Authorization": f"Bearer {TOKEN}"})

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = {"Content-Type": "application/scim+json", **{key.replace("_", "-"): v for key, v in headers.items()}}
        return self._http.request(method, BASE + path, json=body, headers=content)

    def found(self, condition: str) -> list[str]:
        answer = self("GET", f"/Users?filter={condition}").json()
        assert answer["totalResults"] == len(answer.get("Resources", []))
        return [one["id"] for one in answer.get("Resources", [])]


@pytest.fixture
def scim(house: House) -> Iterator[Caller]:
    yield Caller(house)


def test_the_public_compliance_tester_finds_nothing(house: House) -> None:
    with served(house.app) as url:
        http = httpx2.Client(base_url=url + BASE, headers={"Authorization": f"Bearer {TOKEN}"})
        results = check_server(SyncSCIMClient(http))
    wrong = [(one.title, one.reason) for one in results if one.status not in {Status.SUCCESS, Status.SKIPPED}]
    assert wrong == []
    assert sum(one.status is Status.SUCCESS for one in results) >= 90


def test_a_user_is_an_account_that_classroom_and_joinery_see(house: House, scim: Caller) -> None:
    made = scim("POST", "/Users", ANA)
    assert made.status_code == 201 and made.json()["active"] is True
    (account,) = house.api.get("/api/v1/accounts").json()["items"]
    assert (account["id"], account["external_id"], account["state"]) == (made.json()["id"], "p-1", "active")
    shown = {"given_name": "Ana", "family_name": "Silva", "email": "ana@example.com", "worker_id": "0001"}
    assert account["attributes"] == {**shown, "department": "Warehouse"}


def test_an_account_of_another_door_is_a_user_and_what_changed_there_counts(house: House, scim: Caller) -> None:
    attributes = {"email": "bo@example.com", "given_name": "Bo", "worker_id": "0002"}
    house.ask({"op": "create", "external_id": "p-2", "attributes": attributes})
    (key,) = scim.found('userName eq "BO@example.com"')
    change = {"attribute": "email", "old": "bo@example.com", "new": "bo.new@example.com"}
    house.ask({"op": "update", "account_id": key, "changes": [change]})
    user = scim("GET", f"/Users/{key}").json()
    assert user["userName"] == "bo.new@example.com"
    assert [email["value"] for email in user["emails"]] == ["bo.new@example.com"]


@pytest.mark.parametrize(
    "condition",
    [
        'userName eq "ANA"',
        'externalId eq "p-1"',
        'emails.value eq "Ana@example.com"',
        'emails[type eq "work" and value eq "ana@example.com"]',
        f'{WORK}:employeeNumber eq "0001"',
        'name.familyName sw "Sil" and active eq true',
    ],
)
def test_a_user_is_found_by(scim: Caller, condition: str) -> None:
    ana = scim("POST", "/Users", ANA).json()["id"]
    scim("POST", "/Users", {"schemas": [USER], "userName": "other"})
    assert scim.found(condition) == [ana]
    assert scim.found(f'not ({condition}) and userName eq "ana"') == []


def test_to_deactivate_ends_sessions_and_to_activate_gives_access_back(house: House, scim: Caller) -> None:
    key = scim("POST", "/Users", ANA).json()["id"]
    browser = house.signed_in(key)
    assert browser.get("/learning").status_code == 200
    off = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": False}]}
    assert scim("PATCH", f"/Users/{key}", off).status_code == 204
    assert scim("GET", f"/Users/{key}").json()["active"] is False
    assert browser.get("/learning").status_code in {302, 303, 401}
    on = {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": True}}]}
    assert scim("PATCH", f"/Users/{key}?attributes=active", on).json()["active"] is True


def test_to_delete_archives_and_whoever_comes_again_gets_the_same_account(house: House, scim: Caller) -> None:
    key = scim("POST", "/Users", ANA).json()["id"]
    assert scim("DELETE", f"/Users/{key}").status_code == 204
    assert scim("GET", f"/Users/{key}").status_code == 404 and scim.found('userName eq "ana"') == []
    (account,) = house.api.get("/api/v1/accounts").json()["items"]
    assert account["state"] == "archived"
    assert scim("POST", "/Users", ANA).json()["id"] == key


def test_a_replacement_that_does_not_say_active_is_refused(scim: Caller) -> None:
    made = scim("POST", "/Users", {**ANA, "active": False}).json()
    answer = scim("PUT", f"/Users/{made['id']}", ANA)
    assert answer.status_code == 400
    assert scim("GET", f"/Users/{made['id']}").json()["active"] is False


@pytest.mark.parametrize(
    "other",
    [
        {"userName": "ANA"},
        {"userName": "x", "externalId": "p-1"},
        {"userName": "x", "emails": [{"value": "ANA@example.com"}]},
        {"userName": "x", WORK: {"employeeNumber": "0001"}},
    ],
    ids=["the user name", "the external ID", "the address", "the employee number"],
)
def test_two_users_cannot_share(house: House, scim: Caller, other: dict[str, Any]) -> None:
    scim("POST", "/Users", ANA)
    answer = scim("POST", "/Users", {"schemas": [USER, WORK], **other})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert len(house.api.get("/api/v1/accounts").json()["items"]) == 1


def test_who_changes_what_somebody_else_changed_is_stopped(scim: Caller) -> None:
    made = scim("POST", "/Users", ANA).json()
    scim("PUT", f"/Users/{made['id']}", {**ANA, "active": True, "title": "Clerk"})
    late = scim("PUT", f"/Users/{made['id']}", {**ANA, "active": True}, If_Match=made["meta"]["version"])
    assert late.status_code == 412
    assert scim("GET", f"/Users/{made['id']}").json()["title"] == "Clerk"


def test_a_group_keeps_its_id_under_a_new_name_and_its_members(scim: Caller) -> None:
    ana = scim("POST", "/Users", ANA).json()["id"]
    group = scim("POST", "/Groups", {"displayName": "Night shift", "members": [{"value": ana}]}).json()
    renamed = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": "Late shift"}]}
    after = scim("PATCH", f"/Groups/{group['id']}?attributes=displayName", renamed).json()
    assert (after["id"], after["displayName"]) == (group["id"], "Late shift")
    assert [one["display"] for one in scim("GET", f"/Users/{ana}").json()["groups"]] == ["Late shift"]
    out = {"schemas": [PATCH], "Operations": [{"op": "remove", "path": f'members[value eq "{ana}"]'}]}
    scim("PATCH", f"/Groups/{group['id']}", out)
    assert "groups" not in scim("GET", f"/Users/{ana}").json()
    nobody = scim("POST", "/Groups", {"displayName": "Ghosts", "members": [{"value": "c-999999"}]})
    assert nobody.status_code == 400


def test_pages_are_complete_and_do_not_overlap(scim: Caller) -> None:
    made = [scim("POST", "/Users", {"schemas": [USER], "userName": f"u{n}"}).json()["id"] for n in range(7)]
    pages = [scim("GET", f"/Users?startIndex={first}&count=3").json() for first in (1, 4, 7)]
    assert [one["id"] for page in pages for one in page["Resources"]] == made
    assert {page["totalResults"] for page in pages} == {7}


def test_one_bad_operation_of_many_harms_no_other(scim: Caller) -> None:
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"b{n}", "data": {"schemas": [USER], "userName": name}}
        for n, name in enumerate(["a", "b", "A", "c"])
    ]
    answer = scim("POST", "/Bulk", {"schemas": [BULK], "Operations": operations}).json()
    assert [one["status"] for one in answer["Operations"]] == ["201", "201", "409", "201"]
    assert scim("GET", "/Users").json()["totalResults"] == 3


def test_nobody_reads_or_writes_without_the_token(house: House) -> None:
    stranger = TestClient(house.app, headers={"Authorization": "Bearer guess"})
    assert stranger.get(f"{BASE}/Users").status_code == 401
    assert stranger.post(f"{BASE}/Users", json=ANA).status_code == 401
    assert stranger.get(f"{BASE}/ServiceProviderConfig").status_code == 200
    assert house.api.get("/api/v1/accounts").json()["items"] == []
