"""What the learning system should have for one person, and why: `desired = f(facts, rules, as_of)`.

Order of decisions: the latch somebody set by hand, termination, inclusion, absence, then everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from joinery.core.model.account import AccountState, Enrolment
from joinery.core.model.ids import PersonKey
from joinery.core.model.plan import Reason
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Worker
from joinery.core.rules.lifecycle import LifecyclePolicy, Moment, archive_on

LEAVER_POLICY = "Deactivate_LMS_User"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`state` None: no account is asked for, an existing one stays as it is."""

    state: AccountState | None
    because: Reason
    #: an explicit word about this one person: the kill-switch lane may carry the suspension
    evidenced: bool = False
    #: somebody ended it, and nothing but a release or a new employment gives it back
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """Everything one person should have; `hold` set: nothing is written for them, and this is why."""

    person_key: PersonKey
    access: Access
    attributes: Mapping[str, str] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    enrolments: Mapping[str, Enrolment] = field(default_factory=dict)
    #: assignment key -> why
    enrolment_reasons: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    #: withdrawals that the rules ask for: assignment key -> only if not started
    withdrawals: Mapping[str, bool] = field(default_factory=dict)
    hold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """Is the person managed at all? None: unknown, hold."""

    inside: bool | None = True
    why: str = ""
    #: archive | keep
    out_of_scope: str = "archive"


def access_of(
    worker: Worker,
    standing: Standing,
    inclusion: Inclusion,
    moment: Moment,
    policy: LifecyclePolicy,
    latched: str = "",
) -> Access:
    """May this person sign in? `latched`: by whom and when it was ended by hand, if it was."""
    if latched:
        return Access(
            state=AccountState.SUSPENDED,
            because=Reason(text=f"access ended {latched}"),
            evidenced=True,
            by_hand=True,
        )
    if standing.stage in {Stage.LEFT, Stage.NO_SHOW}:
        return _gone(worker, standing, moment, policy)
    if inclusion.inside is False:
        state = AccountState.ARCHIVED if inclusion.out_of_scope == "archive" else None
        return Access(state=state, because=Reason(text=f"not in scope: {inclusion.why}", rule="scope"))
    if standing.missing_files >= policy.missing_files:
        why = f"missing from {standing.missing_files} good files, since {standing.missing_since}"
        return Access(state=AccountState.ARCHIVED, because=Reason(text=why, rule="missing_files"))
    if standing.stage is Stage.PREHIRE:
        return _upcoming(worker, standing, moment, policy)
    if standing.access_off:
        return Access(state=AccountState.SUSPENDED, because=Reason(text="on leave of a class without access"))
    return Access(state=AccountState.ACTIVE, because=_started(worker, standing))


def _gone(worker: Worker, standing: Standing, moment: Moment, policy: LifecyclePolicy) -> Access:
    archive = archive_on(standing, policy, worker.employment_type)
    if archive is not None and moment.reached(archive):
        text = f"left on {standing.ended_on}, archived from {archive} on"
        # an account that is still open so late is closed first, and at once
        said = standing.stage is Stage.LEFT and standing.missing_since is None
        return Access(state=AccountState.ARCHIVED, because=Reason(text=text, rule=LEAVER_POLICY), evidenced=said)
    if standing.stage is Stage.NO_SHOW:
        return Access(state=AccountState.SUSPENDED, because=Reason(text="never started", rule=LEAVER_POLICY))
    if standing.missing_since is not None and standing.missing_files:
        why = f"not in the complete file since {standing.missing_since}, and absence means left here"
        return Access(state=AccountState.SUSPENDED, because=Reason(text=why, rule=LEAVER_POLICY))
    reason = Reason(
        text=f"left: end date {worker.termination_date or standing.ended_on}",
        rule=LEAVER_POLICY,
        attribute="status",
        new=worker.status_text,
    )
    return Access(state=AccountState.SUSPENDED, because=reason, evidenced=True)


def _upcoming(worker: Worker, standing: Standing, moment: Moment, policy: LifecyclePolicy) -> Access:
    reason = Reason(text=f"starts {worker.hire_date or 'on a date that HR does not give'}", attribute="hire_date")
    hired = worker.hire_date
    if hired is not None and policy.days_before and moment.reached(hired - timedelta(days=policy.days_before)):
        return Access(state=AccountState.ACTIVE, because=reason)
    if standing.ended_on is not None and standing.started_on is not None:
        # between two employments: the end of the last one counts until the next one begins
        text = f"left on {standing.ended_on}, starts again on {hired or 'a date that HR does not give'}"
        return Access(state=AccountState.SUSPENDED, because=Reason(text=text, rule=LEAVER_POLICY))
    return Access(state=None, because=reason)


def _started(worker: Worker, standing: Standing) -> Reason:
    on = standing.started_on or worker.hire_date
    return Reason(text=f"active, started {on}" if on else "active", attribute="hire_date", new=str(on or ""))
