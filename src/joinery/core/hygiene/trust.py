"""Decides whether a file is believed at all: the gate before any comparison of people.

Rule 1: a gate holds the whole file and says the numbers and the way out; yesterday's facts stay in force and nobody
is touched. Percentages count only from `floor` rows on: of the last file for a drop, of both for the rest. The first
file of a connection has nothing to compare with: only its shape is checked, and a header without rows is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joinery.core.model.finding import Finding, Severity

_WAY_OUT = "Send the right file; or, if it is right, accept it once with a reason."


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """Shares are between 0 and 1. `max_drop` is the share of rows that may be missing since the last good file."""

    floor: int = 200
    max_drop: float = 0.30
    max_id_churn: float = 0.30
    max_domain_churn: float = 0.50
    #: a column that was filled this far (share of blanks at most) ...
    blank_before: float = 0.20
    #: ... and is now this empty (share of blanks at least) has collapsed
    blank_after: float = 0.60
    #: fewest rows of a file; 0 asks for nothing
    min_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A file in numbers: no person can be read out of it. JSON in, JSON out."""

    rows: int
    columns: tuple[str, ...]
    #: mapped attribute -> share of blank cells, 0 to 1
    blanks: Mapping[str, float] = field(default_factory=dict)
    #: the most frequent e-mail domains, lower case -> people
    domains: Mapping[str, int] = field(default_factory=dict)
    #: different employee numbers
    ids: int = 0
    sha256: str = ""
    #: the moment the file speaks of (UTC), where its name or manifest says so
    as_of: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for storing."""
        return {
            "rows": self.rows,
            "columns": list(self.columns),
            "blanks": dict(self.blanks),
            "domains": dict(self.domains),
            "ids": self.ids,
            "sha256": self.sha256,
            "as_of": self.as_of.isoformat() if self.as_of else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Profile:
        """The inverse of `to_json`."""
        as_of = stored.get("as_of")
        return cls(
            rows=stored["rows"],
            columns=tuple(stored["columns"]),
            blanks=dict(stored["blanks"]),
            domains=dict(stored["domains"]),
            ids=stored["ids"],
            sha256=stored.get("sha256", ""),
            as_of=datetime.fromisoformat(as_of) if as_of else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """How the employee numbers differ from those of the last accepted file."""

    before: int
    now: int
    gone: int
    new: int
    #: numbers that differ from a gone one by zeros in front only, and the old ones that could so
    rezeroed: int = 0
    could_be: int = 0

    @property
    def share(self) -> float:
        """The larger of: share of the old numbers that are gone, share of the present ones that are new.

        Both must be large for a renumbering; one alone is a drop of rows, or a large intake, judged elsewhere.
        """
        if not self.before or not self.now:
            return 0.0
        return min(self.gone / self.before, self.new / self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`trusted` False holds the file. `same`: byte for byte the last accepted one, so there is nothing to compare."""

    trusted: bool
    same: bool = False
    findings: tuple[Finding, ...] = ()


def judge(
    profile: Profile,
    last: Profile | None,
    churn: Churn | None,
    policy: TrustPolicy,
    *,
    partial: bool = False,
    doubts: Sequence[Finding] = (),
) -> Verdict:
    """Whether this file may be compared with what is known. `last` is the last accepted one, None before there is.

    `doubts`: findings about its content by itself; a blocker among them holds it.
    `partial`: a file of changes. How few people it names says nothing, nor does what it leaves out; how old it is, is
    a matter of each record.
    """
    findings = [*doubts, *_shape(profile, policy), *_zeros(churn)]
    same = False
    if last is not None:
        if not partial:
            # of older changes each attribute counts unless something newer is known of it
            findings += [*_age(profile, last), *_missing_columns(profile, last)]
            findings += [*_emptiness(profile, last), *_drop(profile, last, policy)]
        if min(profile.rows, last.rows) >= policy.floor:
            findings += [*_coverage(profile, last, policy), *_domains(profile, last, policy)]
            findings += [] if partial else [*_ids(churn, policy)]
        same = bool(profile.sha256) and profile.sha256 == last.sha256
    if same:
        findings.append(_same(profile))
    trusted = not any(finding.severity is Severity.BLOCKER for finding in findings)
    return Verdict(trusted=trusted, same=same and trusted, findings=tuple(findings))


def _blocker(check: str, message: str, attribute: str = "", way_out: str = _WAY_OUT) -> Finding:
    return Finding(
        check=check,
        severity=Severity.BLOCKER,
        message=f"{message} The file is held; nobody is touched.",
        attribute=attribute,
        suggestion=way_out,
    )


def _shape(profile: Profile, policy: TrustPolicy) -> Iterator[Finding]:
    if policy.min_rows and profile.rows < policy.min_rows:
        yield _blocker("too_few_rows", f"The file has {profile.rows} rows; at least {policy.min_rows} are expected.")


def _age(profile: Profile, last: Profile) -> Iterator[Finding]:
    if profile.as_of and last.as_of and profile.as_of < last.as_of:
        yield _blocker(
            "older_than_last",
            f"The file speaks of {profile.as_of:%Y-%m-%d %H:%M} UTC, the last accepted one of "
            f"{last.as_of:%Y-%m-%d %H:%M} UTC: it is older.",
            way_out="Nothing needs doing if a newer file has been read; else send the newest one.",
        )


def _emptiness(profile: Profile, last: Profile) -> Iterator[Finding]:
    if not profile.rows and last.rows:
        yield _blocker("no_rows", f"The file has a header and no rows; the last accepted one had {last.rows}.")


def _missing_columns(profile: Profile, last: Profile) -> Iterator[Finding]:
    for attribute in last.blanks:
        if attribute not in profile.blanks:
            yield _blocker(
                "column_gone",
                f"The column for {attribute} was in the last accepted file and is not in this one.",
                attribute,
                "Put the column back, or name it anew in the settings; without it everybody would lose the value.",
            )


def _drop(profile: Profile, last: Profile, policy: TrustPolicy) -> Iterator[Finding]:
    if not profile.rows or last.rows < policy.floor:
        return
    lost = last.rows - profile.rows
    if lost > policy.max_drop * last.rows:
        yield _blocker(
            "rows_dropped",
            f"The file has {profile.rows} rows, the last accepted one had {last.rows}: {lost / last.rows:.0%} fewer, "
            f"{policy.max_drop:.0%} are allowed.",
        )


def _coverage(profile: Profile, last: Profile, policy: TrustPolicy) -> Iterator[Finding]:
    for attribute, before in last.blanks.items():
        now = profile.blanks.get(attribute, 0.0)
        if before <= policy.blank_before and now >= policy.blank_after:
            yield _blocker(
                "coverage_collapsed",
                f"{attribute} is blank for {now:.0%} of the people; it was for {before:.0%} in the last accepted file.",
                attribute,
                f"See whether the export still may read {attribute}: vendors leave fields out when a permission is "
                "gone. If it is right, accept the file once with a reason.",
            )


def _zeros(churn: Churn | None) -> Iterator[Finding]:
    """However few people there are: most numbers that could lose their zeros have."""
    if churn is not None and churn.rezeroed and churn.rezeroed * 2 > churn.could_be:
        yield _blocker(
            "id_width_changed",
            f"{churn.rezeroed} employee numbers differ from those of the last accepted file by zeros in front only, "
            "so they have another width and would be other people.",
            "worker_id",
            "A spreadsheet has eaten or added the zeros: export again and do not open the file in between. "
            "For a real renumbering export the previous number too (previous_id).",
        )


def _ids(churn: Churn | None, policy: TrustPolicy) -> Iterator[Finding]:
    if churn is not None and churn.share > policy.max_id_churn:
        yield _blocker(
            "ids_changed",
            f"{churn.gone} of {churn.before} employee numbers are gone and {churn.new} of {churn.now} are new: "
            f"{churn.share:.0%} have changed, {policy.max_id_churn:.0%} are allowed.",
            "worker_id",
            "See whether another column is exported as the number, or leading zeros were lost. "
            "For a real renumbering export the previous number too (previous_id).",
        )


def _domains(profile: Profile, last: Profile, policy: TrustPolicy) -> Iterator[Finding]:
    share = domain_churn(profile.domains, last.domains)
    if share > policy.max_domain_churn:
        yield _blocker(
            "domains_changed",
            f"{share:.0%} of the e-mail addresses are in other domains than in the last accepted file, "
            f"{policy.max_domain_churn:.0%} are allowed.",
            "work_email",
            "See whether this is another company's file. For a real change of domain accept it once with a reason.",
        )


def domain_churn(now: Mapping[str, int], before: Mapping[str, int]) -> float:
    """The share (0 to 1) of addresses that would have to change domain to get from one to the other."""
    total_now, total_before = sum(now.values()), sum(before.values())
    if not total_now or not total_before:
        return 0.0
    common = sum(min(count / total_now, before.get(name, 0) / total_before) for name, count in now.items())
    return 1 - common


def _same(profile: Profile) -> Finding:
    return Finding(
        check="same_content",
        severity=Severity.NOTE,
        message=f"The file is the same as the last accepted one ({profile.rows} rows); there is nothing to compare.",
    )


def unreachable(source: str, message: str) -> Finding:
    """The place where a source's files arrive could not be looked at."""
    return Finding(
        check="source_unreachable",
        severity=Severity.BLOCKER,
        message=f"{source}: {message}",
        suggestion="Until then yesterday's facts stay in force, and dates already known fire on their day.",
    )
