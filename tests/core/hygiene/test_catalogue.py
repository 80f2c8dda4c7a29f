"""Every check that people meet says why it matters and where it is put right."""

from __future__ import annotations

import pytest
from tests.conftest import ROOT
from tests.support.checks import names_of_checks

from joinery.core.hygiene.catalogue import CATALOGUE, explained

#: what one person's data or the population can show, as opposed to a file that cannot be read or is not believed
OURS = {
    path.read_text()
    for folder in ("audit", "core/hygiene")
    for path in (ROOT / "src" / "joinery" / folder).glob("*.py")
    if path.stem not in {"trust", "catalogue"}
}


def test_every_check_of_people_is_explained() -> None:
    text = "\n".join(OURS)
    named = {name for name in names_of_checks() if f'"{name}"' in text}
    assert len(named) > 30
    assert sorted(named - CATALOGUE.keys()) == []


@pytest.mark.parametrize("check", sorted(CATALOGUE))
def test_an_entry_says_all_three_things_in_plain_words(check: str) -> None:
    told = CATALOGUE[check]
    assert told.title and told.why and told.where
    assert not {"correlation", "entitlement", "upsert", "shadow", "identity"} & set(told.why.lower().split())


def test_a_check_without_an_entry_is_shown_under_its_name() -> None:
    assert explained("something_new").title == "Something new"
