"""What somebody has to learn: assigned once, kept by its reasons, never against what people decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.core.rules.life import GO_LIVE, Life, exemption, manual, rule

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.due import Calendar
from joinery.core.rules.learning import Assignment, State, Weight

D1, D2, D3, D4 = date(2026, 3, 2), date(2026, 3, 9), date(2026, 4, 1), date(2026, 6, 1)
IN_LILLE = 'location == "Lille"'


def lille(**data: object) -> Life:
    life = Life(rule("Lille", IN_LILLE, due="30 days", **data), location="Paris")  # type: ignore[arg-type]
    life.on(GO_LIVE)
    return life


def test_a_match_assigns_with_a_due_date_and_its_reason() -> None:
    life = lille()
    life.on(D1, location="Lille")
    assert life.what() == ["assigned"]
    row = life.only
    assert (row.requirement, row.cycle, row.state) == ("course:COURSE", "", State.OPEN)
    assert (row.assigned_on, row.due_on) == (D1, D1 + timedelta(days=30))
    assert row.reasons == {"Lille"}
    assert row.match_started == {"Lille": D1}
    assert 'location is "Lille"' in life.decided.changes[0].because[0]


def test_the_condition_is_a_level_and_a_missed_day_heals() -> None:
    life = lille()
    life.on(D3)
    life.worker = Life(location="Lille").worker  # nobody told us of the change
    life.on(D4)
    assert life.only.assigned_on == D4


def test_a_value_corrected_to_and_fro_assigns_once() -> None:
    life = lille()
    for day, place in ((D1, "Lille"), (D2, "Paris"), (D3, "Lille"), (D4, "Paris")):
        life.on(day, location=place)
    assert life.only.due_on == D1 + timedelta(days=30)
    assert life.only.state is State.OPEN


def test_a_second_reason_changes_neither_progress_nor_due_date() -> None:
    life = Life(rule("A", IN_LILLE, due="30 days"), rule("B", 'country == "FR"', due="5 days"), location="Lille")
    life.on(D1)
    before = life.only
    life.on(D2, country="FR")
    assert life.what() == ["reasons"]
    assert life.only.reasons == {"A", "B"}
    assert (life.only.due_on, life.only.assigned_on) == (before.due_on, before.assigned_on)


def test_two_rules_at_once_give_the_earliest_due_date() -> None:
    for order in ((0, 1), (1, 0)):
        rules = (rule("A", due="30 days"), rule("B", due="5 days"))
        life = Life(*(rules[index] for index in order))
        life.on(D1)
        assert life.only.due_on == D1 + timedelta(days=5)


def test_it_goes_only_when_the_last_reason_goes() -> None:
    life = Life(
        rule("A", IN_LILLE, when_match_ends="withdraw"),
        rule("B", 'country == "FR"', when_match_ends="withdraw"),
        location="Lille",
        country="FR",
    )
    life.on(D1)
    life.on(D2, location="Paris")
    assert life.only.reasons == {"B"}
    assert life.only.state is State.OPEN
    life.on(D3, country="DE")
    assert life.what() == ["withdrawn"]
    assert life.only.withdrawn_on == D3
    assert "rule B no longer asks for it" in life.decided.changes[0].because[0]


@pytest.mark.parametrize(
    ("policy", "started", "state"),
    [
        pytest.param("keep", False, State.OPEN, id="keep keeps what is not begun"),
        pytest.param("withdraw_if_not_started", False, State.WITHDRAWN, id="if not started: not begun goes"),
        pytest.param("withdraw_if_not_started", True, State.OPEN, id="if not started: begun stays"),
        pytest.param("withdraw", True, State.WITHDRAWN, id="withdraw takes what is begun"),
    ],
)
def test_when_the_match_ends(policy: str, started: bool, state: State) -> None:
    life = lille(when_match_ends=policy)
    life.on(D1, location="Lille")
    life.having(started=frozenset({"course:COURSE"}) if started else frozenset())
    life.on(D2, location="Paris")
    assert life.only.state is state
    for change in life.decided.changes:
        assert change.only_if_not_started is (policy != "withdraw")


@pytest.mark.parametrize("policy", ["keep", "withdraw_if_not_started", "withdraw"])
def test_what_is_completed_is_never_taken_away(policy: str) -> None:
    life = lille(when_match_ends=policy)
    life.on(D1, location="Lille")
    life.having(completions={"course:COURSE": D2}).on(D2)
    assert life.what() == ["completed"]
    done = life.only
    life.on(D3, location="Paris")
    assert life.only == done
    life.on(D4, location="Lille")
    assert life.only == done


def test_back_within_reach_the_withdrawn_one_opens_again_with_the_days_that_were_left() -> None:
    life = lille(when_match_ends="withdraw")
    life.on(D1, location="Lille")
    life.on(D2, location="Paris")
    life.on(D4, location="Lille")
    assert life.what() == ["reopened"]
    left = D1 + timedelta(days=30) - D2
    assert life.only.due_on == D4 + left


def test_unknown_neither_assigns_nor_withdraws() -> None:
    life = lille(when_match_ends="withdraw")
    life.on(D1, location="")
    assert life.rows == ()
    life.on(D2, location="Lille")
    life.on(D3, location="")
    assert life.what() == []
    assert life.only.state is State.OPEN
    assert life.decided.verdicts[0].matched is None
    assert life.decided.matched == {"Lille"}


def test_a_rule_that_is_gone_leaves_what_it_gave() -> None:
    life = lille(when_match_ends="withdraw")
    life.on(D1, location="Lille")
    life.rules = ()
    life.on(D2)
    assert life.only.state is State.OPEN


def test_a_rule_that_no_longer_gives_the_course_ends_its_match() -> None:
    life = lille(when_match_ends="withdraw")
    life.on(D1, location="Lille")
    life.rules = (rule("Lille", IN_LILLE, give=["OTHER"], when_match_ends="withdraw"),)
    life.on(D2)
    assert {row.requirement: row.state for row in life.rows} == {
        "course:COURSE": State.WITHDRAWN,
        "course:OTHER": State.OPEN,
    }


# --- who a rule applies to


def test_new_matches_leaves_out_who_matched_at_the_start() -> None:
    life = Life(rule("Lille", IN_LILLE, applies_to="new_matches"), location="Lille")
    life.on(GO_LIVE)
    assert life.rows == ()
    assert "matched already" in life.decided.verdicts[0].note
    life.on(D1, job_title="Clerk")
    assert life.rows == ()


def test_new_matches_gives_to_who_moves_in() -> None:
    life = lille(applies_to="new_matches")
    life.on(D1, location="Lille")
    assert life.what() == ["assigned"]


def test_new_matches_gives_to_who_leaves_and_comes_back() -> None:
    life = Life(rule("Lille", IN_LILLE, applies_to="new_matches"), location="Lille")
    life.on(GO_LIVE)
    life.on(D1, location="Paris")
    life.on(D2, location="Lille")
    assert life.what() == ["assigned"]


def test_new_matches_gives_when_the_match_comes_with_time() -> None:
    life = Life(rule("Year", "tenure_days >= 365", applies_to="new_matches"), hire_date=date(2025, 6, 1))
    life.on(GO_LIVE)
    life.on(date(2026, 6, 1))
    assert life.what() == ["assigned"]


def test_new_matches_gives_to_who_is_hired_after_the_start() -> None:
    life = Life(rule("Lille", IN_LILLE, applies_to="new_matches"), location="Lille", hire_date=D1)
    life.on(D1)
    assert life.what() == ["assigned"]


def test_a_new_version_for_new_matches_gives_nothing_to_who_matches_it_already() -> None:
    life = lille(applies_to="new_matches")
    life.rules = (rule("Lille", 'location in ["Lille", "Paris"]', published_on=D1, applies_to="new_matches"),)
    life.on(D1)
    assert life.rows == ()


def test_a_baseline_that_comes_after_the_configured_go_live_is_still_a_baseline() -> None:
    life = Life(rule("Lille", IN_LILLE, applies_to="new_matches"), location="Lille")
    life.known_on = D1
    life.having(baseline=True).on(D1)
    assert life.rows == ()


def test_everyone_gives_to_veterans_too_but_counts_from_the_publication() -> None:
    life = Life(rule("Lille", IN_LILLE, due="30 days", published_on=D3), location="Lille")
    life.on(D1)
    assert life.only.due_on == D3 + timedelta(days=30)


# --- changes


def test_a_rule_on_a_change_fires_once_and_what_it_gave_stays() -> None:
    life = Life(rule("Move", 'changed_to(location, "Lille")', when_match_ends="withdraw"), location="Paris")
    life.on(GO_LIVE)
    life.on(D1, location="Lille")
    assert life.what() == ["assigned"]
    life.on(D2)
    life.on(D3, location="Paris")
    assert life.only.state is State.OPEN
    assert life.only.reasons == {"Move"}


def test_the_baseline_fires_nothing() -> None:
    life = Life(rule("Move", "changed(location)"))
    life.on(GO_LIVE, location="Lille")
    assert life.rows == ()


def test_a_change_and_back_and_again_is_one_assignment() -> None:
    life = Life(rule("Move", 'changed_to(location, "Lille")', due="30 days"), location="Paris")
    life.on(GO_LIVE)
    for day, place in ((D1, "Lille"), (D2, "Paris"), (D3, "Lille")):
        life.on(day, location=place)
    assert life.only.due_on == D1 + timedelta(days=30)


def test_a_change_that_cannot_be_told_yet_is_named() -> None:
    life = Life(rule("Move", 'changed(location) and country == "FR"'), location="Paris")
    life.on(GO_LIVE)
    life.on(D1, location="Lille")
    assert life.decided.held_edges == {"Move"}


# --- what counts


@pytest.mark.parametrize(
    ("within", "done_on", "state"),
    [
        pytest.param("12 months", D1 - timedelta(days=300), State.COMPLETED, id="done within the time counts"),
        pytest.param("12 months", D1 - timedelta(days=400), State.OPEN, id="done before the time does not"),
        pytest.param(None, date(2010, 1, 1), State.COMPLETED, id="without a time, done is done"),
        pytest.param("12 months", D1 + timedelta(days=3), State.OPEN, id="done in the future is not done"),
    ],
)
def test_what_was_done_before(within: str | None, done_on: date, state: State) -> None:
    life = lille(counts_if_done_within=within)
    life.having(completions={"course:COURSE": done_on}).on(D1, location="Lille")
    assert life.only.state is state
    assert life.what() == ["credited" if state is State.COMPLETED else "assigned"]


def test_a_new_match_years_later_asks_again_when_the_proof_is_too_old() -> None:
    life = lille(counts_if_done_within="12 months")
    life.on(D1, location="Lille")
    life.having(completions={"course:COURSE": D2}).on(D2)
    life.on(D3, location="Paris")
    later = date(2029, 1, 1)
    life.on(later, location="Lille")
    assert [(row.cycle, row.state) for row in life.rows] == [("", State.COMPLETED), ("2029-01-01", State.OPEN)]
    life.on(later + timedelta(days=1), location="Paris")
    life.on(later + timedelta(days=2), location="Lille")
    assert len(life.rows) == 2


def test_a_late_report_of_an_earlier_completion_counts() -> None:
    life = lille()
    life.on(D2, location="Lille")
    life.having(completions={"course:COURSE": D1}).on(D3)
    assert life.only.state is State.COMPLETED
    assert life.only.completed_on == D1


# --- by hand


def test_no_rule_takes_away_what_was_assigned_by_hand() -> None:
    life = lille(when_match_ends="withdraw").having(manual=(manual(),))
    life.on(D1, location="Lille")
    assert life.only.reasons == {"Lille", "manual:ann"}
    life.on(D2, location="Paris")
    assert life.only.state is State.OPEN
    assert life.only.reasons == {"manual:ann"}


def test_an_assignment_by_hand_has_its_own_due_date_and_end() -> None:
    life = lille().having(manual=(manual(until=D2, due_on=D3),))
    life.on(D1)
    assert life.only.due_on == D3
    assert life.decided.wake_on == D2 + timedelta(days=1)
    life.on(D2)
    assert life.only.state is State.OPEN
    life.on(D2 + timedelta(days=1))
    assert life.only.state is State.WITHDRAWN  # type: ignore[comparison-overlap]
    assert life.decided.changes[0].only_if_not_started


def test_by_hand_it_can_be_asked_again_though_it_was_done_before() -> None:
    life = lille().having(manual=(manual(),), completions={"course:COURSE": date(2020, 1, 1)})
    life.on(D1)
    assert life.only.state is State.OPEN


def test_what_was_done_before_somebody_asked_is_asked_for_anew_and_once() -> None:
    life = lille()
    life.on(D1, location="Lille")
    life.having(completions={"course:COURSE": D1}).on(D2)
    asked = replace(manual(), asked_on=D3)
    life.having(manual=(asked,)).on(D3)
    assert [(row.cycle, row.state) for row in life.rows] == [("", State.COMPLETED), (D3.isoformat(), State.OPEN)]
    life.having(completions={"course:COURSE": D3}).on(D3)
    life.on(D3 + timedelta(days=400))
    assert [row.completed_on for row in life.rows] == [D1, D3]


def test_what_was_done_on_the_day_somebody_asked_answers_it() -> None:
    life = lille()
    life.on(D1, location="Lille")
    life.having(completions={"course:COURSE": D2}, manual=(replace(manual(), asked_on=D2),)).on(D2)
    assert life.only.state is State.COMPLETED


def test_what_somebody_exempt_does_all_the_same_is_done() -> None:
    life = lille().having(exemptions=(exemption(),))
    life.on(D1, location="Lille")
    life.having(completions={"course:COURSE": D2}).on(D2)
    assert life.what() == ["completed"]
    assert life.only.withdrawn_on is None


def test_a_reason_that_goes_during_an_exemption_is_told() -> None:
    life = lille(when_match_ends="withdraw").having(exemptions=(exemption(),))
    life.on(D1, location="Lille")
    life.on(D2, location="Paris")
    assert life.only.reasons == frozenset()
    assert [change.because for change in life.decided.changes if "no longer asks" in change.because[0]]


def test_an_exemption_wins_over_rules_until_it_ends() -> None:
    life = lille().having(exemptions=(exemption(until=D2),))
    life.on(D1, location="Lille")
    assert life.only.waived
    assert life.what() == ["waived"]
    life.on(D2)
    assert life.only.waived
    life.on(D2 + timedelta(days=1))
    assert life.what() == ["reopened"]
    assert life.only.due_on is not None
    assert life.only.due_on >= D2 + timedelta(days=15)


def test_an_exemption_takes_away_what_the_rules_gave() -> None:
    life = lille()
    life.on(D1, location="Lille")
    life.having(exemptions=(exemption(),)).on(D2)
    assert life.what() == ["waived"]
    assert life.only.reasons == {"Lille"}


def test_an_exemption_does_not_take_away_what_was_assigned_by_hand() -> None:
    life = lille().having(manual=(manual(),), exemptions=(exemption(),))
    life.on(D1, location="Lille")
    assert life.only.state is State.OPEN


def test_what_fired_during_an_exemption_is_not_lost() -> None:
    life = Life(rule("Move", "changed(location)"), location="Paris").having(exemptions=(exemption(until=D2),))
    life.on(GO_LIVE)
    life.on(D1, location="Lille")
    life.on(D3)
    assert life.only.state is State.OPEN


# --- due dates


def test_the_account_that_came_later_starts_the_clock() -> None:
    life = lille()
    life.on(D1, location="Lille")
    life.having(account_created_on=D2).on(D2)
    assert life.only.due_on == D2 + timedelta(days=30)
    life.on(D3)
    assert life.only.due_on == D2 + timedelta(days=30)


def test_a_start_that_moves_takes_the_due_date_along() -> None:
    life = Life(rule(due="30 days"), hire_date=D2)
    life.on(D1)
    assert life.only.due_on == D2 + timedelta(days=30)
    life.on(D2, hire_date=D4)
    assert life.only.due_on == D4 + timedelta(days=30)


def test_a_holiday_moves_the_due_date_on() -> None:
    due = D1 + timedelta(days=30)
    life = Life(rule(due="30 days"), calendar=Calendar(weekend=frozenset(), holidays=frozenset({due})))
    life.on(D1)
    assert life.only.due_on == due + timedelta(days=1)


def test_moving_east_never_brings_the_due_date_forward() -> None:
    life = lille().having(time_zone="Europe/London")
    life.on(D1, location="Lille")
    life.having(time_zone="Australia/Sydney").on(D2)
    assert life.only.due_on == D1 + timedelta(days=31)
    life.on(D3)
    assert life.only.due_on == D1 + timedelta(days=31)


def test_the_strongest_weight_counts_while_its_rule_asks() -> None:
    life = Life(rule("A", kind="optional"), rule("B", IN_LILLE, when_match_ends="withdraw"), location="Lille")
    life.on(D1)
    assert life.only.weight is Weight.MANDATORY
    life.on(D2, location="Paris")
    assert life.only.weight is Weight.OPTIONAL  # type: ignore[comparison-overlap]


# --- leave, leavers, starters


def test_on_leave_the_time_stands_still() -> None:
    life = lille()
    life.on(D1, location="Lille")
    life.having(on_leave=True, leave_started=D2).on(D2)
    assert life.what() == ["paused"]
    life.on(D4)
    assert life.what() == []
    life.having(on_leave=False, leave_started=None).on(D4 + timedelta(days=5))
    assert life.what() == ["resumed"]
    left = D1 + timedelta(days=30) - D2
    assert life.only.due_on == D4 + timedelta(days=5) + left
    assert life.only.paused_days == (D4 + timedelta(days=5) - D2).days


def test_a_change_during_leave_is_assigned_and_waits() -> None:
    life = Life(rule("Move", "changed(location)", due="30 days"), location="Paris")
    life.on(GO_LIVE)
    life.having(on_leave=True, leave_started=D1).on(D2, location="Lille")
    assert life.only.paused_on == D2
    life.having(on_leave=False).on(D4)
    assert life.only.due_on == D4 + timedelta(days=30)


@pytest.mark.parametrize("gone", [{"left": True}, {"employed": False}], ids=["left", "not begun"])
def test_for_leavers_nothing_is_new_and_nothing_is_withdrawn(gone: dict[str, bool]) -> None:
    life = Life(
        rule("Lille", IN_LILLE, when_match_ends="withdraw", groups=["Lille people"]),
        rule("Paris", 'location == "Paris"', give=["OTHER"]),
        location="Lille",
    )
    life.on(D1)
    before = life.rows
    life.having(**gone).on(D2, location="Paris")
    assert life.rows == before
    assert life.decided.groups == {"Lille people"}
    assert life.decided.matched == {"Lille"}


def test_a_completion_of_a_leaver_is_still_seen() -> None:
    life = lille()
    life.on(D1, location="Lille")
    life.having(left=True, completions={"course:COURSE": D2}).on(D2)
    assert life.only.state is State.COMPLETED


# --- groups


@pytest.mark.parametrize(
    ("policy", "groups"), [("keep", {"North"}), ("withdraw", set()), ("withdraw_if_not_started", set())]
)
def test_groups_follow_the_policy_of_their_rule(policy: str, groups: set[str]) -> None:
    life = lille(give=[], groups=["North"], when_match_ends=policy)
    life.on(D1, location="Lille")
    assert life.decided.groups == {"North"}
    life.on(D2, location="")
    assert life.decided.groups == {"North"}
    life.on(D3, location="Paris")
    assert life.decided.groups == groups


def test_an_assignment_taken_over_without_a_reason_is_left_alone() -> None:
    life = lille(when_match_ends="withdraw")
    theirs = Assignment(requirement=RequirementKey("course:OLD"), assigned_on=D1)
    life.decided = type(life.decided)(assignments=(theirs,), evaluated=life.decided.evaluated)
    life.on(D2)
    assert life.only == theirs
