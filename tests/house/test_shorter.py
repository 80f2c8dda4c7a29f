"""What a quick run leaves to `script/test --all`: never the only case of a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from tests.support.shorter import ERASURES, OF_THE_STORE, TABLES, left_to_all

BOTH = ("[sqlite]", "[postgresql]")


@dataclass(frozen=True)
class Item:
    nodeid: str
    keywords: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.nodeid.partition("::")[2]


def shown(test: str, cases: tuple[str, ...]) -> list[str]:
    items = [cast(pytest.Item, Item(test + case)) for case in cases]
    left = left_to_all(items)
    return [item.nodeid.removeprefix(test) for item in items if item not in left]


@pytest.mark.parametrize(
    ("test", "stores"),
    [
        ("tests/jobs/test_engine.py::test_a", ["[postgresql]"]),
        ("tests/store/test_plans.py::test_a", [*BOTH]),
        (f"{ERASURES[0]}::test_a", ["[sqlite]"]),
        (f"{ERASURES[0]}::{OF_THE_STORE[0]}", [*BOTH]),
    ],
)
def test_on_which_stores_a_test_is_shown(test: str, stores: list[str]) -> None:
    assert shown(test, BOTH) == stores


def test_what_is_there_on_one_store_alone_is_shown() -> None:
    assert shown("tests/jobs/test_engine.py::test_a", ("[sqlite-1]", "[postgresql-2]")) == [
        "[sqlite-1]",
        "[postgresql-2]",
    ]


def test_of_a_long_table_four_cases_are_shown_the_first_and_the_last_among_them() -> None:
    cases = tuple(f"[{n}]" for n in range(10))
    assert shown(TABLES[0], cases) == ["[0]", "[3]", "[6]", "[9]"]
    assert shown("tests/core/test_a.py::test_a", cases) == [*cases]
