"""Every page in every state, light and dark, wide and narrow: axe finds nothing, and nothing hangs over the edge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.classroom.company import Company, founded, pages
from tests.classroom.house import House, opened, served
from tests.support.peers import CHROMIUM_ARGS


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium_path), args=list(CHROMIUM_ARGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Company, str]]:
    with opened(tmp_path_factory.mktemp("classroom")) as house:
        company = founded(house)
        with served(house.app) as address:
            yield house, company, address


def entered(browser: Browser, house: House, address: str, who: str | None) -> Page:
    page = browser.new_context().new_page()
    if who is not None:
        page.goto(address + house.link(who))
        page.click("main button[type=submit]")
        assert page.url.endswith("/learning")
    return page


def problems(response: dict[str, Any], where: str) -> list[str]:
    return [f"{where}: {one['id']} {one['nodes'][0]['html']}" for one in response["violations"]]


def test_no_page_shuts_anybody_out(
    browser: Browser, place: tuple[House, Company, str], pytestconfig: pytest.Config
) -> None:
    """Each of them in one of the two looks, and with `--all` in both; none hangs over the edge of a telephone."""
    house, company, address = place
    axe, open_pages, wrong = Axe(), dict[str | None, Page](), list[str]()
    both = pytestconfig.getoption("--run-long")
    for n, (name, (path, who)) in enumerate(pages(house, company).items()):
        if who not in open_pages:
            open_pages[who] = entered(browser, house, address, who)
        page = open_pages[who]
        page.set_viewport_size({"width": 1100, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(address + path)
        if both or n % 2:
            wrong += problems(axe.run(page).response, f"{name}, light and wide")
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 320, "height": 800})
        if both or not n % 2:
            wrong += problems(axe.run(page).response, f"{name}, dark and narrow")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{name}: hangs over the edge at 320 px")
    for page in open_pages.values():
        page.context.close()
    assert wrong == []


def test_no_answer_to_a_form_shuts_anybody_out(browser: Browser, place: tuple[House, Company, str]) -> None:
    house, _, address = place
    account, axe, wrong = house.hire("Form Filler"), Axe(), list[str]()
    page = entered(browser, house, address, account)
    house.ask({"op": "suspend", "account_id": account})
    page.goto(f"{address}/learning")
    assert "You are signed out" in page.content()
    wrong += problems(axe.run(page).response, "signed out")
    house.ask({"op": "restore", "account_id": account})
    for tries, words in ((1, "That did not match"), (5, "Too many wrong codes")):
        for _ in range(tries):
            page.goto(f"{address}/sign-in?worker_id=W-formfiller")
            page.fill("#code", "AAAA-AAAA")
            page.click("main button[type=submit]")
        assert words in page.content()
        wrong += problems(axe.run(page).response, words)
    page.goto(f"{address}/in/long-gone")
    page.click("main button[type=submit]")
    assert "Look into your mail" in page.content()
    wrong += problems(axe.run(page).response, "fresh link")
    slips = house.api.post("/api/v1/sign-in-slips", json={"account_ids": [account]}).text
    page.goto("about:blank")
    page.set_content(slips)
    wrong += problems(axe.run(page).response, "slips")
    page.context.close()
    assert wrong == []


def test_axe_would_notice(browser: Browser, place: tuple[House, Company, str]) -> None:
    """The check itself: text too pale in the dark, and a picture without words."""
    page = browser.new_context(color_scheme="dark").new_page()
    page.goto(f"{place[2]}/verify")
    page.evaluate(
        "document.querySelector('h1').style.color = '#333'; document.body.append(document.createElement('img'))"
    )
    found = {one["id"] for one in Axe().run(page).response["violations"]}
    page.context.close()
    assert {"color-contrast", "image-alt"} <= found


def test_a_learner_gets_to_the_certificate_with_the_keyboard_alone(
    browser: Browser, place: tuple[House, Company, str]
) -> None:
    house, _, address = place
    account = house.hire("Kay Board")
    house.assign(account, "manager-essentials")
    page = entered(browser, house, address, account)
    page.goto(f"{address}/learning")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"

    def press(what: Locator) -> None:
        what.focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")

    press(page.get_by_role("link", name="Manager essentials"))
    press(page.locator(".steps li.open a").first)
    for _ in range(3):
        press(page.locator("form.next button"))
    press(page.get_by_role("button", name="Finish the course"))
    page.get_by_text("Done on 2 March 2026.").wait_for()
    assert page.get_by_role("link", name="Print the certificate (PDF)").is_visible()
    page.context.close()
