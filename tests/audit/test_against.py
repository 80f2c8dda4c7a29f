"""An HR file beside the accounts of the learning system: whose they are, and what should not be open."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from joinery.audit.against import against
from joinery.audit.changes import changes
from joinery.audit.population import known
from joinery.core.model.account import Account, AccountState
from joinery.core.model.finding import Severity
from joinery.core.model.ids import AccountId

TODAY = date(2026, 11, 29)
PEOPLE = known(
    pl.DataFrame(
        {
            "worker_id": ["1", "2", "3", "4"],
            "work_email": ["ana@acme.com", "bob@acme.com", "", "eve@acme.com"],
            "status": ["Active", "Terminated", "Active", "Active"],
            "termination_date": ["", "2026-01-31", "", "2026-12-15"],
        }
    )
)


def account(name: str = "a1", state: AccountState = AccountState.ACTIVE, role: str = "", **told: str) -> Account:
    return Account(id=AccountId(name), attributes=told, state=state, roles=(role,) if role else ())


CASES = [
    ("number and address agree", [account(worker_id="1", email="Ana@acme.com")], []),
    ("the number alone", [account(worker_id="3")], []),
    ("the address alone", [account(email="ana@acme.com")], []),
    ("nobody's", [account(worker_id="9", email="who@acme.com")], [("lms_only_account", "warning", "")]),
    ("nobody's, with a role", [account(email="it@acme.com", role="Admin")], [("lms_only_account", "note", "")]),
    ("two people's", [account(worker_id="1", email="eve@acme.com")], [("account_disagrees", "warning", "4")]),
    ("a number HR does not have", [account(worker_id="9", email="ana@acme.com")],
     [("account_disagrees", "warning", "1")]),
    ("a leaver's account with a newcomer's address", [account(state=AccountState.SUSPENDED, worker_id="2",
     email="ana@acme.com")], [("recycled_email", "quarantine", "1")]),
    ("a leaver's open account", [account(worker_id="2")], [("leaver_account_open", "warning", "2")]),
    ("a leaver's closed account", [account(state=AccountState.ARCHIVED, worker_id="2")], []),
    ("an administrator who left", [account(worker_id="2", role="Admin")],
     [("privileged_account_ending", "warning", "2")]),
    ("an administrator who leaves soon", [account(worker_id="4", role="Admin")],
     [("privileged_account_ending", "warning", "4")]),
    ("an administrator who stays", [account(worker_id="1", role="Admin")], []),
    ("somebody who leaves soon", [account(worker_id="4")], []),
    ("two accounts", [account("a1", worker_id="1"), account("a2", email="ana@acme.com")],
     [("second_account", "warning", "1")]),
    ("a second one that is closed", [account("a1", worker_id="1"), account("a2", AccountState.ARCHIVED, worker_id="1")],
     []),
]  # fmt: skip


@pytest.mark.parametrize(("accounts", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_against(accounts: list[Account], wanted: list[tuple[str, str, str]]) -> None:
    found = against(PEOPLE, accounts, TODAY)
    assert [(f.check, str(f.severity), f.worker_id) for f in found] == wanted
    assert all(f.suggestion and f.accounts for f in found)


def test_an_account_named_by_its_address_is_not_named() -> None:
    (found,) = against(PEOPLE, [account("who@acme.com", email="who@acme.com")], TODAY)
    assert "@" not in found.message
    assert found.accounts == ("who@acme.com",)


def test_an_hr_file_without_addresses_or_dates() -> None:
    people = known(pl.DataFrame({"worker_id": ["1"]}))
    assert against(people, [account(worker_id="1", role="Admin")], TODAY) == ()


def export(ids: list[str], **columns: list[str]) -> pl.DataFrame:
    return known(pl.DataFrame({"worker_id": ids, **columns}))


NUMBERS = [f"{n:04}" for n in range(100)]


def test_a_department_that_slipped_is_a_mass_change() -> None:
    before = export(NUMBERS, department=["A"] * 100, location=["X"] * 100)
    now = export(NUMBERS, department=["B"] * 30 + ["A"] * 70, location=["Y"] * 5 + ["X"] * 95)
    (found,) = changes(before, now)
    assert (found.check, found.attribute, len(found.people)) == ("mass_change", "department", 30)


def test_numbers_of_another_width() -> None:
    found = changes(export(NUMBERS), export([str(int(n) + 100) for n in NUMBERS]))
    assert [f.check for f in found] == ["id_width_changed"]
    assert changes(export(NUMBERS), export(NUMBERS)) == ()


def test_somebody_under_a_new_number() -> None:
    who = {"work_email": ["ana@acme.com"], "given_name": ["Ana"], "family_name": ["Berg"]}
    (found,) = changes(export(["1"], **who), export(["7"], **who))
    assert (found.check, found.people, found.better) == ("renumbered", ("7", "1"), "1")
    assert found.severity is Severity.WARNING
    assert changes(export(["1"], **who), export(["7"], previous_id=["1"], **who)) == (), "HR said it itself"
