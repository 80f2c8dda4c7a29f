"""Each way of signing, at the door: what HR's system really sends is taken once, and nothing else is.

The signatures are made by the definition of HMAC (RFC 2104) and not by the library that checks them. What is signed,
and in which headers, is what the vendors describe; none of it was tried against a real service.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from joinery.flows.runs import runs_of
from joinery.store.plans import plans_of
from tests.stories.company import Company, staff
from tests.web.house import FULL, House, house, problem
from tests.web.test_push import CSV, GONE, HOOK, news, table

SECRET = "3f0b7e1d-private-key"


def hmac_of(key: bytes, message: bytes) -> bytes:
    """RFC 2104 for SHA-256, blocks of 64 bytes."""
    block = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = sha256(bytes(one ^ 0x36 for one in block) + message).digest()
    return sha256(bytes(one ^ 0x5C for one in block) + inner).digest()


def test_the_tests_own_hmac_is_that_of_the_published_vectors() -> None:
    """RFC 4231, cases 2 and 6: a short key, and one longer than a block."""
    short = hmac_of(b"Jefe", b"what do ya want for nothing?").hex()
    assert short == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    long = hmac_of(b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First").hex()
    assert long == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """How it is set up here, and what it sends: (body, moment, secret) -> headers."""

    settings: dict[str, Any]
    headers: Callable[[bytes, str, str], dict[str, str]]
    timed: bool = False

    def sends(self, body: Any, *, at: datetime | None = None, secret: str = SECRET) -> dict[str, Any]:
        """One request."""
        content = json.dumps(body).encode()
        stamp = str(int((at or datetime.now(UTC)).timestamp()))
        return {"content": content, "headers": self.headers(content, stamp, secret)}


def _bamboohr(body: bytes, stamp: str, secret: str) -> dict[str, str]:
    mark = hmac_of(secret.encode(), body + stamp.encode()).hex()
    return {"X-BambooHR-Timestamp": stamp, "X-BambooHR-Signature": mark}


def _ukg(body: bytes, _stamp: str, secret: str) -> dict[str, str]:
    return {"X-UKG-Signature": base64.b64encode(hmac_of(secret.encode(), body)).decode()}


def _hex(body: bytes, _stamp: str, secret: str) -> dict[str, str]:
    return {"X-Signature": "sha256=" + hmac_of(secret.encode(), body).hex()}


VENDORS = {
    "bamboohr": Vendor(settings={"signed": "bamboohr"}, headers=_bamboohr, timed=True),
    "hmac_base64": Vendor(settings={"signed": "hmac_base64", "header": "X-UKG-Signature"}, headers=_ukg),
    "hmac_hex": Vendor(settings={"signed": "hmac_hex"}, headers=_hex),
}
every = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)


def acme_of(folder: Path, vendor: Vendor, **more: Any) -> Company:
    (folder / "secret").write_text(SECRET)
    return Company(
        folder, people={"from": "push", "webhook": {"secret": {"file": "secret"}, **vendor.settings, **more}}
    )


def stored(acme: House) -> int:
    from sqlalchemy import func, select

    from joinery.store.tables import arrivals

    with acme.it.ports.database.read() as connection:
        return int(connection.execute(select(func.count()).where(arrivals.c.door == "webhook")).scalar_one())


@every
def test_what_the_vendor_signs_is_taken_at_once_and_once(tmp_path: Path, vendor: Vendor) -> None:
    with house(acme_of(tmp_path, vendor)) as acme:
        acme.operation(acme.http.post(FULL, content=table(staff(3)), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 3)
        request = vendor.sends(news("0002", **GONE))
        first = acme.bare.post(HOOK, **request)
        assert first.status_code == 202, first.text
        acme.operation(first, "taken")
        assert acme.access == {"0001": "active", "0002": "suspended", "0003": "active"}
        # delivered again, or caught by somebody and sent again
        again = acme.bare.post(HOOK, **request)
        assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
        other = acme.bare.post(HOOK, **vendor.sends(news("0003", **GONE)))
        acme.operation(other, "taken")
        assert stored(acme) == 2 and acme.access["0003"] == "suspended"
        with acme.it.ports.database.read() as connection:
            alone = [plan for plan in plans_of(connection, "main") if plan.cause.startswith("pushed")]
        assert len(alone) == 2, [plan.cause for plan in alone]


@every
def test_what_is_not_signed_so_is_not_kept(tmp_path: Path, vendor: Vendor) -> None:
    with house(acme_of(tmp_path, vendor), begin=False) as acme:
        good = vendor.sends(news("0001", **GONE))
        wrong = [
            vendor.sends(news("0001", **GONE), secret="another"),
            vendor.sends(news("0001", **GONE), secret=SECRET + "\n"),
            good | {"content": good["content"].replace(b"0001", b"0002")},
            good | {"content": good["content"] + b" "},
            good | {"content": b""},
            *(good | {"headers": {k: v for k, v in good["headers"].items() if k != name}} for name in good["headers"]),
            *(good | {"headers": {k: v[:-2] for k, v in good["headers"].items()}} for _ in [0]),
            *(good | {"headers": dict.fromkeys(good["headers"], said)} for said in ("", "sha256=", "0" * 64, "é")),
        ]
        for number, request in enumerate(wrong):
            headers = {k: v.encode() for k, v in request["headers"].items()}
            answer = acme.bare.post(HOOK, content=request["content"], headers=headers)
            assert answer.status_code == 401, (number, answer.text)
            problem(answer, 401, "not_signed")
        assert stored(acme) == 0
        assert acme.bare.post(HOOK, **good).status_code == 202, "the very same request with its own signature"


def test_one_vendors_way_is_not_anothers(tmp_path: Path) -> None:
    for name, vendor in VENDORS.items():
        (folder := tmp_path / name).mkdir()
        with house(acme_of(folder, vendor), begin=False) as acme:
            for other in VENDORS.values():
                sent = other.sends(news("0001", job_title=name))
                taken = acme.bare.post(HOOK, **sent).status_code
                assert taken == (202 if other is vendor else 401)


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(-60, 401), (-6, 401), (-4, 202), (4, 202), (6, 401)],
    ids=["an hour ago", "six minutes ago", "four minutes ago", "four minutes ahead", "six minutes ahead"],
)
def test_a_signed_moment_counts_for_five_minutes(tmp_path: Path, minutes: int, status: int) -> None:
    vendor = VENDORS["bamboohr"]
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    with house(acme_of(tmp_path, vendor), begin=False) as acme:
        answer = acme.bare.post(HOOK, **vendor.sends(news("0001"), at=at))
        assert answer.status_code == status, answer.text
        assert stored(acme) == (1 if status == 202 else 0)


def test_an_old_message_does_not_become_new_by_another_moment(tmp_path: Path) -> None:
    vendor = VENDORS["bamboohr"]
    old = vendor.sends(news("0001", **GONE), at=datetime.now(UTC) - timedelta(days=1))
    now = str(int(datetime.now(UTC).timestamp()))
    with house(acme_of(tmp_path, vendor), begin=False) as acme:
        for stamp in (now, "", "yesterday", now + "0" * 9, "-1"):
            sent = old | {"headers": old["headers"] | {"X-BambooHR-Timestamp": stamp}}
            problem(acme.bare.post(HOOK, **sent), 401, "not_signed")
        assert stored(acme) == 0


def test_bamboohr_signs_the_body_first_and_nothing_between(tmp_path: Path) -> None:
    """Guides that tell of `timestamp.body` are wrong: such a signature is refused."""
    body, stamp = json.dumps(news("0001")).encode(), str(int(datetime.now(UTC).timestamp()))
    with house(acme_of(tmp_path, VENDORS["bamboohr"]), begin=False) as acme:
        for message in (f"{stamp}.".encode() + body, stamp.encode() + body, body + b"." + stamp.encode(), body):
            mark = hmac_of(SECRET.encode(), message).hex()
            headers = {"X-BambooHR-Timestamp": stamp, "X-BambooHR-Signature": mark}
            problem(acme.bare.post(HOOK, content=body, headers=headers), 401, "not_signed")


def test_a_thin_event_is_kept_and_changes_nobody_by_itself(tmp_path: Path) -> None:
    """BambooHR's own form: who changed and which fields, not what they are now."""
    vendor = VENDORS["bamboohr"]
    event = {
        "type": "employee.updated",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {"companyId": "acme", "employeeId": "0002", "changedFields": ["status"]},
    }
    with house(acme_of(tmp_path, vendor, records="none")) as acme:
        acme.operation(acme.http.post(FULL, content=table(staff(3)), headers=CSV), "accepted")
        acme.until(lambda: len(acme.access) == 3)
        before, runs = acme.company.account("0002").attributes, len(runs_of(acme.it.ports))
        answer = acme.bare.post(HOOK, **vendor.sends(event))
        assert answer.status_code == 202 and stored(acme) == 1
        assert acme.company.account("0002").attributes == before and set(acme.access.values()) == {"active"}
        acme.until(lambda: len(runs_of(acme.it.ports)) > runs)  # whoever can be asked is asked what they are now
