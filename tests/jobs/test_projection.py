"""What a line's answer leaves behind in the accounts as last confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from joinery.core.model.account import Account, AccountState
from joinery.core.model.codec import canonical, encode_account
from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import Change, CreateAccount, JoinGroup, LinkAccount, Operation, UpdateAccount
from joinery.core.model.receipt import Outcome
from joinery.jobs.lines import Claimed, Result
from joinery.jobs.projection import Projection
from tests.jobs.world import account_of, person

ME, MINE = person(1), account_of(1)
KNOWN = Account(id=MINE, external_id=person(1), attributes={"job_title": "Clerk", "location": "Lille"})
#: location, access and the group were changed by hand
LIVE = replace(KNOWN, attributes={"job_title": "Head", "location": "Lyon"}, state=AccountState.SUSPENDED)
TITLE = UpdateAccount(person_key=person(1), changes=(Change(attribute="job_title", old="Clerk", new="Head"),))


def body(account: Account) -> str:
    return canonical(encode_account(account))


def projection(owner: PersonKey | None = ME, known: Account | None = KNOWN) -> Projection:
    return Projection("lms", {MINE: body(known)} if known else {}, {MINE: owner} if owner else {})


def result(operation: Operation, account: Account = LIVE, outcome: Outcome = Outcome.DONE) -> Result:
    line = Claimed(seq=1, key="P-1/1", person_key=person(1), action="", operation=operation, unknown=False)
    return Result(line=line, outcome=outcome, account=account, account_id=MINE)


def believed(accounts: Projection) -> Account:
    (account,) = accounts._seen.values()
    assert accounts._bodies[account.id] == body(account)
    return account


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_update_believes_its_own_attributes_however_it_ended(outcome: Outcome) -> None:
    accounts = projection()
    accounts.take(result(TITLE, outcome=outcome))
    assert believed(accounts) == replace(KNOWN, attributes={"job_title": "Head", "location": "Lille"})


def test_the_lines_of_a_batch_build_on_each_other() -> None:
    accounts = projection()
    joined = replace(LIVE, groups=frozenset({"Sales", "Choir"}))
    accounts.take(result(TITLE))
    accounts.take(result(JoinGroup(person_key=person(1), group="Sales"), joined))
    expected = {"job_title": "Head", "location": "Lille"}
    assert believed(accounts) == replace(KNOWN, attributes=expected, groups=frozenset({"Sales"}))


def test_what_an_undo_starts_from_is_the_account_as_it_was_shown() -> None:
    accounts = projection()
    assert accounts.before(MINE) == body(KNOWN)
    accounts.take(result(TITLE))
    assert accounts.before(MINE) == body(LIVE)
    assert (accounts.before(account_of(2)), accounts.before(None)) == ("", "")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(CreateAccount(person_key=person(1)), id="a creation"),
        pytest.param(LinkAccount(person_key=person(1), account_id=MINE, made_by="email"), id="a link"),
    ],
)
def test_an_account_that_becomes_somebody_s_is_believed_as_a_whole(operation: Operation) -> None:
    accounts = projection(owner=None)
    accounts.take(result(operation))
    assert believed(accounts) == LIVE
    # from then on it is theirs
    moved = replace(LIVE, attributes={"job_title": "Boss", "location": "Nantes"})
    accounts.take(result(TITLE, moved))
    assert believed(accounts) == replace(LIVE, attributes={"job_title": "Boss", "location": "Lyon"})


def test_a_link_that_is_refused_believes_nothing_of_somebody_else_s_account() -> None:
    accounts = projection(owner=person(2))
    link = LinkAccount(person_key=person(1), account_id=MINE, made_by="email")
    assert accounts.take(result(link)).outcome is Outcome.NEEDS_YOU
    assert believed(accounts) == KNOWN


def test_an_account_of_which_nothing_was_known_is_believed_as_it_is_shown() -> None:
    accounts = projection(known=None)
    accounts.take(result(TITLE))
    assert believed(accounts) == LIVE
