"""The conversation with a real mail server: TLS, sign-in, its answers, and connections that break."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from joinery.errors import AuthenticationFailed, ConfigError, StopRun, SystemUnreachable
from joinery.mail.rendering import Templates
from joinery.mail.sender import Accepted, Answer, Deferred, MailSettings, Refused, Sender, Unknown
from joinery.mail.sign_in import compose
from tests.mail.letters import letter, settings
from tests.mail.post_office import PASSWORD, USER, Authority, opened

AT = datetime(2026, 3, 2, 5, tzinfo=UTC)
LINK = "https://learn.acme.example/in/tok"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("ca"))


def mail(to: str = "ana@acme.example") -> EmailMessage:
    return compose(letter(to=to), LINK, settings(), AT, Templates())


def send(ours: MailSettings, *addresses: str) -> list[Answer]:
    async def run() -> list[Answer]:
        async with Sender(ours) as sender:
            return [await sender.send(mail(to), to) for to in addresses]

    return asyncio.run(run())


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_leaves_over_an_encrypted_connection_with_user_and_password(
    security: str, authority: Authority, tmp_path: Path
) -> None:
    context = authority.context(tmp_path, "localhost", "127.0.0.1")
    contexts = {"tls": context} if security == "tls" else {"starttls": context}
    with opened(auth=security == "starttls", **contexts) as office:  # type: ignore[arg-type]
        ours = settings(
            port=office.port, security=security, ca_file=authority.ca_file, user=USER, password=lambda: PASSWORD
        )
        if security == "tls":  # aiosmtpd offers AUTH over STARTTLS only
            ours = settings(port=office.port, security="tls", ca_file=authority.ca_file)
        assert send(ours, "ana@acme.example") == [Accepted()]
    assert office.envelopes == [("learning@acme.example", ("ana@acme.example",))]
    assert office.received[0]["Message-ID"] == mail()["Message-ID"]


def test_one_connection_serves_a_whole_batch() -> None:
    with opened() as office:
        answers = send(settings(port=office.port), *(f"p{n}@acme.example" for n in range(5)))
    assert answers == [Accepted()] * 5
    assert office.sessions == 1


@pytest.mark.parametrize(
    ("names", "expired", "trusted", "says"),
    [
        pytest.param(("other.example",), False, True, "not valid for", id="a certificate for another host is refused"),
        pytest.param(("localhost", "127.0.0.1"), True, True, "expired", id="an expired certificate is refused"),
        pytest.param(("localhost", "127.0.0.1"), False, False, "issuer", id="an unknown authority is refused"),
    ],
)
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_bad_certificate_ends_in_a_clear_error(
    security: str, names: tuple[str, ...], expired: bool, trusted: bool, says: str, authority: Authority, tmp_path: Path
) -> None:
    signer = authority if trusted else Authority.made(tmp_path, "Somebody else")
    context = signer.context(tmp_path, *names, expired=expired)
    contexts = {"tls": context} if security == "tls" else {"starttls": context}
    with opened(**contexts) as office:  # type: ignore[arg-type]
        with pytest.raises(SystemUnreachable, match=says) as caught:
            send(settings(port=office.port, security=security, ca_file=authority.ca_file), "ana@acme.example")
    assert "certificate" in str(caught.value)
    assert "no mail was sent" in str(caught.value)
    assert office.received == []


def test_a_server_without_starttls_is_not_talked_to_in_the_clear(authority: Authority) -> None:
    with opened() as office:
        with pytest.raises(SystemUnreachable, match="does not offer"):
            send(settings(port=office.port, security="starttls", ca_file=authority.ca_file), "ana@acme.example")
    assert office.received == []


def test_a_wrong_password_says_so_and_is_not_shown(authority: Authority, tmp_path: Path) -> None:
    with opened(starttls=authority.context(tmp_path, "127.0.0.1"), auth=True) as office:
        ours = settings(
            port=office.port, security="starttls", ca_file=authority.ca_file, user=USER, password=lambda: "hunter2"
        )
        with pytest.raises(AuthenticationFailed) as caught:
            send(ours, "ana@acme.example")
    assert "535" in str(caught.value)
    shown = [repr(caught.value), str(caught.value), repr(ours), repr(caught.value.__cause__)]
    assert not any("hunter2" in text for text in shown)


def test_nobody_listens_there() -> None:
    with opened() as office:
        port = office.port
    with pytest.raises(SystemUnreachable, match="no mail was sent"):
        send(settings(port=port), "ana@acme.example")


@pytest.mark.parametrize(
    ("place", "answer", "expected"),
    [
        pytest.param("at_recipient", "450 4.2.0 greylisted", Deferred(450), id="450 at the recipient is for later"),
        pytest.param("at_recipient", "550 5.1.1 no such user", Refused(550), id="550 at the recipient is final"),
        pytest.param("at_recipient", "421 4.3.2 going down", Deferred(421), id="421 at the recipient is for later"),
        pytest.param("at_data", "451 4.3.0 try later", Deferred(451), id="451 after the content is for later"),
        pytest.param("at_data", "554 5.7.1 looks like spam", Refused(554), id="554 after the content is final"),
        pytest.param("drop_at_recipient", "", Deferred(0), id="a break before the content means not sent"),
        pytest.param("drop_after_data", "", Unknown(), id="a break after the content means nobody knows"),
    ],
)
def test_the_answer_for_one_mail_leaves_the_others_alone(place: str, answer: str, expected: Answer) -> None:
    with opened() as office:
        kept = getattr(office, place)
        if isinstance(kept, dict):
            kept["odd@acme.example"] = answer
        else:
            kept.add("odd@acme.example")
        answers = send(settings(port=office.port), "one@acme.example", "odd@acme.example", "two@acme.example")
    assert answers == [Accepted(), expected, Accepted()]


def test_a_refused_sender_stops_the_batch_for_it_is_not_about_one_person() -> None:
    with opened() as office:
        office.at_sender = "550 5.7.1 not your address"
        with pytest.raises(StopRun, match=r"mail\.sender"):
            send(settings(port=office.port), "ana@acme.example")


@pytest.mark.parametrize("utf8", [True, False])
def test_an_international_address_is_sent_where_the_server_can(utf8: bool) -> None:
    with opened(utf8=utf8) as office:
        answers = send(settings(port=office.port), "añá@acme.example", "ana@acme.example")
    assert answers == [Accepted() if utf8 else Refused(553), Accepted()]


def test_a_domain_in_another_script_travels_in_ascii() -> None:
    assert mail("ana@bücher.example")["To"].addresses[0].domain == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"security": "none", "host": "mail.acme.example"}, id="in the clear to another machine"),
        pytest.param({"sender": "nobody"}, id="a sender that is no address"),
        pytest.param({"sender": "A <a@b.example>\nBcc: x@y.example"}, id="a sender with a line break"),
        pytest.param({"reply_to": "x@y.example, z@y.example"}, id="two addresses for replies"),
        pytest.param({"help_contact": " "}, id="nobody to ask"),
    ],
)
def test_settings_that_cannot_be_safe_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        settings(**changed)


def test_in_the_clear_to_another_machine_is_possible_when_said_twice() -> None:
    assert settings(security="none", host="mail.acme.example", insecure_ok=True).security == "none"
