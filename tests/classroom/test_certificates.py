"""Certificates: today's name, the same number and day, checked with and without a network, never boxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery_classroom import signing
from joinery_classroom.certificates import verify_certificate
from tests.classroom.company import completed, studied
from tests.classroom.house import BASE, House

SECRET = "secret-for-tests"


@pytest.fixture
def graduate(house: House) -> tuple[str, str]:
    """An account and the number of its certificate, of 2 March 2026."""
    account = house.hire("Ana Silva")
    return account, completed(house, account, "FORKLIFT")


def printed(house: House, account: str, certificate: str) -> bytes:
    answer = house.signed_in(account).get(f"/certificates/{certificate}.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


def rename(house: House, account: str, name: str) -> None:
    change = {"attribute": "display_name", "old": None, "new": name}
    house.ask({"op": "update", "account_id": account, "changes": [change]})


def test_a_reprint_after_marriage_has_the_new_name_and_the_same_number_and_day(
    house: House, graduate: tuple[str, str]
) -> None:
    account, certificate = graduate
    key = signing.public_key(SECRET)
    before = verify_certificate(printed(house, account, certificate), key)
    house.clock.turn(days=200)
    rename(house, account, "Ana Costa")
    after = verify_certificate(printed(house, account, certificate), key)
    assert (before.facts["name"], after.facts["name"]) == ("Ana Silva", "Ana Costa")
    assert {**before.facts, "name": ""} == {**after.facts, "name": ""}
    assert after.facts["certificate_id"] == certificate
    assert (after.facts["completed_on"], after.facts["result"], after.facts["score"]) == ("2026-03-02", "passed", 92.5)
    html = house.browser().get(f"/verify/{certificate}").text
    assert "Valid." in html and "Ana Costa" in html and "Ana Silva" not in html and "2 March 2026" in html


def test_printing_again_gives_the_same_bytes(house: House, graduate: tuple[str, str]) -> None:
    first = printed(house, *graduate)
    house.clock.turn(days=99)
    assert printed(house, *graduate) == first


def test_moving_to_another_time_zone_does_not_move_the_day(house: House) -> None:
    house.clock.turn(hours=14)  # 23:00 UTC on 2 March, the 3rd in Auckland
    account = house.hire(time_zone="Pacific/Auckland")
    certificate = completed(house, account, "FORKLIFT")
    change = {"attribute": "time_zone", "old": None, "new": "America/New_York"}
    house.ask({"op": "update", "account_id": account, "changes": [change]})
    pdf = printed(house, account, certificate)
    assert verify_certificate(pdf, signing.public_key(SECRET)).facts["completed_on"] == "2026-03-03"


def test_a_certificate_is_checked_without_a_network(house: House, graduate: tuple[str, str]) -> None:
    key = house.browser().get("/verify/public-key").text.strip()
    assert key.startswith("ed25519.") and "secret" not in key
    verdict = verify_certificate(printed(house, *graduate), key)
    assert (verdict.genuine, verdict.unaltered) == (True, True)
    assert verdict.facts["verify_url"] == f"{BASE}/verify/{graduate[1]}"


def test_any_flipped_byte_is_noticed(house: House, graduate: tuple[str, str]) -> None:
    pdf = printed(house, *graduate)
    key = signing.public_key(SECRET)
    for place in range(0, len(pdf), 211):
        changed = bytearray(pdf)
        changed[place] ^= 1
        assert not verify_certificate(bytes(changed), key).unaltered, place


def test_what_somebody_did_alone_is_called_completed_and_not_passed(house: House) -> None:
    account = house.hire()
    house.assign(account, "security-basics")
    studied(house, house.signed_in(account), "security-basics")
    (row,) = house.api.get("/api/v1/completions").json()["items"]
    facts = verify_certificate(printed(house, account, row["certificate_id"]), signing.public_key(SECRET)).facts
    assert (facts["result"], facts["score"], facts["expires_on"]) == ("completed", None, "2027-03-02")


def test_a_forged_certificate_is_not_genuine(house: House, graduate: tuple[str, str]) -> None:
    pdf = printed(house, *graduate)
    verdict = verify_certificate(pdf, signing.public_key("somebody else's secret"))
    assert (verdict.genuine, verdict.unaltered, verdict.facts) == (False, False, {})


@pytest.mark.parametrize(
    "rest", [b"", b"%PDF-1.7 nothing here", b"JOINERY-CERT-1.a.ed25519.b", b"JOINERY-CERT-1.YQ.x.!"]
)
def test_a_file_without_our_facts_is_not_genuine(rest: bytes) -> None:
    assert not verify_certificate(rest, signing.public_key(SECRET)).genuine


def test_a_file_saved_again_keeps_its_genuine_facts(house: House, graduate: tuple[str, str]) -> None:
    verdict = verify_certificate(printed(house, *graduate) + b"\n% merged by a learner\n", signing.public_key(SECRET))
    assert (verdict.genuine, verdict.unaltered) == (True, False)
    assert "believe the facts" in verdict.why


def test_a_key_or_a_signature_of_another_kind_holds_for_nothing(house: House, graduate: tuple[str, str]) -> None:
    pdf = printed(house, *graduate)
    key = signing.public_key(SECRET)
    assert verify_certificate(pdf, key).genuine
    for other in (signing.public_key("another secret"), "hmac-sha256." + key.partition(".")[2], "ed25519.!", ""):
        assert not verify_certificate(pdf, other).genuine


def test_a_name_that_no_font_can_write_is_refused_rather_than_printed_as_boxes(house: House) -> None:
    name = "\U00012000\U00012001"  # cuneiform: in no font that a server is likely to have
    account = house.hire(name, email="x@example.test")
    certificate = completed(house, account, "FORKLIFT")
    answer = house.signed_in(account).get(f"/certificates/{certificate}.pdf")
    assert answer.status_code == 409
    assert "no font on this server can write the name" in answer.text
    change = {"attribute": "certificate_name", "old": None, "new": "Ku Babbar"}
    house.ask({"op": "update", "account_id": account, "changes": [change]})
    pdf = printed(house, account, certificate)
    assert verify_certificate(pdf, signing.public_key(SECRET)).facts["name"] == "Ku Babbar"


def test_somebody_else_s_certificate_is_not_to_be_had(house: House, graduate: tuple[str, str]) -> None:
    other = house.signed_in(house.hire("Bo"))
    assert other.get(f"/certificates/{graduate[1]}.pdf").status_code == 404
    assert house.browser().get(f"/certificates/{graduate[1]}.pdf").headers["location"] == "/sign-in"


def test_joinery_can_print_any_certificate_also_of_an_archived_person(house: House, graduate: tuple[str, str]) -> None:
    own = printed(house, *graduate)
    house.ask({"op": "archive", "account_id": graduate[0]})
    answer = house.api.get(f"/api/v1/certificates/{graduate[1]}.pdf")
    assert answer.content == own
    assert house.account(graduate[0])["state"] == "archived"
    assert house.api.get("/api/v1/certificates/0000-0000-0000.pdf").json()["code"] == "not_found"


def test_a_certificate_taken_back_says_so_and_is_not_printed(house: House, graduate: tuple[str, str]) -> None:
    account, certificate = graduate
    (row,) = house.api.get("/api/v1/completions").json()["items"]
    house.api.post(f"/api/v1/completions/{row['id']}/revoke", json={})
    assert "Taken back." in house.browser().get(f"/verify/{certificate}").text
    assert house.signed_in(account).get(f"/certificates/{certificate}.pdf").status_code == 409


def test_an_expired_certificate_says_so(house: House, graduate: tuple[str, str]) -> None:
    house.clock.turn(days=3 * 365 + 2)
    assert "Expired." in house.browser().get(f"/verify/{graduate[1]}").text


def test_a_number_typed_by_hand_finds_its_certificate(house: House, graduate: tuple[str, str]) -> None:
    typed = graduate[1].lower().replace("-", " ")
    answer = house.browser().get("/verify", params={"id": typed})
    assert answer.headers["location"] == f"/verify/{graduate[1]}"
    assert house.browser().get("/verify/0000-0000-0000").status_code == 404


def test_the_pdf_is_tagged_and_not_encrypted(house: House, graduate: tuple[str, str], tmp_path: Path) -> None:
    pdf = printed(house, *graduate)
    assert b"/Encrypt" not in pdf
    assert b"pdfuaid:part" in pdf
    assert b"StructTreeRoot" in pdf
