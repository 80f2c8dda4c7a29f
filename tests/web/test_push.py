"""News that are pushed: kept before the sender is told yes, told once, ends of access at once, the rest by the plan."""

from __future__ import annotations

import base64
import csv
import hmac
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from joinery.app.alerting import tell as alert
from joinery.app.desk import Desk
from joinery.flows import push
from joinery.flows.person import Word, end_access
from joinery.flows.receiving import body_of, keep_arrival, take_in
from joinery.flows.sync import sync
from joinery.store.arrivals import Arrival
from joinery.store.closings import closings_between
from joinery.store.findings import open_findings
from joinery.store.plans import lines_of, plans_of
from tests.intake.workbooks import workbook
from tests.stories.company import COLUMNS, Company, Row, changed, staff, without, worker
from tests.web.house import CHANGES, FULL, House, house, problem

CSV = {"content-type": "text/csv"}
NDJSON = {"content-type": "application/x-ndjson"}
XLSX = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
GONE = {"status": "Terminated"}
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
HOOK = "/api/v1/webhooks/hris"


def table(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def acme_in(folder: Path, **settings: Any) -> Company:
    (folder / "secret").write_text(SECRET)
    hooked = {"from": "push", "webhook": {"secret": {"file": "secret"}}}
    return Company(folder, people=hooked, settings=settings)


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[House]:
    """Thirty people with accounts, brought by an upload."""
    with house(acme_in(tmp_path)) as it:
        it.operation(it.http.post(FULL, content=table(staff(30)), headers=CSV), "accepted")
        it.until(lambda: len(it.access) == 30)
        yield it


def signed(body: Any, *, key: str = "msg_1", at: datetime | None = None, secret: str = SECRET) -> dict[str, Any]:
    """The request of a sender that follows Standard Webhooks."""
    content = json.dumps(body).encode()
    stamp = str(int((at or datetime.now(UTC)).timestamp()))
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(raw, f"{key}.{stamp}.".encode() + content, sha256).digest()).decode()
    headers = {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": f"v1a,abc v1,{mark}"}
    return {"content": content, "headers": headers}


def news(who: str, **fields: Any) -> dict[str, Any]:
    return {"type": "employee.updated", "data": {"worker_id": who, **fields}}


# ------------------------------------------------------------------------------------------------------- uploads


def test_an_upload_becomes_accounts_by_the_same_path_as_a_file(acme: House) -> None:
    assert set(acme.access.values()) == {"active"}
    with acme.it.ports.database.read() as connection:
        (plan,) = plans_of(connection, "main")
    assert "hris_upload_" in plan.cause
    assert [path.suffix for path in acme.company.folder.glob(".joinery/pushed/hris/archive/accepted/*/*.csv")]
    assert not list(acme.company.folder.glob(".joinery/pushed/hris/arriving/*"))


def test_a_workbook_is_an_upload_like_any_other(tmp_path: Path) -> None:
    people = [[row[column] for column in COLUMNS] for row in staff(3)]
    with house(acme_in(tmp_path)) as acme:
        sent = acme.http.post(FULL, content=workbook(("People", [COLUMNS, *people])), headers=XLSX)
        acme.operation(sent, "accepted")
        acme.until(lambda: acme.access == dict.fromkeys(("0001", "0002", "0003"), "active"))


def test_the_trust_gate_stands_before_uploads_too(tmp_path: Path) -> None:
    with house(acme_in(tmp_path, guards="off")) as acme:
        acme.operation(acme.http.post(FULL, content=table(staff(300)), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 300)
        held = acme.operation(acme.http.post(FULL, content=table(staff(100)), headers=CSV), "held")
        assert held["result"]["findings"][0]["check"]
        assert set(acme.access.values()) == {"active"}


def test_the_same_key_is_the_same_upload_and_another_content_is_refused(acme: House) -> None:
    key = CSV | {"Idempotency-Key": "night-1"}
    first = acme.http.post(CHANGES, content=table([worker(31)]), headers=key)
    again = acme.http.post(CHANGES, content=table([worker(31)]), headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"] and first.headers["location"].endswith(first.json()["id"])
    body = problem(acme.http.post(CHANGES, content=table([worker(32)]), headers=key), 422, "key_reused")
    assert "nothing was kept" in body["detail"]
    problem(acme.http.post(FULL, content=table([worker(31)]), headers=key), 422, "key_reused")
    acme.operation(first, "accepted", "same")
    acme.until(lambda: "0031" in acme.access)
    assert "0032" not in acme.access


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        pytest.param(b"", CSV, 422, "empty", id="nothing"),
        pytest.param(b"\n\n", NDJSON, 422, "empty", id="no record"),
        pytest.param(b'{"a": 1}\n{"a": ', NDJSON, 422, "not_understood", id="a record that was cut"),
        pytest.param(b'{"a": 1}\n[1]\n', NDJSON, 422, "not_understood", id="a line that is no record"),
        pytest.param(b'{"a": 1}\n{"b": 1}\n', NDJSON, 422, "not_understood", id="records with other fields"),
        pytest.param(b'{"a": [{"b": 1}]}\n', NDJSON, 422, "not_understood", id="a list of objects"),
        pytest.param(b"x" * 1_000_001, CSV, 413, "too_large", id="more than may be"),
        pytest.param(b"a,b", {"content-type": "text/html"}, 415, "unknown_kind", id="another kind"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    tmp_path: Path, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    with house(acme_in(tmp_path, api={"largest_mb": 1}), begin=False) as acme:
        body = problem(acme.http.post(CHANGES, content=content, headers=headers), status, code)
        assert "nothing was kept" in body["detail"]
        assert not [path for path in tmp_path.glob(".joinery/pushed/**/*") if path.is_file()]


def test_an_upload_that_is_cut_short_never_counts(tmp_path: Path) -> None:
    with house(acme_in(tmp_path), begin=False) as acme:
        short = CSV | {"content-length": "100000"}
        problem(acme.http.post(FULL, content=iter([table(staff(3))]), headers=short), 400, "cut_short")
        assert not [path for path in tmp_path.glob(".joinery/pushed/**/*") if path.is_file()]


def test_an_unknown_source_and_a_token_for_another_thing_are_refused(acme: House) -> None:
    problem(acme.http.post("/api/v1/ingest/payroll?content=full", content=b"x", headers=CSV), 404, "not_there")
    problem(acme.bare.post(FULL, content=b"x", headers=CSV), 401, "not_let_in")
    reader = acme.with_token(acme.token("read"))
    problem(reader.post(FULL, content=b"x", headers=CSV), 403, "not_allowed")
    problem(acme.http.post("/api/v1/ingest/hris", content=b"x", headers=CSV), 422, "not_understood")
    problem(acme.http.get("/api/v1/operations/A-999"), 404, "not_there")


def test_what_a_push_does_not_name_stays_as_it_is(acme: House) -> None:
    before = acme.company.account("0004").attributes
    sent = acme.http.post(CHANGES, content=lines({"worker_id": "0004", "job_title": "Lead"}), headers=NDJSON)
    acme.operation(sent, "accepted")
    acme.until(lambda: acme.company.account("0004").attributes.get("job_title") == "Lead")
    after = acme.company.account("0004").attributes
    assert {**before, "job_title": "Lead"} == after


# ---------------------------------------------------------------------------------------------- ends of access


def test_an_end_that_is_pushed_rides_alone_and_is_read_back(acme: House) -> None:
    sent = acme.http.post(CHANGES, content=lines({"worker_id": "0007", **GONE}), headers=NDJSON)
    acme.until(lambda: acme.access["0007"] == "suspended")
    acme.operation(sent, "accepted", "same")
    with acme.it.ports.database.read() as connection:
        pushed = [plan for plan in plans_of(connection, "main") if plan.cause.startswith("pushed push")]
        assert [line.line.worker_id for line in lines_of(connection, pushed[0].id)] == ["0007"]
        (row,) = closings_between(
            connection, "main", datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        )
    assert (row.worker_id, row.heard_by, row.detail) == ("0007", "push", "suspended")
    times = row.times
    assert times.accepted_at is not None and times.closed_at is not None
    assert times.read_at <= times.accepted_at <= times.closed_at
    assert sum(state == "suspended" for state in acme.access.values()) == 1


def test_an_end_rides_through_a_held_mass_change(tmp_path: Path) -> None:
    with house(acme_in(tmp_path, guards={"suspend": {"most": 3}})) as acme:
        everybody = staff(30)
        acme.operation(acme.http.post(FULL, content=table(everybody), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 30)
        layoff = [row | GONE if row["worker_id"] <= "0020" else row for row in everybody]
        acme.operation(acme.http.post(FULL, content=table(layoff), headers=CSV), "accepted")
        with acme.it.ports.database.read() as connection:
            held = [line for line in lines_of(connection, plans_of(connection, "main")[0].id) if line.line.held]
        assert len(held) == 20 and set(acme.access.values()) == {"active"}
        acme.bare.post(HOOK, **signed(news("0025", **GONE)))
        acme.until(lambda: acme.access["0025"] == "suspended")
        assert sum(state == "suspended" for state in acme.access.values()) == 1


def test_above_the_limit_pushed_ends_wait_and_somebody_is_told(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("json://127.0.0.1:9/")
    quiet = {"from": "00:00", "to": "23:59"}
    alerts = {"high": [{"file": "address"}], "low": [{"file": "address"}], "quiet": quiet}
    with house(
        acme_in(tmp_path, kill_switch={"push_per_hour": 2}, modes={"suspend": "approve"}, alerts=alerts)
    ) as acme:
        acme.operation(acme.http.post(FULL, content=table(staff(9)), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 9)
        told = []
        for number in range(1, 7):
            sent = acme.bare.post(HOOK, **signed(news(f"000{number}", **GONE), key=f"m{number}"))
            assert acme.operation(sent, "taken")["result"]["ends_waiting"] == (0 if number < 3 else 1)
            told += messages(acme)
        assert [acme.access[f"000{n}"] for n in range(1, 5)] == ["suspended", "suspended", "active", "active"]
        says = "Access does not end of {} pushed as gone: the limit of 2 an hour is used up"
        first, second, fourth = (says.format(who) for who in ("1 person", "2 people", "4 people"))
        # one for the cause, by day and by night, and again when there are twice as many
        assert [text.splitlines()[0] for text in told] == [
            f"[Acme] {kind}: {text}"[:120] for kind, text in (("open", first), ("worse", second), ("worse", fourth))
        ]
        assert "joinery plan approve PLAN --override REASON" in told[0] and "joinery issue show H-" in told[0]
        # by hand there is no limit
        for number in range(3, 6):
            assert end_access(acme.it.ports, f"000{number}", Word(owner="me", reason="INC-1")).closed
        assert messages(acme) == [] and checks(acme) == {"pushed_ends_wait"}
        assert end_access(acme.it.ports, "0006", Word(owner="me", reason="INC-1")).closed
        assert ["solved: Access" in text for text in messages(acme)] == [True] and checks(acme) == set()


def messages(acme: House) -> list[str]:
    """What would leave the house now: title and text."""
    sent: list[str] = []

    def send(_addresses: Sequence[str], title: str, text: str) -> bool:
        sent.append(f"{title}\n{text}")
        return True

    alert(acme.it.settings, acme.it.ports, acme.it.ports.now(), send)
    return sent


def test_above_the_limit_pushed_ends_are_held_also_where_everything_runs_by_itself(tmp_path: Path) -> None:
    with house(acme_in(tmp_path, kill_switch={"push_per_hour": 2})) as acme:
        everybody = staff(9)
        acme.operation(acme.http.post(FULL, content=table(everybody), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 9)
        for number in range(1, 5):
            acme.operation(acme.bare.post(HOOK, **signed(news(f"000{number}", **GONE), key=f"m{number}")), "taken")

        def held() -> dict[str, str]:
            with acme.it.ports.database.read() as connection:
                plan = plans_of(connection, "main")[0]
                return {line.line.worker_id: line.line.held for line in lines_of(connection, plan.id) if line.line.held}

        acme.until(lambda: sorted(held()) == ["0003", "0004"])
        assert set(held().values()) == {"2 ends of access were pushed above the limit of 2 an hour"}
        assert [acme.access[f"000{n}"] for n in range(1, 5)] == ["suspended", "suspended", "active", "active"]
        assert "pushed_ends_wait" in checks(acme)
        # somebody answers for one that is meant; the other is confirmed by a full file of HR's
        assert end_access(acme.it.ports, "0003", Word(owner="me", reason="INC-1")).closed
        gone = [row | GONE if row["worker_id"] <= "0004" else row for row in everybody]
        acme.operation(acme.http.post(FULL, content=table(gone), headers=CSV), "accepted")
        acme.until(lambda: acme.access["0004"] == "suspended")
        acme.until(lambda: "pushed_ends_wait" not in checks(acme))


def test_a_run_between_the_news_and_their_plan_does_not_let_them_in_by_the_back_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house(acme_in(tmp_path, kill_switch={"push_per_hour": 1})) as acme:
        acme.operation(acme.http.post(FULL, content=table(staff(9)), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 9)
        acme.operation(acme.bare.post(HOOK, **signed(news("0001", **GONE), key="m1")), "taken")
        acme.until(lambda: acme.access["0001"] == "suspended")
        acme.desk.stop()
        plan = push.make_plan
        runs: list[int] = []

        def after_a_run(*args: Any, **named: Any) -> Any:
            runs.append(sync(acme.it.ports, acme.it.ports.now()).exit_code)
            return plan(*args, **named)

        monkeypatch.setattr(push, "make_plan", after_a_run)
        row = {"worker_id": "0002", **GONE}
        ports = acme.it.ports
        body = body_of([row], None, "two")
        news_of_two = Arrival(id="", source="hris", door="push", sha256="0" * 64, received_at=ports.now(), body=body)
        told = take_in(ports, keep_arrival(ports, news_of_two)[0])
        assert told is not None and told.waiting == 1 and len(runs) == 1
        assert acme.access["0002"] == "active"


def checks(acme: House) -> set[str]:
    """The problems that are open."""
    with acme.it.ports.database.read() as connection:
        return {found["check"] for found in open_findings(connection, "main")}


def test_in_observe_mode_nothing_is_written_and_the_news_are_known(tmp_path: Path) -> None:
    company = acme_in(tmp_path)
    with house(company) as acme:
        acme.operation(acme.http.post(FULL, content=table(staff(3)), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 3)
    company.write_settings(mode="observe")
    with house(company) as acme:
        sent = acme.bare.post(HOOK, **signed(news("0001", **GONE)))
        assert acme.operation(sent, "taken")["result"]["ends_waiting"] == 1
        assert set(acme.access.values()) == {"active"}


def test_an_end_still_to_come_waits_for_its_day(acme: House) -> None:
    soon = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    sent = acme.bare.post(HOOK, **signed(news("0005", status="Terminated", termination_date=soon)))
    acme.operation(sent, "taken")
    assert acme.access["0005"] == "active"
    acme.desk.stop()
    company = acme.company
    later = (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    with company.open(later) as it:
        sync(it.ports, datetime.fromisoformat(later).replace(tzinfo=UTC))
    assert acme.access["0005"] == "suspended"


def test_the_next_full_file_that_says_the_same_changes_nothing(acme: House) -> None:
    acme.operation(acme.bare.post(HOOK, **signed(news("0006", **GONE))), "taken")
    assert acme.access["0006"] == "suspended"
    told = changed(staff(30), "0006", **GONE)
    acme.operation(acme.http.post(FULL, content=table(told), headers=CSV), "accepted")
    assert [who for who, state in acme.access.items() if state != "active"] == ["0006"]
    leaver = [event for event in acme.company.events("0006") if "leaver" in event]
    assert len(leaver) == 1


def test_an_unknown_word_and_a_broken_record_end_nobodys_access(acme: House) -> None:
    for number, record in enumerate([{"status": "Zzz"}, {"status": "Terminated", "hire_date": "not a day"}]):
        sent = acme.bare.post(HOOK, **signed(news("0008", **record), key=f"odd{number}"))
        acme.operation(sent, "taken")
    # the second one: of a row that cannot be used only the end is believed
    assert acme.access["0008"] == "suspended"
    other = acme.bare.post(HOOK, **signed(news("0009", status="Zzz"), key="odd9"))
    acme.operation(other, "taken")
    assert acme.access["0009"] == "active"


def test_nobody_is_gone_because_a_push_does_not_name_them(acme: House) -> None:
    for _ in range(4):
        few = table(without(staff(30), *[f"{n:04}" for n in range(2, 31)]))
        acme.operation(acme.http.post(CHANGES, content=few, headers=CSV), "accepted", "same")
    assert set(acme.access.values()) == {"active"}


def test_news_that_were_kept_and_not_told_are_told_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = acme_in(tmp_path)
    with house(company) as acme:
        acme.operation(acme.http.post(FULL, content=table(staff(3)), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 3)
    with house(company, begin=False) as acme:
        monkeypatch.setattr(Desk, "tell", _dies)
        assert acme.bare.post(HOOK, **signed(news("0002", **GONE))).status_code == 500
        assert acme.access["0002"] == "active"
    monkeypatch.undo()
    with house(company) as acme:
        acme.until(lambda: acme.access["0002"] == "suspended")


def _dies(_desk: Desk, _arrival: Arrival) -> None:
    raise RuntimeError("killed between keeping and telling")


# ------------------------------------------------------------------------------------------------------ webhooks


def test_a_message_that_comes_twice_is_told_once(acme: House) -> None:
    first = acme.bare.post(HOOK, **signed(news("0010", job_title="Lead"), key="again"))
    acme.operation(first, "taken")
    second = acme.bare.post(HOOK, **signed(news("0010", job_title="Lead"), key="again"))
    assert (second.status_code, second.json()["id"]) == (202, first.json()["id"])


def test_out_of_order_an_older_message_does_not_undo_a_newer_one(acme: House) -> None:
    now = datetime.now(UTC)

    def told(title: str, ago: int) -> None:
        body = news("0011", job_title=title) | {"timestamp": (now - timedelta(minutes=ago)).isoformat()}
        acme.operation(acme.bare.post(HOOK, **signed(body, key=title)), "taken")

    told("Director", 1)
    told("Clerk again", 30)
    acme.until(lambda: acme.company.account("0011").attributes.get("job_title") == "Director")
    acme.operation(acme.bare.post(HOOK, **signed(news("0012", job_title="x"), key="after")), "taken")
    acme.until(lambda: acme.company.account("0012").attributes.get("job_title") == "x")
    assert acme.company.account("0011").attributes["job_title"] == "Director"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"at": datetime(2020, 1, 1, tzinfo=UTC)}, id="replayed later"),
        pytest.param({"at": datetime(2100, 1, 1, tzinfo=UTC)}, id="signed for a day to come"),
        pytest.param({"secret": "whsec_" + base64.b64encode(b"x" * 32).decode()}, id="another secret"),
    ],
)
def test_what_is_not_signed_as_agreed_is_not_kept(acme: House, change: dict[str, Any]) -> None:
    problem(acme.bare.post(HOOK, **signed(news("0001", **GONE), **change)), 401, "not_signed")
    assert acme.access["0001"] == "active"


def test_a_changed_body_a_missing_header_and_no_json_are_refused(acme: House) -> None:
    good = signed(news("0001", **GONE))
    problem(acme.bare.post(HOOK, **(good | {"content": good["content"] + b" "})), 401, "not_signed")
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        headers = {key: value for key, value in good["headers"].items() if key != name}
        problem(acme.bare.post(HOOK, content=good["content"], headers=headers), 401, "not_signed")
    problem(acme.bare.post("/api/v1/webhooks/other", **good), 404, "not_there")
    assert acme.access["0001"] == "active"


def test_a_second_secret_counts_while_one_follows_the_other(tmp_path: Path) -> None:
    company = acme_in(tmp_path)
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    (tmp_path / "new").write_text(new)
    company.people["webhook"] = {"secret": [{"file": "new"}, {"file": "secret"}]}
    company.write_settings()
    with house(company, begin=False) as acme:
        for number, secret in enumerate((SECRET, new)):
            sent = acme.bare.post(HOOK, **signed(news("0001"), key=f"k{number}", secret=secret))
            assert sent.status_code == 202


def test_the_news_themselves_are_not_kept_once_they_are_told(acme: House) -> None:
    sent = acme.bare.post(HOOK, **signed(news("0013", family_name="Zephyrine"), key="personal"))
    acme.operation(sent, "taken")
    from sqlalchemy import select

    from joinery.store.tables import arrivals

    with acme.it.ports.database.read() as connection:
        kept = connection.execute(select(arrivals.c.body, arrivals.c.report).where(arrivals.c.key == "personal")).one()
    assert kept.body == "" and "Zephyrine" not in kept.report
