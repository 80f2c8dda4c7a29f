"""An export of its users shows what a learning system made of the files: who is otherwise there, and who is not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from joinery.flows.reconcile import Reconciled, reconcile
from tests.connectors.fileout.files import collected
from tests.stories.company import Company, moment, staff


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    learning = {"into": "file", "layout": "generic", "path": "./to-lms", "simulation": True}
    learning |= {"confirm": {"path": "./from-lms/users*.csv"}}
    made = Company(tmp_path / "acme", settings={"learning": learning, "guards": "off"})
    made.day("2026-11-24", staff(3))
    collected(made.folder / "to-lms")
    return made


def exported(acme: Company, day: str, rows: Sequence[tuple[str, str, str]], name: str = "users.csv") -> None:
    file = acme.folder / "from-lms" / name
    file.parent.mkdir(exist_ok=True)
    lines = ["Login,Employee number,Email,Status", *(f"{mail},{who},{mail},{state}" for who, mail, state in rows)]
    file.write_text("\n".join(lines) + "\n")
    at = moment(day).timestamp()
    os.utime(file, (at, at))


def rows(*but: str, **other: str) -> list[tuple[str, str, str]]:
    who = [f"000{n}" for n in (1, 2, 3) if f"000{n}" not in but]
    return [(one, f"w{one}@acme.example", other.get(f"w{one}", "active")) for one in who]


def looked(acme: Company, day: str) -> Reconciled:
    with acme.open(as_of=day) as it:
        return reconcile(it.ports, moment(day))


def written(acme: Company) -> list[tuple[str, str]]:
    files = [file for name, file in collected(acme.folder / "to-lms") if name == "users"]
    return [(row["employee_number"], row["status"]) for file in files for row in file]


def test_an_export_that_shows_everybody_as_told_is_in_step(acme: Company) -> None:
    exported(acme, "2026-11-25", rows())
    found = looked(acme, "2026-11-26")
    assert (found.read, found.same, found.drift, found.gone) == (3, 3, (), ())


def test_somebody_who_is_shut_out_there_is_drift_and_is_told_again(acme: Company) -> None:
    exported(acme, "2026-11-25", rows(w0002="inactive"))
    found = looked(acme, "2026-11-26")
    assert [(d.worker_id, d.what) for d in found.drift] == [("0002", "access")]
    acme.day("2026-11-27")
    assert written(acme) == [("0002", "active")]


def test_somebody_who_is_not_there_is_named_and_is_back_when_an_export_shows_them(acme: Company) -> None:
    exported(acme, "2026-11-25", rows("0003"))
    assert [gone.worker_id for gone in looked(acme, "2026-11-26").gone] == ["0003"]
    assert acme.day("2026-11-27").did("create") == [] and written(acme) == []
    exported(acme, "2026-11-28", rows(), "users_2.csv")
    found = looked(acme, "2026-11-29")
    assert found.gone == () and len(found.back) == 1


def test_an_export_from_before_the_file_says_nothing(acme: Company) -> None:
    exported(acme, "2026-11-23", rows("0003", w0002="inactive"))
    found = looked(acme, "2026-11-26")
    assert (found.read, found.drift, found.gone) == (3, (), ())


def test_an_export_cut_down_to_nearly_nobody_is_not_concluded_from(acme: Company) -> None:
    exported(acme, "2026-11-25", rows("0001", "0002", "0003"))
    assert looked(acme, "2026-11-26").doubted == 3
