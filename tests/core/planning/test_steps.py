"""From "should" and "is" to lines, as tables; then what holds for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.planning.someone import (
    ACTIVE,
    ANA,
    ARCHIVED,
    DAY,
    FORKLIFT,
    SUSPENDED,
    account,
    enrolled,
    subject,
    wanted,
    worker,
)

from joinery.core.correlation.correlate import Candidates, Matching
from joinery.core.model.account import Account, Enrolment
from joinery.core.model.ids import AccountId, RequirementKey
from joinery.core.model.operation import (
    ActionClass,
    ArchiveAccount,
    Assign,
    Change,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.plan import Reason
from joinery.core.planning.order import line_digest
from joinery.core.planning.steps import Subject, lines_for
from joinery.core.rules.desired import Access, Desired

MAIL = {"email": "ana@example.com"}
CREATE = CreateAccount(person_key=ANA, attributes=MAIL)
ASSIGN = Assign(person_key=ANA, requirement=FORKLIFT, due_on=DAY, reasons=("FORKLIFT",))
WHY_FORKLIFT = {"course:FORKLIFT": (Reason(text="rule FORKLIFT matches", rule="FORKLIFT@1"),)}
LEARNING: dict[str, Any] = {"enrolments": enrolled(), "enrolment_reasons": WHY_FORKLIFT}
THEIRS = account(attributes={"worker_id": "007"})
BY_MAIL = account(attributes=MAIL)
SUSPEND = SuspendAccount(person_key=ANA)


def withdrawn(only_if_not_started: bool = True, cycle: str = "") -> Withdraw:
    return Withdraw(person_key=ANA, requirement=FORKLIFT, cycle=cycle, only_if_not_started=only_if_not_started)


def gone(state: Any = SUSPENDED, **given: Any) -> Desired:
    return wanted(state, **given)


def linking(by: str) -> LinkAccount:
    return LinkAccount(person_key=ANA, account_id=AccountId("a-1"), made_by=by)


OPERATIONS = [
    ("somebody whose account is as it should be has no line", subject(wanted(), account()), []),
    ("somebody without an account gets one", subject(wanted(attributes=MAIL)), [CREATE]),
    (
        "an account is made without the attributes that HR leaves empty",
        subject(wanted(attributes={**MAIL, "phone": ""})),
        [CREATE],
    ),
    (
        "an account, its groups, its learning and the way in come in this order",
        subject(wanted(attributes=MAIL, groups=frozenset({"b", "a"}), **LEARNING), sign_in="2026-03-02"),
        [
            CREATE,
            JoinGroup(person_key=ANA, group="a"),
            JoinGroup(person_key=ANA, group="b"),
            ASSIGN,
            SendSignInMail(person_key=ANA, employment="2026-03-02", language="fr"),
        ],
    ),
    ("nobody asks for an account: none is made", subject(wanted(None)), []),
    ("somebody who has left and has no account gets none", subject(gone()), []),
    ("nobody asks for an account: the one that is there stays", subject(wanted(None), account()), []),
    (
        "the account with the same number is recognised and brought up to date",
        subject(wanted(attributes=MAIL), candidates=Candidates(by_worker_id=(THEIRS,))),
        [
            linking("worker_id"),
            UpdateAccount(
                person_key=ANA,
                changes=(Change(attribute="email", old="", new="ana@example.com"),),
                guard="email_change",
            ),
        ],
    ),
    (
        "somebody who has left is not recognised by number",
        subject(gone(), candidates=Candidates(by_worker_id=(THEIRS,))),
        [],
    ),
    (
        "somebody who has left, and whose account a person confirmed, is linked and closed",
        subject(gone(evidenced=True), candidates=Candidates(confirmed=THEIRS)),
        [linking("person"), SuspendAccount(person_key=ANA, revoke_roles=True)],
    ),
    (
        "somebody who comes back is restored before anything else",
        subject(wanted(groups=frozenset({"a"})), account(state=ARCHIVED)),
        [RestoreAccount(person_key=ANA), JoinGroup(person_key=ANA, group="a")],
    ),
    (
        "somebody who comes back to a new employment gets a way in, last of all",
        subject(wanted(**LEARNING), account(state=SUSPENDED), sign_in="2026-03-02", rehired=True),
        [
            RestoreAccount(person_key=ANA),
            ASSIGN,
            SendSignInMail(person_key=ANA, employment="2026-03-02", language="fr"),
        ],
    ),
    (
        "somebody who comes back from leave gets no mail",
        subject(wanted(), account(state=SUSPENDED), sign_in="2026-03-02"),
        [RestoreAccount(person_key=ANA)],
    ),
    ("an end of access suspends", subject(gone(), account()), [SUSPEND]),
    (
        "an explicit termination takes administrator roles along, whatever roles we last saw",
        subject(gone(evidenced=True), account()),
        [SuspendAccount(person_key=ANA, revoke_roles=True)],
    ),
    ("a suspended account is not suspended again", subject(gone(), account(state=SUSPENDED)), []),
    ("an archived account is suspended enough", subject(gone(), account(state=ARCHIVED)), []),
    ("an active account is archived at once", subject(gone(ARCHIVED), account()), [ArchiveAccount(person_key=ANA)]),
    (
        "a suspended account is archived",
        subject(gone(ARCHIVED), account(state=SUSPENDED)),
        [ArchiveAccount(person_key=ANA)],
    ),
    ("an archived account is not archived again", subject(gone(ARCHIVED), account(state=ARCHIVED)), []),
    (
        "somebody without access gets no groups, no learning and no new title",
        subject(gone(attributes={"title": "Boss"}, groups=frozenset({"a"}), **LEARNING), account(state=SUSPENDED)),
        [],
    ),
    (
        "each guard has a line of its own, and a line its changes in the order of their names",
        subject(
            wanted(attributes={"title": "Boss", "manager_id": "9", "city": "Lyon", "given_name": "Ana"}),
            account(attributes={"title": "Clerk", "city": "Lille"}),
        ),
        [
            UpdateAccount(
                person_key=ANA, changes=(Change(attribute="manager_id", old="", new="9"),), guard="manager_change"
            ),
            UpdateAccount(
                person_key=ANA, changes=(Change(attribute="given_name", old="", new="Ana"),), guard="name_change"
            ),
            UpdateAccount(
                person_key=ANA,
                changes=(
                    Change(attribute="city", old="Lille", new="Lyon"),
                    Change(attribute="title", old="Clerk", new="Boss"),
                ),
            ),
        ],
    ),
    (
        "a value that HR takes away is emptied",
        subject(wanted(attributes={"title": ""}), account(attributes={"title": "Clerk"})),
        [UpdateAccount(person_key=ANA, changes=(Change(attribute="title", old="Clerk", new=""),))],
    ),
    (
        "an attribute that nobody maps is left alone",
        subject(wanted(), account(attributes={"nickname": "Nana"})),
        [],
    ),
    (
        "only groups that Joinery gave are taken away",
        subject(wanted(), account(groups=frozenset({"ours", "theirs"})), own_groups=frozenset({"ours"})),
        [LeaveGroup(person_key=ANA, group="ours")],
    ),
    (
        "a missing group is not made where nobody wants that",
        subject(wanted(groups=frozenset({"a"})), account(), create_groups=False),
        [JoinGroup(person_key=ANA, group="a", create=False)],
    ),
    (
        "learning that is there already is not given again",
        subject(wanted(**LEARNING), account(enrolments=enrolled())),
        [],
    ),
    (
        "a due date that moved is told",
        subject(wanted(**LEARNING), account(enrolments=enrolled(due_on=date(2026, 3, 1)))),
        [ASSIGN],
    ),
    (
        "a due date that moved after completion is not told",
        subject(wanted(**LEARNING), account(enrolments=enrolled("completed", date(2026, 3, 1)))),
        [],
    ),
    (
        "learning that was withdrawn is given again",
        subject(wanted(**LEARNING), account(enrolments=enrolled("withdrawn"))),
        [ASSIGN],
    ),
    (
        "learning without a remembered reason says that it is required",
        subject(wanted(enrolments=enrolled()), account()),
        [replace(ASSIGN, reasons=("required",))],
    ),
    (
        "what has lost its last reason is withdrawn",
        subject(
            wanted(withdrawals={"course:FORKLIFT#2026-03-01": True}), account(enrolments=enrolled(cycle="2026-03-01"))
        ),
        [withdrawn(cycle="2026-03-01")],
    ),
    (
        "what was begun is not withdrawn where the rule spares it",
        subject(wanted(withdrawals={"course:FORKLIFT": True}), account(enrolments=enrolled("in_progress"))),
        [],
    ),
    (
        "what was begun is withdrawn where the rule says so",
        subject(wanted(withdrawals={"course:FORKLIFT": False}), account(enrolments=enrolled("in_progress"))),
        [withdrawn(only_if_not_started=False)],
    ),
    (
        "what is completed is never withdrawn",
        subject(wanted(withdrawals={"course:FORKLIFT": False}), account(enrolments=enrolled("completed"))),
        [],
    ),
    (
        "what is withdrawn is not withdrawn again",
        subject(wanted(withdrawals={"course:FORKLIFT": False}), account(enrolments=enrolled("withdrawn"))),
        [],
    ),
    ("what is not there is not withdrawn", subject(wanted(withdrawals={"course:FORKLIFT": False}), account()), []),
]


@pytest.mark.parametrize(("about", "expected"), [pytest.param(a, e, id=i) for i, a, e in OPERATIONS])
def test_operations(about: Subject, expected: list[object]) -> None:
    assert [line.operation for line in lines_for(about)] == expected


PINNED = [
    ("access", subject(wanted(), account(state=SUSPENDED)), "an undone suspension is not restored"),
    ("access", subject(gone(), account()), "an undone restoration is not suspended again"),
    ("access", subject(gone(ARCHIVED), account()), "an undone archiving is not done again"),
    ("title", subject(wanted(attributes={"title": "Boss"}), account()), "an undone title is not written again"),
    ("group:a", subject(wanted(groups=frozenset({"a"})), account()), "an undone membership is not made again"),
    (
        "group:a",
        subject(wanted(), account(groups=frozenset({"a"})), own_groups=frozenset({"a"})),
        "an undone end of membership is not made again",
    ),
    ("course:FORKLIFT", subject(wanted(**LEARNING), account()), "an undone assignment is not made again"),
    (
        "course:FORKLIFT",
        subject(wanted(withdrawals={"course:FORKLIFT": True}), account(enrolments=enrolled())),
        "an undone withdrawal is not made again",
    ),
]


@pytest.mark.parametrize(("pin", "about"), [pytest.param(p, a, id=i) for p, a, i in PINNED])
def test_what_was_undone_stays_undone(pin: str, about: Subject) -> None:
    assert lines_for(about) != ()
    assert lines_for(replace(about, pinned=frozenset({"another"}))) != ()
    assert lines_for(replace(about, pinned=frozenset({pin}))) == ()


ADMIN = account(roles=("admin",))
TWO = Candidates(by_email=(BY_MAIL, account("a-2", attributes=MAIL)))
HELD = [
    (
        "several candidates wait for somebody",
        subject(wanted(attributes=MAIL), candidates=TWO),
        ["2 accounts match"],
    ),
    (
        "a match by e-mail and what follows wait for somebody",
        subject(wanted(groups=frozenset({"a"})), candidates=Candidates(by_email=(BY_MAIL,))),
        ["same email: a person must confirm that it is theirs"] * 2,
    ),
    (
        "a match by e-mail runs where the company lets it",
        subject(wanted(), candidates=Candidates(by_email=(BY_MAIL,)), matching=Matching(email="link")),
        [""],
    ),
    (
        "a match by number waits where the company wants to see it",
        subject(wanted(), candidates=Candidates(by_worker_id=(THEIRS,)), matching=Matching(worker_id="ask")),
        ["same worker id: a person must confirm that it is theirs"],
    ),
    (
        "what somebody confirmed does not wait",
        subject(wanted(), candidates=Candidates(confirmed=THEIRS), matching=Matching(worker_id="ask")),
        [""],
    ),
    (
        "an administrator is not archived with the crowd",
        subject(gone(ARCHIVED), ADMIN),
        ["a protected account: only an explicit termination touches it"],
    ),
    (
        "an administrator is not suspended with the crowd",
        subject(gone(), ADMIN),
        ["a protected account: only an explicit termination touches it"],
    ),
    (
        "a listed account is not suspended with the crowd",
        subject(gone(), account(), protected=True),
        ["a protected account: only an explicit termination touches it"],
    ),
    ("a terminated administrator is suspended", subject(gone(evidenced=True), ADMIN), [""]),
    (
        "an address that somebody else's account holds is not written",
        subject(wanted(attributes=MAIL), account("a-9"), candidates=Candidates(by_email=(BY_MAIL,))),
        ["the new e-mail belongs to account a-1"],
    ),
    (
        "the own account is no rival for the own address",
        subject(wanted(attributes=MAIL), account(), candidates=Candidates(by_email=(replace(BY_MAIL, attributes={}),))),
        [""],
    ),
    (
        "an address held back does not hold the title",
        subject(
            wanted(attributes={**MAIL, "title": "Boss"}), account("a-9"), candidates=Candidates(by_email=(BY_MAIL,))
        ),
        ["the new e-mail belongs to account a-1", ""],
    ),
    (
        "a hold on the person holds everything",
        subject(wanted(attributes=MAIL, groups=frozenset({"a"}), hold="HR's status is not known here")),
        ["HR's status is not known here"] * 2,
    ),
]


@pytest.mark.parametrize(("about", "expected"), [pytest.param(a, e, id=i) for i, a, e in HELD])
def test_what_is_wanted_but_waits_stays_visible(about: Subject, expected: list[str]) -> None:
    assert [line.held for line in lines_for(about)] == expected


REASONS = [
    (
        "a new account says since when somebody works here",
        subject(wanted()),
        Reason(text="active, started 2026-03-02"),
    ),
    (
        "a match says by what",
        subject(wanted(), candidates=Candidates(by_worker_id=(THEIRS,))),
        Reason(text="account a-1 has the same worker_id"),
    ),
    (
        "a confirmed match says that somebody confirmed it",
        subject(wanted(), candidates=Candidates(confirmed=THEIRS)),
        Reason(text="somebody confirmed account a-1"),
    ),
    (
        "a changed fact is told from and to",
        subject(
            wanted(attributes={"title": "Boss"}),
            account(attributes={"title": "Clerk"}),
            behind={"title": "job_title"},
            changes={"job_title": ("Clerk", "Boss")},
        ),
        Reason(text="HR changed job_title from Clerk to Boss", attribute="job_title", old="Clerk", new="Boss"),
    ),
    (
        "a fact that HR takes away is told as nothing",
        subject(
            wanted(attributes={"title": ""}), account(attributes={"title": "Clerk"}), changes={"title": ("Clerk", "")}
        ),
        Reason(text="HR changed title from Clerk to nothing", attribute="title", old="Clerk"),
    ),
    (
        "a fact that HR gives for the first time came from nothing",
        subject(wanted(attributes={"title": "Boss"}), account(), changes={"title": ("", "Boss")}),
        Reason(text="HR changed title from nothing to Boss", attribute="title", new="Boss"),
    ),
    (
        "a difference that HR did not make now is called one",
        subject(wanted(attributes={"title": "Boss"}), account(attributes={"title": "Clerk"})),
        Reason(text="title differs from HR's value", attribute="title", old="Clerk", new="Boss"),
    ),
    (
        "learning names its rule",
        subject(wanted(**LEARNING), account()),
        Reason(text="rule FORKLIFT matches", rule="FORKLIFT@1"),
    ),
    (
        "a group says that it is wanted",
        subject(wanted(groups=frozenset({"a"})), account()),
        Reason(text="belongs to a", rule="groups"),
    ),
]


@pytest.mark.parametrize(("about", "expected"), [pytest.param(a, e, id=i) for i, a, e in REASONS])
def test_the_first_reason(about: Subject, expected: Reason) -> None:
    assert lines_for(about)[0].because == (expected,)


def test_a_line_carries_what_guards_count_by() -> None:
    (line,) = lines_for(subject(gone(), account(), segments=("location", "department")))
    assert line.segment == (("location", "Lille"), ("department", ""))
    assert (line.guard, line.worker_id, line.person_key) == ("suspend", "007", "p-ana")


def test_an_open_account_of_somebody_who_left_long_ago_is_closed_first_and_only_that_may_ride() -> None:
    lines = lines_for(subject(gone(ARCHIVED, evidenced=True), account()))
    assert [(line.action, line.evidenced) for line in lines] == [("suspend", True), ("archive", False)]


@pytest.mark.parametrize(
    ("desired", "there", "expected"),
    [
        pytest.param(gone(evidenced=True), account(), True, id="an explicit termination may ride"),
        pytest.param(gone(), account(), False, id="an absence may not ride"),
        pytest.param(
            gone(evidenced=True), account(roles=("admin",)), True, id="an administrator's termination may ride"
        ),
    ],
)
def test_who_may_ride_in_the_lane(desired: Desired, there: Account, expected: bool) -> None:
    assert [line.evidenced for line in lines_for(subject(desired, there))] == [expected]


def test_a_match_confirmed_by_a_person_does_not_ride_before_its_link() -> None:
    lines = lines_for(subject(gone(evidenced=True), candidates=Candidates(confirmed=THEIRS)))
    assert [line.evidenced for line in lines] == [False, False]


# --- what holds for everybody ---

names = st.sampled_from(["title", "city", "email", "manager_id", "given_name", "phone"])
values = st.sampled_from(["", "x", "y", "ana@example.com"])
attributes = st.dictionaries(names, values, max_size=6)
groups = st.frozensets(st.sampled_from("abc"), max_size=3)
states = st.sampled_from([ACTIVE, SUSPENDED, ARCHIVED])
enrolment = st.builds(
    Enrolment,
    requirement=st.sampled_from(["course:A", "path:B"]).map(RequirementKey),
    cycle=st.sampled_from(["", "2026-03-01"]),
    due_on=st.sampled_from([None, DAY]),
    state=st.sampled_from(["assigned", "in_progress", "completed", "withdrawn"]),
)
enrolments = st.lists(enrolment, max_size=4).map(lambda some: {e.key: e for e in some})
accounts = st.builds(
    Account,
    id=st.sampled_from(["a-1", "a-2", "a-3"]).map(AccountId),
    external_id=st.sampled_from(["", "foreign"]),
    attributes=attributes,
    state=states,
    roles=st.sampled_from([(), ("admin",)]),
    groups=groups,
    enrolments=enrolments,
)
some_accounts = st.lists(accounts, max_size=2, unique_by=lambda a: a.id).map(tuple)
candidates = st.builds(
    Candidates,
    by_worker_id=some_accounts,
    by_email=some_accounts,
    linked_to_others=st.frozensets(st.sampled_from(["a-1", "a-2"]).map(AccountId)),
    ours=st.none() | accounts,
    confirmed=st.none() | accounts,
    refused=st.frozensets(st.sampled_from(["a-2", "a-3"]).map(AccountId)),
)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Anybody: any facts, any account or none, any candidates, pins and holds."""
    assignments = draw(enrolments)
    because = {key: (Reason(text="rule matches", rule=f"R{key}"),) for key in assignments if draw(st.booleans())}
    access = Access(state=draw(st.none() | states), because=Reason(text="because"), evidenced=draw(st.booleans()))
    desired = Desired(
        person_key=ANA,
        access=access,
        attributes=draw(attributes),
        groups=draw(groups),
        enrolments=assignments,
        enrolment_reasons=because,
        withdrawals=draw(st.dictionaries(st.sampled_from(["course:A", "path:B#2026-03-01"]), st.booleans())),
        hold=draw(st.sampled_from(["", "", "held"])),
    )
    return Subject(
        worker=worker(),
        desired=desired,
        account=draw(st.none() | accounts),
        candidates=draw(candidates),
        changes=draw(st.dictionaries(names, st.tuples(values, values))),
        segments=("location",),
        own_groups=draw(groups),
        protected=draw(st.booleans()),
        sign_in=draw(st.sampled_from(["", "2026-03-02"])),
        rehired=draw(st.booleans()),
        matching=draw(st.builds(Matching, worker_id=st.sampled_from(["link", "ask"]), email=st.just("ask"))),
        pinned=draw(st.frozensets(st.sampled_from(["access", "title", "group:a", "course:A"]))),
    )


def turned(about: Subject) -> Subject:
    """The same person, every mapping filled in the other order."""

    def other(mapping: Any) -> Any:
        return dict(reversed(list(mapping.items())))

    d = about.desired
    desired = replace(
        d,
        attributes=other(d.attributes),
        enrolments=other(d.enrolments),
        enrolment_reasons=other(d.enrolment_reasons),
        withdrawals=other(d.withdrawals),
    )
    there = about.account and replace(
        about.account, attributes=other(about.account.attributes), enrolments=other(about.account.enrolments)
    )
    return replace(about, desired=desired, account=there, changes=other(about.changes))


@given(subjects())
@settings(max_examples=150)
def test_lines_do_not_depend_on_the_order_of_mappings(about: Subject) -> None:
    here, there = lines_for(about), lines_for(turned(about))
    assert here == there
    assert [line_digest(line) for line in here] == [line_digest(line) for line in there]


@given(subjects())
@settings(max_examples=150)
def test_every_line_has_a_reason_and_a_person(about: Subject) -> None:
    for line in lines_for(about):
        assert line.because
        assert all(reason.text for reason in line.because)
        assert line.person_key == ANA
        assert line.worker_id == "007"


@given(subjects())
@settings(max_examples=150)
def test_an_account_that_is_not_linked_appears_in_no_line_but_the_one_that_links_it(about: Subject) -> None:
    lines = lines_for(about)
    links = [line.operation for line in lines if isinstance(line.operation, LinkAccount)]
    creates = [line for line in lines if line.action is ActionClass.CREATE]
    if about.account is not None:
        assert (links, creates) == ([], [])
    elif lines:
        assert len(links) + len(creates) == 1
        assert lines[0].action in {ActionClass.LINK, ActionClass.CREATE}
    found = about.candidates
    for link in links:
        ours = found.ours is not None and found.ours.id == link.account_id
        assert ours or link.account_id not in found.linked_to_others


@given(subjects())
@settings(max_examples=150)
def test_only_the_single_explicit_termination_of_a_linked_account_may_ride(about: Subject) -> None:
    for line in lines_for(about):
        if line.evidenced:
            assert isinstance(line.operation, SuspendAccount)
            assert about.desired.access.evidenced
            assert about.account is not None


@given(subjects())
@settings(max_examples=150)
def test_a_hold_on_a_person_leaves_no_line_that_runs(about: Subject) -> None:
    held = replace(about, desired=replace(about.desired, hold="held"))
    assert all(line.held for line in lines_for(held))
    assert [line.operation for line in lines_for(held)] == [line.operation for line in lines_for(about)]


HERS = account("a-9", attributes={"email": "old@example.com"})


@pytest.mark.parametrize(
    ("given", "changes", "held"),
    [
        pytest.param({}, [("old@example.com", "ana@example.com")], "", id="nobody waits for the old address"),
        pytest.param(
            {"makes_room": True},
            [("old@example.com", ""), ("", "ana@example.com")],
            "",
            id="somebody does: it is given up first",
        ),
        pytest.param(
            {"candidates": Candidates(by_email=(BY_MAIL,))},
            [("old@example.com", "ana@example.com")],
            f"the new e-mail belongs to account {BY_MAIL.id}",
            id="the new one is somebody's who keeps it",
        ),
        pytest.param(
            {"candidates": Candidates(by_email=(BY_MAIL,)), "room_made": frozenset({BY_MAIL.id}), "makes_room": True},
            [("old@example.com", ""), ("", "ana@example.com")],
            "",
            id="two who swap",
        ),
        pytest.param(
            {"candidates": Candidates(by_email=(BY_MAIL,)), "makes_room": True},
            [("old@example.com", "ana@example.com")],
            f"the new e-mail belongs to account {BY_MAIL.id}",
            id="nothing is given up for what cannot be had",
        ),
    ],
)
def test_an_address_that_others_have_or_wait_for(
    given: dict[str, object], changes: list[tuple[str, str]], held: str
) -> None:
    lines = lines_for(subject(wanted(attributes=MAIL), HERS, **given))
    updates = [line.operation for line in lines if isinstance(line.operation, UpdateAccount)]
    assert [(c.old, c.new) for update in updates for c in update.changes] == changes
    assert {line.held for line in lines} == {held}
    assert {line.guard for line in lines} == {"email_change"}
