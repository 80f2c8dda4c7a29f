"""A Classroom in a temporary folder, with a clock the test turns, and people whose lives show every state."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from fastapi.testclient import TestClient

from joinery_classroom.app import create_app
from joinery_classroom.courses import seed_starter_courses
from joinery_classroom.database import Store, open_database
from joinery_classroom.model import Account
from joinery_classroom.settings import ClassroomSettings

TOKEN = "api-token-for-tests"
BASE = "http://classroom.test"


@dataclass
class Clock:
    """Stands still until it is turned."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class House:
    """The app, its clock, the mails it would have sent, and a client for Joinery."""

    settings: ClassroomSettings
    clock: Clock
    mails: list[tuple[Account, str]]
    app: Any
    api: TestClient

    @property
    def store(self) -> Store:
        store = self.app.state.room.store
        assert isinstance(store, Store)
        return store

    def browser(self) -> TestClient:
        """A browser with its own cookies, sent nowhere by itself."""
        return TestClient(self.app, base_url=BASE, follow_redirects=False)

    def ask(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        """Sends operations, each with a key if it has none, and returns the results."""
        keyed = [{"key": f"k{place}", **one} for place, one in enumerate(operations)]
        answer = self.api.post("/api/v1/operations", json={"operations": keyed})
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        assert isinstance(results, list)
        return results

    def hire(self, name: str = "Ana Silva", **attributes: str | None) -> str:
        """Creates a person and returns the account's id."""
        short = re.sub(r"\W", "", name).lower()
        known = {"display_name": name, "email": f"{short}@example.test", "worker_id": f"W-{short}", **attributes}
        (result,) = self.ask({"op": "create", "external_id": f"p-{short}", "attributes": known})
        assert result["changed"], result
        account_id = result["account"]["id"]
        assert isinstance(account_id, str)
        return account_id

    def assign(self, account_id: str, target: str, kind: str = "course", **more: Any) -> dict[str, Any]:
        """Assigns a course or path under the key of its name."""
        fields = {"account_id": account_id, "kind": kind, "target": target, "key": f"{target}/1", "reasons": [], **more}
        (result,) = self.ask({"op": "assign", **fields})
        assert result["outcome"] == "done", result
        return result

    def link(self, account_id: str) -> str:
        """A sign-in link, without the host."""
        answer = self.api.post("/api/v1/sign-in-links", json={"account_id": account_id})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["url"]).removeprefix(BASE)

    def signed_in(self, account_id: str) -> TestClient:
        """A browser that came in by a link."""
        browser = self.browser()
        answer = send(browser, self.link(account_id))
        assert answer.status_code == 303, answer.text
        return browser

    def account(self, account_id: str) -> dict[str, Any]:
        """The account as Joinery reads it."""
        items = self.api.post("/api/v1/lookup", json={"account_ids": [account_id]}).json()["items"]
        assert len(items) == 1
        found = items[0]
        assert isinstance(found, dict)
        return found


def send(browser: TestClient, page: str, action: str | None = None, **fields: str) -> Any:
    """Opens a page as a person would and sends its form to `action` (the page itself if none)."""
    html = browser.get(page).text
    token = re.search(r'name="csrf" value="([^"]+)"', html)
    assert token, html
    return browser.post(action or page, data={"csrf": token[1], **fields})


@cache
def _seeded() -> bytes:
    """A database file with the starter courses, made once: reading their YAML takes longer than most tests."""
    with TemporaryDirectory() as folder:
        store = open_database(Path(folder) / "seed.sqlite")
        seed_starter_courses(store)
        store.close()
        return (Path(folder) / "seed.sqlite").read_bytes()


@contextmanager
def opened(folder: Path, **changes: Any) -> Iterator[House]:
    """A Classroom with the starter courses and nobody in it."""
    chosen = {"base_url": BASE, "api_token": TOKEN, "secret": "secret-for-tests", "simulation": True, **changes}
    settings = ClassroomSettings(database=folder / "classroom.sqlite", organisation="Nordlicht", **chosen)
    settings.database.write_bytes(_seeded())
    clock, mails = Clock(), list[tuple[Account, str]]()

    def post(account: Account, url: str) -> None:
        mails.append((account, url))

    app = create_app(settings, now=clock, send_fresh_link=post)
    store = app.state.room.store
    try:
        api = TestClient(app, base_url=BASE, headers={"authorization": f"Bearer {TOKEN}"})
        yield House(settings=settings, clock=clock, mails=mails, app=app, api=api)
    finally:
        store.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The app on a loopback port, for a real browser; gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def routes(app: Any) -> list[Any]:
    """Every route of the app, those of included routers too."""
    found: list[Any] = []
    for one in app.routes:
        router = getattr(one, "original_router", None)
        found += [one] if router is None else router.routes
    return found
