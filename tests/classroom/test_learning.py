"""What a learner sees and does, from the first page to the record."""

from __future__ import annotations

import pytest

from joinery_classroom.text import Block, blocks
from tests.classroom.company import completed, studied
from tests.classroom.house import House, send


def shelf_of(html: str, title: str) -> str:
    """The heading under which a title stands."""
    before = html.split("</nav>")[-1].split(f">{title}<")[0]
    return before.rsplit('<h2 id="', 1)[1].split('"')[0]


@pytest.mark.parametrize(
    ("due_on", "shelf", "words"),
    [
        ("2026-02-27", "overdue", "3 days overdue"),
        ("2026-03-01", "overdue", "Due yesterday"),
        ("2026-03-02", "soon", "Due today"),
        ("2026-03-03", "soon", "Due tomorrow"),
        ("2026-03-16", "soon", "Due in 14 days"),
        ("2026-03-17", "later", "Due in 15 days"),
        (None, "later", "No due date"),
    ],
    ids=str,
)
def test_things_stand_where_their_day_puts_them(house: House, due_on: str | None, shelf: str, words: str) -> None:
    account = house.hire()
    house.assign(account, "FORKLIFT", due_on=due_on)
    html = house.signed_in(account).get("/learning").text
    assert shelf_of(html, "Forklift refresher") == shelf
    assert words in html


def test_today_is_the_person_s_own_day(house: House) -> None:
    house.clock.turn(hours=6)  # 15:00 UTC on 2 March is 3 March in Auckland
    near, far = house.hire("Near", time_zone="Europe/Lisbon"), house.hire("Far", time_zone="Pacific/Auckland")
    for account in (near, far):
        house.assign(account, "FORKLIFT", due_on="2026-03-02")
    assert "Due today" in house.signed_in(near).get("/learning").text
    assert "Due yesterday" in house.signed_in(far).get("/learning").text


def test_a_zone_nobody_knows_does_not_close_the_page(house: House) -> None:
    account = house.hire(time_zone="Mars/Olympus")
    assert house.signed_in(account).get("/learning").status_code == 200


def test_the_empty_page_teaches(house: House) -> None:
    html = house.signed_in(house.hire()).get("/learning").text
    assert "Nothing here yet" in html
    assert "You do not have to look for anything" in html


def test_the_reason_stands_beside_what_is_due(house: House) -> None:
    account = house.hire()
    house.assign(account, "FORKLIFT", reasons=["Rule forklift: drives a forklift"])
    assert "Why you have this: Rule forklift: drives a forklift" in house.signed_in(account).get("/learning").text


def test_a_course_is_done_step_by_step_and_then_finished(house: House) -> None:
    account = house.hire(job_title="Driver")
    house.assign(account, "security-basics", due_on="2026-04-01")
    browser = house.signed_in(account)
    page = "/courses/security-basics/items/signing-in"
    answer = send(browser, page, f"{page}/done")
    assert answer.headers["location"] == "/courses/security-basics/items/odd-messages"
    assert house.account(account)["assignments"][0]["state"] == "in_progress"
    page = "/courses/security-basics/items/after-a-mistake"
    assert send(browser, page, f"{page}/done").headers["location"] == "/courses/security-basics"
    early = send(browser, "/courses/security-basics", "/courses/security-basics/finish")
    assert early.status_code == 409
    assert "Steps still to do in this course: 1." in early.text
    assert house.api.get("/api/v1/completions").json()["items"] == []
    house.clock.turn(minutes=10)
    studied(house, browser, "security-basics")
    (row,) = house.api.get("/api/v1/completions").json()["items"]
    assert (row["course"], row["result"], row["recorded_by"]) == ("security-basics", "completed", "self")
    assert row["completed_at"] == "2026-03-02T09:10:00Z"
    (done,) = house.account(account)["assignments"]
    assert (done["state"], done["completed_at"]) == ("completed", "2026-03-02T09:10:00Z")
    html = browser.get("/courses/security-basics").text
    assert "Done on 2 March 2026" in html and row["certificate_id"] in html
    assert row["certificate_id"] in browser.get("/transcript").text


def test_finishing_twice_is_finishing_once(house: House) -> None:
    account = house.hire()
    house.assign(account, "welcome")
    browser = house.signed_in(account)
    studied(house, browser, "welcome")
    assert send(browser, "/courses/welcome", "/courses/welcome/finish").status_code == 303
    assert len(house.api.get("/api/v1/completions").json()["items"]) == 1


def test_a_new_cycle_begins_from_nothing_and_counts_for_itself(house: House) -> None:
    account = house.hire()
    house.assign(account, "welcome", key="welcome/2026", cycle="2026")
    browser = house.signed_in(account)
    studied(house, browser, "welcome")
    house.clock.turn(days=365)
    house.assign(account, "welcome", key="welcome/2027", cycle="2027")
    states = {one["key"]: one["state"] for one in house.account(account)["assignments"]}
    assert states == {"welcome/2026": "completed", "welcome/2027": "assigned"}
    browser = house.signed_in(account)
    assert browser.get("/courses/welcome").text.count("to do") == 3
    studied(house, browser, "welcome")
    rows = house.api.get("/api/v1/completions").json()["items"]
    assert [row["attempt"] for row in rows] == [1, 2]
    assert len({row["id"] for row in rows}) == 2


def test_a_failed_attempt_leaves_the_course_to_do(house: House) -> None:
    account = house.hire()
    house.assign(account, "FORKLIFT")
    body = {"account_id": account, "course": "FORKLIFT", "completed_at": "2026-03-02T09:00:00Z", "result": "failed"}
    assert house.api.post("/api/v1/completions", json=body).json()["certificate_id"] is None
    assert house.account(account)["assignments"][0]["state"] == "assigned"


def test_a_path_shows_its_courses_and_how_far_one_is(house: House) -> None:
    account = house.hire()
    house.assign(account, "Onboarding_Path", "path", due_on="2026-03-10")
    browser = house.signed_in(account)
    assert "0 of 2 courses" in browser.get("/learning").text
    studied(house, browser, "welcome")
    assert "1 of 2 courses" in browser.get("/learning").text
    studied(house, browser, "security-basics")
    assert shelf_of(browser.get("/learning").text, "Your first weeks") == "done"


def test_a_withdrawn_course_is_gone_from_the_list(house: House) -> None:
    account = house.hire()
    house.assign(account, "FORKLIFT")
    browser = house.signed_in(account)
    assert browser.get("/courses/FORKLIFT").status_code == 200
    house.ask({"op": "withdraw", "account_id": account, "assignment": "FORKLIFT/1"})
    assert browser.get("/courses/FORKLIFT").status_code == 404
    assert "Forklift" not in browser.get("/learning").text


def test_a_course_that_is_not_mine_and_one_that_does_not_exist_look_the_same(house: House) -> None:
    browser = house.signed_in(house.hire())
    mine, none = browser.get("/courses/FORKLIFT"), browser.get("/courses/NOPE")
    assert (mine.status_code, mine.text) == (none.status_code, none.text)


def test_what_leave_pauses_is_not_lost(house: House) -> None:
    account = house.hire()
    house.assign(account, "FORKLIFT")
    completed(house, account, "welcome")
    house.ask({"op": "suspend", "account_id": account})
    house.assign(account, "UK-COMPLIANCE")
    house.ask({"op": "restore", "account_id": account})
    html = house.signed_in(account).get("/learning").text
    assert "Forklift refresher" in html and "Working in the United Kingdom" in html


TEXTS: dict[str, tuple[str, list[tuple[str, tuple[str, ...]]]]] = {
    "lines of a paragraph are joined": ("one\ntwo\n\nthree", [("paragraph", ("one two",)), ("paragraph", ("three",))]),
    "headings of two sizes": ("# A\n## B", [("heading", ("A",)), ("subheading", ("B",))]),
    "a list, with an item over two lines": ("- a\n- b\n  c", [("list", ("a", "b c"))]),
    "a list ends at a blank line": ("- a\n\ntext", [("list", ("a",)), ("paragraph", ("text",))]),
    "a list may follow a line at once": ("text\n- a", [("paragraph", ("text",)), ("list", ("a",))]),
    "marks inside stay text": ("**a** <b>", [("paragraph", ("**a** <b>",))]),
    "nothing is nothing": ("", []),
}


@pytest.mark.parametrize("case", TEXTS.values(), ids=TEXTS.keys())
def test_course_text(case: tuple[str, list[tuple[str, tuple[str, ...]]]]) -> None:
    text, expected = case
    assert blocks(text) == tuple(Block(kind=kind, lines=lines) for kind, lines in expected)  # type: ignore[arg-type]
