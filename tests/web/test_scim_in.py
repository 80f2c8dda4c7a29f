"""Inbound SCIM: what the public compliance tester asks, and that Users are news of a source and nothing more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.contract.serving import served
from tests.stories.company import Company
from tests.web.house import House, house

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
WORK = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OFF = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": False}]}
ON = {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": True}}]}


def user(number: str, **more: Any) -> dict[str, Any]:
    return {
        "schemas": [USER, WORK],
        "userName": f"u{number}@acme.example",
        "externalId": f"x-{number}",
        "name": {"givenName": f"Given{number}", "familyName": f"Family{number}"},
        "emails": [{"value": f"u{number}@acme.example", "type": "work", "primary": True}],
        "title": "Clerk",
        WORK: {"employeeNumber": number, "department": "Sales"},
    } | more


def company_in(folder: Path) -> Company:
    company = Company(folder, people={"from": "scim"}, settings={"guards": "off"})
    # a SCIM source needs no list of fields
    body = json.loads(company.config.read_text())
    body["people"] = {"from": "scim"}
    company.config.write_text(json.dumps(body))
    return company


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[House]:
    with house(company_in(tmp_path)) as it:
        yield it


def send(by: House | TestClient, method: str, path: str, body: Any = None) -> Any:
    http = by.http if isinstance(by, House) else by
    return http.request(method, f"/scim/v2{path}", json=body, headers={"content-type": "application/scim+json"})


def test_the_public_compliance_tester_finds_nothing(acme: House) -> None:
    token = acme.token("scim:hris")
    with served(acme.app) as url:
        http = httpx2.Client(base_url=f"{url}/scim/v2", headers={"Authorization": f"Bearer {token}"})
        results = check_server(SyncSCIMClient(http))
    wrong = [(one.title, one.reason) for one in results if one.status not in {Status.SUCCESS, Status.SKIPPED}]
    assert wrong == []
    assert sum(one.status is Status.SUCCESS for one in results) >= 50


def test_users_become_accounts_by_the_plan_and_leave_without_it(acme: House) -> None:
    keys = {n: send(acme, "POST", "/Users", user(n)).json()["id"] for n in ("0001", "0002", "0003")}
    acme.until(lambda: set(acme.access) == set(keys))
    attributes = acme.company.account("0001").attributes
    assert (attributes["email"], attributes["job_title"]) == ("u0001@acme.example", "Clerk")
    assert send(acme, "PATCH", f"/Users/{keys['0001']}", OFF).status_code in {200, 204}
    acme.until(lambda: acme.access["0001"] != "active")
    assert send(acme, "DELETE", f"/Users/{keys['0002']}").status_code == 204
    acme.until(lambda: acme.access["0002"] != "active")
    assert send(acme, "GET", f"/Users/{keys['0002']}").status_code == 404
    assert acme.access["0003"] == "active", "nothing was deleted, and nobody else was touched"
    again = send(acme, "POST", "/Users", user("0002"))
    assert again.json()["id"] == keys["0002"]
    send(acme, "PATCH", f"/Users/{keys['0001']}", ON)
    acme.until(lambda: set(acme.access.values()) == {"active"})


def test_filters_are_case_insensitive_and_active_is_always_there(acme: House) -> None:
    key = send(acme, "POST", "/Users", user("0001")).json()["id"]
    send(acme, "POST", "/Users", user("0002"))
    for condition in (
        'userName eq "U0001@ACME.example"',
        'externalId eq "x-0001"',
        f'id eq "{key}"',
        'name.familyName eq "Family0001"',
    ):
        found = send(acme, "GET", f"/Users?filter={condition}").json()
        assert [one["id"] for one in found["Resources"]] == [key] and found["Resources"][0]["active"] is True
    assert send(acme, "POST", "/Users", user("0003", userName="u0001@acme.example")).status_code == 409


def test_only_a_token_for_this_source_comes_in(acme: House) -> None:
    headers = {"content-type": "application/scim+json"}
    refused = acme.bare.get("/scim/v2/Users", headers=headers)
    assert refused.status_code == 401 and refused.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    other = acme.with_token(acme.token("ingest"))
    assert other.post("/scim/v2/Users", json=user("0009"), headers=headers).status_code == 403
    assert acme.access == {}


def test_a_manager_is_named_by_their_number(acme: House) -> None:
    boss = send(acme, "POST", "/Users", user("0001")).json()["id"]
    work = {"employeeNumber": "0002", "manager": {"value": boss, "$ref": f"Users/{boss}"}}
    send(acme, "POST", "/Users", user("0002") | {WORK: work})
    acme.until(lambda: len(acme.access) == 2)
    from joinery.store.people import People

    with acme.it.ports.database.read() as connection:
        (person,) = People(connection, "main").by_worker_id(["0002"])["0002"]
    assert person.worker.manager_id == "0001"
