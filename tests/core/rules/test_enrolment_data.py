"""Rules as data, and memory rows for the store."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from tests.core.rules.life import GO_LIVE, exemption, manual

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.conditions import Vocabulary
from joinery.core.rules.due import Duration
from joinery.core.rules.learning import AppliesTo, Assignment, State, Weight, WhenMatchEnds
from joinery.core.rules.rule_data import requirement, rule_from, rules_from, version_of
from joinery.core.rules.starters import STARTERS
from joinery.core.rules.storing import (
    decode_assignment,
    decode_exemption,
    decode_manual,
    encode_assignment,
    encode_exemption,
    encode_manual,
)
from joinery.errors import ConfigError

DAY = date(2026, 3, 2)
FULL: dict[str, Any] = {
    "name": "FR warehouse safety",
    "when": {"country": "FR", "job_family": "Logistics"},
    "give": ["FORKLIFT", "path:Safety", "FORKLIFT"],
    "groups": "Warehouse",
    "due": "30 days after start",
    "statutory": True,
    "recurs": {"every": "24 months", "window": "60 days", "grace": "1 month", "renew_with": "FORKLIFT-2"},
    "applies_to": "new_matches",
    "when_match_ends": "withdraw_if_not_started",
    "counts_if_done_within": "24 months",
    "kind": "recommended",
}


def test_a_rule_is_read_from_data() -> None:
    rule = rule_from(FULL, Vocabulary(), GO_LIVE)
    assert rule.give == ("course:FORKLIFT", "path:Safety")
    assert rule.groups == ("Warehouse",)
    assert rule.when.text == 'country == "FR" and job_family == "Logistics"'
    assert rule.due is not None
    assert rule.due.statutory
    assert rule.recurs is not None
    assert (rule.recurs.every, rule.recurs.grace) == (Duration(months=24), Duration(months=1))
    assert rule.recurs.renew_with == "course:FORKLIFT-2"
    assert rule.applies_to is AppliesTo.NEW_MATCHES
    assert rule.when_match_ends is WhenMatchEnds.WITHDRAW_IF_NOT_STARTED
    assert rule.mandatory is Weight.RECOMMENDED
    assert rule.key == f"FR warehouse safety@{rule.version}"


def test_the_version_is_the_content_and_not_its_order() -> None:
    assert version_of(FULL) == version_of(dict(reversed(FULL.items())))
    assert version_of(FULL) != version_of({**FULL, "due": "31 days"})


def test_a_rule_without_a_condition_is_for_everybody() -> None:
    assert rule_from({"name": "All", "give": "CODE"}, Vocabulary(), GO_LIVE).when.text == "True"


def test_plain_names_are_resolved_by_the_caller() -> None:
    rule = rule_from({"name": "R", "give": ["Intro"]}, Vocabulary(), GO_LIVE, lambda name: requirement(f"path:{name}"))
    assert rule.give == ("path:Intro",)


WRONG = [
    ("no name", {"name": " "}, "no name", "Give it one"),
    ("a slip in a key", {"gives": ["X"]}, 'no setting "gives"', "give"),
    ("a slip in a key of recurs", {"recurs": {"evry": "1 year"}}, 'no setting "evry"', "every"),
    ("it gives nothing", {"give": [], "groups": []}, "gives nothing", "give:"),
    ("a slip in a word", {"applies_to": "new_match"}, "applies_to", "new_matches"),
    ("a word that is none", {"kind": "blue"}, "kind", "mandatory, recommended, optional"),
    ("a slip in the condition", {"when": "contry == 'FR'"}, "contry", "country"),
    ("a condition that is none", {"when": 3}, "when is not a condition", "everybody"),
    ("a due that is none", {"due": "soon"}, "soon", "30 days after start"),
    ("a duration that is none", {"counts_if_done_within": "long"}, "long", "24 months"),
    ("how often is missing", {"recurs": {"window": "3 days"}}, "how often", "12 months"),
    ("how often is never", {"recurs": "0 days"}, "how often", "12 months"),
    ("a course that is no name", {"give": [3]}, "give takes", "give: [NAME]"),
    ("statutory is a word", {"statutory": "yes"}, "statutory", "True"),
]


@pytest.mark.parametrize(("data", "what", "hint"), [pytest.param(d, w, h, id=i) for i, d, w, h in WRONG])
def test_what_is_wrong_is_said_with_the_rule_and_a_hint(data: dict[str, Any], what: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rule_from({**FULL, **data}, Vocabulary(), GO_LIVE)
    assert what in str(caught.value)
    assert hint in str(caught.value)
    if "name" not in data:
        assert caught.value.data["rule"] == "FR warehouse safety"
        assert "FR warehouse safety" in str(caught.value)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="Two learning rules"):
        rules_from([FULL, {**FULL, "due": "1 day"}], Vocabulary(), lambda name, version: GO_LIVE)


def test_each_version_is_published_on_its_own_day() -> None:
    days = {version_of(FULL): DAY}
    (rule,) = rules_from([FULL], Vocabulary(), lambda name, version: days[version])
    assert rule.published_on == DAY


def test_a_fixed_due_day_may_come_as_a_date() -> None:
    rule = rule_from({**FULL, "due": DAY}, Vocabulary(), GO_LIVE)
    assert rule.due is not None
    assert rule.due.on == DAY


def test_the_starters_can_be_read() -> None:
    assert set(STARTERS) == {"Onboarding_Path", "Leadership_101", "location_compliance"}
    names = [rule_from(data, Vocabulary(), GO_LIVE).name for several in STARTERS.values() for data in several]
    assert names == ["Onboarding_Path", "Leadership_101", "US-COMPLIANCE", "UK-COMPLIANCE"]


def test_a_row_survives_the_store() -> None:
    row = Assignment(
        requirement=RequirementKey("course:FORKLIFT"),
        cycle="2027-03-01",
        due_on=DAY,
        reasons=frozenset({"A", "manual:ann"}),
        state=State.WITHDRAWN,
        assigned_on=DAY,
        completed_on=DAY,
        withdrawn_on=DAY,
        paused_on=DAY,
        paused_days=3,
        renews=DAY,
        weight=Weight.OPTIONAL,
        time_zone="Europe/Paris",
        match_started={"A": DAY},
    )
    assert decode_assignment(json.loads(json.dumps(encode_assignment(row)))) == row
    bare = Assignment(requirement=RequirementKey("course:X"), assigned_on=DAY)
    assert decode_assignment(json.loads(json.dumps(encode_assignment(bare)))) == bare


def test_a_row_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError):
        decode_assignment({"requirement": "course:X", "reasons": "A"})


@pytest.mark.parametrize("until", [None, DAY])
def test_decisions_survive_the_store(until: date | None) -> None:
    assert decode_exemption(json.loads(json.dumps(encode_exemption(exemption(until))))) == exemption(until)
    by_hand = manual(until, due_on=until, cycle="2027-01-01" if until else "")
    assert decode_manual(json.loads(json.dumps(encode_manual(by_hand)))) == by_hand
