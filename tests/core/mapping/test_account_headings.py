"""What a learning system's export says of the state of an account, and of its power over others."""

from __future__ import annotations

import pytest

from joinery.core.mapping.account_headings import roles_of, state_of
from joinery.core.model.account import AccountState

STATES = [
    ("Active", "YES", AccountState.ACTIVE),
    ("Active", "no", AccountState.SUSPENDED),
    ("suspended", "1", AccountState.SUSPENDED),
    ("suspended", "0", AccountState.ACTIVE),
    ("User Status", "Inactive", AccountState.SUSPENDED),
    ("inactive", "active", AccountState.ACTIVE),
    ("status", "deleted", AccountState.ARCHIVED),
    ("status", "Gesperrt", AccountState.SUSPENDED),
    ("status", "", AccountState.ACTIVE),
    ("status", "a word nobody knows", AccountState.ACTIVE),
]


@pytest.mark.parametrize(("column", "word", "state"), STATES)
def test_the_state_is_read_from_the_heading_and_the_word(column: str, word: str, state: AccountState) -> None:
    assert state_of(column, word) is state


@pytest.mark.parametrize(
    ("word", "roles"),
    [
        ("", ()),
        ("Learner", ()),
        ("SuperAdmin", ("SuperAdmin",)),
        ("learner; Course creator", ("Course creator",)),
        ("Manager|Student, Auditor", ("Manager", "Auditor")),
    ],
)
def test_only_roles_above_a_learner_count(word: str, roles: tuple[str, ...]) -> None:
    assert roles_of(word) == roles
