"""An HR system that sends everything several times and out of order, over HTTP: one effect, the newest counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from joinery_simulators.sender import Message, deliveries
from tests.conftest import ROOT
from tests.contract.serving import served
from tests.stories.company import staff
from tests.web.house import FULL, House, house
from tests.web.test_push import CSV, acme_in, table

NOW = datetime.now(UTC)


def said(who: int, minutes_ago: int, **fields: str) -> dict[str, object]:
    at = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    return {"type": "employee.updated", "timestamp": at, "data": {"worker_id": f"{who:04}", **fields}}


def sent(folder: Path, url: str, told: list[dict[str, object]], seed: int) -> dict[str, object]:
    """As people type it."""
    (folder / "news.ndjson").write_text("".join(json.dumps(one) + "\n" for one in told))
    command = [sys.executable, "-m", "joinery_simulators", "webhooks", "news.ndjson", "--seed", str(seed)]
    done = subprocess.run(
        [*command, "--to", f"{url}/api/v1/webhooks/hris", "--secret-file", "secret"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    heard: dict[str, object] = json.loads(done.stdout)
    return heard


def ends(it: House) -> Counter[str]:
    """Employee number -> how often their access was really taken: what was so already changed nothing."""
    ended = "SELECT worker_id FROM plan_lines WHERE action = 'suspend' AND state = 'done' AND changed = 1"
    with it.it.ports.database.read() as connection:
        return Counter(connection.exec_driver_sql(ended).scalars())


def test_messages_that_come_twice_and_out_of_order_have_one_effect_and_the_newest_counts(tmp_path: Path) -> None:
    with house(acme_in(tmp_path)) as it:
        it.operation(it.http.post(FULL, content=table(staff(8)), headers=CSV), "accepted")
        it.until(lambda: len(it.access) == 8)
        titles = [said(who, ago, job_title=f"Title {ago}") for who in (1, 2, 3) for ago in (30, 20, 10)]
        told = [*titles, *(said(who, 5, status="Terminated") for who in (4, 5))]
        with served(it.app) as url:
            heard = sent(tmp_path, url, told, seed=4)
        assert heard["messages"] == 11 and int(str(heard["deliveries"])) > 15, heard
        it.until(lambda: [it.access[f"000{who}"] for who in (4, 5)] == ["suspended"] * 2)
        it.until(lambda: all(it.company.person(f"000{who}").worker.job_title == "Title 10" for who in (1, 2, 3)))
        with it.it.ports.database.read() as connection:
            kept = connection.exec_driver_sql("SELECT count(*) FROM arrivals WHERE door = 'webhook'").scalar_one()
        it.until(lambda: ends(it) == {"0004": 1, "0005": 1})
        assert kept == 11, "each message once, however often it came"


def test_the_order_is_the_same_for_the_same_seed_and_is_out_of_order_and_complete() -> None:
    messages = [Message(id=f"m-{n:02}", body={}) for n in range(20)]
    order = [one.id for one in deliveries(messages, 4)]
    assert order == [one.id for one in deliveries(messages, 4)] != [one.id for one in deliveries(messages, 5)]
    assert set(order) == {one.id for one in messages} and len(order) > 20
    assert order != sorted(order), "out of order"
