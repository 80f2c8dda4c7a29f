"""The outbox on SQLite and PostgreSQL: one row per key, one claim per mail, no way back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from joinery.core.model.ids import PersonKey
from joinery.store.database import Database
from joinery.store.mails import Mail, Mails, MailState, sign_in_key
from joinery.store.tables import metadata

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
DAY = date(2026, 3, 2)


@pytest.fixture
def outbox(store_url: str) -> Iterator[Mails]:
    database = Database(store_url)
    metadata.create_all(database.engine)
    yield Mails(database, "acme")
    database.close()


def mail(who: str, day: date = DAY, *, due: datetime = NOW, **changed: object) -> Mail:
    person = PersonKey(who)
    return Mail(key=sign_in_key(person, day), person_key=person, kind="sign_in", due_at=due, **changed)  # type: ignore[arg-type]


def enqueue(outbox: Mails, *wanted: Mail, silent: bool = False) -> int:
    with outbox.database.write() as tx:
        return outbox.enqueue(tx, wanted, NOW, silent=silent)


def state(outbox: Mails, key: str) -> MailState:
    (found,) = [m for m in outbox.listed(*MailState) if m.key == key]
    return found.state


def test_the_same_mail_is_planned_once(outbox: Mails) -> None:
    assert enqueue(outbox, mail("ana"), mail("bob"), mail("ana")) == 2
    assert enqueue(outbox, mail("ana"), mail("eve")) == 1
    assert [m.person_key for m in outbox.due(NOW, 10)] == ["ana", "bob", "eve"]


def test_a_thousand_mails_are_planned_in_one_go(outbox: Mails) -> None:
    assert enqueue(outbox, *(mail(f"p{n:04}") for n in range(1200))) == 1200
    assert enqueue(outbox, *(mail(f"p{n:04}") for n in range(1201))) == 1


def test_due_is_by_time_oldest_first_within_the_connection(outbox: Mails) -> None:
    enqueue(outbox, mail("late", due=NOW + timedelta(seconds=1)), mail("b"), mail("a", due=NOW - timedelta(days=3)))
    other = Mails(outbox.database, "other")
    enqueue(other, mail("stranger"))
    assert [m.person_key for m in outbox.due(NOW, 10)] == ["a", "b"]
    assert [m.person_key for m in outbox.due(NOW, 1)] == ["a"]
    assert not outbox.claim(mail("stranger").key, NOW), "nobody claims another connection's mail"


@pytest.mark.parametrize("was", [MailState.SENT, MailState.FAILED, MailState.UNKNOWN, MailState.SILENCED])
def test_a_mail_with_an_outcome_is_never_planned_again_by_itself(was: MailState, outbox: Mails) -> None:
    enqueue(outbox, mail("ana"), silent=was is MailState.SILENCED)
    if was is not MailState.SILENCED:
        assert outbox.claim(mail("ana").key, NOW)
        assert outbox.mark(mail("ana").key, was.value, NOW)  # type: ignore[arg-type]
    assert enqueue(outbox, mail("ana")) == 0
    assert not outbox.claim(mail("ana").key, NOW)
    assert state(outbox, mail("ana").key) is was


def test_eight_at_once_and_one_has_it(outbox: Mails) -> None:
    people = [f"p{n}" for n in range(10)]
    enqueue(outbox, *(mail(who) for who in people))
    with ThreadPoolExecutor(8) as threads:
        for who in people:
            claims = threads.map(outbox.claim, [mail(who).key] * 8, [NOW] * 8)
            assert sum(claims) == 1


def test_what_a_crash_left_in_sending_becomes_unknown_and_the_late_sender_may_still_tell(outbox: Mails) -> None:
    enqueue(outbox, mail("ana"), mail("bob"))
    outbox.claim(mail("ana").key, NOW)
    assert outbox.recover(NOW) == 1
    assert outbox.recover(NOW) == 0
    assert state(outbox, mail("ana").key) is MailState.UNKNOWN
    assert outbox.mark(mail("ana").key, "sent", NOW)
    assert state(outbox, mail("ana").key) is MailState.SENT
    assert not outbox.mark(mail("bob").key, "sent", NOW), "nobody sent what nobody claimed"


def test_a_cancelled_mail_is_planned_again_when_the_reason_is_gone(outbox: Mails) -> None:
    enqueue(outbox, mail("ana"))
    with outbox.database.write() as tx:
        assert outbox.cancel(tx, PersonKey("ana"), NOW, "not employed any more") == 1
    assert outbox.due(NOW, 10) == ()
    assert enqueue(outbox, mail("ana", due=NOW + timedelta(days=1))) == 1
    assert [m.key for m in outbox.due(NOW + timedelta(days=1), 10)] == [mail("ana").key]


def test_cancelling_touches_neither_what_left_nor_other_people(outbox: Mails) -> None:
    enqueue(outbox, mail("ana"), mail("bob"))
    outbox.claim(mail("ana").key, NOW)
    outbox.mark(mail("ana").key, "sent", NOW)
    with outbox.database.write() as tx:
        assert outbox.cancel(tx, PersonKey("ana"), NOW, "deceased") == 0
    assert outbox.counts() == {MailState.SENT: 1, MailState.PLANNED: 1}


def test_waiting_for_an_address(outbox: Mails) -> None:
    enqueue(outbox, mail("mel", state=MailState.WAITING), mail("bob"))
    outbox.wait_for_address(mail("bob").key, NOW)
    assert [m.person_key for m in outbox.listed(MailState.WAITING)] == ["bob", "mel"]
    assert outbox.due(NOW, 10) == ()
    with outbox.database.write() as tx:
        assert outbox.address_arrived(tx, [PersonKey("mel"), PersonKey("nobody")], NOW) == 1
    assert [m.person_key for m in outbox.due(NOW, 10)] == ["mel"]


def test_a_moved_hire_date_moves_the_mail(outbox: Mails) -> None:
    later = mail("ana", date(2026, 3, 9), due=NOW + timedelta(days=7))
    enqueue(outbox, mail("ana"))
    with outbox.database.write() as tx:
        assert outbox.move(tx, later, NOW)
    assert outbox.due(NOW, 10) == ()
    assert [m.key for m in outbox.due(later.due_at, 10)] == [later.key]
    with outbox.database.write() as tx:
        assert outbox.move(tx, mail("ana"), NOW), "and back again"
    assert [m.key for m in outbox.due(NOW + timedelta(days=30), 10)] == [mail("ana").key]


def test_a_hire_date_that_moves_after_the_mail_left_gives_no_second_one(outbox: Mails) -> None:
    enqueue(outbox, mail("ana"))
    outbox.claim(mail("ana").key, NOW)
    outbox.mark(mail("ana").key, "sent", NOW)
    moved = mail("ana", date(2026, 3, 9))
    with outbox.database.write() as tx:
        assert not outbox.move(tx, moved, NOW)
    assert enqueue(outbox, moved) == 0
    assert state(outbox, moved.key) is MailState.SILENCED


def test_a_rehire_has_a_mail_of_their_own(outbox: Mails) -> None:
    enqueue(outbox, mail("ana"))
    outbox.claim(mail("ana").key, NOW)
    outbox.mark(mail("ana").key, "sent", NOW)
    assert enqueue(outbox, mail("ana", date(2029, 1, 8))) == 1


def test_a_person_may_send_again_what_is_unknown_failed_or_silenced(outbox: Mails) -> None:
    enqueue(outbox, mail("ana"), silent=True)
    with outbox.database.write() as tx:
        assert outbox.send_again(tx, mail("ana").key, NOW, "hr.lead")
        assert not outbox.send_again(tx, mail("ana").key, NOW, "hr.lead"), "it is planned already"
    (found,) = outbox.due(NOW, 10)
    assert found.note == "sent again for hr.lead"


def test_a_put_back_mail_counts_its_tries(outbox: Mails) -> None:
    enqueue(outbox, mail("ana"))
    for tries in (1, 2):
        outbox.claim(mail("ana").key, NOW)
        assert outbox.put_back(mail("ana").key, NOW, NOW, "answer 450")
        assert [m.tries for m in outbox.due(NOW, 10)] == [tries]
    assert not outbox.put_back(mail("ana").key, NOW, NOW, "nobody holds it")


def test_the_days_budget_counts_what_may_have_left(outbox: Mails) -> None:
    enqueue(outbox, *(mail(who) for who in "abcde"))
    for who, outcome in (("a", "sent"), ("b", "failed"), ("c", "unknown")):
        outbox.claim(mail(who).key, NOW)
        outbox.mark(mail(who).key, outcome, NOW)  # type: ignore[arg-type]
    outbox.claim(mail("d").key, NOW)
    assert outbox.spent_since(NOW) == 3
    assert outbox.spent_since(NOW + timedelta(microseconds=1)) == 0


def test_enqueueing_belongs_to_the_callers_transaction(outbox: Mails) -> None:
    with pytest.raises(RuntimeError), outbox.database.write() as tx:
        outbox.enqueue(tx, [mail("ana")], NOW)
        raise RuntimeError
    assert outbox.counts() == {}
