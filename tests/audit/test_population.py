"""What only the whole population shows."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.audit import audit, quarantined
from joinery.audit.domains import look_alikes, misspelled
from joinery.audit.loops import loops
from joinery.audit.population import known, unmapped
from joinery.core.model.finding import Finding, Severity


def people(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    names = ("worker_id", "work_email", "manager_id", "status")
    return pl.DataFrame([dict(zip(names, row, strict=True)) for row in rows], schema=dict.fromkeys(names, pl.String))


def found(*rows: tuple[str, str, str, str]) -> list[tuple[str, str]]:
    return [(finding.check, finding.worker_id) for finding in audit(people(*rows))]


A = "Active"
T = "Terminated"
CASES = [
    ("nothing odd", [("1", "a@x", "", A), ("2", "b@x", "1", A)], []),
    ("nobody", [], []),
    ("one number twice", [("1", "", "", A), (" 1", "", "", A)], [("duplicate_worker_id", "1")]),
    ("rows without a number do not count", [("", "", "", A), ("", "", "", A)], []),
    ("one address for two at work", [("2", "A@x", "", A), ("1", "a@X ", "", A)],
     [("duplicate_email", "1"), ("duplicate_email", "2")]),
    ("an address that somebody left behind", [("1", "a@x", "", T), ("2", "a@x", "", A)], [("recycled_email", "2")]),
    ("an address of two who left", [("1", "a@x", "", T), ("2", "a@x", "", T)], []),
    ("one number twice with one address is one fault", [("1", "a@x", "", A), ("1", "a@x", "", A)],
     [("duplicate_worker_id", "1")]),
    ("a manager who is not there", [("1", "", "9", A)], [("manager_missing", "1")]),
    ("a manager who is not there for two", [("1", "", "9", A), ("2", "", "9", A)], [("manager_missing", "1")]),
    ("those who left need no manager", [("1", "", "9", T)], []),
    ("a manager who left", [("1", "", "2", A), ("2", "", "", T)], [("manager_left", "1")]),
    ("somebody's own manager is no circle", [("1", "", "1", A)], []),
    ("a circle of two", [("2", "", "1", A), ("1", "", "2", A)], [("manager_loop", "1")]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_audit(rows: list[tuple[str, str, str, str]], wanted: list[tuple[str, str]]) -> None:
    assert found(*rows) == wanted


@pytest.mark.parametrize(
    ("manager", "meant"),
    [("009", "9"), ("a7", "A7"), ("8", ""), ("0", ""), ("05", "")],
    ids=["zeros too many", "small letters", "nobody", "a zero alone", "two could be meant"],
)
def test_a_manager_whose_number_is_written_otherwise_is_named(manager: str, meant: str) -> None:
    rows = [("1", "", manager, A), ("9", "", "", A), ("A7", "", "", A), ("5", "", "", A), ("005", "", "", A)]
    (found,) = [f for f in audit(people(*rows)) if f.check == "manager_missing"]
    assert found.better == meant and (f"({meant}?)" in found.suggestion) == bool(meant)


def test_doubles_are_quarantined_and_a_missing_manager_is_not() -> None:
    rows = people(("1", "a@x", "9", A), ("2", "a@x", "", A), ("3", "", "", A), ("3", "", "", A))
    findings = audit(rows)
    assert quarantined(findings) == {"1", "2", "3"}
    assert {f.check for f in findings if f.severity is Severity.WARNING} == {"manager_missing"}


def test_all_in_a_circle_are_named() -> None:
    (finding,) = audit(people(("1", "", "3", A), ("2", "", "1", A), ("3", "", "2", A), ("4", "", "1", A)))
    assert "1 -> 3 -> 2 -> 1" in finding.message


def test_no_address_is_ever_written() -> None:
    rows = people(
        ("1", "ann@x.org", "9", A), ("2", "ann@x.org", "", A), ("3", "bob@y.org", "", T), ("4", "bob@y.org", "", A)
    )
    assert all("@" not in f.message + f.suggestion for f in audit(rows))


def test_a_place_without_time_zone_takes_that_of_others_there() -> None:
    columns = {"worker_id": ["1", "2", "3"], "location": ["Lille", "Lille", "Oslo"]}
    used = pl.DataFrame({**columns, "time_zone": ["Europe/Paris", "", ""]})
    found = [(f.check, f.people, f.better) for f in audit(used)]
    assert found == [
        ("location_without_zone", ("2",), "Europe/Paris"),
        ("location_without_zone", ("3",), ""),
    ]
    assert audit(pl.DataFrame({**columns, "time_zone": ["", "", ""]})) == (), "the company's zone is meant"


def test_a_code_without_a_row_is_named_with_its_people() -> None:
    people = known(pl.DataFrame({"worker_id": ["1", "2", "3"], "department": ["4711", "Sales", ""]}))
    (found,) = unmapped(people, {"department": frozenset({"Sales"}), "location": frozenset()})
    assert (found.check, found.attribute, found.people, found.better) == ("unmapped_code", "department", ("1",), "")
    (slip,) = unmapped(people, {"department": frozenset({"4711", "Sale"})})
    assert (slip.people, slip.better) == (("2",), "Sale")


LOOKS = [
    ("a Cyrillic a", {"acme.com": 50, "\u0430cme.com": 2}, [("\u0430cme.com", "acme.com", 2)]),
    ("punycode of it", {"acme.com": 50, "xn--cme-5cd.com": 1}, [("xn--cme-5cd.com", "acme.com", 1)]),
    ("rn for m", {"acme.com": 50, "acrne.com": 1}, [("acrne.com", "acme.com", 1)]),
    ("a digit for a letter", {"globex.com": 50, "gl0bex.com": 1}, [("gl0bex.com", "globex.com", 1)]),
    ("two companies", {"acme.com": 50, "other.org": 1}, []),
    ("a small company's own", {"acme.com": 9, "acrne.com": 1}, [("acrne.com", "acme.com", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("domains", "wanted"), [t[1:] for t in LOOKS], ids=[t[0] for t in LOOKS])
def test_domains_that_look_like_another(domains: dict[str, int], wanted: list[tuple[str, str, int]]) -> None:
    assert list(look_alikes(domains)) == wanted
    assert not {name for name, _, _ in misspelled(domains)} & {name for name, _, _ in wanted}, "said once"


def test_missing_columns_are_not_checked() -> None:
    assert audit(pl.DataFrame({"worker_id": ["1", "2"]})) == ()


def numbers(ids: list[str]) -> list[Finding]:
    return [f for f in audit(pl.DataFrame({"worker_id": ids})) if f.check == "lost_leading_zeros"]


def test_lost_zeros_are_found_by_length() -> None:
    usual = [f"{n:06}" for n in range(100)]
    (finding,) = numbers([*usual, "777", "1234"])
    assert "2 employee numbers (1234, 777)" in finding.message
    assert numbers(usual) == []
    assert numbers([str(n) for n in range(95, 120)]) == [], "numbers that simply grew"


TYPOS = [
    ("gmial for gmail", {"gmial.com": 1}, [("gmial.com", "gmail.com", 1)]),
    ("hotmial for hotmail", {"hotmial.com": 1}, [("hotmial.com", "hotmail.com", 1)]),
    ("the company's own", {"acme.com": 500, "acme.cmo": 2, "acmee.com": 1},
     [("acme.cmo", "acme.com", 2), ("acmee.com", "acme.com", 1)]),
    ("another company altogether", {"acme.com": 500, "other.org": 1}, []),
    ("two frequent ones", {"acme.com": 500, "acme.de": 200}, []),
    ("a small firm's own domain", {"acme.com": 3}, []),
    ("short names differ by nature", {"abc.de": 500, "abd.fr": 1}, []),
]  # fmt: skip


@pytest.mark.parametrize(("domains", "wanted"), [t[1:] for t in TYPOS], ids=[t[0] for t in TYPOS])
def test_misspelled_domains(domains: dict[str, int], wanted: list[tuple[str, str, int]]) -> None:
    assert list(misspelled(domains)) == wanted


def test_a_misspelled_domain_names_the_person() -> None:
    rows = [(str(n), f"p{n}@acme.com", "", A) for n in range(100)] + [("x", "p@acme.cmo", "", A)]
    assert found(*rows) == [("misspelled_domain", "x")]


def naive(managers: dict[str, str]) -> list[tuple[str, ...]]:
    circles = set()
    for start in managers:
        path = [start]
        while (after := managers.get(path[-1])) is not None and after not in path:
            path.append(after)
        if after is not None:
            members = path[path.index(after) :]
            first = members.index(min(members))
            circles.add(tuple(members[first:] + members[:first]))
    return sorted(circles)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("abcdefghxyz")))
def test_circles_are_what_plain_walking_finds(managers: dict[str, str]) -> None:
    assert loops(managers) == naive(managers)


def test_a_long_chain_is_no_burden() -> None:
    chain = {str(n): str(n + 1) for n in range(200_000)}
    assert loops(chain) == []
    assert len(loops({**chain, "200000": "0"})[0]) == 200_001
