"""Speaks HTTP for connectors: bearer token, time and size limits, and every failure as one of `joinery.errors`.

The only user of httpx2. Rule 1: a token, a body, a query or a filled-in path never enters an error, a log or a
call record; paths are named by their template. Rule 2: only GET is tried again here. Writes are the ledger's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any, NoReturn, TypeAlias
from urllib.parse import quote, urlsplit

import httpx2
import stamina
from stamina.instrumentation import set_on_retry_hooks

from joinery.errors import (
    AuthenticationFailed,
    BadAnswer,
    ConfigError,
    Conflict,
    JoineryError,
    NotFound,
    Rejected,
    SystemUnreachable,
    TryAgain,
)

AsgiApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

# Their INFO lines hold whole URLs and their DEBUG lines hold headers, the token among them.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)
# Tries are recorded through `on_call`; stamina's own hook would print to standard output.
set_on_retry_hooks([])

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_WAIT = timedelta(days=1)
_PATIENCE = timedelta(seconds=5)
_GET_TRIES = 3
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A believed answer: 2xx, complete, parsed. `json` is None for an empty 202 or 204. Header names are lower case."""

    status: int
    json: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One exchange, for the run's list of calls. `path` is the template, `status` None when no answer came."""

    method: str
    path: str
    status: int | None
    ms: float
    #: 1 for the first try
    attempt: int
    #: code of the error that came of it; empty when it went well
    error: str = ""


@dataclass(slots=True)
class Transport:
    """A way to one system. Several event loops may use it at once: each has connections of its own.

    `auth` gives the bearer token at each request, so that a changed secret counts at once. `app` answers in this
    process instead of the network. `timeout` (seconds) is for a whole exchange, the slowest drip included.
    """

    base_url: str
    _: KW_ONLY
    auth: Callable[[], str] = field(repr=False)
    app: AsgiApp | None = field(default=None, repr=False)
    timeout: float = 60.0
    user_agent: str = "joinery"
    #: of what is sent; asked for as well, with plain JSON as the second choice
    media_type: str = "application/json"
    #: bytes of an answer after decompression
    most_bytes: int = 64 * 1024 * 1024
    #: a token crosses an unencrypted network only where somebody said so
    plain_http: bool = False
    on_call: Callable[[Call], None] | None = field(default=None, repr=False)
    _clients: dict[asyncio.AbstractEventLoop, httpx2.AsyncClient] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ConfigError("The address of the other system must look like https://host/path, without a password.")
        if parts.scheme == "http" and self.app is None and parts.hostname not in _LOOPBACK and not self.plain_http:
            raise ConfigError(
                f"The address of {parts.hostname} is not encrypted, and the access token would be readable on the way.",
                fix="Use https; plain HTTP is for a system on this machine (127.0.0.1).",
            )

    async def request(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        json: object = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """One answer that can be believed; raises only `joinery.errors`.

        `path` is a template, `/accounts/{id}`; `at` fills it. `data["effect"]` of a TryAgain is `none` when nothing
        can have happened and `unknown` when the change may be in effect although no answer came.
        """
        ask = _Ask(method=method, path=path, url=self._url(path, at or {}), body=json, params=params)
        if method != "GET":
            return await self._once(ask, 1)
        tries = stamina.retry_context(on=_soon, attempts=_GET_TRIES, wait_initial=0.2, wait_max=2.0, wait_jitter=0.3)
        async for attempt in tries:
            with attempt:
                return await self._once(ask, attempt.num)
        raise AssertionError("unreachable: the last try raises")  # pragma: no cover

    async def close(self) -> None:
        """Give back connections; the next request opens new ones."""
        here = asyncio.get_running_loop()
        while self._clients:
            loop, client = self._clients.popitem()
            if loop is here:
                await client.aclose()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(client.aclose(), loop))

    def _url(self, path: str, at: Mapping[str, str]) -> str:
        return self.base_url.rstrip("/") + path.format_map({name: quote(value, safe="") for name, value in at.items()})

    async def _once(self, ask: _Ask, attempt: int) -> Answer:
        """One try, recorded whatever comes of it."""
        started = perf_counter()
        heard = _Heard()
        error: JoineryError | None = None
        try:
            return await self._exchange(ask, heard)
        except JoineryError as failure:
            error = failure
            raise
        finally:
            if self.on_call is not None:
                spent = (perf_counter() - started) * 1000
                code = error.code if error else ""
                call = Call(
                    method=ask.method, path=ask.path, status=heard.status, ms=spent, attempt=attempt, error=code
                )
                self.on_call(call)

    async def _exchange(self, ask: _Ask, heard: _Heard) -> Answer:
        headers = {"Authorization": f"Bearer {self._token(ask)}"}
        content = None if ask.body is None else json.dumps(ask.body, ensure_ascii=False, separators=(",", ":")).encode()
        if content is not None:
            headers["Content-Type"] = self.media_type
        try:
            async with (
                asyncio.timeout(self.timeout),
                self._open().stream(
                    ask.method, ask.url, params=ask.params, content=content, headers=headers
                ) as response,
            ):
                heard.status, heard.headers = response.status_code, response.headers
                body = await self._read(ask, response)
        except (TimeoutError, httpx2.TransportError, httpx2.DecodingError, httpx2.InvalidURL) as error:
            # their texts can repeat what was sent, so they end here
            raise _no_answer(ask, error) from None
        return _judged(ask, heard.status, heard.headers, body)

    def _token(self, ask: _Ask) -> str:
        token = self.auth()
        # the HTTP library would refuse it too, and quote it
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise AuthenticationFailed(
                f"The access token for {ask} is empty or holds characters that a token cannot hold; nothing was sent.",
                fix="Set the secret again, without spaces or line ends.",
            )
        return token

    def _open(self) -> httpx2.AsyncClient:
        # a connection belongs to the event loop that opened it; a loop that ended took its connections along
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            for ended in [one for one in self._clients if one.is_closed()]:
                del self._clients[ended]
            accepted = ", ".join(dict.fromkeys([self.media_type, "application/json"]))
            self._clients[loop] = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(self.app, raise_app_exceptions=False) if self.app else None,
                headers={"User-Agent": self.user_agent, "Accept": accepted},
                timeout=httpx2.Timeout(self.timeout, connect=min(10.0, self.timeout)),
                follow_redirects=False,
            )
        return self._clients[loop]

    async def _read(self, ask: _Ask, response: httpx2.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self.most_bytes:
                raise BadAnswer(
                    f"{ask} answered with more than {self.most_bytes} bytes; nothing of it was believed.",
                    fix="Ask for smaller pages.",
                    data=ask.data(response.status_code),
                )
        return bytes(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """What is asked; as text it is `GET /accounts/{id}` and nothing more."""

    method: str
    path: str
    url: str = field(repr=False)
    body: object = field(repr=False)
    params: Mapping[str, str | int] | None = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def effect(self) -> str:
        """What a missing answer may have done."""
        return "none" if self.method == "GET" else "unknown"

    def data(self, status: int | None, **more: object) -> dict[str, object]:
        """The fields of an error about this."""
        return {"method": self.method, "path": self.path, "status": status, **more}


@dataclass(slots=True)
class _Heard:
    """How far the answer came, for the record of calls."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The wait that `Retry-After` asks for: seconds, or a date counted from the answer's own `Date`.

    Never negative and at most a day; None when there is none or it cannot be understood.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+", text, re.ASCII):
        return min(timedelta(seconds=min(int(text[:9]), 86_400 * 2)), _MOST_WAIT)
    try:
        # their clock against their clock: ours does not matter
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(timedelta(0), min(wait, _MOST_WAIT))


def _soon(error: Exception) -> bool | timedelta:
    """Whether a GET is worth another try at once; longer waits belong to the engine."""
    match error:
        case TryAgain(after=None):
            return True
        case TryAgain(after=timedelta() as after) if after <= _PATIENCE:
            return after
        case _:
            return False


def _no_answer(ask: _Ask, error: Exception) -> JoineryError:
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return BadAnswer(f"{ask} could not be put as a request; nothing was sent.", data=ask.data(None))
    if _certificate(error):
        return SystemUnreachable(
            f"{ask} was not sent: the certificate of the other system is not trusted.",
            fix="Have its certificate corrected, or give its authority to this computer (SSL_CERT_FILE).",
            data=ask.data(None),
        )
    sent = not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError)
    effect = ask.effect if sent else "none"
    said = "no complete answer came" if sent else "the other system could not be reached"
    after = " Whether it took effect is not known yet." if effect == "unknown" else " Nothing was written."
    return TryAgain(f"{ask}: {said}.{after}", data=ask.data(None, effect=effect, cause=type(error).__name__))


def _certificate(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def _judged(ask: _Ask, status: int | None, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer, or the error that it means."""
    status = status or 0
    if not 200 <= status < 300:
        _refuse(ask, status, headers, _parsed(body))
    if not body and status in {202, 204}:
        return Answer(status=status, json=None, headers=dict(headers))
    value = _parsed(body)
    if value is _NOT_JSON:
        raise BadAnswer(f"{ask} answered {status} with something that is not JSON.", data=ask.data(status))
    if _is_error(headers, value):
        said = _code(value)
        raise BadAnswer(f"{ask} answered {status} but it is an error{said}.", data=ask.data(status))
    return Answer(status=status, json=value, headers=dict(headers))


_NOT_JSON = object()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _is_error(headers: Mapping[str, str], value: Any) -> bool:
    if headers.get("content-type", "").startswith("application/problem+json"):
        return True
    # Moodle answers 200 with exception and errorcode, others with error
    return isinstance(value, dict) and any(value.get(name) for name in ("error", "exception", "errorcode"))


def _code(value: Any) -> str:
    """The machine's word for it, in brackets; free text may hold personal data and is not repeated."""
    found = value.get("code") or value.get("errorcode") if isinstance(value, dict) else None
    return f" ({found})" if isinstance(found, str) and _CODE.fullmatch(found) else ""


def _refuse(ask: _Ask, status: int, headers: Mapping[str, str], value: Any) -> NoReturn:
    said, data = _code(value), ask.data(status)
    match status:
        case 401 | 403:
            raise AuthenticationFailed(
                f"{ask} was refused with {status}{said}: {_WHICH[status]}; nothing was written.",
                fix="Check the access token and what it is allowed to do in the other system.",
                data=data,
            )
        case 404 | 410:
            raise NotFound(f"{ask}: there is no such thing in the other system{said}; nothing was written.", data=data)
        case 409 | 412:
            raise Conflict(f"{ask}: what is there does not allow it{said}; nothing was written.", data=data)
        case 400 | 413 | 422 | 501:
            # 501: it will be no better the next time
            raise Rejected(f"{ask} was rejected with {status}{said}; nothing was written.", data=data)
        case 408 | 425 | 429:
            raise _put_off(ask, status, headers, said)
        case _ if status >= 500:
            raise _put_off(ask, status, headers, said)
        case _:
            raise _astray(ask, status, headers, said)


def _put_off(ask: _Ask, status: int, headers: Mapping[str, str], said: str) -> TryAgain:
    # 429 is refused at the door; any other may come from something in between, after the change got through
    effect = "none" if status == 429 else ask.effect
    after = " Whether it took effect is not known yet." if effect == "unknown" else " Nothing was written."
    data = ask.data(status, effect=effect)
    return TryAgain(f"{ask} was put off with {status}{said}.{after}", data=data, after=retry_after(headers))


def _astray(ask: _Ask, status: int, headers: Mapping[str, str], said: str) -> BadAnswer:
    data = ask.data(status)
    if not 300 <= status < 400:
        return BadAnswer(f"{ask} answered {status}{said}, which means nothing here; nothing was believed.", data=data)
    where = urlsplit(headers.get("location", "")).hostname or "another place"
    return BadAnswer(
        f"{ask} was sent on to {where}; redirects are not followed, because the token would go along.",
        fix="If that is where the system lives now, put that address into the settings.",
        data=data,
    )


_WHICH = {
    401: "the access token is missing, wrong or expired",
    403: "the access token is known but may not do this",
}
