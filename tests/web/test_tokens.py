"""Service tokens: shown once, kept as a hash, good for what they are for, until they end; and how errors look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from joinery.core.model.codec import instant_text
from joinery.errors import ConfigError, NotThere
from joinery.flows.tokens import new_token, revoke, tokens
from joinery.store.tables import service_tokens
from joinery.store.tokens import Token, known_token, make_token
from joinery.web.assembly import Front, is_ours
from joinery.web.rates import Rates
from tests.store.acme import NOW, opened
from tests.stories.company import Company
from tests.web.house import House, house, problem


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[House]:
    with house(Company(tmp_path), begin=False) as it:
        yield it


def test_the_secret_is_nowhere_in_the_store(acme: House) -> None:
    text = acme.token("ingest")
    secret = text.rpartition("_")[2] if text.count("_") == 2 else text.split("_", 2)[2]
    for file in acme.company.folder.glob(".joinery/joinery.db*"):
        assert secret.encode() not in file.read_bytes()


def test_tokens_are_the_same_on_both_stores(store_url: str) -> None:
    wanted = Token(
        id="", name="HR", scopes=("ingest:hris",), made_by="me", made_at=NOW, expires_at=NOW + timedelta(days=1)
    )
    with opened(store_url) as database:
        with database.write() as connection:
            made, text = make_token(connection, "acme", wanted)
        with database.read() as connection:
            assert known_token(connection, "acme", text) == made
            other = text[:-1] + ("A" if text[-1] != "A" else "B")
            for wrong in (other, text.replace("jnr_", "abc_"), "", "jnr_", f"jnr_{made.id}_", "x" * 500):
                assert known_token(connection, "acme", wrong) is None, wrong
            assert known_token(connection, "another", text) is None


@pytest.mark.parametrize(
    ("scopes", "asked", "may"),
    [
        pytest.param(("ingest",), ("ingest", "hris"), True, id="for every source"),
        pytest.param(("ingest:hris",), ("ingest", "hris"), True, id="for this source"),
        pytest.param(("ingest:hris",), ("ingest", "other"), False, id="not for another source"),
        pytest.param(("ingest:hris",), ("ingest", ""), False, id="not for all of them"),
        pytest.param(("scim",), ("ingest", "hris"), False, id="not for another thing"),
        pytest.param(("ingest",), ("ingest:hris", ""), False, id="a scope is no name of a scope"),
    ],
)
def test_what_a_token_may(scopes: tuple[str, ...], asked: tuple[str, str], may: bool) -> None:
    token = Token(id="1", name="", scopes=scopes, made_by="", made_at=NOW, expires_at=NOW)
    assert token.may(*asked) is may


def test_a_token_says_what_it_is_and_when_it_was_used_last(acme: House) -> None:
    answer = acme.http.get("/api/v1/token")
    assert answer.status_code == 200 and answer.json()["scopes"] == ["ingest", "scim", "read"]
    assert answer.headers["ratelimit-limit"] == "1200" and answer.headers["ratelimit-remaining"] == "1199"
    assert [token.last_used_at is not None for token in tokens(acme.it.ports)] == [True]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer jnr_00000000_nothing", "Basic abc", "Bearer é"])
def test_without_a_good_token_nobody_comes_in(acme: House, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode()}
    answer = acme.bare.get("/api/v1/token", headers=headers)  # type: ignore[arg-type]
    assert "nothing was read or written" in problem(answer, 401, "not_let_in")["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_expired_and_revoked_tokens_open_nothing(acme: House) -> None:
    text = acme.token("ingest")
    caller, key = acme.with_token(text), text.split("_")[1]
    assert caller.get("/api/v1/token").status_code == 200
    revoke(acme.it.ports, key)
    problem(caller.get("/api/v1/token"), 401, "not_let_in")
    old = acme.token("ingest")
    with acme.it.ports.database.write() as connection:
        passed = instant_text(acme.it.ports.now() - timedelta(seconds=1))
        mine = service_tokens.c.id == old.split("_")[1]
        connection.execute(service_tokens.update().where(mine).values(expires_at=passed))
    problem(acme.with_token(old).get("/api/v1/token"), 401, "not_let_in")
    now = acme.it.ports.now()
    assert sorted(token.state(now) for token in tokens(acme.it.ports)) == ["active", "expired", "revoked"]


def test_guessing_is_slowed_down_and_a_good_token_from_elsewhere_is_not(acme: House) -> None:
    codes = [acme.bare.get("/api/v1/token").status_code for _ in range(40)]
    assert codes[:30] == [401] * 30 and set(codes[31:]) == {429}
    problem(acme.bare.get("/api/v1/token"), 429, "too_many_requests")


def test_a_token_may_ask_so_often_a_minute(tmp_path: Path) -> None:
    with house(Company(tmp_path, settings={"api": {"per_minute": 3}}), begin=False) as acme:
        codes = [acme.http.get("/api/v1/token").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        refused = acme.http.get("/api/v1/token")
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert acme.with_token(acme.token("read")).get("/api/v1/token").status_code == 200


def test_a_bucket_fills_again_and_forgets_who_is_long_gone() -> None:
    now = [0.0]
    rates = Rates(60, clock=lambda: now[0])
    assert [rates.take("a").wait for _ in range(61)][-2:] == [0.0, 1.0]
    now[0] = 1.0
    assert rates.take("a").wait == 0.0 and rates.take("a").wait > 0
    assert rates.take("b").left == 59


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        pytest.param(["everything"], "no scope 'everything'", id="a scope that does not exist"),
        pytest.param(["ingest:payroll"], "no source 'payroll'", id="a source that does not exist"),
        pytest.param(["ingest hris"], "no scope", id="two scopes in one"),
        pytest.param([], "must be for something", id="for nothing"),
    ],
)
def test_a_token_for_nothing_is_not_made(acme: House, scopes: list[str], said: str) -> None:
    before = tokens(acme.it.ports)
    with pytest.raises(ConfigError, match=said):
        new_token(acme.it.ports, "x", scopes, counts=timedelta(days=1), by="me")
    with pytest.raises(NotThere):
        revoke(acme.it.ports, "no-such")
    assert tokens(acme.it.ports) == before


def test_errors_are_problems_and_leak_nothing(acme: House) -> None:
    problem(acme.http.get("/api/v1/nothing/jane.doe"), 404, "not_found")
    problem(acme.http.delete("/api/v1/token"), 405, "wrong_method")
    acme.app.add_api_route("/api/v1/broken", _broken)
    body = problem(acme.http.get("/api/v1/broken"), 500, "internal")
    assert "Jane" not in str(body)


def _broken() -> None:
    raise ValueError("Jane Doe")


def test_classroom_keeps_its_own_addresses() -> None:
    assert is_ours("/api/v1/token") and not is_ours("/api/v1/tokens") and not is_ours("/api/v1/accounts")
    assert is_ours("/api/v1/operations/A-1") and not is_ours("/api/v1/operations"), "Classroom's own, on one address"
    assert Front(object(), None) is not None


def test_the_description_of_the_api_names_every_way_in(acme: House) -> None:
    told = acme.bare.get("/api/openapi.json").json()
    assert told["openapi"].startswith("3.1") and "/api/v1/token" in told["paths"]
    assert all(operation.get("summary") for path in told["paths"].values() for operation in path.values())


def test_rows_of_tokens_hold_a_hash_and_no_more(acme: House) -> None:
    with acme.it.ports.database.read() as connection:
        (row,) = connection.execute(select(service_tokens)).all()
    assert len(row.hash) == 64 and int(row.hash, 16)
