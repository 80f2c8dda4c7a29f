"""Too many at once: floors, shares, absolute numbers, segments. And: more lines never un-trip a guard."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.planning.someone import line

from joinery.core.model.operation import ActionClass
from joinery.core.model.plan import GuardResult, Line
from joinery.core.planning.guards import GuardLimit, Population, Tally, check_guards


def suspensions(many: int, where: str = "Lille", *, held: int = 0) -> list[Line]:
    lines = [line(segment=(("location", where),)) for _ in range(many)]
    return [*lines, *(line(segment=(("location", where),), held="held already") for _ in range(held))]


def check(limit: GuardLimit, lines: Iterable[Line], total: int = 100, **each: int) -> list[tuple[str, int, bool]]:
    population = Population(total=total, each={("location", name): count for name, count in each.items()})
    results = check_guards({"suspend": limit}, Tally.of(lines), population)
    return [(result.segment, result.count, result.tripped) for result in results]


MOST = GuardLimit(most=5)
SHARE = GuardLimit(share=0.1, floor=3)
EACH = GuardLimit(share=0.5, each=("location",), each_share=0.25, each_floor=2)
BIG = GuardLimit(share=0.1, from_population=200)
CASES = [
    ("as many as the limit pass", MOST, 100, suspensions(5), [("", 5, False)]),
    ("one more than the limit trips", MOST, 100, suspensions(6), [("", 6, True)]),
    ("a share at its limit passes", SHARE, 100, suspensions(10), [("", 10, False)]),
    ("a share above its limit trips", SHARE, 100, suspensions(11), [("", 11, True)]),
    ("a large share at the floor passes", SHARE, 4, suspensions(3), [("", 3, False)]),
    ("a large share above the floor trips", SHARE, 4, suspensions(4), [("", 4, True)]),
    ("nobody there counts as one", SHARE, 0, suspensions(4), [("", 4, True)]),
    ("a share means nothing in a small company", BIG, 199, suspensions(150), [("", 150, False)]),
    ("a share means something from a size on", BIG, 200, suspensions(21), [("", 21, True)]),
    ("a limit without numbers never trips", GuardLimit(), 1, suspensions(50), [("", 50, False)]),
    ("what is held for a reason of its own does not count", MOST, 100, suspensions(5, held=9), [("", 5, False)]),
    ("nothing to count gives no answer", MOST, 100, suspensions(0, held=9), []),
]


@pytest.mark.parametrize(("limit", "total", "lines", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_the_whole_company(
    limit: GuardLimit, total: int, lines: list[Line], expected: list[tuple[str, int, bool]]
) -> None:
    assert check(limit, lines, total) == expected


def test_accounts_that_the_plan_itself_links_count_but_do_not_make_the_company_a_big_one() -> None:
    first_contact = Population(total=0, linking=100)
    for limit, count, trips in ((SHARE, 10, False), (SHARE, 11, True), (BIG, 90, False)):
        (result,) = check_guards({"suspend": limit}, Tally.of(suspensions(count)), first_contact)
        assert (result.population, result.tripped) == (100, trips)


def test_one_place_trips_alone() -> None:
    lines = suspensions(3, "Lille") + suspensions(3, "Lyon")
    expected = [("", 6, False), ("location=Lille", 3, True), ("location=Lyon", 3, False)]
    assert check(EACH, lines, 100, Lille=10, Lyon=20) == expected


def test_a_place_at_its_floor_passes_though_it_is_everybody() -> None:
    assert check(EACH, suspensions(2), 100, Lille=2) == [("", 2, False), ("location=Lille", 2, False)]


def test_a_place_that_nobody_knows_trips_above_its_floor() -> None:
    assert check(EACH, suspensions(3, "Nowhere"))[1] == ("location=Nowhere", 3, True)


def test_when_the_whole_class_is_held_places_add_nothing() -> None:
    assert check(EACH, suspensions(6), 10, Lille=10) == [("", 6, True)]


def test_attributes_that_a_guard_does_not_look_at_are_not_judged() -> None:
    lines = [line(segment=(("department", "Sales"),)) for _ in range(9)]
    assert check(EACH, lines) == [("", 9, False)]
    assert check(GuardLimit(each=("department",)), lines) == [("", 9, False)]


def test_a_class_without_a_guard_is_not_judged() -> None:
    lines = [line(action=ActionClass.CREATE), line(action=ActionClass.LINK)]
    assert check_guards({"suspend": MOST}, Tally.of(lines), Population(total=1)) == ()


MESSAGES = [
    (
        "an absolute limit names its number",
        GuardLimit(most=5),
        "6 of 100 people would lose access; the limit is 5",
    ),
    (
        "a share names its percent",
        GuardLimit(share=0.05),
        "6 of 100 people would lose access; the limit is 5%",
    ),
    (
        "a place is named",
        GuardLimit(each=("location",), each_share=0.25),
        "6 of 8 people in Lille would lose access; the limit is 25%",
    ),
]


@pytest.mark.parametrize(("limit", "expected"), [pytest.param(m[1], m[2], id=m[0]) for m in MESSAGES])
def test_messages(limit: GuardLimit, expected: str) -> None:
    population = Population(total=100, each={("location", "Lille"): 8})
    results = check_guards({"suspend": limit}, Tally.of(suspensions(6)), population)
    assert [result.message for result in results if result.tripped] == [expected]


def test_people_without_a_place_are_a_place_too() -> None:
    limit = GuardLimit(each=("location",), each_share=0.25)
    results = check_guards({"suspend": limit}, Tally.of(suspensions(2, "")), Population(total=9))
    assert results[1].message == "2 of 0 people in no location would lose access; the limit is 25%"


def test_a_guard_without_words_of_its_own_is_named() -> None:
    (result,) = check_guards(
        {"link": GuardLimit(most=0)}, Tally.of([line(action=ActionClass.LINK)]), Population(total=9)
    )
    assert result.message == "1 of 9 people would link; the limit is 0"


# --- what always holds ---

actions = st.sampled_from([ActionClass.SUSPEND, ActionClass.CREATE, ActionClass.UPDATE])
places = st.sampled_from(["Lille", "Lyon", ""])
a_line = st.builds(
    lambda action, place, held: line(action=action, segment=(("location", place),), held=held),
    actions,
    places,
    st.sampled_from(["", "", "", "held"]),
)
shares = st.none() | st.sampled_from([0.0, 0.05, 0.25, 1.0])
limit = st.builds(
    GuardLimit,
    most=st.none() | st.integers(0, 6),
    share=shares,
    floor=st.integers(0, 4),
    from_population=st.sampled_from([0, 200]),
    each=st.sampled_from([(), ("location",)]),
    each_share=shares,
    each_floor=st.integers(0, 4),
)
limits = st.dictionaries(st.sampled_from(["suspend", "create", "update"]), limit)
populations = st.builds(
    Population,
    total=st.sampled_from([0, 10, 300]),
    each=st.dictionaries(st.tuples(st.just("location"), places), st.integers(0, 20)),
)


def held_by(results: tuple[GuardResult, ...], one: Line) -> bool:
    """What `hold_lines` of the store does with these answers."""
    own = [result for result in results if result.tripped and result.guard == one.guard]
    return any(not r.segment or tuple(r.segment.split("=", 1)) in one.segment for r in own)


@given(limits, populations, st.lists(a_line, max_size=14), st.lists(a_line, max_size=14))
@settings(max_examples=200)
def test_more_lines_never_free_one_that_was_held(
    given_limits: dict[str, GuardLimit], population: Population, some: list[Line], more: list[Line]
) -> None:
    few = check_guards(given_limits, Tally.of(some), population)
    many = check_guards(given_limits, Tally.of([*some, *more]), population)
    assert all(held_by(many, one) for one in some if held_by(few, one))


@given(limits, populations, st.lists(a_line, max_size=14).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
@settings(max_examples=100)
def test_the_order_of_lines_does_not_matter(
    given_limits: dict[str, GuardLimit], population: Population, both: tuple[list[Line], list[Line]]
) -> None:
    one, other = (check_guards(given_limits, Tally.of(lines), population) for lines in both)
    assert one == other


@given(limits, populations, st.lists(a_line, max_size=14))
@settings(max_examples=100)
def test_whoever_trips_says_why_and_nobody_else_does(
    given_limits: dict[str, GuardLimit], population: Population, some: list[Line]
) -> None:
    for result in check_guards(given_limits, Tally.of(some), population):
        assert bool(result.message) is result.tripped
