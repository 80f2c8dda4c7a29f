"""The JSON API beside the operations: the door, the errors, paging, the ledger, the catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.classroom.company import completed
from tests.classroom.house import BASE, House, routes

ROUTES = [
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/accounts"),
    ("POST", "/api/v1/operations"),
    ("POST", "/api/v1/lookup"),
    ("GET", "/api/v1/completions"),
    ("POST", "/api/v1/completions"),
    ("POST", "/api/v1/sign-in-links"),
    ("POST", "/api/v1/sign-in-slips"),
    ("GET", "/api/v1/courses"),
    ("PUT", "/api/v1/courses/x"),
    ("PUT", "/api/v1/courses/x/files/y"),
    ("GET", "/api/v1/paths"),
    ("PUT", "/api/v1/paths/x"),
    ("GET", "/api/v1/seats"),
    ("GET", "/api/v1/writes"),
    ("PUT", "/api/v1/accounts/c-000001/roles"),
    ("POST", "/api/v1/accounts/c-000001/erase"),
    ("POST", "/api/v1/completions/some-id/correct"),
    ("POST", "/api/v1/completions/some-id/revoke"),
    ("GET", "/api/v1/certificates/some-id.pdf"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic api-token-for-tests", "Bearer ünicode"])
def test_without_the_token_every_door_is_shut(house: House, method: str, path: str, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header.encode()}
    answer = house.browser().request(method, path, headers=headers, content=b"{}")  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "wrong_token"
    assert answer.json()["fix"]


def test_every_api_route_is_in_the_table_above(house: House) -> None:
    served = {(method, route.path) for route in routes(house.app) for method in getattr(route, "methods", None) or ()}
    api = {(method, path) for method, path in served if path.startswith("/api/")}
    examples = {"{course_id}": "x", "{path_id}": "x", "{name}": "y", "{account_id}": "c-000001"}
    examples |= {"{completion_id}": "some-id", "{certificate_id}": "some-id"}
    for name, value in examples.items():
        api = {(method, path.replace(name, value)) for method, path in api}
    assert api == set(ROUTES)


BAD: dict[str, tuple[str, str, Any, int, str]] = {
    "a body that is not JSON": ("POST", "/api/v1/operations", b"{", 400, "bad_request"),
    "a body that is not an object": ("POST", "/api/v1/operations", b"[]", 400, "bad_request"),
    "operations that are not a list": ("POST", "/api/v1/operations", {"operations": 1}, 400, "bad_request"),
    "more operations than allowed": ("POST", "/api/v1/operations", {"operations": [{}] * 501}, 400, "bad_request"),
    "a page size out of range": ("GET", "/api/v1/accounts?limit=5001", None, 400, "bad_request"),
    "a cursor that is none": ("GET", "/api/v1/accounts?after=x", None, 400, "bad_request"),
    "half of a surrogate pair": ("POST", "/api/v1/lookup", b'{"account_ids": ["\\ud800"]}', 400, "bad_request"),
    "ids that are not texts": ("POST", "/api/v1/lookup", {"account_ids": [1]}, 400, "bad_request"),
    "an address that does not exist": ("GET", "/api/v1/nothing", None, 404, "not_found"),
    "an address that takes other requests": ("DELETE", "/api/v1/accounts", None, 405, "wrong_method"),
    "a link for nobody": ("POST", "/api/v1/sign-in-links", {"account_id": "c-9"}, 404, "not_found"),
    "a completion of an unknown course": (
        "POST",
        "/api/v1/completions",
        {"account_id": "c-000001", "course": "x", "completed_at": "2026-01-01T00:00:00Z"},
        404,
        "not_found",
    ),
    "a completion in the future": (
        "POST",
        "/api/v1/completions",
        {"account_id": "c-000001", "course": "welcome", "completed_at": "2027-01-01T00:00:00Z"},
        400,
        "bad_request",
    ),
    "a completion at an instant without an offset": (
        "POST",
        "/api/v1/completions",
        {"account_id": "c-000001", "course": "welcome", "completed_at": "2026-01-01T00:00:00"},
        400,
        "bad_request",
    ),
    "a score that is no number": (
        "POST",
        "/api/v1/completions",
        b'{"account_id": "c-000001", "course": "welcome", "completed_at": "2026-01-01T00:00:00Z", "score": NaN}',
        400,
        "bad_request",
    ),
    "a path of courses that do not exist": (
        "PUT",
        "/api/v1/paths/p",
        {"title": "P", "courses": ["nope"]},
        400,
        "bad_request",
    ),
    "a link item that is a script": (
        "PUT",
        "/api/v1/courses/c",
        {"title": "C", "items": [{"id": "i", "title": "I", "kind": "link", "body": "javascript:alert(1)"}]},
        400,
        "bad_request",
    ),
    "a file item that names a folder": (
        "PUT",
        "/api/v1/courses/c",
        {"title": "C", "items": [{"id": "i", "title": "I", "kind": "file", "body": "../../etc/passwd"}]},
        400,
        "bad_request",
    ),
    "a course field that does not exist": ("PUT", "/api/v1/courses/c", {"title": "C", "x": 1}, 400, "bad_request"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_a_bad_request_says_what_and_changes_nothing(house: House, case: tuple[str, str, Any, int, str]) -> None:
    method, path, body, status, code = case
    house.hire()
    before = house.api.get("/api/v1/courses").json(), house.api.get("/api/v1/paths").json()
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = house.api.request(method, path, **content)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert set(answer.json()) == {"type", "title", "status", "code", "detail", "fix"}
    assert before == (house.api.get("/api/v1/courses").json(), house.api.get("/api/v1/paths").json())
    assert house.api.get("/api/v1/completions").json()["items"] == []


def test_health_says_that_this_is_a_simulation(house: House) -> None:
    answer = house.api.get("/api/v1/health").json()
    assert (answer["status"], answer["simulation"]) == ("ok", True)


def test_pages_of_accounts_hold_everybody_once(house: House) -> None:
    people = [{"op": "create", "external_id": f"p-{n}", "attributes": {}} for n in range(23)]
    house.ask(*people)
    seen, after = [], ""
    while after is not None:
        page = house.api.get("/api/v1/accounts", params={"after": after, "limit": 5}).json()
        assert page["total"] == 23
        seen += [one["external_id"] for one in page["items"]]
        after = page["next"]
    assert seen == [f"p-{n}" for n in range(23)]


def test_look_up_finds_by_either_id_and_leaves_out_the_unknown(house: House) -> None:
    first, second = house.hire("Ana"), house.hire("Bo")
    house.hire("Cy")
    found = house.api.post("/api/v1/lookup", json={"external_ids": ["p-bo", "p-?"], "account_ids": [first, "c-9"]})
    assert [one["id"] for one in found.json()["items"]] == [first, second]
    assert house.api.post("/api/v1/lookup", json={}).json() == {"items": []}


def test_seats_are_counted_by_state(house: House) -> None:
    ids = [house.hire(name) for name in ("Ana", "Bo", "Cy")]
    house.ask({"op": "suspend", "account_id": ids[0]}, {"op": "archive", "account_id": ids[1]})
    assert house.api.get("/api/v1/seats").json() == {"active": 1, "suspended": 1, "archived": 1}


def test_the_list_of_writes_tells_changes_from_repetitions(house: House) -> None:
    account = house.hire()
    for _ in range(2):
        house.ask({"op": "suspend", "account_id": account, "key": "s-1"})
    items = house.api.get("/api/v1/writes").json()["items"]
    assert [(one["key"], one["op"], one["changed"]) for one in items] == [
        ("k0", "create", True),
        ("s-1", "suspend", True),
        ("s-1", "suspend", False),
    ]
    assert items[0]["at"] == "2026-03-02T09:00:00Z"
    assert house.api.get("/api/v1/writes", params={"after": items[0]["seq"]}).json()["items"] == items[1:]


def test_the_ledger_only_grows_and_corrections_are_new_rows(house: House) -> None:
    account = house.hire()
    house.assign(account, "security-basics")
    house.clock.turn(days=1)
    completed(house, account, "security-basics")
    first = house.api.get("/api/v1/completions").json()["items"]
    done = first[0]
    assert (done["account_id"], done["external_id"], done["worker_id"]) == (account, "p-anasilva", "W-anasilva")
    assert (done["attempt"], done["revision"], done["revokes"]) == (1, 1, None)
    assert (done["completed_at"], done["expires_on"]) == ("2026-03-03T09:00:00Z", "2027-03-03")
    house.api.post(f"/api/v1/completions/{done['id']}/correct", json={"score": 71})
    house.api.post(f"/api/v1/completions/{done['id']}/revoke", json={"recorded_by": "trainer"})
    house.api.post(f"/api/v1/completions/{done['id']}/revoke", json={})
    rows = house.api.get("/api/v1/completions").json()["items"]
    assert rows[:1] == first
    assert [(row["revision"], row["score"], row["revokes"]) for row in rows[1:]] == [(2, 71, None), (1, 71, done["id"])]
    assert rows[1]["id"] == done["id"]
    assert {row["certificate_id"] for row in rows} == {done["certificate_id"]}
    assert house.account(account)["assignments"][0]["state"] == "assigned"
    refused = house.api.post(f"/api/v1/completions/{done['id']}/correct", json={"score": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_the_ledger_is_read_page_by_page(house: House) -> None:
    account = house.hire()
    for course in ("welcome", "FORKLIFT", "security-basics"):
        completed(house, account, course)
    page = house.api.get("/api/v1/completions", params={"limit": 2}).json()
    rest = house.api.get("/api/v1/completions", params={"limit": 2, "after": page["next"]}).json()
    assert [row["seq"] for row in page["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next"] is None


def test_the_same_completion_entered_twice_is_one(house: House) -> None:
    account = house.hire()
    assert completed(house, account, "FORKLIFT") == completed(house, account, "FORKLIFT")
    assert len(house.api.get("/api/v1/completions").json()["items"]) == 1


@pytest.mark.parametrize(
    ("done_at", "zone", "expires"),
    [
        ("2025-05-31T10:00:00Z", None, "2028-05-31"),
        ("2024-02-29T10:00:00Z", None, "2027-02-28"),
        ("2025-05-31T20:00:00Z", "Pacific/Auckland", "2028-06-01"),
    ],
    ids=["the same day", "29 February has none", "the day it was where the person was"],
)
def test_a_proof_expires_after_its_months(house: House, done_at: str, zone: str | None, expires: str) -> None:
    account = house.hire(time_zone=zone)
    body = {"account_id": account, "course": "FORKLIFT", "completed_at": done_at}
    assert house.api.post("/api/v1/completions", json=body).json()["expires_on"] == expires


def test_a_course_and_its_path_can_be_put_and_read(house: House) -> None:
    course = {
        "title": "Ladders",
        "version": "2",
        "language": "de",
        "summary": "",
        "items": [{"id": "a", "title": "A", "kind": "page", "body": "# Hallo"}],
        "certificate": True,
        "certificate_valid_months": 6,
    }
    assert house.api.put("/api/v1/courses/ladders", json=course).json() == {"id": "ladders", **course}
    assert {"id": "ladders", **course} in house.api.get("/api/v1/courses").json()["items"]
    path = {"id": "safe", "title": "Safe", "courses": ["ladders", "FORKLIFT"]}
    assert house.api.put("/api/v1/paths/safe", json=path).json() == path
    assert path in house.api.get("/api/v1/paths").json()["items"]


def test_a_longer_path_opens_again_for_those_who_had_finished_it(house: House) -> None:
    account = house.hire()
    house.assign(account, "Leadership_101", "path")
    completed(house, account, "manager-essentials")
    assert house.account(account)["assignments"][0]["state"] == "completed"
    house.api.put("/api/v1/paths/Leadership_101", json={"title": "L", "courses": ["manager-essentials", "welcome"]})
    assert house.account(account)["assignments"][0]["state"] == "in_progress"


def test_a_link_for_somebody_who_may_not_enter_is_refused(house: House) -> None:
    account = house.hire()
    house.ask({"op": "suspend", "account_id": account})
    answer = house.api.post("/api/v1/sign-in-links", json={"account_id": account})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_link_lasts_a_fortnight_from_the_start_of_work(house: House) -> None:
    account = house.hire(time_zone="Australia/Melbourne")
    soon = house.api.post("/api/v1/sign-in-links", json={"account_id": account}).json()
    later = house.api.post("/api/v1/sign-in-links", json={"account_id": account, "starts_on": "2026-04-01"}).json()
    assert soon["expires_at"] == "2026-03-16T09:00:00Z"
    assert later["expires_at"] == "2026-04-14T14:00:00Z"  # 00:00 in Melbourne, whose summer time ended in between
    assert soon["url"].startswith(f"{BASE}/in/")
