"""The disk is full: whatever was being written is not counted as done, and with room again everything is done once.

On a real file system that is full (a small tmpfs, where this machine lets us make one), with so many bytes left that
another step of the run is the first to find no room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from joinery.cli.messages import foreseen
from joinery.connectors.memory import MemoryTarget
from joinery.errors import JoineryError, StopRun
from tests.stories.company import Company, Row, staff, worker
from tests.stories.test_store_gone import Counting
from tests.support.disk import Disk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", 16_000_000) as made:
        yield made


class Full:
    """A company on a disk that is full each night, and has room again for a second run."""

    def __init__(self, disk: Disk) -> None:
        self.disk, self.changes = disk, Counter[tuple[str, str]]()
        self.acme = Company(
            disk.folder,
            settings={"guards": "off"},
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
        (there,) = self.disk.folder.rglob(file.name)
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
            assert "room" in f"{said.message} {said.fix}", said
            return said.code
        return ""

    def judge(self, file: str) -> None:
        # with -2 where its report had found room before
        kept = [name for name in self.acme.arrived("accepted") if name.startswith(file.removesuffix(".csv"))]
        assert len(kept) == 1 and not list((self.disk.folder / "inbox").iterdir()), kept
        assert not list(self.disk.folder.rglob("*.part")) and not list(self.disk.folder.rglob(".*.part"))
        kinds = Counter(kind for _, kind in self.changes)
        assert kinds == {"UpdateAccount": 80, "SuspendAccount": 1, "CreateAccount": 1}
        assert set(self.changes.values()) == {1}
        assert self.acme.who_is("suspended") == {row["worker_id"] for row in self.rows if row["status"] == "Terminated"}
        assert set(self.acme.plans().values()) <= {"applied", "superseded"}


def test_a_run_on_a_full_disk_says_so_and_the_next_one_does_everything_once(disk: Disk) -> None:
    full = Full(disk)
    met = [full.night(left) for left in (0, 60_000, 200_000, 4_000_000)]
    assert met[0] and not met[-1], met
    assert len(set(met)) > 1, met
