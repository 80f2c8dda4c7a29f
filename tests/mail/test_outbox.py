"""The outbox against a real store and a real mail server: once, within the budget, in spite of crashes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from joinery.core.model.ids import AccountId, PersonKey
from joinery.errors import Rejected, StopRun, SystemUnreachable
from joinery.mail.outbox import MOST_TRIES, STOP_AFTER, Budget, Desk, Planned, SendReport, send_due
from joinery.mail.rendering import Templates
from joinery.mail.sender import Sender
from joinery.mail.sign_in import Later, Letter, Never, WaitForAddress
from joinery.store.database import Database
from joinery.store.mails import Mail, Mails, MailState, sign_in_key
from joinery.store.tables import metadata
from tests.mail.letters import HOST, letter, settings
from tests.mail.post_office import PostOffice, opened

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with opened() as office:
        yield office


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Mails]:
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    metadata.create_all(database.engine)
    yield Mails(database, "acme")
    database.close()


def plan(outbox: Mails, *people: str, silent: bool = False) -> None:
    wanted = [
        Mail(key=sign_in_key(PersonKey(who), DAY), person_key=PersonKey(who), kind="sign_in", due_at=NOW)
        for who in people
    ]
    with outbox.database.write() as tx:
        outbox.enqueue(tx, wanted, NOW, silent=silent)


def letter_for(mail: Planned) -> Letter:
    return letter(key=mail.key, to=f"{mail.person_key}@acme.example", account_id=AccountId(mail.person_key))


async def link_for(account: AccountId) -> str:
    return f"https://{HOST}/in/{account}"


DESK = Desk(letter_for=letter_for, link_for=link_for, templates=Templates())


def run(
    outbox: Mails,
    office: PostOffice,
    *,
    desk: Desk = DESK,
    per_run: int = 100,
    per_day: int = 100,
    now: datetime = NOW,
) -> SendReport:
    async def go() -> SendReport:
        async with Sender(settings(port=office.port)) as sender:
            budget = Budget(per_run=per_run, per_day=per_day, day_began=now.replace(hour=0))
            return await send_due(outbox, sender, desk, budget, lambda: now)

    return asyncio.run(go())


def keys(*people: str) -> list[str]:
    return [sign_in_key(PersonKey(who), DAY) for who in people]


def test_a_second_run_sends_nothing(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, "ana", "bob")
    assert run(outbox, office).sent == keys("ana", "bob")
    plan(outbox, "ana", "bob")
    assert run(outbox, office, now=NOW + timedelta(days=1)) == SendReport()
    assert len(office.received) == 2


def test_what_a_silent_first_load_recorded_never_goes_out_by_itself(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, *(f"veteran{n}" for n in range(50)), silent=True)
    plan(outbox, "veteran7", "ana")
    assert run(outbox, office).sent == keys("ana")
    assert outbox.counts() == {MailState.SILENCED: 50, MailState.SENT: 1}


def test_the_budget_holds_per_run_and_per_day_and_the_rest_goes_later(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, *(f"p{n}" for n in range(9)))
    first = run(outbox, office, per_run=4, per_day=6)
    second = run(outbox, office, per_run=4, per_day=6, now=NOW + timedelta(hours=1))
    third = run(outbox, office, per_run=4, per_day=6, now=NOW + timedelta(days=1))
    assert [(len(r.sent), r.left) for r in (first, second, third)] == [(4, 5), (2, 3), (3, 0)]


def test_a_budget_of_nothing_asks_nobody_anything(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, "ana")
    assert run(outbox, office, per_run=0).left == 1
    assert outbox.counts() == {MailState.PLANNED: 1}


def test_each_mail_gets_its_own_answer(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, "a", "b", "c", "d", "e")
    office.at_recipient = {"b@acme.example": "550 no such user", "c@acme.example": "450 greylisted"}
    office.drop_after_data = {"d@acme.example"}
    report = run(outbox, office)
    assert (report.sent, report.failed, report.later, report.unknown) == (
        keys("a", "e"),
        keys("b"),
        keys("c"),
        keys("d"),
    )
    assert [m.note for m in outbox.listed(MailState.FAILED)] == ["the mail server refused it (answer 550)"]
    assert run(outbox, office).sent == [], "neither the refused, nor the unknown, nor the greylisted one too early"
    office.at_recipient = {}
    assert run(outbox, office, now=NOW + timedelta(minutes=5)).sent == keys("c")


def test_a_server_that_always_says_later_is_given_up_in_the_end(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, "ana")
    office.at_recipient = {"ana@acme.example": "450 greylisted"}
    now, tries = NOW, 0
    while outbox.counts() == {MailState.PLANNED: 1}:
        run(outbox, office, now=(now := now + timedelta(hours=5)))
        tries += 1
    assert tries == MOST_TRIES
    assert outbox.counts() == {MailState.FAILED: 1}


def test_an_account_that_may_not_sign_in_fails_alone(outbox: Mails, office: PostOffice) -> None:
    async def link(account: AccountId) -> str:
        if account == "bob":
            raise Rejected("This account may not sign in.")
        return await link_for(account)

    plan(outbox, "ana", "bob", "eve")
    report = run(outbox, office, desk=Desk(letter_for=letter_for, link_for=link, templates=Templates()))
    assert (report.sent, report.failed) == (keys("ana", "eve"), keys("bob"))


def test_a_learning_system_that_is_down_leaves_the_mails_planned(outbox: Mails, office: PostOffice) -> None:
    async def link(account: AccountId) -> str:
        raise SystemUnreachable

    plan(outbox, "ana", "bob")
    report = run(outbox, office, desk=Desk(letter_for=letter_for, link_for=link, templates=Templates()))
    assert isinstance(report.stopped, SystemUnreachable)
    assert report.left == 2
    assert run(outbox, office).sent == keys("ana", "bob")


def test_a_mail_server_that_is_down_changes_nothing(outbox: Mails) -> None:
    with opened() as office:
        pass
    plan(outbox, "ana")
    with pytest.raises(SystemUnreachable):
        run(outbox, office)
    assert outbox.counts() == {MailState.PLANNED: 1}


def test_links_are_made_only_for_mails_that_leave_now(outbox: Mails, office: PostOffice) -> None:
    made: list[str] = []

    async def link(account: AccountId) -> str:
        made.append(account)
        return await link_for(account)

    def answers(mail: Planned) -> Letter | WaitForAddress | Later | Never:
        later = Later(at=NOW + timedelta(days=3), why="the hire date moved")
        odd = {"w": WaitForAddress(), "l": later, "n": Never(why="not employed any more")}
        return odd.get(mail.person_key) or letter_for(mail)  # type: ignore[return-value]

    plan(outbox, "a", "b", "l", "n", "w", "z")
    report = run(outbox, office, desk=Desk(letter_for=answers, link_for=link, templates=Templates()), per_run=2)
    assert made == ["a", "b"]
    assert (report.later, report.withdrawn, report.waiting, report.left) == ([], [], [], 4)
    report = run(outbox, office, desk=Desk(letter_for=answers, link_for=link, templates=Templates()))
    assert (report.later, report.withdrawn, report.waiting) == (keys("l"), keys("n"), keys("w"))
    assert made == ["a", "b", "z"]


def test_a_mail_waits_for_its_address_and_leaves_when_it_arrives(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, "mel")
    nowhere = Desk(letter_for=lambda mail: WaitForAddress(), link_for=link_for, templates=Templates())
    assert run(outbox, office, desk=nowhere).waiting == keys("mel")
    assert run(outbox, office).sent == []
    with outbox.database.write() as tx:
        assert outbox.address_arrived(tx, [PersonKey("mel")], NOW) == 1
    assert run(outbox, office).sent == keys("mel")


def test_many_refusals_in_a_row_stop_the_batch(outbox: Mails, office: PostOffice) -> None:
    people = [f"p{n:02}" for n in range(30)]
    plan(outbox, *people)
    office.at_data = {f"{who}@acme.example": "554 blocked" for who in people}
    report = run(outbox, office)
    assert len(report.failed) == STOP_AFTER
    assert isinstance(report.stopped, StopRun)
    assert outbox.counts() == {MailState.FAILED: STOP_AFTER, MailState.PLANNED: 30 - STOP_AFTER}


def test_a_header_cannot_be_forged_through_names(outbox: Mails, office: PostOffice) -> None:
    evil = "Ana\r\nBcc: everybody@acme.example\r\n\r\n<b>hello</b>"

    def forged(mail: Planned) -> Letter:
        return letter(key=mail.key, to="ana@acme.example", name=evil, company=evil, from_person=evil)

    plan(outbox, "ana")
    assert run(outbox, office, desk=Desk(letter_for=forged, link_for=link_for, templates=Templates())).sent
    (arrived,) = office.received
    assert arrived["Bcc"] is None
    assert office.envelopes[0][1] == ("ana@acme.example",)
    html = arrived.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<b>hello</b>" not in html
    assert "&lt;b&gt;hello&lt;/b&gt;" in html


@pytest.mark.parametrize(
    "address",
    [
        "ana@acme.example\r\nRCPT TO:<x@y.example>",
        "a@b.example, c@d.example",
        "no-address",
        "@acme.example",
        "ana@localhost",
    ],
)
def test_an_address_that_is_none_fails_alone(address: str, outbox: Mails, office: PostOffice) -> None:
    def answer(mail: Planned) -> Letter:
        return letter(key=mail.key, to=address if mail.person_key == "odd" else "ana@acme.example")

    plan(outbox, "ana", "odd")
    report = run(outbox, office, desk=Desk(letter_for=answer, link_for=link_for, templates=Templates()))
    assert (report.sent, report.failed) == (keys("ana"), keys("odd"))
    (kept,) = outbox.listed(MailState.FAILED)
    assert "acme" not in kept.note, "no address in the ledger"


CHILD = """
import asyncio, sys
from tests.mail import test_outbox as t
from joinery.mail.outbox import Budget, send_due
outbox = t.Mails(t.Database(sys.argv[1]), "acme")
office = t.PostOffice(port=int(sys.argv[2]))
print("ready", flush=True); sys.stdin.readline()
print(len(t.run(outbox, office).sent))
"""


def child(outbox: Mails, office: PostOffice) -> subprocess.Popen[str]:
    """Another process that sends what is due once it gets a line."""
    command = [sys.executable, "-c", CHILD, str(outbox.database.url), str(office.port)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    started = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def test_two_senders_at_once_send_each_mail_once(outbox: Mails, office: PostOffice) -> None:
    plan(outbox, *(f"p{n:02}" for n in range(40)))
    with child(outbox, office) as one, child(outbox, office) as two:
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        sent = [int(process.communicate(timeout=30)[0]) for process in (one, two)]
    assert sum(sent) == 40
    assert min(sent) > 0, "both took part, else this proves nothing"
    assert len({mail["Message-ID"] for mail in office.received}) == len(office.received) == 40


def killed_at_mail(outbox: Mails, office: PostOffice, number: int) -> None:
    """A sender that is killed when the server has got mail `number` and not yet answered."""
    with child(outbox, office) as process:

        def kill() -> None:
            if len(office.received) == number:
                process.send_signal(signal.SIGKILL)
                process.wait()

        office.on_data = kill
        process.communicate("go\n", timeout=30)
        assert process.returncode == -signal.SIGKILL
    office.on_data = lambda: None


def test_killed_between_send_and_record_leaves_one_unknown_mail_and_none_twice(
    outbox: Mails, office: PostOffice
) -> None:
    plan(outbox, "a", "b", "c", "d")
    killed_at_mail(outbox, office, 2)
    assert outbox.counts() == {MailState.SENT: 1, MailState.SENDING: 1, MailState.PLANNED: 2}
    assert outbox.recover(NOW) == 1
    report = run(outbox, office)
    assert report.sent == keys("c", "d")
    assert [mail.key for mail in outbox.listed(MailState.UNKNOWN)] == keys("b")
    assert [str(mail["To"].addresses[0].username) for mail in office.received] == ["a", "b", "c", "d"]


def test_an_unknown_mail_goes_again_only_when_a_person_says_so_and_looks_the_same_to_the_mailbox(
    outbox: Mails, office: PostOffice
) -> None:
    plan(outbox, "a")
    killed_at_mail(outbox, office, 1)
    outbox.recover(NOW)
    with outbox.database.write() as tx:
        assert outbox.send_again(tx, keys("a")[0], NOW, "hr.lead")
    assert run(outbox, office).sent == keys("a")
    first, second = office.received
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, 21))
def test_killed_at_any_mail(number: int, outbox: Mails, office: PostOffice) -> None:
    people = [f"p{n:02}" for n in range(20)]
    plan(outbox, *people)
    killed_at_mail(outbox, office, number)
    outbox.recover(NOW)
    run(outbox, office)
    assert [str(mail["To"].addresses[0].username) for mail in office.received] == people
    assert [mail.key for mail in outbox.listed(MailState.UNKNOWN)] == keys(people[number - 1])
