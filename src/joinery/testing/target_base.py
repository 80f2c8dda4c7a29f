"""What a connector's own test gives to the contracts. Rule: whatever a system may lack has a default that skips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, RequirementKey
from joinery.core.model.operation import ActionClass, Change, UpdateAccount
from joinery.kit.contract import Target
from joinery.testing.people import Person

NO_ACCOUNT = AccountId("no-such-account")


class TargetBase:
    """What a subclass gives, and may give."""

    #: a course and a path that the target has
    course: ClassVar[RequirementKey] = RequirementKey("course:forklift")
    path: ClassVar[RequirementKey] = RequirementKey("path:Onboarding_Path")
    #: a course it has not; None where it takes any
    missing: ClassVar[RequirementKey | None] = RequirementKey("course:no-such-course")

    @pytest.fixture
    def target(self) -> Iterator[Target]:
        """The target under test, connected and allowed to write."""
        raise NotImplementedError("a subclass gives the target")

    def start(self, target: Target, account: Account, enrolment: str) -> None:
        """The learner begins with this assignment; override where a test can make that happen."""
        pytest.skip("this test cannot make a learner begin in this system")

    def promote(self, target: Target, account: Account) -> None:
        """Somebody makes the account an administrator; override where a test can make that happen."""
        pytest.skip("this test cannot make an administrator in this system")

    def need(self, target: Target, *actions: ActionClass) -> None:
        """Skips when the target says that it cannot."""
        if missing := set(actions) - target.capabilities.actions:
            pytest.skip(f"{target.name} cannot {', '.join(sorted(missing))}")


def move(person: Person, new: str = "Driver") -> UpdateAccount:
    """Another job title."""
    changes = (Change(attribute="job_title", old="Picker", new=new),)
    return UpdateAccount(person_key=person.key, changes=changes)
