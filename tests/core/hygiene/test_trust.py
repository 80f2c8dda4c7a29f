"""The gate holds what cannot be right, says the numbers, and lets small firms and first files through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.hygiene.trust import Churn, Profile, TrustPolicy, domain_churn, judge
from joinery.core.model.finding import Severity

LAST = Profile(
    rows=1000,
    columns=("id", "mail", "dept"),
    blanks={"worker_id": 0.0, "work_email": 0.1, "department": 0.2, "termination_date": 0.9},
    domains={"x.org": 800, "y.org": 100},
    ids=1000,
    sha256="a",
    as_of=datetime(2026, 11, 2, 6, tzinfo=UTC),
)
SAME = Churn(before=1000, now=1000, gone=0, new=0)


def now(**changes: object) -> Profile:
    return replace(LAST, **{"sha256": "b", "as_of": None, **changes})  # type: ignore[arg-type]


def small(profile: Profile) -> Profile:
    return replace(profile, rows=profile.rows // 10)


HELD = [
    ("31 % fewer rows", now(rows=690), SAME, ["rows_dropped"]),
    ("nearly all rows gone, far below the floor", now(rows=3), SAME, ["rows_dropped"]),
    ("a header and no rows", now(rows=0, domains={}), SAME, ["no_rows"]),
    ("a column that is gone", now(blanks={k: v for k, v in LAST.blanks.items() if k != "department"}), SAME,
     ["column_gone"]),
    ("a column that went blank", now(blanks={**LAST.blanks, "department": 0.6}), SAME, ["coverage_collapsed"]),
    ("other numbers for a third", now(), Churn(before=1000, now=1000, gone=310, new=310), ["ids_changed"]),
    ("another company's addresses", now(domains={"z.org": 600, "x.org": 300}), SAME, ["domains_changed"]),
    ("an older file", now(as_of=datetime(2026, 11, 1, 6, tzinfo=UTC)), SAME, ["older_than_last"]),
    ("two things at once", now(rows=500, blanks={**LAST.blanks, "work_email": 0.99}), SAME,
     ["rows_dropped", "coverage_collapsed"]),
]  # fmt: skip
PASSED = [
    ("30 % fewer rows", now(rows=700), SAME),
    ("twice the rows", now(rows=2000), Churn(before=1000, now=2000, gone=0, new=1000)),
    ("a column filled less, but not empty", now(blanks={**LAST.blanks, "department": 0.59}), SAME),
    ("a column that was mostly blank before", now(blanks={**LAST.blanks, "termination_date": 1.0}), SAME),
    ("30 % other numbers", now(), Churn(before=1000, now=1000, gone=300, new=300)),
    ("half the addresses moved", now(domains={"x.org": 800, "y.org": 100, "z.org": 900}), SAME),
    ("no addresses known before", now(), SAME),
    ("the same moment", now(as_of=LAST.as_of), SAME),
    ("a new column", now(blanks={**LAST.blanks, "fte": 0.0}), SAME),
]


@pytest.mark.parametrize(("profile", "churn", "checks"), [h[1:] for h in HELD], ids=[h[0] for h in HELD])
def test_holds(profile: Profile, churn: Churn, checks: list[str]) -> None:
    verdict = judge(profile, LAST, churn, TrustPolicy())
    assert not verdict.trusted
    assert [finding.check for finding in verdict.findings] == checks
    for finding in verdict.findings:
        assert finding.severity is Severity.BLOCKER
        assert finding.suggestion
        assert "nobody is touched" in finding.message
        assert any(c.isdigit() for c in finding.message) or finding.check == "column_gone"


@pytest.mark.parametrize(("profile", "churn"), [p[1:] for p in PASSED], ids=[p[0] for p in PASSED])
def test_passes(profile: Profile, churn: Churn) -> None:
    assert judge(profile, LAST, churn, TrustPolicy()).trusted


def test_percentages_do_not_count_below_the_floor() -> None:
    last = replace(LAST, rows=199)
    profile = now(rows=20, blanks={**LAST.blanks, "department": 1.0}, domains={"z.org": 20})
    assert judge(profile, last, Churn(before=199, now=20, gone=199, new=20), TrustPolicy()).trusted


def test_a_header_without_rows_is_accepted_as_the_first_file() -> None:
    assert judge(now(rows=0), None, None, TrustPolicy()).trusted
    assert judge(now(rows=0), replace(LAST, rows=0), None, TrustPolicy()).trusted


def test_a_least_number_of_rows_counts_from_the_first_file() -> None:
    verdict = judge(now(rows=10), None, None, TrustPolicy(min_rows=11))
    assert [finding.check for finding in verdict.findings] == ["too_few_rows"]


def test_the_same_content_is_nothing_to_compare() -> None:
    verdict = judge(now(sha256="a"), LAST, SAME, TrustPolicy())
    assert (verdict.trusted, verdict.same) == (True, True)
    assert [finding.check for finding in verdict.findings] == ["same_content"]
    assert not judge(now(sha256=""), replace(LAST, sha256=""), SAME, TrustPolicy()).same


def test_thresholds_are_the_companys() -> None:
    assert not judge(now(rows=960), LAST, SAME, TrustPolicy(max_drop=0.03)).trusted
    assert judge(now(rows=100), LAST, SAME, TrustPolicy(max_drop=1.0)).trusted


def test_one_sided_churn_is_an_intake_or_a_drop_not_a_renumbering() -> None:
    assert Churn(before=10, now=20, gone=0, new=10).share == 0.0
    assert Churn(before=0, now=20, gone=0, new=20).share == 0.0
    assert Churn(before=10, now=10, gone=5, new=5).share == 0.5


COUNTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(1, 99))


@given(COUNTS, COUNTS)
def test_domain_churn_is_a_distance(one: dict[str, int], two: dict[str, int]) -> None:
    assert 0 <= domain_churn(one, two) <= 1
    assert abs(domain_churn(one, two) - domain_churn(two, one)) < 1e-9
    assert abs(domain_churn(one, one)) < 1e-9
