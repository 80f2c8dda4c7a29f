"""A company with the ways in open, in process: HR pushes over HTTP, the learning system is the one in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from joinery.app.desk import Desk
from joinery.app.wiring import Opened
from joinery.flows.tokens import new_token
from joinery.web.assembly import api_app
from tests.stories.company import Company

#: what HR's real clock says is today: the API has no as-of
FULL = "/api/v1/ingest/hris?content=full"
CHANGES = "/api/v1/ingest/hris?content=changes"


class House:
    """`http` has a token for everything; `bare` has none."""

    def __init__(self, company: Company, it: Opened, desk: Desk) -> None:
        self.company, self.it, self.desk = company, it, desk
        self.app = api_app(it.settings, it.ports, desk)
        self.bare = TestClient(self.app, raise_server_exceptions=False)
        self.http = self.with_token(self.token("ingest", "scim", "read"))

    def token(self, *scopes: str, days: int = 30) -> str:
        """The text of a new token."""
        return new_token(self.it.ports, "test", scopes, counts=timedelta(days=days), by="somebody")[1]

    def with_token(self, text: str) -> TestClient:
        return TestClient(self.app, headers={"Authorization": f"Bearer {text}"}, raise_server_exceptions=False)

    def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for what the desk does in the background."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.02)

    def operation(self, answer: Any, *states: str) -> dict[str, Any]:
        """What became of this upload or message, once it is in one of these states."""
        where = f"/api/v1/operations/{answer.json()['id']}"
        self.until(lambda: self.http.get(where).json()["state"] in states)
        found: dict[str, Any] = self.http.get(where).json()
        return found

    @property
    def access(self) -> dict[str, str]:
        """Employee number -> the state of the account, as the learning system itself says."""
        return self.company.accounts()


@contextmanager
def house(company: Company, *, begin: bool = True) -> Iterator[House]:
    with company.open() as it:
        desk = Desk(ports=it.ports, quiet=0.05)
        if begin:
            desk.begin()
        try:
            yield House(company, it, desk)
        finally:
            desk.stop()


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is this problem, in the form that every problem has."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["request_id"] == answer.headers["x-request-id"]
    return body
