"""A profile is counts: blanks, domains and numbers, and how the numbers differ from the last file."""

from __future__ import annotations

from datetime import UTC, datetime

from joinery.core.hygiene.trust import Churn, Profile
from joinery.intake.delta import compare
from joinery.intake.layout import Layout
from joinery.intake.profile import churn, profile_of
from joinery.intake.read import read_bytes

MAPPED = {"worker_id": "id", "work_email": "mail", "department": "dept"}
DATA = b"id,mail,dept,note\n1,A@X.org,,secret\n2,b@x.org,  ,\n 1 ,,Ops,\n3,c@y.org,Ops,\n"


def test_a_profile_counts_and_shows_nobody() -> None:
    profile = profile_of(read_bytes(DATA, Layout()), MAPPED, as_of=datetime(2026, 11, 3, 6, tzinfo=UTC))
    assert profile.blanks == {"worker_id": 0.0, "work_email": 0.25, "department": 0.5}
    assert profile.domains == {"x.org": 2, "y.org": 1}
    assert (profile.rows, profile.ids) == (4, 3)
    assert "secret" not in str(profile.to_json())
    assert Profile.from_json(profile.to_json()) == profile


def test_a_header_without_rows_has_a_profile() -> None:
    profile = profile_of(read_bytes(b"id,mail,dept\n", Layout()), MAPPED)
    assert (profile.rows, profile.ids, profile.domains) == (0, 0, {})


def test_churn_counts_numbers_gone_and_new() -> None:
    first = read_bytes(b"id\n1\n2\n3\n", Layout()).frame
    blob = compare(first, key=["id"], columns=["id"], before=None).blob()
    now = read_bytes(b"id\n 2\n3\n4\n5\n", Layout()).frame
    assert churn(blob, now, key=["id"]) == Churn(before=3, now=4, gone=1, new=2)
    assert churn(None, now, key=["id"]) is None
