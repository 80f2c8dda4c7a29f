"""The disk is full: whatever was being written is not counted as done, and with room again everything is done once.

On a real file system that is full (a small tmpfs, where this machine lets us make one), with so many bytes left that
another step of the run is the first to find no room.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from joinery.cli.messages import foreseen
from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.errors import JoineryError, StopRun
from joinery.kit.contract import Target
from joinery.store import target_states
from tests.stories.company import Company, Row, staff, stored_at, worker
from tests.stories.test_store_gone import Counting
from tests.support.disk import Disk, small_disk
from tests.support.postgres import OWNER, Server


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", 16_000_000) as made:
        yield made


class Full:
    """A company on a disk that is full each night, and has room again for a second run."""

    def __init__(self, disk: Disk, folder: Path, **settings: Any) -> None:
        self.disk, self.folder, self.changes = disk, folder, Counter[tuple[str, str]]()
        self.acme = Company(
            folder,
            settings={"guards": "off", **settings},
            memory=MemoryTarget(),
            around=lambda target: Counting(target, self.changes),
        )
        self.rows: list[Row] = staff(120)
        self.day = 0
        self.acme.day("2026-01-01", self.rows)

    def night(self, left: int) -> str:
        """What stopped the run; empty where there was room enough."""
        self.day += 1
        day = f"2026-01-{1 + self.day:02}"
        for row in self.rows[20:100]:
            row["job_title"] = f"Title {self.day}"
        self.rows[self.day]["status"] = "Terminated"
        self.rows.append(worker(1000 + self.day, hire_date=day))
        self.changes.clear()
        file = self.acme.drop(self.rows, name=f"night_{self.day:04}.csv")
        self.disk.fill(left)
        whole = file.read_bytes()
        why = self._stopped(day)
        self.disk.make_room()
        (there,) = self.folder.rglob(file.name)
        assert there.read_bytes() == whole, "HR's file is in one place, and whole"
        assert self.acme.day(day).exit_code == 0
        self.judge(file.name)
        return why

    def _stopped(self, day: str) -> str:
        try:
            self.acme.day(day)
        except Exception as error:  # noqa: BLE001 as the last door of the command line sees it
            said = error if isinstance(error, JoineryError) else foreseen(error)
            assert isinstance(said, StopRun) and said.exit_code == 6, repr(error)
            if "could not write init file" in str(error.__cause__):
                return "store_full"  # PostgreSQL turns whoever connects anew away so, without a code
            assert "room" in f"{said.message} {said.fix}", said
            return said.code
        return ""

    def judge(self, file: str) -> None:
        # with -2 where its report had found room before
        kept = [name for name in self.acme.arrived("accepted") if name.startswith(file.removesuffix(".csv"))]
        assert len(kept) == 1 and not list((self.folder / "inbox").iterdir()), kept
        assert not list(self.folder.rglob("*.part")) and not list(self.folder.rglob(".*.part"))
        kinds = Counter(kind for _, kind in self.changes)
        assert kinds == {"UpdateAccount": 80, "SuspendAccount": 1, "CreateAccount": 1}
        assert set(self.changes.values()) == {1}
        assert self.acme.who_is("suspended") == {row["worker_id"] for row in self.rows if row["status"] == "Terminated"}
        assert set(self.acme.plans().values()) <= {"applied", "superseded"}


def test_a_run_on_a_full_disk_says_so_and_the_next_one_does_everything_once(disk: Disk) -> None:
    full = Full(disk, disk.folder)
    met = [full.night(left) for left in (0, 60_000, 200_000, 4_000_000)]
    assert met[0] and not met[-1], met
    assert len(set(met)) > 1, met


@pytest.fixture
def small_server(postgres_server: Server, tmp_path: Path) -> Iterator[tuple[Disk, str]]:
    """A small disk, and a database of which everything but the log of the server lies there."""
    with small_disk(tmp_path / "disk", 64_000_000) as disk:
        # others may pass through to it, and nobody else may look in
        for above in (tmp_path, *tmp_path.parents):
            if not (mode := above.stat().st_mode) & 0o001:
                above.chmod(mode | 0o011)
        (place := disk.folder / "tables").mkdir()
        shutil.chown(place, user=OWNER)
        with psycopg.connect(postgres_server.url("postgres").replace("+psycopg", ""), autocommit=True) as admin:
            admin.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            admin.execute("CREATE DATABASE small TABLESPACE small")
            yield disk, postgres_server.url("small")
            admin.execute("DROP DATABASE small WITH (FORCE)")
            admin.execute("DROP TABLESPACE small")


def test_a_server_whose_disk_is_full_is_said_and_the_next_run_does_everything_once(
    small_server: tuple[Disk, str], tmp_path: Path
) -> None:
    disk, url = small_server
    (here := tmp_path / "acme").mkdir()
    full = Full(disk, here, **stored_at(here, url))
    met = [full.night(left) for left in (0, 300_000, 20_000_000)]
    assert met[0] == "store_full" and not met[-1], met


@pytest.mark.parametrize("into", ["classroom", "file"])
def test_a_learning_system_whose_disk_is_full_gets_everything_once_it_has_room(tmp_path: Path, into: str) -> None:
    with small_disk(tmp_path / "disk", 3_000_000) as disk:
        (here := tmp_path / "acme").mkdir()
        (out := disk.folder / "out").mkdir()
        learning = {
            "classroom": {"into": "classroom", "database": str(disk.folder / "classroom.db"), "simulation": True},
            "file": {"into": "file", "layout": "generic", "path": str(out)},
        }[into]
        acme = Company(here, settings={"guards": "off", "learning": learning}, engine="real")
        rows = staff(120)
        acme.day("2026-01-01", rows)
        before = sorted(out.glob("*.*"))
        for row in rows[20:100]:
            row["job_title"] = "Title " + "x" * 400
        rows[1]["status"] = "Terminated"
        rows.append(worker(1000, hire_date="2026-01-02"))
        acme.drop(rows)
        disk.fill(0)
        with pytest.raises(StopRun) as stopped:
            acme.day("2026-01-02")
        assert stopped.value.exit_code == 6 and stopped.value.fix
        assert sorted(out.glob("*.*")) == before, "half a file is in nobody's way"
        disk.make_room()
        with acme.open("2026-01-02") as it, it.ports.database.write() as tx:
            target_states.resume(tx, it.targets.name)  # as somebody does who does not want to wait half a minute
        assert acme.day("2026-01-02").exit_code == 0
        there = everybody(acme)
        assert [who for who, one in there.items() if one.state == "suspended"] == [rows[1]["worker_id"]]
        titles = {row["worker_id"]: row["job_title"] for row in rows if row["status"] == "Active"}
        assert titles.items() <= {who: one.attributes["job_title"] for who, one in there.items()}.items()
        assert len(there) == 121 and acme.day("2026-01-02").report.plan is None


def everybody(acme: Company) -> dict[str, Account]:
    """Employee number -> account, as the learning system itself has it."""

    async def read(target: Target) -> list[Account]:
        page = await target.accounts()
        await target.close()
        assert page.next is None
        return list(page.items)

    with acme.open("2026-01-02") as it:
        found = asyncio.run(read(it.ports.target()))
    assert len({one.worker_id for one in found}) == len(found), "somebody has two accounts"
    return {one.worker_id: one for one in found}
