"""Accounts as last confirmed, and links, on SQLite and PostgreSQL: one person, one account per target."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from joinery.core.model.account import Account, AccountState, Enrolment, Link
from joinery.core.model.ids import AccountId, PersonKey, RequirementKey
from joinery.store.accounts import Accounts, replace_link
from joinery.store.census import account_counts
from joinery.store.database import Database
from tests.store.acme import HOUR, NOW, opened, way

ANA, BOB = PersonKey("p-ana"), PersonKey("p-bob")


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def account(id_: str, email: str = "", worker_id: str = "", **given: Any) -> Account:
    attributes = {"email": email, "worker_id": worker_id}
    return Account(id=AccountId(id_), attributes={k: v for k, v in attributes.items() if v}, **given)


def link(who: PersonKey, id_: str, by: str = "created") -> Link:
    return Link(person_key=who, account_id=AccountId(id_), made_by=by, made_at=NOW)


def confirm(store: Database, *seen: Account, target: str = "lms") -> None:
    with store.write() as tx:
        Accounts(tx, target).confirm(seen, NOW)


WHOLE = Account(
    id=AccountId("a-1"),
    external_id="p-ana",
    attributes={"email": "Ana@X.org", "worker_id": "007", "title": 'say "hi" 100%'},
    state=AccountState.SUSPENDED,
    roles=("admin", "trainer"),
    groups=frozenset({"a", "b"}),
    enrolments={"course:A": Enrolment(requirement=RequirementKey("course:A"), due_on=date(2026, 4, 1))},
    version="7",
)


def test_an_account_comes_back_as_it_went_in_and_the_last_word_counts(store: Database) -> None:
    confirm(store, WHOLE, account("a-2"))
    confirm(store, account("a-2", email="bob@x.org"))
    with store.read() as tx:
        accounts = Accounts(tx, "lms")
        assert accounts.by_id(["a-1", "a-2", "a-9"]) == {"a-1": WHOLE, "a-2": account("a-2", email="bob@x.org")}
        assert accounts.by_email(["ANA@x.org", ""]) == {"ana@x.org": [WHOLE]}
        assert accounts.by_worker_id(["007", "", "008"]) == {"007": [WHOLE]}
        assert accounts.known() == 2
        assert accounts.seats() == 1, "a suspended account needs no seat"


def test_targets_are_kept_apart(store: Database) -> None:
    confirm(store, account("a-1", email="ana@x.org"))
    confirm(store, account("a-1", email="other@x.org"), target="another")
    with store.write() as tx:
        Accounts(tx, "lms").link([link(ANA, "a-1")])
        Accounts(tx, "another").link([link(BOB, "a-1")])
        assert Accounts(tx, "lms").linked_ids([AccountId("a-1")]) == {"a-1": ANA}
        assert Accounts(tx, "another").linked_ids([AccountId("a-1")]) == {"a-1": BOB}
        assert Accounts(tx, "another").by_email(["ana@x.org"]) == {}


def test_everybody_with_an_address_is_found(store: Database) -> None:
    confirm(store, account("a-1", email="x@x.org"), account("a-2", email="X@x.org"))
    with store.read() as tx:
        assert {a.id for a in Accounts(tx, "lms").by_email(["x@x.org"])["x@x.org"]} == {"a-1", "a-2"}


TWICE = [
    ("a person keeps the account they have", [link(ANA, "a-1"), link(ANA, "a-2")]),
    ("an account keeps the person it has", [link(ANA, "a-1"), link(BOB, "a-1")]),
    ("the same link again is no other", [link(ANA, "a-1"), link(ANA, "a-1", by="email")]),
]


@pytest.mark.parametrize("made", [pytest.param(m, id=i) for i, m in TWICE])
def test_links_are_unique(made: list[Link], store: Database) -> None:
    confirm(store, account("a-1"), account("a-2"))
    with store.write() as tx:
        for one in made:
            Accounts(tx, "lms").link([one])
        assert Accounts(tx, "lms").link_of(ANA) == link(ANA, "a-1")
        assert Accounts(tx, "lms").link_of(BOB) is None
        assert Accounts(tx, "lms").of_people([ANA, BOB]) == {ANA: account("a-1")}


def test_somebodys_word_moves_a_link_but_never_to_an_account_of_somebody_else(store: Database) -> None:
    confirm(store, account("a-1"), account("a-2"))
    with store.write() as tx:
        Accounts(tx, "lms").link([link(ANA, "a-1"), link(BOB, "a-2")])
    with pytest.raises(IntegrityError), store.write() as tx:
        replace_link(tx, "lms", link(ANA, "a-2", by="person"))
    with store.write() as tx:
        assert Accounts(tx, "lms").link_of(ANA) == link(ANA, "a-1"), "nothing of it was kept"
        replace_link(tx, "lms", link(ANA, "a-3", by="person"))
        assert Accounts(tx, "lms").link_of(ANA) == link(ANA, "a-3", by="person")


def test_numbers_of_accounts(store: Database) -> None:
    suspended = account("a-2", state=AccountState.SUSPENDED)
    confirm(store, account("a-1"), suspended, account("a-3"), account("a-4"))
    with store.write() as tx:
        accounts = Accounts(tx, "lms")
        accounts.link([link(ANA, "a-1"), link(BOB, "a-2"), link(PersonKey("p-eve"), "a-unknown")])
        assert (accounts.linked_active(), accounts.seats(), accounts.known()) == (1, 3, 4)
        assert [a.id for a in accounts.orphans()] == ["a-3", "a-4"]
        assert account_counts(tx, "lms") == {"active": 1, "suspended": 1, "without a person": 2}
        assert account_counts(tx, "another") == {}


def test_managed_accounts_in_the_order_of_numbers(store: Database) -> None:
    confirm(store, account("a-1", worker_id="9"), account("a-2", worker_id="10"), account("a-3", worker_id="1"))
    with store.write() as tx:
        Accounts(tx, "lms").link([link(ANA, "a-1"), link(BOB, "a-2")])
        assert [(key, a.id) for key, a in Accounts(tx, "lms").managed()] == [(BOB, "a-2"), (ANA, "a-1")]


def test_a_thousand_accounts_in_one_go(store: Database) -> None:
    many = [account(f"a{n}", email=f"{n}@x.org", worker_id=str(n)) for n in range(1700)]
    keys = [PersonKey(f"p{n}") for n in range(1700)]
    with store.write() as tx:
        accounts = Accounts(tx, "lms")
        accounts.confirm(iter(many), NOW + HOUR)
        accounts.link(link(key, one.id) for key, one in zip(keys, many, strict=True))
        assert len(accounts.of_people(keys)) == len(accounts.by_email([a.email for a in many])) == 1700
        assert accounts.linked_active() == 1700


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda a: a.by_email(["x@x.org"]), id="addresses are found by index"),
        pytest.param(lambda a: a.by_worker_id(["1"]), id="numbers are found by index"),
        pytest.param(lambda a: a.by_id(["1"]), id="accounts are found by index"),
        pytest.param(lambda a: a.of_people([ANA]), id="people's accounts are found by index"),
        pytest.param(lambda a: a.linked_ids([AccountId("1")]), id="owners are found by index"),
    ],
)
def test_sqlite_uses_its_indexes(ask: Any, tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'store.db'}") as database:
        assert "SCAN" not in way(database, lambda tx: ask(Accounts(tx, "lms")))
