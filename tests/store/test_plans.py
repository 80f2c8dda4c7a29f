"""Plans and their lines on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from joinery.core.model.ids import AccountId, PersonKey, PlanId, WorkerId
from joinery.core.model.operation import (
    ActionClass,
    ArchiveAccount,
    CreateAccount,
    JoinGroup,
    LinkAccount,
    Operation,
    SendSignInMail,
    SuspendAccount,
)
from joinery.core.model.plan import GuardResult, Lane, Line, LineState, PlanSummary, Reason
from joinery.core.planning.guards import GuardLimit, Population, Tally, check_guards
from joinery.core.planning.order import CLOSING, MAIL, MAIN, URGENT, line_digest
from joinery.store.database import Database
from joinery.store.people import People
from joinery.store.plans import (
    PlanWriter,
    begin_plan,
    count_lines,
    drop_empty_plan,
    drop_lines_of,
    finish_plan,
    free_held,
    hold_creations_beyond,
    hold_lines,
    hold_with_creation,
    lines_of,
    lines_of_person,
    make_urgent,
    plan_by_id,
    plans_of,
    release_lines,
    set_plan_state,
    settle,
    supersede,
)
from joinery.store.riding import urgent_since
from joinery.store.tables import metadata, plan_lines
from tests.store.acme import HOUR, NOW, opened, person

A = ActionClass
P1 = PlanId("P-1")


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def summary(plan: str = "P-1", **changed: Any) -> PlanSummary:
    values = {"cause": "sync", "fingerprint": "", "config_version": "v1", "snapshot_id": "s1"}
    return PlanSummary(**{"id": PlanId(plan), "as_of": NOW, "made_at": NOW, **values, **changed})


def line(who: str, action: ActionClass, segment: str = "", **given_: Any) -> Line:
    key = PersonKey(f"p-{who}")
    operation: Operation
    match action:
        case ActionClass.CREATE:
            operation = CreateAccount(person_key=key, attributes={"email": f"{who}@x.org"})
        case ActionClass.LINK:
            operation = LinkAccount(person_key=key, account_id=AccountId(f"a-{who}"), made_by="worker_id")
        case ActionClass.SUSPEND:
            operation = SuspendAccount(person_key=key)
        case ActionClass.ARCHIVE:
            operation = ArchiveAccount(person_key=key)
        case ActionClass.MAIL:
            operation = SendSignInMail(person_key=key, employment="2026-03-02")
        case _:
            operation = JoinGroup(person_key=key, group="g")
    place = (("location", segment), ("department", "Sales"))
    values = {"action": action, "because": (Reason(text="because"),), "guard": str(action), "segment": place}
    return Line(**{"worker_id": WorkerId(who), "operation": operation, **values, **given_})


@contextmanager
def plan_with(store: Database, *people: tuple[Line, ...], plan: str = "P-1", **changed: Any) -> Iterator[Connection]:
    """The plan, written, with its lines, in a transaction that is still open."""
    with store.write() as tx:
        about = summary(plan, **changed)
        begin_plan(tx, "acme", "lms", about)
        writer = PlanWriter(tx, about.id, 100)
        for lines in people:
            writer.add(lines)
        finish_plan(tx, replace(about, fingerprint=writer.close(), state=changed.get("state", "waiting")))
        yield tx


def standing(tx: Connection, plan: str = "P-1") -> list[str]:
    """`ana group waiting` in order."""
    return [f"{one.line.worker_id} {one.line.action} {one.state}" for one in lines_of(tx, plan)]


def places(tx: Connection, plan: str = "P-1") -> list[tuple[str, int, int]]:
    c = plan_lines.c
    query = select(c.worker_id, c.phase, c.chunk).where(c.plan_id == plan).order_by(c.seq)
    return [(row.worker_id, row.phase, row.chunk) for row in tx.execute(query)]


NEW_ANA = (line("ana", A.CREATE), line("ana", A.GROUP), line("ana", A.MAIL))


# --- writing ---


def test_lines_come_back_as_they_went_in_and_in_order(store: Database) -> None:
    bob = line("bob", A.SUSPEND, "Lille", held="too many", because=(Reason(text="left", rule="R@1"), Reason(text="x")))
    with plan_with(store, NEW_ANA, (bob,)) as tx:
        found = list(lines_of(tx, "P-1"))
        assert [one.line for one in found] == [*NEW_ANA, bob]
        assert [(one.seq, one.state) for one in found] == [
            (1, LineState.WAITING),
            (2, LineState.WAITING),
            (3, LineState.WAITING),
            (4, LineState.HELD),
        ]
        assert [one.seq for one in lines_of(tx, "P-1", after=1, limit=2)] == [2, 3]
        assert [one.seq for one in lines_of(tx, "P-1", states=("held",))] == [4]
        assert list(lines_of(tx, "P-2")) == []


def test_a_summary_comes_back_as_it_went_in(store: Database) -> None:
    whole = summary(
        fingerprint="f",
        counts={"create": 2},
        held={"create": 1},
        guards=(GuardResult(guard="create", count=2, population=9, tripped=True, segment="location=Lille"),),
        seats_before=7,
        seats_after=8,
        expires_at=NOW + HOUR,
        state="waiting",
    )
    with store.write() as tx:
        begin_plan(tx, "acme", "lms", whole, undoes="P-0")
        finish_plan(tx, whole)
        found = plan_by_id(tx, "P-1")
        assert found is not None
        assert found[0] == whole
        assert (found[1]["connection"], found[1]["target"], found[1]["undoes"]) == ("acme", "lms", "P-0")
        assert plan_by_id(tx, "P-9") is None


def test_plans_newest_first_by_state(store: Database) -> None:
    with store.write() as tx:
        for n, state in ((1, "applied"), (2, "waiting"), (3, "applied")):
            about = summary(f"P-{n}", made_at=NOW + n * HOUR, state=state)
            begin_plan(tx, "acme", "lms", about)
            finish_plan(tx, about)
        begin_plan(tx, "another", "lms", summary("P-4"))
        assert [p.id for p in plans_of(tx, "acme")] == ["P-3", "P-2", "P-1"]
        assert [p.id for p in plans_of(tx, "acme", ("applied",), limit=1)] == ["P-3"]
        drop_empty_plan(tx, PlanId("P-3"))
        assert [p.id for p in plans_of(tx, "acme")] == ["P-2", "P-1"]


def test_one_persons_lines_of_a_phase_share_a_chunk(store: Database) -> None:
    with store.write() as tx:
        begin_plan(tx, "acme", "lms", summary())
        writer = PlanWriter(tx, P1, 3)
        for who in ("ana", "bob"):
            writer.add((line(who, A.CREATE), line(who, A.GROUP), line(who, A.MAIL)))
        writer.add((line("eve", A.SUSPEND),))
        writer.add(tuple(line("max", A.GROUP) for _ in range(5)))
        writer.close()
        assert places(tx) == [
            ("ana", MAIN, 1), ("ana", MAIN, 1), ("ana", MAIL, 2),
            ("bob", MAIN, 3), ("bob", MAIN, 3), ("bob", MAIL, 2),
            ("eve", CLOSING, 4),
            *[("max", MAIN, 5)] * 5,
        ]  # fmt: skip
        assert writer.count == 12


def test_evidenced_suspensions_have_chunks_of_their_own(store: Database) -> None:
    with store.write() as tx:
        begin_plan(tx, "acme", "lms", summary())
        writer = PlanWriter(tx, P1, 100)
        writer.add((line("ana", A.SUSPEND),))
        writer.add((line("bob", A.SUSPEND, evidenced=True),))
        writer.add((line("eve", A.SUSPEND, evidenced=True, held="held"),))
        writer.add((line("max", A.SUSPEND, evidenced=True),))
        writer.close()
        assert (writer.evidenced, writer.evidenced_chunks) == (2, {2})
        make_urgent(tx, "P-1", [2])
        assert places(tx) == [("ana", CLOSING, 1), ("bob", URGENT, 2), ("eve", CLOSING, 1), ("max", URGENT, 2)]
        assert [one.line.lane for one in lines_of(tx, "P-1")] == [Lane.NORMAL, Lane.URGENT, Lane.NORMAL, Lane.URGENT]


some_lines = st.lists(
    st.lists(st.sampled_from([A.CREATE, A.GROUP, A.SUSPEND, A.ARCHIVE, A.MAIL]), min_size=1, max_size=5), max_size=12
)


@given(people=some_lines, size=st.integers(1, 7), evidence=st.booleans())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunks_and_fingerprints_always(people: list[list[ActionClass]], size: int, evidence: bool) -> None:
    database = Database("sqlite://")
    metadata.create_all(database.engine)
    lines = [tuple(line(f"w{n}", a, evidenced=evidence and n % 2 == 0) for a in who) for n, who in enumerate(people)]
    try:
        with database.write() as tx:
            begin_plan(tx, "acme", "lms", summary())
            writer = PlanWriter(tx, P1, size)
            for person_lines in lines:
                writer.add(person_lines)
            fingerprint = writer.close()
            rows = places(tx)
            stored = [one.line for one in lines_of(tx, "P-1")]
    finally:
        database.close()
    digests = "".join(line_digest(one) for one in stored)
    assert fingerprint == sha256(digests.encode()).hexdigest(), "over the digests in order: no chunk, no batch"
    by_person_and_phase: dict[tuple[str, int], set[int]] = {}
    by_chunk: dict[int, list[tuple[str, int]]] = {}
    for who, phase, chunk in rows:
        by_person_and_phase.setdefault((who, phase), set()).add(chunk)
        by_chunk.setdefault(chunk, []).append((who, phase))
    assert all(len(chunks) == 1 for chunks in by_person_and_phase.values())
    for inside in by_chunk.values():
        assert len({phase for _, phase in inside}) == 1
        assert len(inside) <= size or len({who for who, _ in inside}) == 1


def test_more_lines_than_are_written_at_once(store: Database) -> None:
    with plan_with(store, *((line(f"w{n:05}", A.GROUP),) for n in range(4100))) as tx:
        assert count_lines(tx, "P-1") == {"group": {"waiting": 4100}}
        assert [one.seq for one in lines_of(tx, "P-1", after=4098)] == [4099, 4100]


# --- holding ---

WEIRD = ["Lille", 'say "hi"', "100%", "a_b", "O'Brien", "back\\slash", "a=b", "", "Zürich", "[x]", '"]', "a/b"]


@pytest.mark.parametrize("value", WEIRD, ids=[f"the place {value!r}" for value in WEIRD])
def test_a_guard_holds_its_place_and_no_other(value: str, store: Database) -> None:
    others = ["LILLE", "lille", "1000", "aXb", "acb", "Lill", "other"]
    people = [(line(f"w{n}", A.SUSPEND, place),) for n, place in enumerate([value, *others])]
    with plan_with(store, *people, (line("x", A.ARCHIVE, value),)) as tx:
        hold_lines(tx, "P-1", "suspend", f"location={value}", "too many here")
        held = [(one.line.worker_id, one.line.held) for one in lines_of(tx, "P-1", states=("held",))]
        assert held == [("w0", "too many here")]


def test_a_value_does_not_hold_another_attribute(store: Database) -> None:
    with plan_with(store, (line("ana", A.SUSPEND, "Sales"),)) as tx:
        hold_lines(tx, "P-1", "suspend", "department=Lille", "too many")
        assert standing(tx) == ["ana suspend waiting"]


def test_a_guard_holds_its_class_but_not_the_lane_and_not_what_is_held(store: Database) -> None:
    people = [
        (line("ana", A.SUSPEND),),
        (line("bob", A.SUSPEND, held="protected"),),
        (line("eve", A.SUSPEND, evidenced=True),),
        (line("max", A.GROUP),),
    ]
    with plan_with(store, *people) as tx:
        make_urgent(tx, "P-1", [chunk for who, _, chunk in places(tx) if who == "eve"])
        hold_lines(tx, "P-1", "suspend", "", "too many")
        held = [(one.line.worker_id, one.line.held) for one in lines_of(tx, "P-1", states=("held",))]
        assert held == [("ana", "too many"), ("bob", "protected")]
        assert free_held(tx, "P-1") == 2
        assert standing(tx)[0] == "ana suspend waiting"


def test_the_store_holds_what_the_guards_said(store: Database) -> None:
    lines = [line(f"w{n}", A.SUSPEND, ["Lille", "lille", "Ly%"][n % 3]) for n in range(12)] + [line("x", A.GROUP)]
    limits = {"suspend": GuardLimit(share=0.5, each=("location",), each_share=0.25), "group": GuardLimit(most=5)}
    sizes = {("location", "Lille"): 4, ("location", "lille"): 40, ("location", "Ly%"): 4}
    results = check_guards(limits, Tally.of(lines), Population(total=100, each=sizes))
    with plan_with(store, *((one,) for one in lines)) as tx:
        for result in results:
            if result.tripped:
                hold_lines(tx, "P-1", result.guard, result.segment, result.message)
        held = {dict(one.line.segment)["location"] for one in lines_of(tx, "P-1", states=("held",))}
        assert held == {"Lille", "Ly%"}
        assert count_lines(tx, "P-1") == {"suspend": {"held": 8, "waiting": 4}, "group": {"waiting": 1}}


@pytest.mark.parametrize(("free", "held"), [(0, ["ana", "bob", "eve"]), (2, ["eve"]), (3, [])])
def test_only_so_many_accounts_are_made_as_seats_are_free(free: int, held: list[str], store: Database) -> None:
    people = [(line(who, A.CREATE), line(who, A.GROUP)) for who in ("ana", "bob", "eve")]
    with plan_with(store, *people, (line("max", A.CREATE, held="disputed"),)) as tx:
        hold_creations_beyond(tx, "P-1", free, "no seats")
        hold_with_creation(tx, "P-1")
        found = [(one.line.worker_id, one.line.action, one.line.held) for one in lines_of(tx, "P-1", states=("held",))]
        expected = [(who, a, why) for who in held for a, why in ((A.CREATE, "no seats"), (A.GROUP, WITH))]
        assert found == [*expected, ("max", A.CREATE, "disputed")]


WITH = "the account itself is held"


# --- releasing ---


def test_releasing_takes_the_classes_that_were_asked_for(store: Database) -> None:
    with plan_with(store, NEW_ANA, (line("bob", A.SUSPEND),), (line("eve", A.SUSPEND, held="x"),)) as tx:
        assert release_lines(tx, "P-1", ("create", "group")) == 2
        assert standing(tx) == [
            "ana create planned",
            "ana group planned",
            "ana mail waiting",
            "bob suspend waiting",
            "eve suspend held",
        ]
        assert release_lines(tx, "P-1", ("create", "group")) == 0


RELEASES = [
    ("a creation that nobody approved keeps the groups back", A.CREATE, "", ("group", "mail"), 0),
    ("a link that nobody approved keeps the groups back", A.LINK, "", ("group", "mail"), 0),
    ("a held creation keeps the groups back, also when creations are approved", A.CREATE, "x", ("create", "group"), 0),
    ("a held link keeps the groups back, also when links are approved", A.LINK, "x", ("link", "group"), 0),
    ("an approved creation takes the groups along", A.CREATE, "", ("create", "group"), 2),
]


@pytest.mark.parametrize(("first", "held", "actions", "released"), [pytest.param(*c[1:], id=c[0]) for c in RELEASES])
def test_nothing_is_released_of_somebody_whose_account_waits(
    first: ActionClass, held: str, actions: tuple[str, ...], released: int, store: Database
) -> None:
    with plan_with(store, (line("ana", first, held=held), line("ana", A.GROUP)), (line("bob", A.GROUP),)) as tx:
        assert release_lines(tx, "P-1", actions) == released + 1, "bob's group goes in any case"


def test_the_group_follows_once_the_account_is_under_way(store: Database) -> None:
    with plan_with(store, NEW_ANA) as tx:
        assert release_lines(tx, "P-1", ("create",)) == 1
        assert release_lines(tx, "P-1", ("group",)) == 1
        assert standing(tx) == ["ana create planned", "ana group planned", "ana mail waiting"]


def test_the_lane_is_released_alone_and_past_every_hold(store: Database) -> None:
    with plan_with(store, (line("ana", A.SUSPEND, evidenced=True),), (line("bob", A.SUSPEND),)) as tx:
        make_urgent(tx, "P-1", [1])
        assert release_lines(tx, "P-1", (), urgent=True) == 1
        assert standing(tx) == ["ana suspend planned", "bob suspend waiting"]


def test_the_lane_counts_what_rode_within_the_hour(store: Database) -> None:
    for n, (cause, as_of) in enumerate([("sync", NOW - HOUR), ("sync", NOW), ("end of access by hand: ana", NOW)]):
        plan = f"P-{n}"
        with plan_with(store, (line("ana", A.SUSPEND, evidenced=True),), plan=plan, cause=cause, as_of=as_of) as tx:
            make_urgent(tx, plan, [1])
    with store.read() as tx:
        assert urgent_since(tx, "acme", "2026-03-02T04:00:00.000000Z", "2026-03-02T05:00:00.000000Z") == 1
        assert urgent_since(tx, "acme", "2026-03-02T03:59:59.000000Z", "2026-03-02T05:00:00.000000Z") == 2
        assert urgent_since(tx, "another", "2026-03-02T00:00:00.000000Z", "2026-03-02T05:00:00.000000Z") == 0


# --- after ---


def ended(tx: Connection, who: str, *states: str) -> None:
    """The lines of this person end so, in order."""
    c = plan_lines.c
    seqs = tx.scalars(select(c.seq).where(c.plan_id == "P-1", c.worker_id == who).order_by(c.seq)).all()
    for seq, state in zip(seqs, states, strict=True):
        tx.execute(update(plan_lines).where(c.plan_id == "P-1", c.seq == seq).values(state=state))


SETTLED = [
    ("all done", ("done", "done"), True),
    ("one skipped", ("done", "skipped"), False),
    ("one failed", ("failed", "done"), False),
    ("one needs somebody", ("done", "needs_you"), False),
    ("one waits", ("done", "waiting"), False),
    ("one is held", ("held", "done"), False),
    ("one is under way", ("sent", "done"), False),
]


@pytest.mark.parametrize(("states", "expected"), [pytest.param(*c[1:], id=c[0]) for c in SETTLED])
def test_who_is_settled_after_a_plan(states: tuple[str, ...], expected: bool, store: Database) -> None:
    with store.write() as tx:
        People(tx, "acme").add([person("ana", unsettled=True), person("bob", unsettled=True)])
    with plan_with(store, (line("ana", A.GROUP), line("ana", A.SUSPEND))) as tx:
        ended(tx, "ana", *states)
        settle(tx, "P-1")
        assert People(tx, "acme").unsettled() == (["p-bob"] if expected else ["p-ana", "p-bob"])


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("waiting", "superseded"), ("observed", "superseded"), ("approved", "superseded"),
        ("applying", "applying"), ("applied", "applied"), ("discarded", "discarded"),
    ],
)  # fmt: skip
def test_a_newer_plan_replaces_those_that_wait(state: str, expected: str, store: Database) -> None:
    with plan_with(store, (line("ana", A.GROUP), line("ana", A.SUSPEND)), state=state) as tx:
        ended(tx, "ana", "done", "waiting")
    with plan_with(store, (line("ana", A.GROUP),), plan="P-2") as tx:
        supersede(tx, "another", "P-2")
        assert plans_of(tx, "acme", (state,)) != []
        supersede(tx, "acme", "P-2")
        states = {p.id: p.state for p in plans_of(tx, "acme")}
        assert states == {"P-1": expected, "P-2": "waiting"}
        last = "discarded" if expected == "superseded" else "waiting"
        assert standing(tx) == ["ana group done", f"ana suspend {last}"]
        assert standing(tx, "P-2") == ["ana group waiting"]


def test_somebodys_lines_elsewhere_are_dropped_unless_they_are_over(store: Database) -> None:
    with plan_with(store, (line("ana", A.GROUP), line("ana", A.SUSPEND)), (line("bob", A.GROUP),)) as tx:
        ended(tx, "ana", "done", "planned")
    with plan_with(store, (line("ana", A.GROUP),), plan="P-2", state="applied"):
        pass
    with plan_with(store, (line("ana", A.SUSPEND),), plan="P-3") as tx:
        assert drop_lines_of(tx, "p-ana", but="P-3") == 1
        assert standing(tx) == ["ana group done", "ana suspend discarded", "bob group waiting"]
        assert standing(tx, "P-2") == ["ana group waiting"]
        assert standing(tx, "P-3") == ["ana suspend waiting"]


def test_the_lines_of_a_person_newest_plan_first(store: Database) -> None:
    with plan_with(store, NEW_ANA, (line("bob", A.GROUP),)):
        pass
    with plan_with(store, (line("ana", A.SUSPEND),), plan="P-2", made_at=NOW + HOUR) as tx:
        found = [(plan, str(one.line.action)) for plan, one in lines_of_person(tx, "p-ana")]
        assert found == [("P-2", "suspend"), ("P-1", "create"), ("P-1", "group"), ("P-1", "mail")]
        assert len(lines_of_person(tx, "p-ana", limit=2)) == 2


def test_a_plan_says_who_approved_it(store: Database) -> None:
    with plan_with(store, NEW_ANA) as tx:
        set_plan_state(tx, "P-1", "approved", approved_by="hr.lead", approved_at="2026-03-02T05:00:00.000000Z")
        found = plan_by_id(tx, "P-1")
        assert found is not None
        assert (found[0].state, found[1]["approved_by"]) == ("approved", "hr.lead")
