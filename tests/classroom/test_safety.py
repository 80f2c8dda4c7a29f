"""What keeps the pages safe: form tokens, headers, escaping, files, exports, and who may see what."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from joinery_classroom import exports
from joinery_classroom.courses import read_folder
from joinery_classroom.errors import BadRequest
from tests.classroom.company import completed, founded, pages
from tests.classroom.house import BASE, House, opened, routes, send

FORMS = [
    "/sign-in",
    "/in/token",
    "/in/token/fresh",
    "/sign-out",
    "/courses/FORKLIFT/items/loads/done",
    "/courses/FORKLIFT/finish",
]


@pytest.mark.parametrize("token", [None, "", "wrong", "of another visit"])
@pytest.mark.parametrize("path", FORMS)
def test_a_form_from_elsewhere_changes_nothing(house: House, path: str, token: str | None) -> None:
    account = house.hire()
    house.assign(account, "FORKLIFT")
    browser = house.signed_in(account)
    if token == "of another visit":
        stranger = house.browser().get("/sign-in").text
        token = stranger.split('name="csrf" value="')[1].split('"')[0]
    before = house.account(account)
    answer = browser.post(path, data={} if token is None else {"csrf": token})
    assert answer.status_code == 403
    assert "too old, or did not come from here" in answer.text
    assert browser.get("/learning").status_code == 200
    assert house.account(account) == before


def test_every_post_page_is_in_the_list_above(house: House) -> None:
    posts = {route.path for route in routes(house.app) if "POST" in (getattr(route, "methods", None) or ())}
    posts = {path for path in posts if not path.startswith(("/api/", "/classroom/scim/"))}
    filled = {"{token}": "token", "{course_id}": "FORKLIFT", "{item_id}": "loads"}
    for name, value in filled.items():
        posts = {path.replace(name, value) for path in posts}
    assert posts == set(FORMS)


def test_every_page_leaves_with_a_tight_policy_and_no_strangers(house: House) -> None:
    company = founded(house)
    browsers: dict[str | None, Any] = {None: house.browser()}
    for name, (address, who) in pages(house, company).items():
        if who not in browsers:
            assert who is not None
            browsers[who] = house.signed_in(who)
        answer = browsers[who].get(address)
        assert answer.status_code < 500, name
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'"), name
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        html = answer.text
        assert "<script" not in html and "style=" not in html and "<style" not in html, name
        assert 'src="http' not in html and 'href="http' not in html, name


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(house: House) -> None:
    browser = house.browser()
    answers = [browser.get("/sign-in"), send(browser, house.link(house.hire()))]
    cookies = [answer.headers["set-cookie"].lower() for answer in answers]
    assert all("httponly" in cookie and "samesite=lax" in cookie for cookie in cookies)


def test_behind_https_cookies_are_secure_and_the_browser_is_told_to_stay(tmp_path: Any) -> None:
    with opened(tmp_path, base_url="https://learn.example.test") as house:
        answer = house.browser().get("/sign-in")
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
def test_what_people_and_courses_are_called_is_only_text(house: House, evil: str) -> None:
    account = house.hire(display_name=evil, department=evil)
    house.api.put(f"/api/v1/accounts/{account}/roles", json={"roles": ["admin"]})
    course = {
        "title": evil,
        "summary": evil,
        "items": [{"id": "i", "title": evil, "kind": "page", "body": f"# {evil}\n- {evil}"}],
    }
    house.api.put("/api/v1/courses/evil", json=course)
    house.assign(account, "evil", reasons=[evil])
    browser = house.signed_in(account)
    for page in ("/learning", "/courses/evil", "/courses/evil/items/i", "/admin/people", f"/admin/people/{account}"):
        html = browser.get(page).text
        assert "<script>" not in html and "<img" not in html and "49" not in html.replace("490", "")
    assert "<img" not in house.browser().get("/sign-in", params={"worker_id": evil}).text
    assert "<img" not in house.browser().get("/verify", params={"id": evil}).text


def test_a_file_is_for_those_who_have_the_course(house: House) -> None:
    has, has_not = house.hire("Ana"), house.hire("Bo")
    house.assign(has, "FORKLIFT")
    answer = house.signed_in(has).get("/courses/FORKLIFT/files/checklist")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''forklift-checklist.txt"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert b"CHECK BEFORE EACH SHIFT" in answer.content
    assert house.signed_in(has_not).get("/courses/FORKLIFT/files/checklist").status_code == 404
    assert house.browser().get("/courses/FORKLIFT/files/checklist").headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    "path",
    [
        "/courses/FORKLIFT/files/..%2f..%2fclassroom.sqlite",
        "/courses/FORKLIFT/files/../../../etc/passwd",
        "/courses/..%2f..%2fetc/files/passwd",
        "/courses/FORKLIFT/files/%2fetc%2fpasswd",
        "/courses/FORKLIFT/files/checklist%00.txt",
        "/classroom.css/../../app.py",
    ],
)
def test_no_address_leads_to_a_file_of_the_disk(house: House, path: str) -> None:
    account = house.hire()
    house.assign(account, "FORKLIFT")
    answer = house.signed_in(account).get(path)
    assert answer.status_code == 404
    assert b"root:" not in answer.content and b"SQLite" not in answer.content


def test_a_course_folder_cannot_bring_a_file_from_outside(tmp_path: Any) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    inside = tmp_path / "courses"
    inside.mkdir()
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    for name in ("../secret.txt", "link.txt", "/etc/passwd"):
        item = f"items: [{{id: i, title: I, kind: file, body: {name}}}]"
        (inside / "c.yaml").write_text(f"id: c\ntitle: C\n{item}\n")
        with pytest.raises(BadRequest):
            read_folder(inside)


@pytest.mark.parametrize("name", ["run.html", "run.svg", "run.xml", "run.js"])
def test_what_a_browser_might_run_is_sent_as_plain_bytes(house: House, name: str) -> None:
    account = house.hire()
    house.api.put(
        "/api/v1/courses/c", json={"title": "C", "items": [{"id": "i", "title": "I", "kind": "file", "body": name}]}
    )
    house.api.put(f"/api/v1/courses/c/files/{name}", content=b"<script>1</script>")
    house.assign(account, "c")
    answer = house.signed_in(account).get("/courses/c/files/i")
    assert answer.headers["content-type"] == "application/octet-stream"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil")']


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_list_is_a_formula(house: House, formula: str) -> None:
    account = house.hire(display_name=formula, department=formula)
    house.api.put(f"/api/v1/accounts/{account}/roles", json={"roles": ["admin"]})
    browser = house.signed_in(account)
    text = browser.get("/admin/people.csv").content.decode("utf-8-sig")
    (_, row) = list(csv.reader(io.StringIO(text, newline="")))
    assert row[2] == row[5] == f"'{formula}"
    with zipfile.ZipFile(io.BytesIO(browser.get("/admin/people.xlsx").content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert exports.harmless("plain") == "plain"


@pytest.mark.parametrize("who", ["nobody", "a learner"])
@pytest.mark.parametrize(
    "path", ["", "/people", "/people.csv", "/people.xlsx", "/people/c-000001", "/groups", "/seats.csv"]
)
def test_admin_pages_are_for_admins(house: House, who: str, path: str) -> None:
    account = house.hire()
    browser = house.signed_in(account) if who == "a learner" else house.browser()
    answer = browser.get(f"/admin{path}")
    assert answer.status_code == (403 if who == "a learner" else 303)
    assert "anasilva@" not in answer.text


def test_an_auditor_reads_an_archived_person_without_waking_the_account(house: House) -> None:
    leaver, auditor = house.hire("Leo", job_title="Picker", department="Warehouse"), house.hire("Ida")
    house.api.put(f"/api/v1/accounts/{auditor}/roles", json={"roles": ["admin"]})
    completed(house, leaver, "FORKLIFT")
    moved = {"attribute": "department", "old": None, "new": "Retail"}
    house.ask({"op": "update", "account_id": leaver, "changes": [moved]}, {"op": "archive", "account_id": leaver})
    before = house.account(leaver)
    browser = house.signed_in(auditor)
    html = browser.get(f"/admin/people/{leaver}").text
    assert "Forklift refresher" in html and "Warehouse" in html and "Picker" in html
    transcript = browser.get(f"/admin/people/{leaver}/transcript.csv").content.decode("utf-8-sig")
    assert "FORKLIFT,Forklift refresher,3.0,2026-03-02,passed,92.5,2029-03-02" in transcript
    assert "Warehouse" in transcript and "Retail" not in transcript
    assert leaver in browser.get("/admin/people?state=archived").text
    assert house.account(leaver) == before


def test_people_are_found_by_parts_and_wildcards_are_only_letters(house: House) -> None:
    auditor = house.hire("Ida Berg")
    house.hire("Ana Silva")
    house.api.put(f"/api/v1/accounts/{auditor}/roles", json={"roles": ["admin"]})
    browser = house.signed_in(auditor)
    found = browser.get("/admin/people", params={"q": "silv ANA"}).text
    assert "1 person." in found and "W-anasilva" in found
    assert "Nobody found" in browser.get("/admin/people", params={"q": "%"}).text
    assert "Nobody found" in browser.get("/admin/people", params={"q": "_"}).text


def test_the_secret_and_the_token_are_not_in_what_settings_print_of_themselves(house: House) -> None:
    assert "secret-for-tests" not in repr(house.settings)
    assert "api-token-for-tests" not in repr(house.settings)


def test_everything_works_under_a_prefix_too(tmp_path: Any) -> None:
    with opened(tmp_path, base_url=f"{BASE}/learn") as house:
        outer = Starlette(routes=[Mount("/learn", app=house.app)])
        browser = TestClient(outer, base_url=BASE, follow_redirects=False)
        account = house.hire()
        house.assign(account, "welcome")
        link = house.link(account)
        assert link.startswith("/learn/in/")
        assert browser.get("/learn/learning").headers["location"] == "/learn/sign-in"
        assert send(browser, link).headers["location"] == "/learn/learning"
        html = browser.get("/learn/learning").text
        local = re.findall(r'(?:href|action)="(/[^"]*)"', html)
        assert local and all(address.startswith("/learn/") for address in local)
        assert all(browser.get(address).status_code in (200, 303, 405) for address in local)
        assert browser.get("/learn/api/v1/health").json()["code"] == "wrong_token"
        page = "/learn/courses/welcome/items/first-day"
        done = send(browser, page, f"{page}/done")
        assert done.headers["location"] == "/learn/courses/welcome/items/how-we-decide"
