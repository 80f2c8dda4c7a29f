"""Files that really end people, cut at every byte: whoever the true file does not end is not ended by what is left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from joinery.core.model.standing import Stage, Standing
from joinery.flows.pull import pull
from tests.stories.company import Company, moment

COLUMNS = ("worker_id", "given_name", "status", "hire_date", "termination_date")
STAFF = {"100": "Jürgen", "200": "Zoë", "300": "Ana", "400": "Mei", "1001": "Noé", "1002": "Kim"}
LEAVERS = {"files": "leavers*.csv", "fields": {"worker_id": "No", "termination_date": "Last day"}}
FIRST, NEXT = "2026-11-25", "2026-11-26"


def full(**said: tuple[str, str]) -> str:
    """The export, last line without its end; `w100=(status, end)` are those of whom something else is said."""
    rows = [
        (number, name, *said.get(f"w{number}", ("Active", ""))[:1], "2020-01-15", said.get(f"w{number}", ("", ""))[1])
        for number, name in STAFF.items()
    ]
    return "\n".join(",".join(row) for row in (COLUMNS, *rows))


#: two who go at once, one whose end comes, and the last one: its day begins like one that is nearer
ENDS = full(w200=("Terminated", "2026-11-20"), w400=("Terminated", ""), w1001=("Active", "2026-12-20"),
            w1002=("Active", "2026-12-10"))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of file. `absent`: whoever is not in it has left, so that only whole rows above the cut are asked of."""

    name: str
    text: str
    people: Mapping[str, Any] = field(default_factory=dict)
    first: str = full()
    absent: bool = False


KINDS = {
    "full, by status, no line end ever": Kind(name="people_2.csv", text=ENDS),
    "full, by status, line ends": Kind(name="people_2.csv", text=ENDS + "\n", first=full() + "\n"),
    "full, by status and absence": Kind(
        name="people_2.csv", text=ENDS, people={"leavers_are": "both"}, absent=True
    ),
    "full, by absence": Kind(name="people_2.csv", text=ENDS, people={"leavers_are": "absent"}, absent=True),
    "full, by status and absence, with a count": Kind(
        name="people_2.csv", text=ENDS + "\nTRAILER,6\n", first=full() + "\nTRAILER,6\n", people={"leavers_are": "both"}
    ),
    "full, by absence, with a count": Kind(
        name="people_2.csv", text=ENDS + "\nTRAILER,6\n", first=full() + "\nTRAILER,6\n",
        people={"leavers_are": "absent"},
    ),
    "leavers, numbers only": Kind(
        name="leavers_1.csv", text="No\n200\n400\n1001", people={"leavers": {**LEAVERS, "fields": {"worker_id": "No"}}}
    ),
    "leavers, with their day": Kind(
        name="leavers_1.csv", text="No,Last day\n200,2026-11-20\n400,\n1001,2026-12-20", people={"leavers": LEAVERS}
    ),
    "changes": Kind(name="hris_ALL_changes_20261126T040000Z.csv", text=ENDS),
}  # fmt: skip


def company(folder: Path, kind: Kind) -> Company:
    return Company(folder, people={"fields": {name: name for name in COLUMNS}, **kind.people})


def standings(acme: Company) -> dict[str, Standing]:
    return {number: acme.person(number).standing for number in STAFF}


def read(acme: Company, kind: Kind, data: bytes) -> dict[str, Standing]:
    """Where everybody stands once this was read; the company is as it was before afterwards."""
    state = acme.folder / ".joinery"
    (acme.folder / "inbox" / kind.name).write_bytes(data)
    with acme.ports() as ports:
        pull(ports, moment(NEXT))
    found = standings(acme)
    shutil.rmtree(state)
    shutil.copytree(acme.folder / "kept", state)
    return found


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def settled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Company, Kind]]:
    kind: Kind = request.param
    acme = company(tmp_path, kind)
    acme.drop_text(kind.first, name="people_1.csv")
    with acme.ports() as ports:
        pull(ports, moment(FIRST))
    shutil.copytree(tmp_path / ".joinery", tmp_path / "kept")
    yield acme, kind


def sooner(cut: Standing, true: Standing) -> bool:
    """Ended, or to be ended on an earlier day than the whole file says."""
    if cut.stage is Stage.LEFT:
        return true.stage is not Stage.LEFT
    if cut.armed_end is None or true.stage is Stage.LEFT:
        return False
    return true.armed_end is None or cut.armed_end < true.armed_end


@pytest.mark.parametrize(
    "step", [pytest.param(89, id="some"), pytest.param(1, id="every byte", marks=pytest.mark.long)]
)
def test_whoever_the_whole_file_does_not_end_is_not_ended_by_a_part_of_it(
    settled: tuple[Company, Kind], step: int
) -> None:
    acme, kind = settled
    whole = kind.text.encode()
    true = read(acme, kind, whole if whole.endswith(b"\n") else whole + b"\n")
    ended = {number for number, standing in true.items() if standing.stage is Stage.LEFT}
    assert ended >= {"200", "400"} or kind.people.get("leavers_are") == "absent", "the true file ends people"
    last = {len(whole) - n for n in (1, 6)}
    for at in sorted({*range(0, len(whole), step), *last}):
        cut = read(acme, kind, whole[:at])
        lines = whole[:at].decode("utf-8", "ignore").splitlines()[1:-1]
        asked = {line.split(",")[0] for line in lines} if kind.absent else set(STAFF)
        wrong = {number for number in asked if sooner(cut[number], true[number])}
        assert wrong == set(), f"cut at byte {at}"
