"""Names that disagree are a reason to ask; names that agree are no reason for anything."""

from __future__ import annotations

import pytest

from joinery.core.correlation.names import names_disagree
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.core.model.worker import Worker

CASES = {
    "the same": ("Eva", "Lund", {"given_name": "Eva", "family_name": "Lund"}, False),
    "somebody else": ("Eva", "Lund", {"given_name": "Erik", "family_name": "Lindqvist"}, True),
    "a marriage": ("Eva", "Lund", {"given_name": "Eva", "family_name": "Berg"}, False),
    "accents and capitals": ("Léa", "MÜLLER", {"given_name": "lea", "family_name": "Muller"}, False),
    "first and last name exchanged": ("Chen", "Mei", {"given_name": "Mei", "family_name": "Chen"}, False),
    "one name for all of it": ("Ana", "de la Cruz", {"display_name": "Cruz, Ana"}, False),
    "the account has no name": ("Eva", "Lund", {"email": "e@acme.example"}, False),
    "HR has no name": ("", "", {"given_name": "Erik"}, False),
    "initials are no evidence of the same": ("E.", "Lund", {"given_name": "Otto", "family_name": "Berg"}, True),
}


@pytest.mark.parametrize(("given", "family", "told", "disagree"), CASES.values(), ids=CASES)
def test_do_they_call_somebody_by_different_names(
    given: str, family: str, told: dict[str, str], disagree: bool
) -> None:
    worker = Worker(source_id="1", worker_id="1", given_name=given, family_name=family)
    assert names_disagree(worker, Account(id=AccountId("a"), attributes=told)) is disagree


def test_the_name_somebody_is_called_by_counts() -> None:
    worker = Worker(source_id="1", worker_id="1", given_name="Alexander", preferred_name="Sasha")
    assert not names_disagree(worker, Account(id=AccountId("a"), attributes={"display_name": "Sasha K."}))
