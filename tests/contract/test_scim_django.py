"""The SCIM connector against django-scim2: another maintainer's server, on Django, over HTTP, in another process.

It goes its own ways where many learning systems do: whole paths as endpoints, a PATCH that can replace and not remove,
500 for a user name that is taken, members who leave by value, and, as it comes, no filter on externalId nor on groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from joinery.connectors.scim import Pace, ScimTarget
from joinery.core.model.operation import (
    Change,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    RestoreAccount,
    SuspendAccount,
    UpdateAccount,
)
from joinery.core.model.receipt import Outcome
from joinery.errors import AuthenticationFailed, BadAnswer
from joinery.jobs.projection import contradiction
from joinery.kit.contract import Target
from joinery.kit.transport import Transport
from joinery.testing.people import do, done, employed, live, somebody, story
from tests.contract.classroom import TOKEN
from tests.contract.test_scim import ScimContract, over_http
from tests.support import django_peer


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with django_peer.running(tmp_path_factory.mktemp("django"), TOKEN) as url:
        yield url


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with django_peer.running(tmp_path_factory.mktemp("plain"), TOKEN, plain=True) as url:
        yield url


class TestDjango(ScimContract):
    @pytest.fixture
    def target(self, django: str) -> Target:
        self.url = django
        return over_http(django, pace=Pace(concurrency=2))  # it answers one at a time

    @story
    async def test_a_group_loses_one_member_and_keeps_the_others(self, target: Target) -> None:
        group = f"Team of {somebody().key}"
        people = [await employed(target) for _ in range(3)]
        for person, account in people:
            await done(target, JoinGroup(person_key=person.key, group=group), account=account)
        (first, one), *others = people
        assert (await done(target, LeaveGroup(person_key=first.key, group=group), account=one)).groups == frozenset()
        for _, other in others:
            assert (await live(target, other)).groups == {group}

    @story
    async def test_a_wrong_token_stops_the_run(self, target: Target) -> None:
        wrong = ScimTarget(Transport(self.url, auth=lambda: "not this one"))
        with pytest.raises(AuthenticationFailed):
            await wrong.check()
        await wrong.close()


class TestDjangoAsItComes:
    """No filter on externalId and none on groups, no place for a job title."""

    @pytest.fixture
    def target(self, plain: str) -> Target:
        return over_http(plain, external_id=False)

    @story
    async def test_a_group_is_found_although_its_filter_finds_nothing(self, target: Target) -> None:
        group = f"Team of {somebody().key}"
        (person, account), (other, second) = await employed_by_id(target), await employed_by_id(target)
        missing = await do(target, JoinGroup(person_key=person.key, group=group, create=False), account)
        assert missing.outcome is Outcome.NEEDS_YOU
        await done(target, JoinGroup(person_key=person.key, group=group), account=account)
        fresh = over_http(target_url(target), external_id=False)
        joined = await done(fresh, JoinGroup(person_key=other.key, group=group), account=second)
        await fresh.close()
        assert joined.groups == {group}
        assert (await live(target, account)).groups == {group}

    @story
    async def test_access_ends_and_comes_back(self, target: Target) -> None:
        person, account = await employed_by_id(target)
        gone = await done(target, SuspendAccount(person_key=person.key, revoke_roles=True), account=account)
        assert gone == replace(account, state=gone.state) and gone.state == "suspended"
        assert await done(target, RestoreAccount(person_key=person.key), account=account) == account

    @story
    async def test_the_check_tells_of_external_ids_that_are_kept_and_not_found(self, target: Target) -> None:
        await target.check()
        believing = over_http(target_url(target))
        person = somebody()
        assert (await do(believing, person.creation())).outcome is Outcome.DONE
        with pytest.raises(BadAnswer) as caught:
            await believing.check()
        assert "external_id: false" in caught.value.fix
        await believing.close()
        await target.check()

    @story
    async def test_a_value_that_is_dropped_is_not_taken_for_written(self, target: Target) -> None:
        person, account = await employed_by_id(target)
        change = Change(attribute="job_title", old="", new="Driver")
        update = UpdateAccount(person_key=person.key, changes=(change,))
        receipt = await do(target, update, account)
        assert receipt.account == account, "it is shown as it is"
        assert "job_title" in contradiction(update, receipt.account), "and the ledger does not believe it done"


async def employed_by_id(target: Target) -> Any:
    """Somebody with an account, known by its ID alone."""
    person = somebody()
    receipt = await do(target, CreateAccount(person_key=person.key, attributes=person.attributes))
    assert receipt.outcome is Outcome.DONE and receipt.account is not None
    return person, await live(target, receipt.account)


def target_url(target: Any) -> str:
    return str(target._transport.base_url)
