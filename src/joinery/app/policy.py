"""Settings -> the plain values that flows work with. No decisions of its own: each line moves one choice over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from joinery.app.targets import beyond
from joinery.core.correlation.correlate import Matching
from joinery.core.hygiene.trust import TrustPolicy
from joinery.core.mapping.dated import DatedTable
from joinery.core.mapping.headers import mapping_for
from joinery.core.mapping.outbound import Outbound, OutboundRow, ValueTable
from joinery.core.mapping.spec import DateFormat, Empty, FieldSpec, MappingSpec
from joinery.core.mapping.statuses import normal
from joinery.core.mapping.transforms import Transform
from joinery.core.mapping.vendor_statuses import VENDORS
from joinery.core.model.ids import RequirementKey
from joinery.core.model.worker import Status, Worker
from joinery.core.planning.guards import GuardLimit
from joinery.core.rules.conditions import Condition, Vocabulary, parse
from joinery.core.rules.conditions.words import fold
from joinery.core.rules.jobs import Ownership
from joinery.core.rules.learning import LearningRule
from joinery.core.rules.lifecycle import LifecyclePolicy
from joinery.core.rules.rule_data import requirement, rules_from
from joinery.core.rules.starters import STARTERS
from joinery.flows.policy import Confirmation, MailPolicy, Policy
from joinery.flows.status import Expected
from joinery.settings import Settings
from joinery.settings.conditions import custom_kinds
from joinery.settings.guards import NAMES as GUARD_NAMES
from joinery.settings.tables import ValueMap, rows_in

#: a share of new accounts means nothing while so few are in use: the first load is not a mass change
FIRST_LOAD_BELOW = 200


def policy_from(
    settings: Settings, target_name: str, published_on: Callable[[str, str], date], chunk_size: int
) -> Policy:
    """The policy of the connection that joins all sources to one target."""
    vocabulary = Vocabulary.for_inclusion(custom_kinds(settings))
    return Policy(
        name=settings.name,
        version=settings.version_hash,
        zone_of=zone_reader(settings.company.time_zone, settings.company.location_zones),
        location_zones=settings.company.location_zones,
        company_zone=ZoneInfo(settings.company.time_zone),
        company_country=settings.company.country or "",
        known_zones=_all_zones(),
        go_live=settings.go_live,
        ownership=ownership_of(settings),
        **_of_issues(settings),
        four_eyes=settings.four_eyes,
        lifecycles={name: lifecycle_of(settings, source) for name, source in settings.people.items()},
        tree=_tree(settings),
        include=tuple(parse(each.where, vocabulary) for each in settings.include),
        exclude=tuple(parse(each.where, vocabulary) for each in settings.exclude),
        out_of_scope=settings.out_of_scope,
        rules=learning_rules(settings, published_on),
        onboarding_again_after=_days(settings.triggers.rehire.onboarding_again_after),
        reassign_finished=settings.triggers.rehire.reassign_finished,
        guards=_guards(settings),
        segments=_segments(settings),
        mode_of=settings.mode_of,
        lane_per_hour=settings.kill_switch.per_hour,
        push_per_hour=settings.kill_switch.push_per_hour,
        close_within=settings.kill_switch.within,
        protected_workers=frozenset(settings.protected.worker_ids),
        mail=_mail(settings),
        drift=settings.learning[target_name].drift,
        chunk_size=chunk_size,
        completions_to=settings.completions.send_to.place if settings.completions.send_to else "",
        target=target_name,
        **_of_target(settings, settings.learning[target_name]),
    )


def _of_issues(settings: Settings) -> dict[str, Any]:
    """What the policy says of data problems."""
    told = settings.issues
    return {"owners": told.owners, "checks": told.checks, "doubles": told.same_person}


def _of_target(settings: Settings, target: Any) -> dict[str, Any]:
    """What the policy says of the learning system, and of accounts there."""
    return {
        "target_kind": target.into,
        "only_reads": target.into == "export",
        "confirmed_by": _confirmed_by(target),
        "mail_unconfirmed": target.into == "file" and target.mail_unconfirmed,
        "cannot": beyond(target),
        "outbound": _outbound(settings, target),
        "protected_accounts": frozenset((*settings.protected.account_ids, *target.protected)),
        "matching": Matching(worker_id=target.first_match.worker_id, email=target.first_match.email),
        "create_groups": target.create_groups,
        "seats": target.seats,
        "simulation": target.simulation,
    }


def _confirmed_by(target: Any) -> Confirmation:
    if target.into != "file":
        return "itself"
    return "export" if target.confirm else "nobody"


def _days(span: timedelta | None) -> int | None:
    return span.days if span else None


def _mail(settings: Settings) -> MailPolicy:
    return MailPolicy(
        signing_in=settings.mail.enabled,
        at=settings.triggers.hire.mail,
        silent_first_load=settings.mail.first_load == "silent",
        personal_address=settings.mail.personal_address,
        days_before=settings.mail.days_before,
    )


def lifecycle_of(settings: Settings, source: Any) -> LifecyclePolicy:
    """How this source's dates and statuses are to be read."""
    triggers = settings.triggers
    return LifecyclePolicy(
        start_when=triggers.hire.start_when,
        days_before=triggers.hire.days_before,
        end_date_means=source.end_date_means,
        suspend=triggers.leaver.suspend,
        leavers_are=source.leavers_are,
        missing_files=source.missing_files,
        archive_after=_days(triggers.leaver.archive_after),
        absent_grace=triggers.absent.archive_grace.days,
        leave_access=triggers.leave.access,
        garden_access=triggers.leave.garden,
        seasonal=tuple(triggers.seasonal.employment_types),
    )


def expected_of(settings: Settings) -> dict[str, Expected]:
    """Source -> when its file is agreed to come."""
    wanted = settings.schedule
    by_clock = wanted.every is not None or wanted.cron is not None
    causes = (*(("clock",) if by_clock else ()), *(("file",) if wanted.when_file_arrives else ())) or ("clock", "file")
    return {
        name: Expected(by=source.expect.by, workdays=source.expect.days == "workdays", causes=causes)
        for name, source in settings.people.items()
    }


def ownership_of(settings: Settings) -> Ownership:
    """Whose value counts where several sources know a person."""
    owners = {
        attribute: name
        for name, source in settings.people.items()
        for attribute, rule in source.fields.items()
        if rule.owner
    }
    directories = frozenset(name for name, source in settings.people.items() if source.says == "directory")
    return Ownership(order=tuple(settings.people), owners=owners, directories=directories)


def trust_of(source: Any) -> TrustPolicy:
    """When a file is believed."""
    drops = (source.trust.max_drop, source.expect.max_drop)
    drop = min(share for share in drops if share is not None)
    return TrustPolicy(
        floor=source.trust.floor,
        max_drop=float(drop),
        max_id_churn=float(source.trust.max_id_churn),
        max_domain_churn=float(source.trust.max_domain_churn),
        min_rows=source.expect.min_rows or 0,
    )


def mapping_reader(
    name: str, source: Any, feed: Any = None, part: str = ""
) -> Callable[[tuple[str, ...]], MappingSpec]:
    """Header -> mapping: named fields are the allow-list; without any, well-known headers are recognised.

    `feed`: files of starters or leavers, with columns of their own where they name some.
    """
    named = feed.fields if feed is not None and feed.fields else source.fields
    fields = {attribute: _field(rule) for attribute, rule in named.items()}
    own = {normal(word): Status(meaning) for word, meaning in source.statuses.items()}
    statuses = {**VENDORS.get(source.hr_system or "", {}), **own}
    leaves = {normal(word): access for word, access in source.leave_classes.items()}
    allowed = {named[a].column: why for a, why in source.allow_sensitive.items() if a in named}

    def read(header: tuple[str, ...]) -> MappingSpec:
        # a file of its own kind has fewer columns; those it lacks stay as they are
        there = {a: each for a, each in fields.items() if not part or each.column in header}
        spec = mapping_for(header, there or None, well_known=not fields, allow_sensitive=allowed, statuses=statuses)
        per_entity = source.numbering == "per_entity"
        return replace(spec, source=name, leave_classes=leaves, part=part, per_entity=per_entity)

    return read


def _field(rule: Any) -> FieldSpec:
    return FieldSpec(
        column=rule.column,
        format=DateFormat(rule.format) if rule.format else None,
        empty=Empty(rule.empty),
        transforms=(Transform(rule.transform),) if rule.transform else (),
    )


def zone_reader(company: str, places: Mapping[str, str] | None = None) -> Callable[[Worker], tzinfo]:
    """The worker's own zone where it is one, else their location's, else the company's."""
    by_place = {name.strip().casefold(): zone for name, zone in (places or {}).items()}

    @lru_cache(maxsize=10_000)
    def named(name: str, place: str) -> tzinfo:
        there = by_place.get(place.strip().casefold(), company)
        try:
            return ZoneInfo(name or there)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(there)

    return lambda worker: named(worker.time_zone, worker.location if by_place else "")


@lru_cache(maxsize=1)
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _outbound(settings: Settings, target: Any) -> Outbound:
    # an attribute that an export does not show is not known: it is neither empty nor different
    shown = dict(target.fields) if target.into == "export" else {}
    rows = tuple(
        OutboundRow(to=name, attribute=rule.from_, write=rule.write)
        for name, rule in target.attributes.items()
        if not shown or name in shown
    )
    tables = {name: value_table(each) for name, each in settings.map.items()}
    return Outbound(rows=rows, tables=tables, groups_from=target.groups_from)


def value_table(each: ValueMap) -> ValueTable:
    """A table without days is the same on every day."""
    rows, unmapped = each.rows(), str(each.unmapped)
    if any(row.valid_from or row.valid_to for row in rows):
        return ValueTable(dated=DatedTable(rows=rows), unmapped=unmapped)
    return ValueTable(values={row.code: row.value for row in rows}, unmapped=unmapped)


def _tree(settings: Settings) -> DatedTable:
    """Department -> the one above it; names are compared as conditions compare them."""
    rows = rows_in(settings.department_tree) if settings.department_tree else ()
    return DatedTable(rows=tuple(replace(row, code=fold(row.code)) for row in rows if row.value))


def _guards(settings: Settings) -> dict[str, GuardLimit]:
    found = {}
    for name in GUARD_NAMES:
        guard = settings.guards.named(name)
        if guard is not None:
            found[name] = GuardLimit(
                most=guard.most,
                share=float(guard.share) if guard.share is not None else None,
                floor=guard.floor,
                from_population=FIRST_LOAD_BELOW if name == "create" else 0,
                each=guard.each,
                each_share=float(guard.each_share) if guard.each_share is not None else None,
                each_floor=guard.each_floor,
            )
    return found


def _segments(settings: Settings) -> tuple[str, ...]:
    named = {a for name in GUARD_NAMES if (g := settings.guards.named(name)) for a in g.each}
    return tuple(sorted(named & {"department", "location", "legal_entity"}))


def learning_rules(settings: Settings, published_on: Callable[[str, str], date]) -> tuple[LearningRule, ...]:
    """The starters that are switched on, then the company's own."""
    vocabulary = Vocabulary(custom=custom_kinds(settings))
    own = {rule.name: rule.published_on for rule in settings.learning_rules if rule.published_on}

    def since(name: str, version: str) -> date:
        return own.get(name) or published_on(name, version)

    starters = [data for name in settings.starters for data in STARTERS[name]]
    written = [_rule_data(rule) for rule in settings.learning_rules]
    return rules_from([*starters, *written], vocabulary, since, _resolve)


def _resolve(name: str) -> RequirementKey:
    """A plain name is a path where it is called one, else a course."""
    if ":" not in name and "path" in name.lower():
        return RequirementKey(f"path:{name}")
    return requirement(name)


def _rule_data(rule: Any) -> dict[str, object]:
    data: dict[str, object] = {
        "name": rule.name,
        "when": rule.when if rule.when is not None else "True",
        "give": list(rule.give),
        "groups": list(rule.groups),
        "applies_to": rule.applies_to,
        "when_match_ends": rule.when_match_ends,
        "kind": rule.kind,
    }
    if rule.due is not None:
        data["due"] = str(rule.due)
    if rule.counts_if_done_within is not None:
        data["counts_if_done_within"] = str(rule.counts_if_done_within)
    if rule.recurs is not None:
        data["recurs"] = {name: str(getattr(rule.recurs, name)) for name in ("every", "window", "grace")}
    return data


def day_of(as_of: datetime, settings: Settings) -> date:
    """The company's local day."""
    return as_of.astimezone(ZoneInfo(settings.company.time_zone)).date()


__all__ = ["Condition", "lifecycle_of", "mapping_reader", "policy_from", "trust_of"]
