"""Whose account is it? Numbers link, addresses ask, disagreement is disputed, names never count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.correlation.correlate import Candidates, Correlation, Disputed, Matched, Unmatched, correlate
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.core.model.worker import Worker

ANA = Worker(source_id="s-7", worker_id="007", given_name="Ana", work_email="ana@example.com")


def account(id_: str, worker_id: str = "", external_id: str = "") -> Account:
    attributes = {"email": "ana@example.com", "given_name": "Ana"} | ({"worker_id": worker_id} if worker_id else {})
    return Account(id=AccountId(id_), external_id=external_id, attributes=attributes)


def ids(*some: str) -> tuple[AccountId, ...]:
    return tuple(AccountId(one) for one in some)


def disputed(why: str, *some: str) -> Disputed:
    return Disputed(candidates=ids(*some), why=why)


ONE, TWO, OTHER = account("a-1", "007"), account("a-2"), account("a-3", "008")
FOREIGN = account("a-4", "007", external_id="another-system")
NOBODY = frozenset[AccountId]()
CASES: list[tuple[str, Candidates, Correlation]] = [
    ("nobody there", Candidates(), Unmatched()),
    ("one with the number", Candidates(by_worker_id=(ONE,)), Matched(account=ONE, by="worker_id")),
    (
        "one with the number and the address",
        Candidates(by_worker_id=(ONE,), by_email=(ONE,)),
        Matched(account=ONE, by="worker_id"),
    ),
    ("one with the address and no number", Candidates(by_email=(TWO,)), Matched(account=TWO, by="email")),
    ("one with the address and the number", Candidates(by_email=(ONE,)), Matched(account=ONE, by="email")),
    (
        "the predecessor's account is never the newcomer's",
        Candidates(by_email=(OTHER,)),
        disputed("the e-mail belongs to account a-3 of another number", "a-3"),
    ),
    (
        "number and address point at two accounts",
        Candidates(by_worker_id=(ONE,), by_email=(TWO,)),
        disputed("employee ID and e-mail point at two accounts", "a-1", "a-2"),
    ),
    ("two with the number", Candidates(by_worker_id=(ONE, TWO)), disputed("2 accounts match", "a-1", "a-2")),
    ("two with the address", Candidates(by_email=(TWO, OTHER)), disputed("2 accounts match", "a-2", "a-3")),
    (
        "the same two found both ways are named once",
        Candidates(by_worker_id=(ONE, TWO), by_email=(ONE,)),
        disputed("3 accounts match", "a-1", "a-2"),
    ),
    (
        "the one with the number is somebody else's",
        Candidates(by_worker_id=(ONE,), linked_to_others=frozenset(ids("a-1"))),
        disputed("the address or number of 007 belongs to account a-1 of somebody else", "a-1"),
    ),
    (
        "the one with the address is somebody else's, though another has the number",
        Candidates(by_worker_id=(ONE,), by_email=(TWO,), linked_to_others=frozenset(ids("a-2"))),
        disputed("the address or number of 007 belongs to account a-2 of somebody else", "a-2"),
    ),
    (
        "the one with the number carries another system's key",
        Candidates(by_worker_id=(FOREIGN,)),
        disputed("account a-4 carries a key of another system", "a-4"),
    ),
    (
        "somebody said that the one with the address is not theirs",
        Candidates(by_email=(TWO,), refused=frozenset(ids("a-2"))),
        disputed("the address belongs to account a-2, which is not theirs: HR must give another one", "a-2"),
    ),
    (
        "somebody said that the one with the number is not theirs",
        Candidates(by_worker_id=(ONE,), refused=frozenset(ids("a-1"))),
        disputed("the number belongs to account a-1, which is not theirs: HR must give another one", "a-1"),
    ),
    (
        "a refusal of an account that does not match says nothing",
        Candidates(by_worker_id=(ONE,), refused=frozenset(ids("a-9"))),
        Matched(account=ONE, by="worker_id"),
    ),
    (
        "an account with our key is ours, whatever else matches",
        Candidates(ours=TWO, by_worker_id=(ONE,), by_email=(OTHER,), linked_to_others=frozenset(ids("a-1"))),
        Matched(account=TWO, by="key"),
    ),
    (
        "somebody's word settles what number and address cannot",
        Candidates(confirmed=TWO, by_worker_id=(ONE,), by_email=(OTHER,)),
        Matched(account=TWO, by="person"),
    ),
    (
        "nobody's word gives one account to two people",
        Candidates(confirmed=TWO, linked_to_others=frozenset(ids("a-2"))),
        disputed("account a-2, confirmed for 007, has become somebody else's", "a-2"),
    ),
    (
        "nobody's word takes an account from another system",
        Candidates(confirmed=FOREIGN),
        disputed("account a-4 carries a key of another system", "a-4"),
    ),
]


@pytest.mark.parametrize(("found", "expected"), [pytest.param(f, e, id=i) for i, f, e in CASES])
def test_correlate(found: Candidates, expected: Correlation) -> None:
    assert correlate(ANA, found) == expected


accounts = st.builds(
    account,
    st.sampled_from(["a-1", "a-2", "a-3"]),
    st.sampled_from(["", "007", "008"]),
    st.sampled_from(["", "", "foreign"]),
)
some = st.lists(accounts, max_size=3, unique_by=lambda a: a.id).map(tuple)
others = st.frozensets(st.sampled_from(["a-1", "a-2", "a-3"]).map(AccountId))
candidates = st.builds(
    Candidates,
    by_worker_id=some,
    by_email=some,
    linked_to_others=others,
    confirmed=st.none() | accounts,
    refused=others,
)


@given(candidates)
def test_nobody_gets_an_account_of_somebody_else_or_of_another_system(found: Candidates) -> None:
    result = correlate(ANA, found)
    if isinstance(result, Matched):
        assert result.account.id not in found.linked_to_others
        assert not result.account.external_id
        assert result.by == "person" or result.account.id not in found.refused
        assert result.by == "person" or result.account in (*found.by_worker_id, *found.by_email)


@given(candidates)
def test_an_account_is_made_only_where_nothing_matches(found: Candidates) -> None:
    nothing = not found.by_worker_id and not found.by_email and found.confirmed is None
    assert isinstance(correlate(ANA, found), Unmatched) is nothing


@given(candidates)
def test_a_dispute_names_whom_it_is_about_once_and_says_why(found: Candidates) -> None:
    result = correlate(ANA, found)
    if isinstance(result, Disputed):
        assert result.why
        assert result.candidates
        assert len(set(result.candidates)) == len(result.candidates)


SHARED = Worker(source_id="s-7", worker_id="FR/007", work_email="Info@example.com")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(Candidates(), Unmatched(), id="nobody there"),
        pytest.param(
            Candidates(by_email=(TWO,)),
            disputed("the e-mail is a mailbox that several people read, and account a-2 has it", "a-2"),
            id="a mailbox that several people read matches nobody",
        ),
        pytest.param(
            Candidates(by_worker_id=(ONE,), by_email=(TWO,)),
            Matched(account=ONE, by="worker_id"),
            id="and does not stand in the way of the number",
        ),
    ],
)
def test_a_shared_mailbox(found: Candidates, expected: Correlation) -> None:
    assert correlate(SHARED, found) == expected


@pytest.mark.parametrize(("held", "same"), [("007", True), ("FR/007", True), ("DE/007", False), ("7", False)])
def test_a_number_that_the_learning_system_holds_without_its_legal_entity_is_the_same(held: str, same: bool) -> None:
    kim = Worker(source_id="FR/007", worker_id="FR/007", work_email="ana@example.com")
    found = correlate(kim, Candidates(by_email=(account("a-5", held),)))
    assert isinstance(found, Matched) is same
