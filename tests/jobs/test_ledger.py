"""The ledger: who may write what, and what is left afterwards. On SQLite and PostgreSQL."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert, select

from joinery.core.model.account import Account
from joinery.core.model.codec import canonical, encode_account
from joinery.core.model.ids import AccountId
from joinery.core.model.operation import CreateAccount, LinkAccount
from joinery.core.model.receipt import Outcome
from joinery.jobs.api import Tally
from joinery.jobs.ledger import Ledger
from joinery.jobs.lines import Claim, Claimed, Result
from joinery.store.database import Database
from joinery.store.tables import accounts, links
from tests.jobs.world import (
    CONNECTION,
    TARGET,
    account_of,
    add_links,
    add_plan,
    clock_from,
    joiner,
    leaver,
    lines_of,
    mover,
    person,
    states,
)


@pytest.fixture
def ledger(store: Database) -> Ledger:
    return Ledger(store, clock_from())


def _claim(ledger: Ledger, plan_id: str = "P-1", chunk: int = 0) -> Claim:
    claim = ledger.claim(ledger.assign(plan_id)[chunk])  # type: ignore[arg-type]
    assert claim is not None
    return claim


def _done(line: Claimed, account: Account | None = None, account_id: AccountId | None = None) -> Result:
    return Result(line=line, outcome=Outcome.DONE, account=account, account_id=account_id)


def _account(number: int, **more: object) -> Account:
    attributes = {"email": f"W{number}@Example.Test", "worker_id": f"{number:06}", **more}
    return Account(id=account_of(number), external_id=person(number), attributes=attributes)  # type: ignore[arg-type]


def test_a_plan_is_assigned_phase_by_phase_in_whole_chunks(store: Database, ledger: Ledger) -> None:
    operations = [*joiner(1), *mover(2), *mover(3), *leaver(4), *leaver(5)]
    plan_id = add_plan(store, operations, size=4, urgent=frozenset({person(5)}))
    seen = []
    while jobs := ledger.assign(plan_id):
        for job in jobs:
            claim = ledger.claim(job)
            assert claim is not None
            seen.append((job.phase, job.urgent, job.id, [line.person_key for line in claim.lines]))
            ledger.record(claim, [_done(line, _account(int(line.person_key[2:]))) for line in claim.lines])
    assert seen == [
        (0, True, "P-1/0/1/1", [person(5)]),
        (1, False, "P-1/1/2/1", [person(1)] * 4),
        (1, False, "P-1/1/3/1", [person(2), person(3)]),
        (2, False, "P-1/2/4/1", [person(4)]),
    ]
    assert ledger.owed(plan_id) == 0


@pytest.mark.parametrize("state", ["waiting", "held", "discarded"])
def test_lines_that_are_not_planned_are_never_assigned(store: Database, ledger: Ledger, state: str) -> None:
    plan_id = add_plan(store, mover(1), state=state)
    assert ledger.assign(plan_id) == ()
    assert ledger.owed(plan_id) == 0


def test_a_claim_marks_lines_as_sent_before_anything_is_sent(store: Database, ledger: Ledger) -> None:
    claim = _claim(ledger, add_plan(store, mover(1)))
    (row,) = lines_of(store)
    assert (row.state, row.owner, row.attempt, bool(row.sent_at)) == ("sent", claim.token, 1, True)
    assert [line.unknown for line in claim.lines] == [False]


def test_a_second_claim_of_the_same_job_finds_unknown_lines_and_fences_the_first(
    store: Database, ledger: Ledger
) -> None:
    plan_id = add_plan(store, [*mover(1), *mover(2)])
    (job,) = ledger.assign(plan_id)
    first, second = ledger.claim(job), ledger.claim(job)
    assert first is not None and second is not None
    assert [line.unknown for line in second.lines] == [True, True]
    assert not ledger.holds(first) and ledger.holds(second)
    assert ledger.record(first, [_done(line, _account(1)) for line in first.lines]) == ()
    assert states(store) == {"sent": 2}
    assert len(ledger.record(second, [_done(line) for line in second.lines])) == 2


def test_a_new_assignment_fences_the_old_job(store: Database, ledger: Ledger) -> None:
    plan_id = add_plan(store, mover(1))
    (old,) = ledger.assign(plan_id)
    claim = ledger.claim(old)
    assert claim is not None
    (new,) = ledger.assign(plan_id)
    assert (new.attempt, ledger.claim(old), ledger.holds(claim)) == (2, None, False)
    assert ledger.record(claim, [_done(claim.lines[0])]) == ()
    again = ledger.claim(new)
    assert again is not None and again.lines[0].unknown


def test_a_job_is_not_mistaken_for_one_whose_number_starts_alike(store: Database, ledger: Ledger) -> None:
    plan_id = add_plan(store, mover(1))
    for _ in range(12):
        (job,) = ledger.assign(plan_id)
    first = type(job)(plan_id=plan_id, phase=job.phase, chunk=job.chunk, attempt=1)
    assert (job.attempt, ledger.claim(first)) == (12, None)


def test_released_lines_are_planned_again_and_not_in_doubt(store: Database, ledger: Ledger) -> None:
    plan_id = add_plan(store, [*mover(1), *mover(2)])
    claim = _claim(ledger, plan_id)
    ledger.release(claim, claim.lines[1:])
    assert [row.state for row in lines_of(store)] == ["sent", "planned"]
    assert [line.unknown for line in _claim(ledger, plan_id).lines] == [True, False]


def test_a_done_creation_makes_the_link_and_the_account_as_it_was_seen(store: Database, ledger: Ledger) -> None:
    claim = _claim(ledger, add_plan(store, joiner(1)))
    ledger.record(claim, [_done(claim.lines[0], _account(1))])
    with store.read() as tx:
        link = tx.execute(select(links)).one()
        account = tx.execute(select(accounts)).one()
    assert (link.person_key, link.account_id, link.made_by) == (person(1), account_of(1), "created")
    assert (account.email, account.worker_id, account.state) == ("w1@example.test", "000001", "active")
    assert account.body == canonical(encode_account(_account(1)))
    assert lines_of(store)[0].before == ""


def test_a_done_link_is_remembered_with_who_made_it(store: Database, ledger: Ledger) -> None:
    operation = LinkAccount(person_key=person(1), account_id=account_of(9), made_by="email")
    claim = _claim(ledger, add_plan(store, [operation]))
    ledger.record(claim, [_done(claim.lines[0])])
    with store.read() as tx:
        assert tx.execute(select(links.c.account_id, links.c.made_by)).one() == (account_of(9), "email")


def test_a_second_link_to_one_account_needs_somebody_and_is_not_made(store: Database, ledger: Ledger) -> None:
    add_links(store, [9])
    operation = LinkAccount(person_key=person(1), account_id=account_of(9), made_by="email")
    claim = _claim(ledger, add_plan(store, [operation]))
    (written,) = ledger.record(claim, [_done(claim.lines[0])])
    assert written.outcome is Outcome.NEEDS_YOU
    assert lines_of(store)[0].state == "needs_you"
    with store.read() as tx:
        assert tx.execute(select(links.c.person_key)).scalars().all() == [person(9)]


def test_each_line_keeps_the_account_as_it_was_before_it(store: Database, ledger: Ledger) -> None:
    add_links(store, [1])
    with store.write() as tx:
        first = _account(1, job_title="Old")
        row = {"target": TARGET, "id": first.id, "state": "active", "confirmed_at": "x"}
        tx.execute(insert(accounts).values(**row, body=canonical(encode_account(first))))
    claim = _claim(ledger, add_plan(store, [*mover(1), *mover(1), *mover(1)]))
    titles = ["New", "Newer"]
    results = [_done(line, _account(1, job_title=title)) for line, title in zip(claim.lines[:2], titles, strict=True)]
    ledger.record(claim, results)
    ledger.record(claim, [Result(line=claim.lines[2], outcome=Outcome.SKIPPED, account=_account(1, job_title="Hand"))])
    before = [json.loads(row.before)["attributes"]["job_title"] if row.before else "" for row in lines_of(store)]
    assert before == ["Old", "New", ""]
    with store.read() as tx:
        assert '"job_title":"Hand"' in tx.execute(select(accounts.c.body)).scalar_one()


def test_the_tally_counts_outcomes_and_what_was_already_as_wanted(store: Database, ledger: Ledger) -> None:
    plan_id = add_plan(store, [op for n in range(5) for op in mover(n)])
    claim = _claim(ledger, plan_id)
    outcomes = [Outcome.DONE, Outcome.DONE, Outcome.FAILED, Outcome.SKIPPED, Outcome.NEEDS_YOU]
    ledger.record(
        claim,
        [
            Result(line=line, outcome=o, changed=i != 1)
            for i, (line, o) in enumerate(zip(claim.lines, outcomes, strict=True))
        ],
    )
    assert ledger.tally(plan_id) == Tally(done=2, skipped=1, failed=1, needs_you=1, unchanged=1)


def test_a_claim_knows_what_went_wrong_for_the_same_people_before(store: Database, ledger: Ledger) -> None:
    plan_id = add_plan(store, [*joiner(1), *leaver(1), *leaver(2)])
    claim = _claim(ledger, plan_id)
    ledger.record(claim, [Result(line=line, outcome=Outcome.FAILED) for line in claim.lines])
    later = _claim(ledger, plan_id)
    assert list(later.troubles) == [person(1)]
    assert isinstance(later.troubles[person(1)][0].operation, CreateAccount)


def test_only_plans_of_this_connection_that_are_being_applied_are_owed(store: Database, ledger: Ledger) -> None:
    add_plan(store, mover(1), plan_id="P-1")
    add_plan(store, [*mover(2), *mover(3)], plan_id="P-2")
    add_plan(store, mover(4), plan_id="P-3", state="waiting")
    assert ledger.owing(CONNECTION) == {"P-1": 1, "P-2": 2}
    assert ledger.owing("another") == {}
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE plans SET state = 'discarded' WHERE id = 'P-2'")
    assert ledger.owing(CONNECTION) == {"P-1": 1}
