"""What a plan does not tell without being asked: former names, and ends of employment."""

from __future__ import annotations

import pytest

from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import Change, CreateAccount, Operation, SuspendAccount, UpdateAccount
from joinery.core.model.plan import Reason
from joinery.core.planning.wording import UNTOLD, withheld, withheld_reason

KEY = PersonKey("p")
FORMER, ENDS = frozenset({"last"}), frozenset({"expires"})


def updated(*change: str) -> UpdateAccount:
    attribute, old, new = change
    return UpdateAccount(person_key=KEY, changes=(Change(attribute=attribute, old=old, new=new),))


def made(**attributes: str) -> CreateAccount:
    return CreateAccount(person_key=KEY, attributes=attributes)


CASES = [
    ("a former name is not told", updated("last", "Old", "New"), updated("last", UNTOLD, "New"), 1),
    ("a first name replaces nothing", updated("last", "", "New"), updated("last", "", "New"), 0),
    ("an end is told neither way", updated("expires", "", "2027-01-31"), updated("expires", UNTOLD, UNTOLD), 1),
    ("other changes are told", updated("job", "Cook", "Chef"), updated("job", "Cook", "Chef"), 0),
    ("a new account tells its name", made(last="New"), made(last="New"), 0),
    ("a new account tells no end", made(last="New", expires="2027"), made(last="New", expires=UNTOLD), 1),
    ("no end is no value", made(expires=""), made(expires=""), 0),
    ("anything else is as it is", SuspendAccount(person_key=KEY), SuspendAccount(person_key=KEY), 0),
]


@pytest.mark.parametrize(("operation", "told", "count"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_confidential_is_withheld_and_counted(operation: Operation, told: Operation, count: int) -> None:
    assert withheld(operation, FORMER, ENDS) == (told, count)


def test_the_reason_does_not_tell_it_either() -> None:
    moved = Reason(text="HR changed last from Old to New", attribute="last", old="Old", new="New")
    assert withheld_reason(moved, FORMER, ENDS) == Reason(
        text=f"HR changed last from {UNTOLD} to New", attribute="last", old=UNTOLD, new="New"
    )
    ends = Reason(text="HR changed expires from nothing to 2027", attribute="expires", new="2027")
    assert withheld_reason(ends, FORMER, ENDS) == Reason(
        text=f"HR changed expires from nothing to {UNTOLD}", attribute="expires", new=UNTOLD
    )
    other = Reason(text="HR changed job", attribute="job", old="Cook", new="Chef")
    assert withheld_reason(other, FORMER, ENDS) == other
