"""Tokens, pushes and configurations are in the audit log: by which token, with a hash, and nothing of anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from joinery.app.anchors import anchors_file, anchors_in
from joinery.app.watching import Watch
from joinery.flows.tokens import revoke
from joinery.store.audit_log import Told, Wanted, told, verified
from tests.stories.company import moment, staff
from tests.web.house import CHANGES, FULL, House, house
from tests.web.test_push import HOOK, acme_in, lines, news, signed, table
from tests.web.test_scim_in import OFF, company_in, send, user


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[House]:
    with house(acme_in(tmp_path)) as it:
        yield it


def entries(acme: House, action: str) -> list[Told]:
    with acme.it.ports.database.read() as db:
        return list(reversed(told(db, Wanted(action=action))))


def facts(entry: Told) -> dict[str, object]:
    found: dict[str, object] = json.loads(entry.entry.facts)
    return found


def test_a_token_is_noted_when_it_is_made_and_once_when_it_is_revoked(acme: House) -> None:
    key = acme.token("ingest:hris").split("_")[1]
    assert [(e.entry.actor, facts(e)["scopes"]) for e in entries(acme, "token.made") if e.entry.subject == key] == [
        ("somebody", ["ingest:hris"])
    ]
    for _ in range(2):
        revoke(acme.it.ports, key)
    assert [e.entry.subject for e in entries(acme, "token.revoked")] == [key]


def test_what_is_pushed_is_noted_by_its_token_and_says_nothing_of_anybody(acme: House) -> None:
    made = {e.entry.subject for e in entries(acme, "token.made")}
    upload = acme.http.post(FULL, content=table(staff(3)), headers={"content-type": "text/csv"})
    acme.operation(upload, "accepted")
    told = acme.http.post(
        CHANGES,
        content=lines({"worker_id": "0001", "family_name": "Quillfeather"}),
        headers={"content-type": "application/x-ndjson"},
    )
    hook = acme.bare.post(HOOK, **signed(news("0002", family_name="Quillfeather")))
    for sent in (told, hook):
        acme.operation(sent, "taken", "accepted")
    kept = entries(acme, "push.kept")
    assert [facts(e)["door"] for e in kept] == ["push", "push", "webhook"]
    assert all(len(str(facts(e)["sha256"])) == 64 and facts(e)["source"] == "hris" for e in kept)
    assert {e.entry.actor for e in kept[:2]} <= {f"token {key}" for key in made}
    assert kept[2].entry.actor == "webhook of hris"
    ended = {e.entry.subject for e in entries(acme, "push.ended")}
    assert {e.entry.subject for e in kept} <= ended
    everything = "".join(e.entry.facts + e.entry.subject for e in entries(acme, ""))
    assert [word for word in ("Quillfeather", "Given0001", "acme.example") if word in everything] == []
    with acme.it.ports.database.read() as db:
        assert verified(db, ()).intact


def test_what_an_identity_provider_writes_is_noted_by_its_token_and_says_nothing_of_anybody(tmp_path: Path) -> None:
    with house(company_in(tmp_path)) as acme:
        key = acme.token("scim:hris")
        idp = acme.with_token(key)
        made = send(idp, "POST", "/Users", user("0001")).json()["id"]
        acme.until(lambda: set(acme.access) == {"0001"})
        assert send(idp, "PATCH", f"/Users/{made}", OFF).status_code in {200, 204}
        acme.until(lambda: acme.access["0001"] != "active")
        assert send(idp, "DELETE", f"/Users/{made}").status_code == 204
        refused = send(acme.bare, "POST", "/Users", user("0009")), send(idp, "POST", "/Users", {"schemas": []})
        assert [one.status_code for one in refused] == [401, 400]
        kept = entries(acme, "push.kept")
        acme.until(lambda: len(entries(acme, "push.ended")) == len(kept))
        assert [e.entry.actor for e in kept] == [f"token {key.split('_')[1]}"] * 3
        assert [facts(e)["door"] for e in kept] == ["scim"] * 3
        assert {e.entry.subject for e in kept} == {e.entry.subject for e in entries(acme, "push.ended")}
        everything = "".join(e.entry.facts + e.entry.subject for e in entries(acme, ""))
        assert [word for word in ("Family0001", "u0001", "u0009", "acme.example") if word in everything] == []
        with acme.it.ports.database.read() as db:
            assert verified(db, ()).intact


def test_what_is_refused_is_not_noted_as_kept(acme: House) -> None:
    assert acme.bare.post(FULL, content=b"x", headers={"content-type": "text/csv"}).status_code == 401
    assert entries(acme, "push.kept") == []


def test_every_configuration_that_came_into_force_is_noted_once(tmp_path: Path) -> None:
    company = acme_in(tmp_path)
    for day, most in (("2026-11-23", 5), ("2026-11-24", 5), ("2026-11-25", 6)):
        company.write_settings(guards={"update": {"most": most}})
        company.day(day, staff(3, job_title=f"Clerk {day}"))
    with house(company, begin=False) as acme:
        found = entries(acme, "config.in_force")
    assert [e.entry.subject for e in found] == ["C-1", "C-2"]


def test_serve_keeps_the_head_of_the_log_once_a_day_without_any_run(acme: House) -> None:
    file = anchors_file(acme.it.settings)
    now = [moment("2026-12-01T10:00")]
    from dataclasses import replace

    it = replace(acme.it, ports=replace(acme.it.ports, now=lambda: now[-1]))
    watch = Watch(opened=it, say=lambda _line: None, stop=Event(), send=lambda *_: True)
    for at in ("2026-12-01T10:01", "2026-12-01T18:00", "2026-12-02T00:00"):
        now.append(moment(at))
        watch.look()
    assert [anchor.at[:10] for anchor in anchors_in(file)][-2:] == ["2026-12-01", "2026-12-02"]
    assert len(anchors_in(file)) == 2
