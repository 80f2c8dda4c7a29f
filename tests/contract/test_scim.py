"""The SCIM connector against real servers over HTTP: an independent one (scim2-server), and Classroom's own face."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx2
import pytest
from scim2_models import (
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    Filter,
    Group,
    Patch,
    ResourceType,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    User,
)
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage

from joinery.connectors.scim import ATTRIBUTES, MEDIA_TYPE, ScimTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.core.model.receipt import Outcome, Receipt
from joinery.kit.contract import Order, Target
from joinery.kit.transport import Transport
from joinery.settings.learning import SCIM_PLACES
from joinery.testing.people import somebody
from joinery.testing.target_contract import TargetContract
from joinery_simulators.chaos import Weather
from joinery_simulators.door import chaos
from tests.contract.classroom import TOKEN, classroom
from tests.contract.serving import served

HANDS = count(1)
SCHEMAS = ["urn:ietf:params:scim:schemas:core:2.0:User"]


def over_http(url: str, **settings: Any) -> ScimTarget:
    """The connector as the settings make it."""
    return ScimTarget(Transport(url, auth=lambda: TOKEN, media_type=MEDIA_TYPE), **settings)


@contextmanager
def independent(*, patch: bool = True, bulk: bool = True) -> Iterator[str]:
    """Another maintainer's server, in memory, with or without PATCH and Bulk."""
    config = ServiceProviderConfig(
        patch=Patch(supported=patch),
        bulk=Bulk(supported=bulk, max_operations=30 if bulk else 0, max_payload_size=1_000_000 if bulk else 0),
        filter=Filter(supported=True, max_results=100),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
    )
    types = [ResourceType.from_resource(User[EnterpriseUser]), ResourceType.from_resource(Group)]
    provider = ScimProvider(models=[User, EnterpriseUser, Group], resource_types=types, config=config)
    with served(ASGIApplication(AsyncInMemoryStorage(), provider)) as url:
        yield f"{url}/v2"


class ScimContract(TargetContract):
    """What people do by hand is done through the same door, without our key."""

    url: str

    def unlinked(self, target: Target) -> Account:
        body = {"schemas": SCHEMAS, "userName": f"by-hand-{next(HANDS)}", "active": True}
        made = self._by_hand("POST", "/Users", body)
        shown = {"display_name": made["displayName"]} if made.get("displayName") else {}
        return Account(id=AccountId(made["id"]), attributes=shown, version=made["meta"].get("version", ""))

    def _by_hand(self, method: str, path: str, body: Any) -> Any:
        answer = httpx2.request(method, self.url + path, json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def another() -> Iterator[str]:
    with independent() as url:
        yield url


@pytest.fixture(scope="module")
def replacing() -> Iterator[str]:
    with independent(patch=False, bulk=False) as url:
        yield url


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with classroom(tmp_path_factory.mktemp("classroom")) as opened, served(opened.app) as url:
        yield f"{url}/classroom/scim/v2"


def test_settings_and_connector_agree_on_what_a_user_has_a_place_for() -> None:
    assert set(SCIM_PLACES) == ATTRIBUTES


def test_many_are_made_in_one_request_where_the_other_side_takes_that() -> None:
    weather = Weather(seed=1, chance=0.0)
    orders = [Order(key=f"{n}", operation=somebody().creation()) for n in range(5)]

    async def story(url: str) -> list[Receipt]:
        target = over_http(url)
        receipts = [receipt async for receipt in target.perform(orders)]
        await target.close()
        return receipts

    with independent() as truth, chaos(truth.removesuffix("/v2"), weather) as url:
        receipts = asyncio.run(story(f"{url}/v2"))
    assert [receipt.outcome for receipt in receipts] == [Outcome.DONE] * 5
    assert [one.target for one in weather.events if one.method != "GET"] == ["/v2/Bulk"]


class TestAnotherServer(ScimContract):
    @pytest.fixture
    def target(self, another: str) -> Target:
        self.url = another
        return over_http(another)


class TestAServerWithoutPatchAndBulk(ScimContract):
    @pytest.fixture
    def target(self, replacing: str) -> Target:
        self.url = replacing
        return over_http(replacing)


class TestClassroomByScim(ScimContract):
    @pytest.fixture
    def target(self, face: str) -> Target:
        self.url = face
        return over_http(face)
