"""The doors: links and slips work once, nothing opens by a stored value, a suspension bites at the next click."""

from __future__ import annotations

import re
import sqlite3

import pytest

from joinery_classroom import tables
from tests.classroom.house import BASE, House, send


def slip(house: House, *accounts: str) -> list[str]:
    """The codes on a printed page of slips."""
    answer = house.api.post("/api/v1/sign-in-slips", json={"account_ids": list(accounts)})
    assert answer.status_code == 200, answer.text
    return re.findall(r'class="code">([A-Z0-9-]+)<', answer.text)


def test_a_mail_scanner_that_opens_the_link_does_not_use_it_up(house: House) -> None:
    link = house.link(house.hire())
    for _ in range(3):
        assert house.browser().get(link).status_code == 200
        assert house.browser().head(link).status_code in (200, 405, 400)
    assert send(house.browser(), link).status_code == 303


def test_a_link_lets_in_once(house: House) -> None:
    account = house.hire()
    link, first, second = house.link(account), house.browser(), house.browser()
    assert send(first, link).headers["location"] == "/learning"
    assert first.get("/learning").status_code == 200
    assert house.account(account)["last_sign_in_at"] == "2026-03-02T09:00:00Z"
    assert house.account(account)["version"] == 1
    answer = second.get(link)
    assert answer.status_code == 410
    assert "Send me a fresh link" in answer.text
    assert second.get("/learning").headers["location"] == "/sign-in"


def test_a_race_for_one_link_has_one_winner(house: House) -> None:
    link = house.link(house.hire())
    browsers = [house.browser(), house.browser()]
    pages = [browser.get(link).text for browser in browsers]
    tokens = [re.search(r'name="csrf" value="([^"]+)"', page) for page in pages]
    assert all(tokens)
    answers = [
        browser.post(link, data={"csrf": token[1]}) for browser, token in zip(browsers, tokens, strict=True) if token
    ]
    assert sorted(answer.status_code for answer in answers) == [303, 410]


def test_a_link_expires_after_a_fortnight(house: House) -> None:
    link = house.link(house.hire())
    house.clock.turn(days=14, seconds=-1)
    assert house.browser().get(link).status_code == 200
    house.clock.turn(seconds=2)
    assert house.browser().get(link).status_code == 410


def test_an_old_link_fetches_a_fresh_one_without_an_admin(house: House) -> None:
    account = house.hire()
    link = house.link(account)
    house.clock.turn(days=30)
    page = send(house.browser(), link, f"{link}/fresh")
    assert "fresh one is on its way" in page.text
    ((person, url),) = house.mails
    assert (person.id, person.attributes["email"]) == (account, "anasilva@example.test")
    assert send(house.browser(), url.removeprefix(BASE)).status_code == 303


@pytest.mark.parametrize("state", ["unknown", "suspended", "no address", "asked a minute ago"])
def test_asking_for_a_fresh_link_never_tells_who_exists(house: House, state: str) -> None:
    known = house.link(house.hire("Known"))
    house.clock.turn(days=30)
    expected = send(house.browser(), known, f"{known}/fresh")
    house.mails.clear()
    link = "/in/made-up"
    if state != "unknown":
        account = house.hire("Other", email="" if state == "no address" else "other@example.test")
        link = house.link(account)
        house.clock.turn(days=30)
        if state == "suspended":
            assert send(house.browser(), link, f"{link}/fresh").status_code == 200
            house.mails.clear()
            house.clock.turn(hours=1)
            house.ask({"op": "suspend", "account_id": account})
        if state == "asked a minute ago":
            send(house.browser(), link, f"{link}/fresh")
            house.mails.clear()
            house.clock.turn(minutes=1)
    before = house.browser().get(link)
    answer = send(house.browser(), link, f"{link}/fresh")
    assert house.mails == []
    assert before.status_code == 410
    assert (answer.status_code, answer.text.replace("csrf", "")) == (
        expected.status_code,
        expected.text.replace("csrf", ""),
    )


def test_nothing_that_opens_a_door_is_stored_in_clear(house: House) -> None:
    account = house.hire()
    link = house.link(account)
    browser = house.signed_in(account)
    (code,) = slip(house, account)
    secrets = [link.rsplit("/", 1)[1], browser.cookies["classroom_session"], code, code.replace("-", "")]
    with sqlite3.connect(house.settings.database) as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert not [secret for secret in secrets if secret in dump]


@pytest.mark.parametrize("how", ["suspend", "archive"])
def test_a_suspension_bites_at_the_next_click(house: House, how: str) -> None:
    account = house.hire()
    browser, spare, (code,) = house.signed_in(account), house.link(account), slip(house, account)
    assert browser.get("/learning").status_code == 200
    house.ask({"op": how, "account_id": account})
    for page in ("/learning", "/transcript", "/courses/FORKLIFT", "/admin"):
        answer = browser.get(page)
        assert answer.status_code == 401
        assert "You are signed out" in answer.text
    assert house.browser().get(spare).status_code == 410
    assert send(house.browser(), "/sign-in", worker_id="W-anasilva", code=code).status_code == 403
    house.ask({"op": "restore", "account_id": account})
    assert browser.get("/learning").status_code == 401
    assert house.browser().get(spare).status_code == 410


def test_a_session_counts_for_nothing_once_the_account_is_closed_by_whatever_hand(house: House) -> None:
    browser = house.signed_in(house.hire())
    with house.store.writing() as connection:
        connection.execute(tables.accounts.update().values(state="suspended"))
    assert browser.get("/learning").status_code == 401


def test_a_session_ends_by_itself(house: House) -> None:
    browser = house.signed_in(house.hire())
    house.clock.turn(hours=12, seconds=1)
    assert browser.get("/learning").status_code == 401


def test_signing_out_ends_the_session_also_for_whoever_copied_the_cookie(house: House) -> None:
    browser = house.signed_in(house.hire())
    copy = house.browser()
    copy.cookies.set("classroom_session", browser.cookies["classroom_session"])
    assert copy.get("/learning").status_code == 200
    assert send(browser, "/learning", "/sign-out").headers["location"] == "/sign-in"
    assert copy.get("/learning").status_code == 401


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower", "no hyphen"])
def test_a_slip_lets_in_once_however_it_is_typed(house: House, typed: str) -> None:
    (code,) = slip(house, house.hire(email=""))
    text = {"lower": code.lower(), "no hyphen": code.replace("-", "")}.get(typed, typed.format(code))
    browser = house.browser()
    assert send(browser, "/sign-in", worker_id=" w-ANASILVA", code=text).status_code == 303
    assert browser.get("/learning").status_code == 200
    again = send(house.browser(), "/sign-in", worker_id="W-anasilva", code=code)
    assert again.status_code == 403
    assert "did not match" in again.text


def test_a_slip_s_session_is_short_because_others_use_the_machine_too(house: House) -> None:
    (code,) = slip(house, house.hire())
    browser = house.browser()
    send(browser, "/sign-in", worker_id="W-anasilva", code=code)
    house.clock.turn(minutes=31)
    assert browser.get("/learning").status_code == 401


def test_a_new_slip_ends_the_old_one(house: House) -> None:
    account = house.hire()
    (old,), (new,) = slip(house, account), slip(house, account)
    assert send(house.browser(), "/sign-in", worker_id="W-anasilva", code=old).status_code == 403
    assert send(house.browser(), "/sign-in", worker_id="W-anasilva", code=new).status_code == 303


def test_a_code_works_only_for_its_own_person(house: House) -> None:
    (code,) = slip(house, house.hire())
    house.hire("Bo")
    assert send(house.browser(), "/sign-in", worker_id="W-bo", code=code).status_code == 403


def test_guessing_is_stopped_and_the_right_code_waits_too(house: House) -> None:
    (code,) = slip(house, house.hire())
    for _ in range(5):
        assert send(house.browser(), "/sign-in", worker_id="W-anasilva", code="AAAA-AAAA").status_code == 403
    stopped = send(house.browser(), "/sign-in", worker_id="W-anasilva", code=code)
    assert stopped.status_code == 429
    assert "Too many wrong codes" in stopped.text
    house.clock.turn(minutes=16)
    assert send(house.browser(), "/sign-in", worker_id="W-anasilva", code=code).status_code == 303


def test_slips_are_made_for_all_or_for_none(house: House) -> None:
    account = house.hire()
    answer = house.api.post("/api/v1/sign-in-slips", json={"account_ids": [account, "c-999999"]})
    assert (answer.status_code, answer.json()["detail"]) == (404, "No such account: c-999999; no slip was made.")
    page = house.api.post("/api/v1/sign-in-slips", json={"account_ids": [account, account]})
    assert page.text.count('class="slip"') == page.text.count("<svg") == 1
    assert "<script" not in page.text
