"""What goes in comes out equal, and equal values have equal text."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.codec import (
    canonical,
    decode_account,
    decode_operation,
    decode_reason,
    decode_standing,
    decode_worker,
    encode_account,
    encode_operation,
    encode_reason,
    encode_standing,
    encode_worker,
    instant_of,
    instant_text,
)
from joinery.core.model.ids import AccountId, PersonKey, RequirementKey
from joinery.core.model.operation import (
    ArchiveAccount,
    Assign,
    Change,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    Operation,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.plan import Reason
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import DATE_NAMES, FACT_NAMES, Status, Worker

text = st.text(max_size=8)
some = st.text(min_size=1, max_size=8)
key = some.map(PersonKey)
days = st.dates()
maybe_day = st.none() | days
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
instants = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 12, 30), timezones=zones)
values = st.dictionaries(some, text, max_size=4)
requirement = some.map(RequirementKey)

operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(LinkAccount, person_key=key, account_id=some.map(AccountId), made_by=some),
    st.builds(CreateAccount, person_key=key, attributes=values),
    st.builds(
        UpdateAccount,
        person_key=key,
        changes=st.lists(st.builds(Change, attribute=some, old=text, new=text), max_size=3).map(tuple),
        guard=some,
    ),
    st.builds(JoinGroup, person_key=key, group=text, create=st.booleans()),
    st.builds(LeaveGroup, person_key=key, group=text),
    st.builds(
        Assign,
        person_key=key,
        requirement=requirement,
        cycle=text,
        due_on=maybe_day,
        reasons=st.lists(text, max_size=3).map(tuple),
    ),
    st.builds(Withdraw, person_key=key, requirement=requirement, cycle=text, only_if_not_started=st.booleans()),
    st.builds(SuspendAccount, person_key=key, revoke_roles=st.booleans()),
    st.builds(ArchiveAccount, person_key=key),
    st.builds(RestoreAccount, person_key=key),
    st.builds(SendSignInMail, person_key=key, employment=text, language=text),
)
reasons = st.builds(Reason, text=text, rule=text, attribute=text, old=text, new=text)
_PLAIN = [f.name for f in fields(Worker) if f.type == "str" and f.name not in {"source", "source_id", "worker_id"}]
workers = st.builds(
    Worker,
    source=some,
    source_id=some,
    worker_id=some,
    status=st.sampled_from(Status),
    custom=values,
    **dict.fromkeys(_PLAIN, text),
    **dict.fromkeys(sorted(DATE_NAMES), maybe_day),
)
standings = st.builds(
    Standing,
    stage=st.sampled_from(Stage),
    since=instants,
    started_on=maybe_day,
    armed_end=maybe_day,
    ended_on=maybe_day,
    consumed_end=maybe_day,
    missing_since=maybe_day,
    missing_files=st.integers(0, 99),
    bridged_until=maybe_day,
    access_off=st.booleans(),
    deceased=st.booleans(),
    held=text,
)
enrolments = st.builds(Enrolment, requirement=requirement, cycle=text, due_on=maybe_day, state=some)
accounts = st.builds(
    Account,
    id=some.map(AccountId),
    external_id=text,
    attributes=values,
    state=st.sampled_from(AccountState),
    roles=st.lists(some, max_size=3).map(lambda roles: tuple(sorted(roles))),
    groups=st.frozensets(text, max_size=4),
    enrolments=st.lists(enrolments, max_size=3).map(lambda all_: {e.key: e for e in all_}),
    version=text,
)


def through_text(encoded: object) -> Any:
    return json.loads(canonical(encoded))


@given(operations)
@settings(max_examples=200)
def test_an_operation_comes_out_equal(operation: Operation) -> None:
    assert decode_operation(through_text(encode_operation(operation))) == operation


@given(reasons)
def test_a_reason_comes_out_equal(reason: Reason) -> None:
    assert decode_reason(through_text(encode_reason(reason))) == reason


@given(workers)
@settings(max_examples=200)
def test_a_worker_comes_out_equal(worker: Worker) -> None:
    assert decode_worker(through_text(encode_worker(worker))) == worker


@given(standings)
def test_a_standing_comes_out_equal(standing: Standing) -> None:
    assert decode_standing(through_text(encode_standing(standing))) == standing


@given(accounts)
@settings(max_examples=200)
def test_an_account_comes_out_equal(account: Account) -> None:
    assert decode_account(through_text(encode_account(account))) == account


@given(accounts, st.randoms())
def test_equal_accounts_have_equal_text(account: Account, dice: Any) -> None:
    def shuffled(mapping: Any) -> Any:
        items = list(mapping.items())
        dice.shuffle(items)
        return dict(items)

    other = replace(
        account,
        attributes=shuffled(account.attributes),
        enrolments=shuffled(account.enrolments),
        groups=set(),  # type: ignore[arg-type]
    )
    other = replace(other, groups=frozenset(sorted(account.groups, reverse=True)))
    assert other == account
    assert canonical(encode_account(other)) == canonical(encode_account(account))


@given(instants, zones)
def test_an_instant_has_one_text_in_every_zone(at: datetime, zone: Any) -> None:
    assert instant_of(instant_text(at)) == at
    assert instant_text(at.astimezone(zone)) == instant_text(at)


@given(instants, instants)
def test_instants_sort_as_text(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) is (one < other)


def test_the_text_of_an_instant() -> None:
    assert instant_text(datetime(2026, 3, 2, 5, tzinfo=UTC)) == "2026-03-02T05:00:00.000000Z"
    assert instant_text(datetime(2026, 3, 2, 5, tzinfo=timezone(timedelta(hours=2)))) == "2026-03-02T03:00:00.000000Z"


@pytest.mark.parametrize("wrong", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_instant_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month"):
        instant_of(wrong)


def test_the_stored_form_of_an_operation_never_changes_between_versions() -> None:
    """Plans that wait are read by the next version."""
    assign = Assign(
        person_key=PersonKey("p"), requirement=RequirementKey("course:A"), due_on=date(2026, 4, 1), reasons=("R",)
    )
    assert canonical(encode_operation(assign)) == (
        '{"cycle":"","due_on":"2026-04-01","op":"Assign","person_key":"p","reasons":["R"],"requirement":"course:A"}'
    )
    update = UpdateAccount(person_key=PersonKey("p"), changes=(Change(attribute="city", old="", new="Zürich"),))
    assert canonical(encode_operation(update)) == (
        '{"changes":[["city","","Zürich"]],"guard":"update","op":"UpdateAccount","person_key":"p"}'
    )


def test_an_operation_of_another_version_is_refused() -> None:
    with pytest.raises(KeyError, match="DeleteAccount"):
        decode_operation({"op": "DeleteAccount", "person_key": "p"})


def test_every_operation_is_tried_here() -> None:
    built = {strategy for strategy in get_args(Operation)}
    tried = {LinkAccount, CreateAccount, UpdateAccount, JoinGroup, LeaveGroup, Assign, Withdraw}
    assert built == tried | {SuspendAccount, ArchiveAccount, RestoreAccount, SendSignInMail}


@given(workers)
def test_facts_are_what_hr_gives_and_nothing_else(worker: Worker) -> None:
    facts = list(worker.facts())
    assert all(value for _, value in facts)
    for name in FACT_NAMES:
        if worker.value(name):
            assert (name, worker.value(name)) in facts
    assert dict(facts).get("status", "") == worker.status_text
