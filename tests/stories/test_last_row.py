"""A file whose last line has no end may have been cut inside it: nobody leaves on the word of half a row."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.stories.company import Company

FULL = ("worker_id", "status", "hire_date", "department", "termination_date")
NUMBERS = {"files": "leavers*.csv", "fields": {"worker_id": "No"}}
DATED = {"files": "leavers*.csv", "fields": {"worker_id": "No", "termination_date": "Last day"}}
BEHIND = "\n300,Active,2020-01-15,Sales,"
FIRST, NEXT, LATER = "2026-11-24", "2026-11-25", "2026-11-26"
CHECK = "last_row_may_be_cut"


def full(**ends: str) -> str:
    """An export that never ends its last line; the end of `w1001` is in its last row."""
    rows = [(number, "Active", "2020-01-15", "Sales", ends.get(f"w{number}", "")) for number in ("100", "200", "1001")]
    return "\n".join(",".join(row) for row in (FULL, *rows))


def company(folder: Path, **people: object) -> Company:
    return Company(folder, people={"fields": {name: name for name in FULL}, **people})


def settled(folder: Path, text: str = "", **people: object) -> Company:
    made = company(folder, **people)
    made.drop_text(text or full(), name="people_1.csv")
    assert set(made.day(FIRST).files.values()) == {"accepted"}
    assert made.who_is("active") >= {"100", "200", "1001"}
    return made


def comes(acme: Company, day: str, text: str, name: str) -> set[str]:
    acme.drop_text(text, name=name)
    return acme.day(day).checks


def test_half_a_number_in_the_first_file_of_leavers_suspends_nobody(tmp_path: Path) -> None:
    acme = settled(tmp_path, leavers=NUMBERS)
    assert comes(acme, NEXT, "No\n200\n100", "leavers_1.csv") >= {CHECK}
    assert acme.who_is("suspended") == {"200"}
    assert comes(acme, LATER, "No\n200\n1001\n", "leavers_2.csv") & {CHECK} == set()
    assert acme.who_is("suspended") == {"200", "1001"}


def test_a_file_of_leavers_with_one_half_number_is_refused(tmp_path: Path) -> None:
    acme = settled(tmp_path, leavers=NUMBERS)
    assert comes(acme, NEXT, "No\n100", "leavers_1.csv") == {"truncated"}
    assert acme.who_is("suspended") == set()


def test_a_last_day_that_is_cut_off_suspends_nobody_at_once(tmp_path: Path) -> None:
    acme = settled(tmp_path, leavers=DATED)
    whole = "No,Last day\n200,2026-12-31\n1001,2026-12-31"
    for at in (whole.rindex(",") + 1, len(whole) - 1):
        folder = tmp_path / f"at{at}"
        shutil.copytree(acme.folder, folder, ignore=shutil.ignore_patterns("at*"))
        copy = company(folder, leavers=DATED)
        assert comes(copy, NEXT, whole[:at], "leavers_1.csv") & {CHECK, "bad_date"}, at
        assert copy.who_is("suspended") == set(), at
        assert copy.day("2027-01-02").did("suspend") == ["200"], at


@pytest.mark.parametrize("cut", ["2026-12-1", "2026-1", "2026-11-27"])
def test_an_end_date_that_was_cut_comes_no_nearer(tmp_path: Path, cut: str) -> None:
    acme = settled(tmp_path, full(w1001="2026-12-10") + BEHIND)
    comes(acme, NEXT, full(w1001=cut), "people_2.csv")
    assert acme.day("2026-12-10").did("suspend") == []
    assert acme.day("2026-12-11").did("suspend") == ["1001"]


def test_the_finding_says_why_and_how_to_be_rid_of_it(tmp_path: Path) -> None:
    acme = settled(tmp_path)
    acme.drop_text(full(w1001="2026-12-1"), name="people_2.csv")
    night = acme.day(NEXT)
    (found,) = [each for file in night.report.pulled.files for each in file.findings if each.check == CHECK]
    assert found.worker_id == "1001"
    assert "line 4" in found.message
    assert all(way in found.suggestion for way in ("line end", "trailer", ".done", "end-access"))
    assert acme.findings() == {f"{CHECK} 1001"}


PROOF = [
    ("a line end", full(w1001="2026-12-01") + "\n", {}),
    ("a count", full(w1001="2026-12-01") + "\nTRAILER,3", {}),
    ("a row behind it", full(w1001="2026-12-01") + BEHIND, {}),
    ("a last cell that nobody reads", full(w1001="2026-12-01").replace("\n", ",x\n") + ",x", {}),
    ("an end-of-file mark", full(w1001="2026-12-01") + "\x1a", {}),
]


@pytest.mark.parametrize(("text", "people"), [p[1:] for p in PROOF], ids=[p[0] for p in PROOF])
def test_a_row_that_is_proven_whole_is_believed(tmp_path: Path, text: str, people: dict[str, object]) -> None:
    acme = settled(tmp_path, **people)
    assert CHECK not in comes(acme, NEXT, text, "people_2.csv")
    assert acme.day("2026-12-02").did("suspend") == ["1001"]


def test_a_file_with_a_marker_is_believed_to_its_last_row(tmp_path: Path) -> None:
    acme = settled(tmp_path, leavers=NUMBERS)
    (acme.folder / "inbox" / "leavers_1.csv.done").write_text("")
    assert CHECK not in comes(acme, NEXT, "No\n200\n1001", "leavers_1.csv")
    assert acme.who_is("suspended") == {"200", "1001"}


def test_a_source_that_never_ends_its_last_line_waits_a_day_and_no_longer(tmp_path: Path) -> None:
    acme = settled(tmp_path)
    text = full(w1001="2026-11-26")
    assert comes(acme, NEXT, text, "people_2.csv") == {CHECK}
    assert comes(acme, f"{NEXT}T15:00", text, "people_3.csv") == set()
    assert acme.person("1001").worker.termination_date is None, "the same file sent again proves nothing"
    assert comes(acme, LATER, text, "people_4.csv") == set()
    assert acme.findings() == set()
    assert acme.day("2026-11-27").did("suspend") == ["1001"]


def test_another_file_that_ends_with_the_same_row_confirms_it(tmp_path: Path) -> None:
    acme = settled(tmp_path, leavers=NUMBERS)
    assert comes(acme, NEXT, "No\n200\n1001", "leavers_1.csv") >= {CHECK}
    assert CHECK not in comes(acme, f"{NEXT}T15:00", "No\n1001", "leavers_2.csv")
    assert acme.who_is("suspended") == {"200", "1001"}


SAYS_NOTHING = [
    ("the same as before", full(w1001="2026-12-01")),
    ("an end that is taken back", full()),
    ("an end that moves away", full(w1001="2026-12-10")),
    ("another department", full(w1001="2026-12-01").replace("Sales,2026", "Stores,2026")),
]


@pytest.mark.parametrize("text", [s[1] for s in SAYS_NOTHING], ids=[s[0] for s in SAYS_NOTHING])
def test_a_last_row_that_ends_nothing_is_believed(tmp_path: Path, text: str) -> None:
    acme = settled(tmp_path, full(w1001="2026-12-01") + BEHIND)
    assert CHECK not in comes(acme, NEXT, text, "people_2.csv")
    told = text.rpartition(",")[2], text.split(",")[-2]
    facts = acme.person("1001").worker
    assert (facts.value("termination_date"), facts.department) == told


def test_of_somebody_who_left_long_ago_nothing_is_found(tmp_path: Path) -> None:
    acme = settled(tmp_path, leavers=DATED)
    comes(acme, NEXT, "No,Last day\n1001,2026-11-24\n", "leavers_1.csv")
    assert acme.who_is("suspended") == {"1001"}
    company(acme.folder, leavers=DATED).drop_text(full(w1001="2026-11-2"), name="people_2.csv")
    assert CHECK not in acme.day(LATER).checks


def test_a_cut_that_takes_somebody_out_of_scope_archives_nobody(tmp_path: Path) -> None:
    columns = ("worker_id", "status", "hire_date", "department")
    fields = {name: name for name in columns}
    text = "\n".join((",".join(columns), "100,Active,2020-01-15,Sales", "1001,Active,2020-01-15,Sales"))
    acme = Company(tmp_path, people={"fields": fields}, settings={"include": [{"where": {"department": "Sales"}}]})
    acme.drop_text(text, name="people_1.csv")
    acme.day(FIRST)
    before: Sequence[str] = sorted(acme.who_is("active"))
    assert before == ["100", "1001"]
    assert comes(acme, NEXT, text[:-1], "people_2.csv") == {CHECK}
    assert sorted(acme.who_is("active")) == before


def test_half_a_number_in_a_full_file_makes_nobody_absent(tmp_path: Path) -> None:
    columns = ("status", "hire_date", "worker_id")
    rows = [f"Active,2020-01-15,{number}" for number in ("100", "200", "1001")]
    text = "\n".join((",".join(columns), *rows))
    acme = Company(tmp_path, people={"fields": {name: name for name in columns}, "leavers_are": "absent"})
    acme.drop_text(text + "\n", name="people_1.csv")
    acme.day(FIRST)
    with acme.ports() as ports:
        from joinery.flows.layouts import forget_layout

        forget_layout(ports, "hris")
    assert comes(acme, NEXT, text[:-1], "people_2.csv") >= {CHECK}
    assert acme.who_is("active") == {"100", "200", "1001"}
