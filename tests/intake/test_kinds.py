"""One row of a kind answers for all of its kind: nothing is found only when every row is looked at."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinery.core.hygiene import check_worker
from joinery.core.hygiene.facts import Facts
from joinery.core.mapping.inbound import Mapped, map_record
from joinery.core.mapping.spec import FieldSpec, MappingSpec, row_of
from joinery.core.mapping.transforms import Transform
from joinery.intake.kinds import kinds_of

TODAY = date(2026, 11, 29)
ODD_TEXTS = ["", " ", "\t", "\u200b", "\u00a0", "Ana", "É", "-", "…", "#", "\uff21"]
NUMBERS = ["7", "007", "A7", "a7", "0", "1.2E+05", "12,00", "#REF", "", " 7 ", "x y", "\uff17"]
ADDRESSES = ["a@b.co", "ann@GMAIL.com", "info@acme.com", "Info@acme.com", "a..b@c.de", "a@b", "ä@b.de", "@", "", " "]
DAYS = [
    "", "2026-11-29", "2026-11-28", "2026-11-30", "2026-11-22", "2026-11-21", "2026-11-20", "2028-11-29", "2028-11-30",
    "2028-12-01", "1939-12-31", "1940-01-01", "9999-12-31", "1900-01-01", "03/04/2026", "30/04/2026", "2026-13-01",
    "soon", " 2020-01-01", "20200102", "31.12.2019", "2020-01-01 00:00",
]  # fmt: skip
WORDS = ["", "Active", "active", "Terminated", "Pre-hire", "Notice", "On leave", "Wobbly", " ", "Deceased", "No show"]
ZONES = ["", "Europe/Paris", "Mars/Base", " "]
FIELDS = {
    "worker_id": NUMBERS, "manager_id": NUMBERS, "previous_id": NUMBERS, "given_name": ODD_TEXTS,
    "family_name": ODD_TEXTS, "work_email": ADDRESSES, "personal_email": ADDRESSES, "status": WORDS, "hire_date": DAYS,
    "termination_date": DAYS, "leave_end_date": DAYS, "time_zone": ZONES, "location": ODD_TEXTS, "badge": ODD_TEXTS,
}  # fmt: skip

USUAL = {
    **dict.fromkeys(FIELDS, ""),
    **{"worker_id": "7", "given_name": "Ana", "family_name": "Berg", "status": "Active", "work_email": "a@acme.com"},
    "hire_date": "2001-01-01",
}


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    """Usual rows that differ in two fields only, so that many are of one kind."""
    names = draw(st.lists(st.sampled_from(list(FIELDS)), min_size=1, max_size=2, unique=True))
    cells = st.fixed_dictionaries({name: st.sampled_from(FIELDS[name]) for name in names})
    return [{**USUAL, **changed} for changed in draw(st.lists(cells, min_size=2, max_size=40))]


cut = st.dictionaries(st.sampled_from(["worker_id", "manager_id", "given_name"]), st.sampled_from(list(Transform)))


def spec_of(transforms: dict[str, Transform]) -> MappingSpec:
    given_rows = (
        row_of(name, FieldSpec(column=name, transforms=(transforms[name],) if name in transforms else ()))
        for name in FIELDS
    )
    return MappingSpec(rows=tuple(given_rows))


def said(spec: MappingSpec, row: dict[str, str]) -> list[tuple[str, str]]:
    """What is found about this row, without whom it is about."""
    mapped = map_record(spec, row)
    if not isinstance(mapped, Mapped):
        return [(mapped.code, mapped.attribute)]
    facts = Facts(as_of=TODAY, time_zones=frozenset({"Europe/Paris"}), mapped=frozenset(FIELDS))
    return [(f.check, f.attribute) for f in (*mapped.findings, *check_worker(mapped.worker, facts))]


@given(tables(), cut)
@settings(max_examples=300, deadline=None)
def test_rows_of_one_kind_are_alike_to_every_check(given_rows: list[dict[str, str]], cut: dict[str, Transform]) -> None:
    spec = spec_of(cut)
    kinds = kinds_of(pl.DataFrame(given_rows), spec, TODAY)
    first: dict[int, list[tuple[str, str]]] = {}
    for (kind, odd), row in zip(kinds.iter_rows(), given_rows, strict=True):
        if not odd:
            assert first.setdefault(kind, said(spec, row)) == said(spec, row)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"worker_id": "1"}, {"worker_id": "2"}, id="numbers"),
        pytest.param({"given_name": "Ana"}, {"given_name": "Élodie"}, id="names"),
        pytest.param({"work_email": "ana@acme.com"}, {"work_email": "bob.b@acme.com"}, id="addresses"),
        pytest.param({"hire_date": "2001-02-03"}, {"hire_date": "2011-12-13"}, id="days long ago"),
    ],
)
def test_ordinary_rows_are_of_one_kind(one: dict[str, str], other: dict[str, str]) -> None:
    kinds = kinds_of(pl.DataFrame([{**USUAL, **one}, {**USUAL, **other}]), spec_of({}), TODAY)
    assert kinds.get_column("kind").n_unique() == 1
    assert kinds.get_column("odd").to_list() == [False, False]
