"""Every way an exchange can go wrong, against a real server: the right error, the right tries, and nothing leaks."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import stamina

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
from joinery.kit.transport import Answer, Call, Transport
from tests.contract.serving import served
from tests.kit.server import DATE, Peer, Say, serving
from tests.kit.tls import encrypted

TOKEN = "tok-SECRET-9f2c"
PRIVATE = "ana.silva@example.org"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving() as one, stamina.set_testing(True, attempts=3, cap=True):
        yield one


def ask(
    peer: Peer, method: str = "GET", path: str = "/things/{id}", calls: list[Call] | None = None, **settings: Any
) -> Answer:
    """One request, with a private value in the path, the query and the body."""

    async def story() -> Answer:
        noted = None if calls is None else calls.append
        transport = Transport(peer.url, auth=lambda: TOKEN, on_call=noted, **{"timeout": 5.0, **settings})
        try:
            body = {"email": PRIVATE} if method != "GET" else None
            return await transport.request(method, path, at={"id": PRIVATE}, params={"q": PRIVATE}, json=body)
        finally:
            await transport.close()

    return asyncio.run(story())


def problem(status: int, **headers: str) -> Say:
    body = {"code": "wrong_thing", "detail": f"{PRIVATE} and {TOKEN}", "email": PRIVATE}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Say(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/problem+json", **given},
    )


def test_a_good_answer_is_parsed_and_the_token_was_sent(peer: Peer) -> None:
    peer.says(Say(body='{"name": "Łukasz"}'.encode(), headers={"X-Page": "2"}))
    answer = ask(peer, "POST")
    assert answer.json == {"name": "Łukasz"} and answer.status == 200 and answer.headers["x-page"] == "2"
    (seen,) = peer.seen
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["user-agent"] == "joinery" and seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {"email": PRIVATE}


def test_what_fills_a_path_cannot_leave_its_place(peer: Peer) -> None:
    async def story() -> None:
        transport = Transport(peer.url + "/base/", auth=lambda: TOKEN)
        await transport.request("GET", "/things/{id}/x", at={"id": "../../admin?all=1#é"})
        await transport.close()

    asyncio.run(story())
    assert peer.seen[0].path == "/base/things/..%2F..%2Fadmin%3Fall%3D1%23%C3%A9/x"


STATUSES = {
    400: Rejected,
    401: AuthenticationFailed,
    402: BadAnswer,
    403: AuthenticationFailed,
    404: NotFound,
    405: BadAnswer,
    406: BadAnswer,
    408: TryAgain,
    409: Conflict,
    410: NotFound,
    412: Conflict,
    413: Rejected,
    415: BadAnswer,
    418: BadAnswer,
    422: Rejected,
    425: TryAgain,
    429: TryAgain,
    431: BadAnswer,
    451: BadAnswer,
    500: TryAgain,
    501: Rejected,
    502: TryAgain,
    503: TryAgain,
    504: TryAgain,
    599: TryAgain,
    301: BadAnswer,
    304: BadAnswer,
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("status", "kind"), STATUSES.items(), ids=map(str, STATUSES))
def test_each_status_is_one_error_that_names_the_request_and_nothing_private(
    peer: Peer, method: str, status: int, kind: type[JoineryError]
) -> None:
    peer.says(problem(status))
    with pytest.raises(kind) as caught:
        ask(peer, method)
    error = caught.value
    assert type(error) is kind
    assert f"{method} /things/{{id}}" in str(error)
    assert error.data["status"] == status and error.data["method"] == method
    nothing_leaks(repr(error), str(error), "".join(traceback.format_exception(error)))


def nothing_leaks(*texts: str) -> None:
    for text in texts:
        for private in (TOKEN, PRIVATE, "ana.silva"):
            assert private not in text


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_only_reading_is_tried_again_and_three_times_at_most(peer: Peer, status: int) -> None:
    peer.says(Say(status=status))
    for method, tries in (("GET", 3), ("POST", 1), ("PUT", 1), ("PATCH", 1)):
        peer.seen.clear()
        with pytest.raises(TryAgain):
            ask(peer, method)
        assert len(peer.seen) == tries


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 301])
def test_a_refusal_is_not_tried_again(peer: Peer, status: int) -> None:
    peer.says(Say(status=status))
    with pytest.raises(JoineryError):
        ask(peer)
    assert len(peer.seen) == 1


def test_reading_gets_through_a_short_disturbance_and_each_try_is_recorded(peer: Peer) -> None:
    calls: list[Call] = []
    peer.says(Say(status=503), Say(status=500), Say(body=b"[1]"))
    assert ask(peer, calls=calls).json == [1]
    assert [(c.status, c.attempt, c.error) for c in calls] == [
        (503, 1, "try_again"),
        (500, 2, "try_again"),
        (200, 3, ""),
    ]
    assert all(c.path == "/things/{id}" and c.method == "GET" and c.ms > 0 for c in calls)


RETRY_AFTER = {
    "seconds": ("120", {}, timedelta(seconds=120)),
    "none at all": ("", {}, None),
    "zero": ("0", {}, timedelta(0)),
    "a date, counted from the answer's own date": ("Tue, 24 Nov 2026 09:02:00 GMT", {}, timedelta(minutes=2)),
    "a date in the past": ("Tue, 24 Nov 2026 08:00:00 GMT", {}, timedelta(0)),
    "a date without an answer's date": ("Tue, 24 Nov 2026 09:02:00 GMT", {"Date": ""}, None),
    "a date in another zone": ("Tue, 24 Nov 2026 10:01:00 +0100", {}, timedelta(minutes=1)),
    "a date far away": ("Tue, 24 Nov 2099 09:02:00 GMT", {}, timedelta(days=1)),
    "a number beyond any wait": ("9" * 40, {}, timedelta(days=1)),
    "negative": ("-5", {}, None),
    "a fraction": ("1.5", {}, None),
    "words": ("soon", {}, None),
    "digits of another script": ("١٢", {}, None),
}


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize(("text", "headers", "wait"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_retry_after_in_every_form(
    peer: Peer, status: int, text: str, headers: dict[str, str], wait: timedelta | None
) -> None:
    if not text.isascii():
        text = text.encode().decode("latin-1")
    peer.says(Say(status=status, headers={"Retry-After": text, "Date": DATE, **headers}))
    with pytest.raises(TryAgain) as caught:
        ask(peer, "POST")
    assert caught.value.after == wait


def test_a_long_wait_is_left_to_the_engine_and_a_short_one_is_kept_here(peer: Peer) -> None:
    peer.says(Say(status=429, headers={"Retry-After": "60"}))
    with pytest.raises(TryAgain):
        ask(peer)
    assert len(peer.seen) == 1
    peer.says(Say(status=429, headers={"Retry-After": "1"}), Say())
    ask(peer)
    assert len(peer.seen) == 3


def test_a_short_wait_is_really_waited(peer: Peer) -> None:
    peer.says(Say(status=429, headers={"Retry-After": "1"}), Say())
    with stamina.set_testing(False):
        started = time.perf_counter()
        ask(peer)
    assert time.perf_counter() - started >= 1.0


UNBELIEVABLE = {
    "HTML with 200": Say(body=b"<html>maintenance</html>", headers={"Content-Type": "text/html"}),
    "an empty 200": Say(body=b""),
    "half a document": Say(body=b'{"items": [1, 2'),
    "bytes that are no text": Say(body=b'{"a": "\xff\xfe"}'),
    "a number that is none": Say(body=b'{"a": NaN}'),
    "a document nested too deep": Say(body=b"[" * 200_000),
    "a problem with 200": Say(body=b'{"code": "x"}', headers={"Content-Type": "application/problem+json"}),
    "an error body with 200": Say(body=b'{"error": {"message": "no"}}'),
    "Moodle's exception with 200": Say(body=b'{"exception": "dml", "errorcode": "invalidtoken", "message": "m"}'),
}


@pytest.mark.parametrize("say", UNBELIEVABLE.values(), ids=UNBELIEVABLE)
def test_a_200_that_is_not_an_answer_is_never_believed(peer: Peer, say: Say) -> None:
    peer.says(say)
    with pytest.raises(BadAnswer):
        ask(peer)
    assert len(peer.seen) == 1


def test_an_empty_204_is_an_answer(peer: Peer) -> None:
    peer.says(Say(status=204, body=b""))
    assert ask(peer, "PUT").json is None


@pytest.mark.parametrize(("method", "effect", "tries"), [("GET", "none", 3), ("POST", "unknown", 1)])
def test_a_truncated_body_is_no_answer(peer: Peer, method: str, effect: str, tries: int) -> None:
    peer.says(Say(body=b'{"items": [1', length=500))
    with pytest.raises(TryAgain) as caught:
        ask(peer, method)
    assert caught.value.data["effect"] == effect and len(peer.seen) == tries


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("method", "effect"), [("GET", "none"), ("POST", "unknown")])
def test_a_connection_that_breaks_leaves_the_effect_of_a_write_unknown(peer: Peer, method: str, effect: str) -> None:
    calls: list[Call] = []
    peer.says(Say(act=hang_up))
    with pytest.raises(TryAgain) as caught:
        ask(peer, method, calls=calls)
    assert caught.value.data["effect"] == effect
    assert {c.status for c in calls} == {None}
    nothing_leaks("".join(traceback.format_exception(caught.value)))


def test_a_system_that_is_not_there_was_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(TryAgain) as caught:
        ask(Peer(url=f"http://127.0.0.1:{port}"), "POST")
    assert caught.value.data["effect"] == "none" and "Nothing was written" in str(caught.value)


def silent(handler: BaseHTTPRequestHandler) -> None:
    """Until the other side hangs up."""
    handler.connection.settimeout(5)
    handler.connection.recv(1)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: each read is quick, the whole never ends."""
    handler.send_response_only(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("act", [silent, dripping])
def test_a_slow_answer_is_not_waited_for_beyond_the_time_limit(peer: Peer, act: Any) -> None:
    peer.says(Say(act=act))
    started = time.perf_counter()
    with pytest.raises(TryAgain) as caught:
        ask(peer, "POST", timeout=0.2)
    assert time.perf_counter() - started < 4
    assert caught.value.data["effect"] == "unknown"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_token_never_follows_a_redirect(peer: Peer, status: int, method: str) -> None:
    with serving() as other:
        peer.says(Say(status=status, headers={"Location": f"{other.url}/?mail={PRIVATE}"}))
        with pytest.raises(BadAnswer, match=r"sent on to 127\.0\.0\.1") as caught:
            ask(peer, method)
        assert other.seen == []
    nothing_leaks(str(caught.value), repr(caught.value))


def test_a_huge_body_is_cut_off(peer: Peer) -> None:
    peer.says(Say(body=b"[" + b"1," * 500_000 + b"1]"))
    with pytest.raises(BadAnswer, match="more than 1000 bytes"):
        ask(peer, most_bytes=1000)


def test_a_small_body_that_unpacks_to_a_huge_one_is_cut_off(peer: Peer) -> None:
    packed = gzip.compress(b" " * 20_000_000)
    assert len(packed) < 50_000
    peer.says(Say(body=packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(BadAnswer, match="more than 1000000 bytes"):
        ask(peer, most_bytes=1_000_000)


def test_a_body_that_cannot_be_unpacked_is_no_answer(peer: Peer) -> None:
    peer.says(Say(body=b"not gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(TryAgain):
        ask(peer, "POST")


BAD_TOKENS = {"empty": "", "with a line end": f"{TOKEN}\n", "two words": f"{TOKEN} x", "not ASCII": f"{TOKEN}é"}


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_token_that_cannot_be_one_is_refused_before_anything_is_sent(peer: Peer, token: str) -> None:
    async def story() -> None:
        transport = Transport(peer.url, auth=lambda: token)
        try:
            await transport.request("GET", "/x")
        finally:
            await transport.close()

    with pytest.raises(AuthenticationFailed) as caught:
        asyncio.run(story())
    assert peer.seen == []
    nothing_leaks("".join(traceback.format_exception(caught.value)))


def test_a_changed_token_counts_at_the_next_request(peer: Peer) -> None:
    tokens = iter(["first", "second"])

    async def story() -> None:
        transport = Transport(peer.url, auth=lambda: next(tokens))
        await transport.request("GET", "/x")
        await transport.request("GET", "/x")
        await transport.close()

    asyncio.run(story())
    assert [seen.headers["authorization"] for seen in peer.seen] == ["Bearer first", "Bearer second"]


def test_nothing_private_is_logged_even_at_the_lowest_level(
    peer: Peer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    caplog.set_level(logging.DEBUG)
    root.addHandler(handler)
    try:
        for say in (Say(), problem(422), problem(503), Say(act=hang_up), Say(body=b"no json")):
            peer.says(say)
            for method in ("GET", "POST"):
                try:
                    ask(peer, method)
                except JoineryError:
                    logging.getLogger("test").exception("it failed")
    finally:
        root.removeHandler(handler)
    printed = capfd.readouterr()
    assert "it failed" in stream.getvalue()
    nothing_leaks(stream.getvalue(), caplog.text, printed.out, printed.err)
    assert printed.out == ""


def test_the_transport_shows_no_secret() -> None:
    transport = Transport("https://lms.example.org", auth=lambda: TOKEN)
    nothing_leaks(repr(transport), str(transport))


ADDRESSES = {
    "plain HTTP to another machine": "http://lms.example.org",
    "a password in it": "https://user:pass@lms.example.org",
    "another scheme": "ftp://lms.example.org",
    "no host": "https:///api",
    "a query": "https://lms.example.org/?token=x",
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_that_would_give_the_token_away_is_refused(address: str) -> None:
    with pytest.raises(ConfigError):
        Transport(address, auth=lambda: TOKEN)


def test_a_refused_address_is_told_no_setting_that_does_not_exist() -> None:
    with pytest.raises(ConfigError) as refused:
        Transport(ADDRESSES["plain HTTP to another machine"], auth=lambda: TOKEN)
    assert "Use https" in refused.value.fix and "settings" not in refused.value.fix


def test_plain_http_is_possible_where_somebody_said_so() -> None:
    assert Transport("http://classroom.internal", auth=lambda: TOKEN, plain_http=True)


def test_two_event_loops_may_use_it_at_once() -> None:
    """The engine has a loop of its own beside the one of the command line."""

    async def many(transport: Transport) -> list[Answer]:
        return await asyncio.gather(*(transport.request("POST", "/x") for _ in range(20)))

    async def story(url: str) -> None:
        transport = Transport(url, auth=lambda: TOKEN)
        engine = asyncio.new_event_loop()
        thread = threading.Thread(target=engine.run_forever)
        thread.start()
        for _ in range(5):
            there = asyncio.run_coroutine_threadsafe(many(transport), engine)
            assert len(await many(transport)) == 20 == len(await asyncio.wrap_future(there))  # type: ignore[arg-type]
        await transport.close()
        engine.call_soon_threadsafe(engine.stop)
        thread.join()
        engine.close()

    with served(_app) as url:
        asyncio.run(story(url))


def test_it_can_be_used_again_in_another_event_loop_once_closed(peer: Peer) -> None:
    transport = Transport(peer.url, auth=lambda: TOKEN)

    async def once() -> None:
        await transport.request("GET", "/x")
        await transport.close()

    asyncio.run(once())
    asyncio.run(once())
    assert len(peer.seen) == 2


async def _app(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/broken":
        raise ValueError(PRIVATE)
    got = dict(scope["headers"])[b"authorization"].decode()
    body = json.dumps({"path": scope["path"], "token": got == f"Bearer {TOKEN}"}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


def test_an_application_in_this_process_answers_without_a_network() -> None:
    peer = Peer(url="http://classroom.internal")
    assert ask(peer, "POST", "/x", app=_app).json == {"path": "/x", "token": True}


def test_an_application_that_breaks_in_this_process_is_a_failure_of_the_other_system() -> None:
    with pytest.raises(TryAgain) as caught:
        ask(Peer(url="http://classroom.internal"), "POST", "/broken", app=_app)
    assert caught.value.data["status"] == 500
    nothing_leaks("".join(traceback.format_exception(caught.value)))


def test_forty_requests_at_once_share_the_transport(peer: Peer) -> None:
    async def story() -> list[Answer]:
        transport = Transport(peer.url, auth=lambda: TOKEN)
        try:
            return await asyncio.gather(*(transport.request("GET", "/x") for _ in range(40)))
        finally:
            await transport.close()

    assert len(asyncio.run(story())) == 40 == len(peer.seen)


def test_a_certificate_that_is_not_trusted_stops_the_run_before_the_token_is_sent(tmp_path: Path) -> None:
    with encrypted(tmp_path) as url, pytest.raises(SystemUnreachable, match="certificate"):
        ask(Peer(url=url))
