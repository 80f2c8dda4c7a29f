"""When the sign-in mail may go, where to, and what it says in every language."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Worker
from joinery.errors import ConfigError, Rejected
from joinery.mail.languages import LANGUAGES, language_for, long_date
from joinery.mail.rendering import HERE, Templates, foreign_hosts
from joinery.mail.sign_in import (
    Later,
    MailPolicy,
    Never,
    PathDue,
    Route,
    SendTo,
    WaitForAddress,
    compose,
    link_valid_until,
    mail_due,
    message_id,
    route,
    slips,
)
from tests.mail.letters import HOST, letter, settings

MELBOURNE = ZoneInfo("Australia/Melbourne")
START = date(2026, 3, 2)
#: 06:00 in Melbourne on the first day
DUE = datetime(2026, 3, 1, 19, tzinfo=UTC)
LINK = f"https://{HOST}/in/tok"
EARLY = MailPolicy(personal_address=True, days_before=3)


def worker(**changed: object) -> Worker:
    values = {"source_id": "1", "worker_id": "1", "work_email": "mel@acme.example", "hire_date": START}
    return Worker(**{**values, **changed})  # type: ignore[arg-type]


def standing(stage: Stage = Stage.ACTIVE, **changed: object) -> Standing:
    return Standing(stage=stage, since=DUE, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("who", "stands", "policy", "as_of", "expected"),
    [
        pytest.param(
            worker(), standing(), MailPolicy(), DUE, SendTo(address="mel@acme.example"), id="06:00 on day one"
        ),
        pytest.param(
            worker(),
            standing(Stage.PREHIRE),
            MailPolicy(),
            datetime(2026, 3, 1, 18, 59, tzinfo=UTC),
            Later(at=DUE, why="not their day yet"),
            id="a minute before it waits",
        ),
        pytest.param(
            worker(personal_email="mel@home.example"),
            standing(Stage.PREHIRE),
            EARLY,
            datetime(2026, 2, 26, 19, tzinfo=UTC),
            SendTo(address="mel@home.example"),
            id="three days before goes to the personal address where that is allowed",
        ),
        pytest.param(
            worker(personal_email="mel@home.example"),
            standing(Stage.PREHIRE),
            MailPolicy(days_before=3),
            datetime(2026, 2, 27, tzinfo=UTC),
            Later(at=DUE, why="not their day yet"),
            id="days before are nothing without an allowed personal address",
        ),
        pytest.param(
            worker(),
            standing(Stage.PREHIRE),
            EARLY,
            datetime(2026, 2, 27, tzinfo=UTC),
            Later(at=DUE, why="not their day yet"),
            id="the work address is never written to before day one",
        ),
        pytest.param(worker(work_email=""), standing(), MailPolicy(), DUE, WaitForAddress(), id="no mailbox yet waits"),
        pytest.param(
            worker(work_email="", personal_email="mel@home.example"),
            standing(),
            MailPolicy(),
            DUE,
            WaitForAddress(),
            id="a personal address that is not allowed does not count",
        ),
        pytest.param(
            worker(work_email="not an address"),
            standing(),
            MailPolicy(),
            DUE,
            WaitForAddress(),
            id="nonsense waits too",
        ),
        pytest.param(
            worker(hire_date=date(2025, 1, 7)),
            standing(),
            MailPolicy(),
            DUE,
            SendTo(address="mel@acme.example"),
            id="entered a year late goes now",
        ),
        pytest.param(
            worker(),
            standing(deceased=True),
            MailPolicy(),
            DUE,
            Never(why="no mail to or about them"),
            id="never the dead",
        ),
        pytest.param(
            worker(), standing(Stage.LEFT), MailPolicy(), DUE, Never(why="not employed any more"), id="never who left"
        ),
        pytest.param(
            worker(), standing(Stage.NO_SHOW), MailPolicy(), DUE, Never(why="did not start"), id="no no-shows"
        ),
        pytest.param(
            worker(), standing(access_off=True), MailPolicy(), DUE, Never(why="access is off"), id="never the suspended"
        ),
        pytest.param(
            worker(),
            standing(Stage.LEAVE),
            MailPolicy(),
            DUE,
            Later(at=datetime(2026, 3, 2, 19, tzinfo=UTC), why="on leave"),
            id="on leave from day one waits",
        ),
    ],
)
def test_where_the_mail_may_go(
    who: Worker, stands: Standing, policy: MailPolicy, as_of: datetime, expected: Route
) -> None:
    assert route(who, stands, MELBOURNE, policy, as_of) == expected


@pytest.mark.parametrize(
    ("day", "zone", "at", "expected"),
    [
        pytest.param(START, "America/Los_Angeles", time(6), datetime(2026, 3, 2, 14, tzinfo=UTC), id="west is later"),
        pytest.param(
            date(2026, 3, 29),
            "Europe/Berlin",
            time(2, 30),
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
            id="a time that the clock change skips is an hour later on the clock",
        ),
        pytest.param(
            date(2011, 12, 30),
            "Pacific/Apia",
            time(6),
            datetime(2011, 12, 30, 16, tzinfo=UTC),
            id="a day that never was is the next one",
        ),
    ],
)
def test_local_time_of_the_mail(day: date, zone: str, at: time, expected: datetime) -> None:
    assert mail_due(day, ZoneInfo(zone), MailPolicy(at=at)) == expected


def test_the_link_of_a_late_entry_is_not_born_expired() -> None:
    assert link_valid_until(START, date(2026, 2, 27), MailPolicy()) == date(2026, 3, 16)
    assert link_valid_until(START, date(2026, 6, 1), MailPolicy()) == date(2026, 6, 15)


def test_slips_are_for_those_whose_day_has_come_where_they_are() -> None:
    mel, lax = worker(source_id="m"), worker(source_id="l")
    waiting = [(mel, MELBOURNE), (lax, ZoneInfo("America/Los_Angeles"))]
    assert slips(waiting, DUE) == (mel,)


def composed(**changed: object) -> EmailMessage:
    return compose(letter(**changed), LINK, settings(), DUE, Templates())


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


VARIANTS = [
    pytest.param({}, id="as usual"),
    pytest.param({"rehire": True}, id="a rehire"),
    pytest.param({"paths": (), "from_person": "", "valid_until": None}, id="with nothing that can be missing"),
    pytest.param({"name": "<script>alert(1)</script> & Söhne", "company": "A&B"}, id="with markup in names"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("changed", VARIANTS)
def test_the_mail_in_every_language(language: str, changed: dict[str, object]) -> None:
    message = composed(language=language, **changed)
    for body in parts(message):
        assert foreign_hosts(body, HOST) == frozenset()
        assert body.count(LINK) == 1
        assert "{{" not in body
        assert "{%" not in body
        assert "None" not in body
        assert "+49 30 1234" in body
    _, html = parts(message)
    assert re.findall(r'<a [^>]*href="([^"]+)"[^>]*>([^<]*)</a>', html) == [(LINK, HOST)], "one link, its text the host"
    assert f'lang="{language}"' in html
    assert "<script" not in html
    assert message["Content-Language"] == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_and_html_say_the_same_facts(language: str) -> None:
    for body in parts(composed(language=language)):
        for fact in (
            "Onboarding",
            "Fire safety",
            "Maria Keller",
            "Ana Núñez",
            "Acme",
            long_date(date(2026, 3, 16), language),
        ):
            assert fact in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rehire_gets_a_text_of_their_own(language: str) -> None:
    new, again = composed(language=language), composed(language=language, rehire=True)
    assert new["Subject"] != again["Subject"]
    assert parts(new)[0] != parts(again)[0]


def test_headers_of_the_mail() -> None:
    message = composed()
    assert str(message["From"]) == "Acme Learning <learning@acme.example>"
    assert str(message["To"]) == "Ana Núñez <ana@acme.example>"
    assert message["Date"].datetime == DUE
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == message_id(letter().key, settings())
    assert "0190-ana" not in message["Message-ID"]
    assert message.get_content_type() == "multipart/alternative"
    assert not list(message.iter_attachments())
    assert message["List-Unsubscribe"] is None


def test_the_same_letter_is_the_same_mail() -> None:
    assert composed()["Message-ID"] == composed(name="Ana Married")["Message-ID"]
    assert composed()["Message-ID"] != composed(key="signin:0190-ana:2029-01-01")["Message-ID"]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/in/tok",
        f"https://{HOST}.evil.example/",
        f"https://evil.example@{HOST}x/",
        f"https://{HOST}/a b",
    ],
)
def test_a_link_to_another_host_is_never_sent(link: str) -> None:
    with pytest.raises(Rejected, match="nothing was sent"):
        compose(letter(), link, settings(), DUE, Templates())


def test_a_link_in_the_clear_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ConfigError, match="https"):
        compose(letter(), f"http://{HOST}/in/tok", settings(), DUE, Templates())


def test_a_due_date_without_a_month_name_does_not_exist() -> None:
    for language in LANGUAGES:
        months = {long_date(date(2026, month, 4), language) for month in range(1, 13)}
        assert len(months) == 12
        assert not any(re.search(r"\d[./-]\d", text) for text in months)


@pytest.mark.parametrize(
    ("preference", "country", "company", "expected"),
    [
        pytest.param("pl", "DE", "en", "pl", id="HR's preference wins"),
        pytest.param("de-AT", "", "en", "de", id="a regional code"),
        pytest.param("Français (Canada)", "CA", "en", "fr", id="a language by its own name"),
        pytest.param("", "Brazil", "en", "pt", id="a country by name"),
        pytest.param("Klingon", "IT", "en", "it", id="an unknown preference falls to the country"),
        pytest.param("", "CH", "de", "de", id="a country with several languages leaves it to the company"),
        pytest.param("", "JP", "", "en", id="English when nothing says otherwise"),
    ],
)
def test_language_of_a_mail(preference: str, country: str, company: str, expected: str) -> None:
    assert language_for(preference, country, company) == expected


def own(folder: Path, **files: str) -> Templates:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return Templates(folder)


def test_a_company_overrides_one_file_and_keeps_the_others(tmp_path: Path) -> None:
    templates = own(tmp_path, sign_in__en__txt="Subject: Moin {{ name }}\n\nHier: {{ link }}\n")
    message = compose(letter(), LINK, settings(), DUE, templates)
    assert message["Subject"] == "Moin Ana Núñez"
    assert parts(message)[0] == f"Hier: {LINK}\n"
    assert "Is this real?" in parts(message)[1]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        pytest.param("sign_in__en__txt", "Subject: x\n{{ pasword }}", "pasword", id="a misspelt name"),
        pytest.param("sign_in__en__txt", "no subject", "Subject", id="no subject line"),
        pytest.param("sign_in__en__txt", "Subject: x\nhttps://track.example/p", "track.example", id="another host"),
        pytest.param("sign_in__en__html", '<img src="//cdn.example/x.png">', "cdn.example", id="a picture elsewhere"),
        pytest.param(
            "sign_in__en__html", f'<img src="https://{HOST}/p.gif">', "load", id="a tracking pixel of our own"
        ),
        pytest.param("sign_in__en__html", "{% if %}", "cannot be used", id="a syntax error"),
        pytest.param(
            "sign_in__en__html", "{{ ''.__class__.__mro__ }}", "cannot be used", id="a way out of the sandbox"
        ),
        pytest.param("sign_in__en__html", "{{ paths.append(1) }}", "cannot be used", id="a change of the data"),
    ],
)
def test_a_template_that_will_not_do_is_refused_with_its_name(file: str, text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        compose(letter(), LINK, settings(), DUE, own(tmp_path, **{file: text}))
    assert file.replace("__", ".") in str(caught.value)


def test_every_language_has_both_parts_and_nothing_else_lies_there() -> None:
    expected = {f"sign_in.{language}.{kind}" for language in LANGUAGES for kind in ("txt", "html")} | {"layout.html"}
    assert {path.name for path in HERE.iterdir()} == expected


def test_a_web_address_in_a_name_leads_nowhere_and_stops_nobodys_mail() -> None:
    for body in parts(composed(name="Ana https://evil.example/x", paths=(PathDue(title="//evil.example"),))):
        assert "//evil" not in body
        assert foreign_hosts(body, HOST) == frozenset()


def test_titles_with_line_breaks_stay_on_their_line() -> None:
    message = composed(paths=(PathDue(title="Fire\n\nsafety\x1b[31m"),))
    assert "- Fire safety [31m\n" in parts(message)[0]
