"""Sign-in mail, put together: the queue that plans hand their mail lines to, and the sending of what is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from joinery.app.targets import TargetMaker
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import ActionClass, SendSignInMail
from joinery.core.model.receipt import Outcome, Receipt
from joinery.core.model.standing import Stage
from joinery.core.rules.instants import at_local_time, start_of_day
from joinery.flows.gather import active_managers
from joinery.flows.policy import Policy
from joinery.kit.contract import Order
from joinery.settings import Settings
from joinery.store.accounts import Accounts
from joinery.store.assignments import assignments_of
from joinery.store.connections import load_state
from joinery.store.database import Database
from joinery.store.mails import Mail, Mails, MailState, sign_in_key
from joinery.store.people import People, Person
from joinery.store.reporting import Reporting
from joinery.store.unconfirmed import is_unconfirmed

#: a sign-in mail promises that these are there
PROMISED = (ActionClass.CREATE, ActionClass.RESTORE, ActionClass.GROUP, ActionClass.ASSIGN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """The mail of one connection."""

    settings: Settings
    database: Database
    policy: Policy
    targets: TargetMaker
    now: Callable[[], datetime]

    def queue(self) -> MailQueue:
        """What the engine hands mail lines to."""
        return MailQueue(self.database, self.policy, self.now)

    def send_due(self, as_of: datetime) -> Mapping[str, int]:
        """Send what is due; numbers by outcome. Nothing is opened when nothing waits."""
        outbox = Mails(self.database, self.policy.name)
        if not self.policy.mail.signing_in:
            return {}
        outbox.recover(self.now())
        with self.database.write() as connection:
            self._addresses_arrived(connection, outbox)
        if not outbox.due(as_of, 1):
            return {}
        return asyncio.run(self._send(outbox, as_of))

    def _addresses_arrived(self, connection: Any, outbox: Mails) -> None:
        waiting = [mail.person_key for mail in outbox.listed(MailState.WAITING)]
        people = People(connection, self.policy.name).by_key(waiting)
        personal = self.policy.mail.personal_address
        ready = [k for k, p in people.items() if p.worker.work_email or (personal and p.worker.personal_email)]
        outbox.address_arrived(connection, ready, self.now())

    async def _send(self, outbox: Mails, as_of: datetime) -> Mapping[str, int]:
        from joinery.mail.outbox import Budget, Desk, send_due
        from joinery.mail.rendering import Templates
        from joinery.mail.sender import Sender

        target: Any = self.targets.make()
        letters = _Letters(self, as_of)
        sender = Sender(mail_server(self.settings))
        try:
            report = await send_due(
                outbox,
                sender,
                Desk(
                    letter_for=letters.letter_for,
                    link_for=target.sign_in_link,
                    templates=Templates(self.settings.mail.templates),
                ),
                Budget(
                    per_run=self.settings.mail.per_run,
                    per_day=self.settings.mail.per_day,
                    day_began=start_of_day(as_of.astimezone(self.policy.company_zone).date(), self.policy.company_zone),
                ),
                lambda: as_of,
            )
        finally:
            await sender.__aexit__(None, None, None)  # connected when the first mail left, if any did
            await target.close()
        names = ("sent", "failed", "unknown", "later", "waiting", "withdrawn")
        numbers = {name: len(getattr(report, name)) for name in names}
        return {**numbers, "left": report.left}


def mail_server(settings: Settings) -> Any:
    """How mail leaves, from the settings. Raises ConfigError for what cannot be safe or cannot work."""
    from joinery.mail.sender import MailSettings

    mail = settings.mail
    return MailSettings(
        host=mail.host or "localhost",
        port=mail.port,
        security=mail.security,
        user=mail.user or "",
        password=mail.password.reveal if mail.password else None,
        sender=str(mail.from_ or ""),
        reply_to=str(mail.reply_to or ""),
        help_contact=mail.help_contact or "your manager or the HR team",
        ca_file=mail.ca_file,
    )


class MailQueue:
    """Takes mail lines of a plan into the outbox, once per account and employment. Sends nothing itself."""

    def __init__(self, database: Database, policy: Policy, now: Callable[[], datetime]) -> None:
        self._database = database
        self._policy = policy
        self._now = now

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """A queue has no accounts."""
        return ()

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """Queue each mail for its time; a mail that is known already is left alone."""
        wanted = [order.operation for order in orders if isinstance(order.operation, SendSignInMail)]
        with self._database.write() as connection:
            people = People(connection, self._policy.name).by_key([each.person_key for each in wanted])
            outbox = Mails(self._database, self._policy.name)
            for each in wanted:
                person = people[each.person_key]
                ended = person.standing.consumed_end if person.standing.back_on else None
                outbox.move(connection, self._mail(person, each), self._now(), ended=ended)
        for order in orders:
            yield Receipt(key=order.key, outcome=Outcome.DONE, detail="queued")

    def _mail(self, person: Person, operation: SendSignInMail) -> Mail:
        start = date.fromisoformat(operation.employment)
        early = self._policy.mail.days_before if self._personal(person) else 0
        return Mail(
            key=sign_in_key(person.key, start),
            person_key=person.key,
            kind="rehire" if person.standing.consumed_end and person.standing.back_on else "sign_in",
            due_at=at_local_time(
                start - timedelta(days=early), self._policy.mail.at, self._policy.zone_of(person.worker)
            ),
        )

    def _personal(self, person: Person) -> bool:
        return self._policy.mail.personal_address and bool(person.worker.personal_email)


class _Letters:
    """Everything a letter says, read at the moment it is written."""

    def __init__(self, mailing: Mailing, as_of: datetime) -> None:
        self._mailing = mailing
        self._as_of = as_of

    def letter_for(self, planned: Any) -> Any:
        """A letter, or why there is none now."""
        from joinery.mail.sign_in import Later, MailPolicy, Never, SendTo, route

        policy = self._mailing.policy
        with self._mailing.database.read() as connection:
            person = People(connection, policy.name).by_key([planned.person_key]).get(planned.person_key)
            account = Accounts(connection, policy.target).of_people([planned.person_key]).get(planned.person_key)
            owed = assignments_of(connection, [planned.person_key]).get(planned.person_key, ())
            manager = self._manager(connection, person) if person else ""
            waits = account is not None and self._waits(connection, planned.person_key, account.id)
        if person is None or account is None:
            return Never(why="there is no account")
        rules = MailPolicy(
            at=policy.mail.at, personal_address=policy.mail.personal_address, days_before=policy.mail.days_before
        )
        way = route(person.worker, person.standing, _zone(policy.zone_of(person.worker)), rules, self._as_of)
        if not isinstance(way, SendTo):
            return way
        if waits:
            return Later(at=self._as_of, why="no export of users has shown the account yet")
        return self._letter(planned, person, account.id, way.address, owed, manager)

    def _waits(self, connection: Connection, key: PersonKey, account: AccountId) -> bool:
        """What the mail promises was told to a system that does not answer, and is not shown, or not there."""
        policy = self._mailing.policy
        if policy.confirmed_by != "export" or policy.mail_unconfirmed:
            return False
        vanished = load_state(connection, policy.name).extra.get("vanished", ())
        return account in vanished or is_unconfirmed(connection, policy.name, key, PROMISED)

    def _manager(self, connection: Any, person: Person) -> str:
        """The next active manager up: no mail speaks in the name of somebody who left, died or is away."""
        people = People(connection, self._mailing.policy.name)
        named = person.worker.manager_id
        reporting = Reporting(connection, self._mailing.policy.name)
        up = active_managers(reporting, {named}).get(named, named) if named else ""
        found = next(iter(people.by_worker_id([up]).get(up, ())), None)
        if found is None or found.standing.stage is not Stage.ACTIVE:
            return ""
        return f"{found.worker.given_name} {found.worker.family_name}".strip()

    def _letter(self, planned: Any, person: Person, account: AccountId, address: str, owed: Any, manager: str) -> Any:
        from joinery.mail.languages import language_for
        from joinery.mail.sign_in import Letter, MailPolicy, PathDue, link_valid_until

        settings, worker = self._mailing.settings, person.worker
        today = self._as_of.astimezone(self._mailing.policy.zone_of(worker)).date()
        start: date = worker.hire_date or today
        return Letter(
            key=planned.key,
            account_id=account,
            to=address,
            name=f"{worker.given_name} {worker.family_name}".strip(),
            language=language_for(worker.language, worker.country, settings.company.language),
            company=settings.company.name,
            host=self._host() or "memory.invalid",
            from_person=manager or settings.mail.help_contact or "the HR team",
            paths=tuple(
                PathDue(title=a.requirement.partition(":")[2].replace("_", " "), due_on=a.due_on)
                for a in owed
                if a.state == "open"
            ),
            # one address for everybody does not end
            valid_until=None
            if self._mailing.targets.entry.into == "file"
            else link_valid_until(start, today, MailPolicy()),
            rehire=planned.kind == "rehire",
        )

    def _host(self) -> str:
        entry = self._mailing.targets.entry
        return urlsplit(str(entry.sign_in_at if entry.into == "file" else getattr(entry, "base_url", ""))).netloc


def _zone(zone: tzinfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")
