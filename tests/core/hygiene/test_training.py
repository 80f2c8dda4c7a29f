"""What the flags of a training record mean, and whom the finding names."""

from __future__ import annotations

import pytest

from joinery.core.hygiene.training import check_record

CASES = [
    ("a record that is in order says nothing", (), []),
    ("somebody HR does not know", ("unknown_person",), ["completion_unknown_person"]),
    ("before the first day", ("before_hire",), ["completion_before_hire"]),
    ("a day that has not come", ("future",), ["completion_in_future"]),
    ("a record that HR's table cannot hold", ("refused",), ["completion_refused"]),
    ("two things at once are told both", ("future", "before_hire"), ["completion_before_hire", "completion_in_future"]),
    ("other flags are no findings", ("left",), []),
]


@pytest.mark.parametrize(("flags", "checks"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_flags(flags: tuple[str, ...], checks: list[str]) -> None:
    found = list(check_record(flags, "FORKLIFT", "0001", "m-1"))
    assert [each.check for each in found] == checks
    assert all(each.worker_id == "0001" and "FORKLIFT" in each.message for each in found)


@pytest.mark.parametrize(
    ("worker_id", "account_id", "named"),
    [("0001", "m-1", "0001"), ("", "m-1", "account m-1"), ("", "ana@example.com", "")],
    ids=["the number", "the account where there is no number", "nobody where the account is an address"],
)
def test_whom_it_names(worker_id: str, account_id: str, named: str) -> None:
    (found,) = check_record(("future",), "FORKLIFT", worker_id, account_id)
    assert found.worker_id == named
