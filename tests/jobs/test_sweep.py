"""The long sweep: any process, at any instant, killed or frozen, until 500 kills are counted; nothing lost or doubled.

JOINERY_SWEEP_KILLS sets another number. It takes about an hour for each store on two cores.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.jobs.test_kill import Killing
from tests.jobs.test_nodes import Fleet

KILLS = int(os.environ.get("JOINERY_SWEEP_KILLS", "500"))
#: 5,040 operations
PEOPLE = 840
#: a frozen process may have two calls on their way, which nobody can take back
IN_THE_AIR = 2


class Storm:
    """A driver and two workers over one plan; whoever is killed is started again in its place."""

    def __init__(self, fleet: Fleet, dice: random.Random) -> None:
        self.fleet = fleet
        self.dice = dice
        self.kills = self.stops = 0
        self.running: dict[str, subprocess.Popen[str]] = {}

    def rage(self, most: int) -> None:
        """Until so many were killed, or the plan is over."""
        for place in ("driver", "one", "two"):
            self._start(place)
        while self.kills < most and self.running["driver"].poll() != 0:
            time.sleep(self.dice.uniform(0, 1.5))
            place = self.dice.choice(("driver", "one", "two"))
            process = self.running[place]
            if process.poll() is not None:
                if process.returncode == 0:
                    break
                self._start(place)
            elif self.dice.random() < 0.1:
                process.send_signal(signal.SIGSTOP)
                time.sleep(self.dice.uniform(0.5, 5))
                process.send_signal(signal.SIGCONT)
                self.stops += 1
            else:
                process.kill()
                process.wait()
                self.kills += 1
                self._start(place)
        self._finish()

    def _start(self, place: str) -> None:
        self.running[place] = self.fleet.start(place, "P-1" if place == "driver" else "worker")

    def _finish(self) -> None:
        """Let it come to its end: a driver that lost its store for a moment is started again, as a service would."""
        for _ in range(20):
            if self.running["driver"].wait(300) == 0:
                break
            self._start("driver")
        for place in ("one", "two"):
            self.running[place].kill()
            self.running[place].wait()


@pytest.mark.long
def test_five_hundred_kills_of_any_process_lose_and_double_nothing(tmp_path: Path, store_url: str) -> None:
    dice = random.Random(2026)
    kills = stops = rounds = repeated = doubled = 0
    while kills < KILLS:
        killing = Killing(url=store_url, folder=tmp_path / f"{rounds}", random=dice, people=PEOPLE, latency=0.02)
        database = killing.prepare()
        with database.write() as tx:
            tx.exec_driver_sql("DELETE FROM nodes")
            if not database.embedded:
                # the same plan number again: the engine must not take its jobs for those that are over
                tx.exec_driver_sql("DROP SCHEMA IF EXISTS joinery_jobs CASCADE")
        with ExitStack() as stack:
            fleet = Fleet(killing, database, stack)
            storm = Storm(fleet, dice)
            try:
                storm.rage(KILLS - kills)
            finally:
                for child in fleet.started:
                    child.kill()
                    child.communicate()
            figures = fleet.judge(in_the_air=IN_THE_AIR * storm.stops)
        database.close()
        rounds, kills, stops = rounds + 1, kills + storm.kills, stops + storm.stops
        repeated, doubled = repeated + figures["repeated calls"], doubled + figures["duplicates"]
        print(f"{kills} kills, {stops} stops, {rounds} runs: 0 lost, {doubled} landed late, {repeated} calls repeated")
