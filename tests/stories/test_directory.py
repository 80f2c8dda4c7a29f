"""A source that only lists people: it adds attributes, and nobody joins, leaves or keeps access by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.errors import ConfigError
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, staff, without, worker

SEEN = ("worker_id", "work_email", "phone", "status", "termination_date", "badge")


def company(folder: Path, says: str = "directory") -> Company:
    phones = {
        "from": "file",
        "path": "./inbox/phones_*.csv",
        "ready_when": "present",
        "joined_by": "worker_id",
        "says": says,
        "fields": {name: name for name in SEEN} | {"work_email": {"column": "work_email", "owner": True}},
        "leavers_are": "both",
    }
    hris = {"from": "file", "path": "./inbox/hris_*.csv", "ready_when": "present", "fields": FIELDS}
    return Company(folder, settings={"people": {"hris": hris, "phones": phones}})


def listing(*numbers: int, **values: str) -> list[Row]:
    own = {"phone": "+33 1", "badge": "B7", "status": "Active"}
    return [worker(n, work_email=f"dir{n}@acme.example") | own | values for n in numbers]


def drop(acme: Company, number: int, *, hris: list[Row] | None = None, phones: list[Row] | None = None) -> None:
    if hris is not None:
        acme.drop(hris, name=f"hris_{number:03}.csv", columns=COLUMNS)
    if phones is not None:
        acme.drop(phones, name=f"phones_{number:03}.csv", columns=SEEN)


def test_its_records_give_attributes_to_people_whom_another_source_employs(tmp_path: Path) -> None:
    acme = company(tmp_path)
    drop(acme, 1, hris=staff(3), phones=listing(1, 2, 99))
    acme.day("2026-11-20")
    person = acme.person("0001")
    assert (person.worker.phone, person.worker.custom, person.standing.stage) == ("+33 1", {"badge": "B7"}, "active")
    assert acme.account("0001").email == "dir1@acme.example"
    assert set(acme.accounts()) == {"0001", "0002", "0003"}, "nobody is employed by being listed"
    # somebody listed first is joined once HR knows them, though the listing is the same file
    drop(acme, 2, hris=[*staff(3), worker(99)], phones=listing(1, 2, 99))
    acme.day("2026-11-21")
    assert acme.account("0099").email == "dir99@acme.example"
    assert acme.person("0099").worker.custom == {"badge": "B7"}


def test_neither_its_absence_nor_its_end_is_a_leaver(tmp_path: Path) -> None:
    acme = company(tmp_path)
    drop(acme, 1, hris=staff(3), phones=listing(1, 2))
    acme.day("2026-11-20")
    drop(acme, 2, phones=listing(1, status="Terminated", termination_date="2026-11-20"))
    night = acme.day("2026-11-21")
    assert night.did("suspend") == []
    assert acme.who_is("active") == {"0001", "0002", "0003"}
    assert acme.account("0002").email == "w0002@acme.example", "what it gave is gone with it"
    assert acme.events(kinds=["leaver", "missing", "joiner"]) == []
    # it is listed again
    drop(acme, 3, phones=listing(1, 2))
    acme.day("2026-11-22")
    assert acme.account("0002").email == "dir2@acme.example"


def test_it_never_keeps_access_open(tmp_path: Path) -> None:
    acme = company(tmp_path)
    drop(acme, 1, hris=staff(3), phones=listing(1, 2, 3))
    acme.day("2026-11-20")
    gone = changed(staff(3), "0002", status="Terminated", termination_date="2026-11-20")
    drop(acme, 2, hris=gone, phones=listing(1, 2, 3))
    assert acme.day("2026-11-21").did("suspend") == ["0002"]
    for number, day in enumerate(("2026-11-22", "2026-11-23", "2026-11-24"), 3):
        rest = changed(without(gone, "0003"), "0001", job_title=f"Clerk {number}")
        drop(acme, number, hris=rest, phones=listing(1, 2, 3))
        acme.day(day)
    assert acme.accounts()["0003"] == "archived", "missing from three good files, whatever the directory lists"


@pytest.mark.parametrize(
    ("hris", "phones", "message"),
    [("directory", "directory", "at least one must say employment"), ("employment", "directry", "directory")],
)
def test_the_setting_is_checked(tmp_path: Path, hris: str, phones: str, message: str) -> None:
    acme = company(tmp_path, says=phones)
    acme.settings["people"]["hris"] |= {"says": hris}
    acme.write_settings()
    with pytest.raises(ConfigError, match=message), acme.open():
        pass
