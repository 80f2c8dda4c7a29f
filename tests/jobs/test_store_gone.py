"""The database goes away while the engine is at work: the plan stops with a reason, and goes on in the same process."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from joinery.core.model.ids import PlanId
from joinery.errors import StoreUnreachable
from joinery.jobs.api import open_engine
from joinery.store.database import Database
from tests.jobs.killed_child import FileLms, connect
from tests.jobs.test_kill import Killing, judge
from tests.jobs.world import CONNECTION, clock_from
from tests.support.door import door_to

MINUTE = float(os.environ.get("JOINERY_GONE", "60"))


def gone_for(seconds: float, tmp_path: Path, url: str) -> Counter[str]:
    """One plan of 360 operations; the store is away for so long when a sixth of them had their effect."""
    killing = Killing(url=url, folder=tmp_path, random=random.Random(1), latency=0.01)
    direct = killing.prepare()
    said: Counter[str] = Counter()
    with door_to(url) as (door, through):
        database = Database(through)
        engine = open_engine(
            database,
            target=lambda: FileLms(killing.lms, 0.01),
            mailer=None,
            clock=clock_from(),
            name=CONNECTION,
            state_dir=tmp_path / "state",
        )

        def away() -> None:
            lms = connect(killing.lms)
            while lms.execute("SELECT count(*) FROM effects").fetchone()[0] < killing.total // 6:
                time.sleep(0.01)
            door.close()
            time.sleep(seconds)
            door.open()

        taken_away = threading.Thread(target=away)
        taken_away.start()
        end = time.monotonic() + seconds + 120
        while time.monotonic() < end:
            try:
                engine.apply(PlanId("P-1"))
                break
            except StoreUnreachable as error:
                said[error.code] += 1
                time.sleep(0.5)
        taken_away.join()
        engine.close()
        database.close()
    judge(killing, direct)
    direct.close()
    return said


def test_a_plan_stops_when_its_store_goes_away_and_goes_on_where_it_stopped(tmp_path: Path, postgres_url: str) -> None:
    assert gone_for(2, tmp_path, postgres_url)["store_unreachable"] >= 2


@pytest.mark.long
def test_a_minute_without_a_store(tmp_path: Path, postgres_url: str) -> None:
    assert gone_for(MINUTE, tmp_path, postgres_url)["store_unreachable"] >= 10
