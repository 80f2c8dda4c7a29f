"""What a quick run (`script/test`) leaves to `script/test --all`, to come near ten minutes on two cores.
Files that are named (`script/test tests/stories`) are shown whole.

Of what is the same with other values a quick run shows some, and of each test but the sweeps at least one:

- Of the tables in `TABLES`, `CASES` cases: the first, the last, and some between.
- What is shown on both stores is shown on PostgreSQL, since everything else is shown on SQLite; erasures, which fill
  every table anew, on SQLite. Tests of the store itself (`tests/store`) run on both, and so do erasures that look
  through the tables.
- Tests named in `SWEEPS`, longer looks at what others look at, too, are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import pytest

#: set where all tests are asked for, none by name
WHOLE: Final = "JOINERY_TEST_WHOLE"
#: of one table, in a quick run
CASES: Final = 4
#: long tables whose cases are alike, and cost seconds each
TABLES: Final = (
    "tests/faces/test_limits_at_the_faces.py::test_a_manager_sees_no_hour_no_score_and_no_end_to_come",
    "tests/house/test_howto.py::test_a_page_works_as_written",
    "tests/store/test_upgrade.py::test_nothing_is_lost_on_the_way_from_an_earlier_step",
    "tests/stories/test_records_out.py::test_killed_between_the_row_and_the_ledger_each_record_is_there_once",
    "tests/stories/test_why_other_days.py::"
    "test_the_answer_about_somebody_whose_end_is_announced_is_that_about_anybody_else",
)
#: the first runs again what the suite runs anyway, at twice the time
SWEEPS: Final = (
    "tests/house/test_core_coverage.py",
    "tests/jobs/test_nodes.py::test_a_worker_that_is_restarted_in_its_place_buries_its_former_life_at_once",
    "tests/jobs/test_nodes.py::test_the_stop_of_a_worker_in_the_middle_gives_its_jobs_back_at_once",
    "tests/jobs/test_nodes.py::test_a_driver_that_is_killed_and_started_again_leaves_alone_what_a_living_worker_has",
)
#: stories that are as slow on PostgreSQL as they are many, and those of them that ask something of the store itself
ERASURES: Final = ("tests/stories/test_erased_everywhere.py", "tests/stories/test_erasure.py")
OF_THE_STORE: Final = (
    "test_before_it_every_table_that_can_speak_of_her_does",
    "test_after_it_no_table_names_her_but_those_that_are_said_to",
    "test_no_byte_of_the_database_names_her",
    "test_before_it_everything_is_there_and_after_it_nothing_that_names_her",
    "test_others_are_left_as_they_are",
)
_SQLITE, _POSTGRESQL = _STORES = ("sqlite", "postgresql")


def left_to_all(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Those of them that a quick run does not show."""
    left, tables = [], defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if item.nodeid.startswith(SWEEPS):
            left.append(item)
        elif "long" not in item.keywords:
            tables[item.nodeid.partition("[")[0]].append(item)
    for name, table in tables.items():
        twice = _on(_less_telling(name), table)
        left.extend(twice)
        if name in TABLES:
            left.extend(_between([item for item in table if item not in twice]))
    return left


def _less_telling(name: str) -> str:
    """The store on which a test that is there on both is left out; empty for none."""
    if name.startswith("tests/store/"):
        return ""
    if not name.startswith(ERASURES):
        return _SQLITE
    return "" if name.partition("::")[2] in OF_THE_STORE else _POSTGRESQL


def _on(store: str, table: list[pytest.Item]) -> list[pytest.Item]:
    """Cases on this store that are there on the other one, too."""
    there = {_without_store(item) for item in table if _store(item) not in {"", store}}
    return [item for item in table if store and _store(item) == store and _without_store(item) in there]


def _store(item: pytest.Item) -> str:
    values = _parameters(item)
    return next((store for store in _STORES if store in values), "")


def _without_store(item: pytest.Item) -> str:
    return "-".join(value for value in _parameters(item) if value not in _STORES)


def _parameters(item: pytest.Item) -> list[str]:
    return item.name.partition("[")[2].removesuffix("]").split("-")


def _between(table: list[pytest.Item]) -> list[pytest.Item]:
    if len(table) <= CASES:
        return []
    shown = {round(n * (len(table) - 1) / (CASES - 1)) for n in range(CASES)}
    return [item for n, item in enumerate(table) if n not in shown]
