"""Rules that the present state suggests."""

from __future__ import annotations

import random

import pytest

from joinery.core.rules.induction import Bar, Proposal, Someone, learned


def someone(number: int, has: str = "", **facts: str) -> Someone:
    return Someone(worker_id=f"{number:03}", facts=facts, has=frozenset(has.split()))


#: everybody in Logistics FR has Forklift but one; nobody in Logistics DE does; a clerk in Sales has it, too
COMPANY = [
    *(someone(n, "" if n == 7 else "F", department="Logistics", country="FR") for n in range(20)),
    *(someone(n, department="Logistics", country="DE") for n in range(20, 40)),
    *(someone(n, "F" if n == 40 else "", department="Sales", country="FR") for n in range(40, 60)),
]


def test_what_most_people_with_two_things_in_common_have_is_proposed_with_its_exceptions() -> None:
    (found,) = learned(COMPANY)
    assert found == Proposal(
        gives="F",
        when=(("department", ("Logistics",)), ("country", ("FR",))),
        support=20,
        having=19,
        exceptions=("007",),
        beside=1,
    )
    assert found.confidence == 0.95


def test_the_order_of_people_means_nothing() -> None:
    shuffled = random.Random(7).sample(COMPANY, len(COMPANY))
    assert learned(shuffled) == learned(COMPANY)


def one_has(*departments: str) -> list[Someone]:
    return [someone(n, "C" if d in departments else "", department=d) for n, d in enumerate("ABCD" * 10)]


CASES = [
    ("one value is enough", one_has("A"), ["A"]),
    ("values of one attribute come together", one_has("A", "C"), ["A", "C"]),
    ("too few people say nothing", [someone(n, "C", department="A") for n in range(4)] + one_has(), []),
    ("a course that is spread evenly has no rule", [someone(n, "C" * (n % 2), department="A") for n in range(40)], []),
    ("nobody at all", [], []),
]


@pytest.mark.parametrize(("people", "departments"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_departments(people: list[Someone], departments: list[str]) -> None:
    assert [list(dict(each.when)["department"]) for each in learned(people)] == ([departments] if departments else [])


def test_what_nearly_everybody_has_is_for_everybody() -> None:
    people = [someone(n, "" if n == 3 else "C", department="AB"[n % 2]) for n in range(20)]
    (found,) = learned(people)
    assert (found.when, found.support, found.exceptions) == ((), 20, ("003",))


def test_the_bar_decides() -> None:
    people = [someone(n, "C" if n < 8 else "", department="A") for n in range(10)]
    people += [someone(n, department="B") for n in range(10, 30)]
    assert learned(people) == ()
    (found,) = learned(people, Bar(confidence=0.8))
    assert (found.having, found.support) == (8, 10)
    assert learned(people, Bar(confidence=0.8, support=9)) == ()


def test_a_condition_that_hardly_narrows_it_down_is_no_rule() -> None:
    """89 % have it anyhow, and 90 % of those in A: that A matters is chance."""
    people = [someone(n, "" if n % 10 == 0 else "C", department="A") for n in range(50)]
    people += [someone(n, "" if n % 8 == 0 else "C", department="B") for n in range(50, 100)]
    assert learned(people) == ()


def test_what_gives_most_comes_first() -> None:
    people = [someone(n, "X Y" if n < 6 else "X", department="A", country="FR" if n < 6 else "DE") for n in range(20)]
    people += [someone(n, department="B", country="IT") for n in range(20, 60)]
    assert [each.gives for each in learned(people)] == ["X", "Y"]
