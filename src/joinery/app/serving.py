"""Runs the embedded Classroom for browsers. Rule: loopback unless somebody says otherwise, and a log without people.

A line of the log names the kind of page (`/in/{token}`), never the address that was asked for: links carry tokens.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter, sleep
from typing import Any
from urllib.parse import urlsplit

from joinery.app.mailing import mail_server
from joinery.app.targets import TargetMaker
from joinery.errors import ConfigError, JoineryError, StopRun
from joinery.settings import Settings

Now = Callable[[], datetime]
Log = Callable[[str], None]
#: a context that is given what ends a server
Ending = Callable[[Callable[[], None]], AbstractContextManager[None]]

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@contextmanager
def classroom_app(maker: TargetMaker, now: Now, log: Log) -> Iterator[Any]:
    """Classroom as an ASGI application; its database is closed at the end. Raises ConfigError when it is not here."""
    if maker.entry.into != "classroom":
        raise ConfigError(
            f"`learning` is {maker.entry.into}, which has no pages; nothing was started.",
            fix="`joinery serve` runs Classroom: `learning: { into: classroom }`.",
        )
    if maker.entry.url:
        raise ConfigError(
            f"This Classroom runs elsewhere, at {maker.entry.url}; nothing was started.",
            fix="Serve it there, or take `url` and `key` out of `learning` to have it here.",
        )
    from joinery_classroom.app import create_app

    classroom = maker.classroom()
    store = maker.classroom_store(classroom)
    post = FreshLinks(settings=maker.settings, base_url=maker.entry.base_url, now=now, log=log)
    try:
        sending = post.send if maker.settings.mail.enabled else None
        yield create_app(classroom, now=now, store=store, send_fresh_link=sending)
    finally:
        store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshLinks:
    """Mails a new sign-in link to whoever followed a used one. A mail that cannot leave is logged by account ID."""

    settings: Settings
    base_url: str
    now: Now
    log: Log

    def send(self, account: Any, link: str) -> None:
        """To the account's own address; never raises, because the page says the same to everybody."""
        try:
            answer = asyncio.run(self._send(account, link))
            outcome = type(answer).__name__.lower()
        except (JoineryError, OSError) as error:
            outcome = error.code if isinstance(error, JoineryError) else type(error).__name__
        self.log(f"fresh sign-in link for account {account.id}: {outcome}")

    async def _send(self, account: Any, link: str) -> Any:
        from joinery.mail.rendering import Templates
        from joinery.mail.sender import Sender
        from joinery.mail.sign_in import compose

        server, letter, at = mail_server(self.settings), self._letter(account), self.now()
        message = compose(letter, link, server, at, Templates(self.settings.mail.templates))
        async with Sender(server) as sender:
            return await sender.send(message, letter.to)

    def _letter(self, account: Any) -> Any:
        from joinery.mail.languages import language_for
        from joinery.mail.sign_in import Letter, MailPolicy, link_valid_until

        known, today = account.attributes, self.now().date()
        return Letter(
            key=f"fresh link {account.id} {self.now().isoformat()}",
            account_id=account.id,
            to=known.get("email") or "",
            name=account.name,
            language=language_for(
                known.get("language") or "", known.get("country") or "", self.settings.company.language
            ),
            company=self.settings.company.name,
            host=urlsplit(self.base_url).netloc,
            from_person=self.settings.mail.help_contact or "the HR team",
            valid_until=link_valid_until(today, today, MailPolicy()),
        )


def listening(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises StopRun when the port is taken or the host is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise _cannot_listen(error, host, port) from error
    return made


def _cannot_listen(error: OSError, host: str, port: int) -> StopRun:
    data: dict[str, object] = {"host": host, "port": port}
    if error.errno == errno.EADDRINUSE:
        return StopRun(
            f"Port {port} on {host} is in use by another program; nothing was started.",
            fix=f"Choose another one, e.g. --port {port + 1 if port < 65535 else 8484}, or stop the other program.",
            data=data,
        )
    return StopRun(
        f"Cannot listen on {host} port {port} ({error.strerror or 'no such host'}); nothing was started.",
        fix="Leave --host out for this machine only (127.0.0.1), and use a --port above 1023.",
        data=data,
    )


def serve(app: Any, listener: socket.socket, log: Log | None = None, ending: Ending | None = None) -> None:
    """Serves until Ctrl-C or a SIGTERM, then lets open requests finish. Raises KeyboardInterrupt at the end.

    `ending` is open meanwhile, and given what ends it without a KeyboardInterrupt.
    """
    with listener:
        server = _server(AccessLog(app, log) if log else app)
        with ending(partial(setattr, server, "should_exit", True)) if ending else nullcontext():
            server.run(sockets=[listener])


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application behind a free loopback port, in a thread, for a while: its address."""
    with listening("127.0.0.1", 0) as listener:
        server = _server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _server(app: Any) -> Any:
    import uvicorn

    config = uvicorn.Config(
        app, lifespan="off", timeout_graceful_shutdown=3, log_config=None, access_log=False, server_header=False
    )
    return uvicorn.Server(config)


def shifted(real: Now, start: datetime | None) -> Now:
    """A clock that begins at `start` and goes on at the usual pace; the real one without a start."""
    if start is None:
        return real
    ahead: timedelta = start - real()
    return lambda: real() + ahead


class AccessLog:
    """One line a request: method, kind of page, status, milliseconds. No address, no person, no query."""

    def __init__(self, app: Any, log: Log) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = perf_counter(), 0

        async def watched(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            kind = getattr(scope.get("route", None), "path", "(no such page)")
            self._log(f"{scope['method']} {kind} {status or 500} {(perf_counter() - started) * 1000:.0f} ms")
