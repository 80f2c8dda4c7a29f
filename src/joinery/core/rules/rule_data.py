"""Learning rules and memory rows as plain data: from a settings file, into the store, and back.

Rule 1: unknown keys are errors with a hint; what is written is read back equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeVar

from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.rules.conditions import Vocabulary, parse
from joinery.core.rules.conditions.trouble import did_you_mean
from joinery.core.rules.due import Due, Duration, parse_due, parse_duration
from joinery.core.rules.learning import (
    AppliesTo,
    Assignment,
    Exemption,
    LearningRule,
    ManualAssignment,
    Recurrence,
    State,
    Weight,
    WhenMatchEnds,
)
from joinery.errors import ConfigError

Resolve = Callable[[str], RequirementKey]
E = TypeVar("E", bound=StrEnum)

RULE_KEYS: Final = (
    "name",
    "when",
    "give",
    "groups",
    "due",
    "statutory",
    "recurs",
    "counts_if_done_within",
    "applies_to",
    "when_match_ends",
    "mandatory",
)
RECURS_KEYS: Final = ("every", "window", "grace", "renew_with")


def requirement(name: str) -> RequirementKey:
    """`course:X` and `path:X` as they are; a plain name is a course."""
    kind, _, rest = name.strip().partition(":")
    if kind in {"course", "path"} and rest.strip():
        return RequirementKey(f"{kind}:{rest.strip()}")
    return RequirementKey(f"course:{name.strip()}")


def rule_from(
    data: Mapping[str, object], vocabulary: Vocabulary, published_on: date, resolve: Resolve = requirement
) -> LearningRule:
    """The rule that was written; ConfigError (ConditionError for `when`) with the rule's name otherwise."""
    name = str(data.get("name") or "").strip()
    if not name:
        raise ConfigError("A learning rule has no name.", "Give it one: name: FR warehouse safety.")
    try:
        return _rule(name, data, vocabulary, published_on, resolve)
    except ConfigError as error:
        error.message = f'Learning rule "{name}": {error.message}'
        error.data["rule"] = name
        raise


def _rule(
    name: str, data: Mapping[str, object], vocabulary: Vocabulary, published_on: date, resolve: Resolve
) -> LearningRule:
    _known(data, RULE_KEYS)
    give, groups = tuple(map(resolve, _texts(data, "give"))), _texts(data, "groups")
    if not give and not groups:
        raise ConfigError("It gives nothing.", "Write give: [course or path], or groups: [name].")
    when = data.get("when")
    if not isinstance(when, str | Mapping):
        raise ConfigError("It does not say who it is for.", "Write when: and a condition; True means everybody.")
    return LearningRule(
        name=name,
        version=version_of(data),
        when=parse(when, vocabulary),
        give=give,
        groups=groups,
        due=_due(data),
        recurs=_recurs(data.get("recurs"), resolve),
        counts_if_done_within=_duration(data, "counts_if_done_within"),
        applies_to=_choice(data, "applies_to", AppliesTo.EVERYONE),
        when_match_ends=_choice(data, "when_match_ends", WhenMatchEnds.KEEP),
        mandatory=_weight(data),
        published_on=published_on,
    )


def version_of(data: Mapping[str, object]) -> str:
    """Twelve hexadecimal digits over the content; the order of keys does not matter."""
    written = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
    return sha256(written.encode("utf-8", "replace")).hexdigest()[:12]


def _known(data: Mapping[str, object], keys: tuple[str, ...]) -> None:
    for key in data:
        if key not in keys:
            hint = did_you_mean(str(key), keys) or f"There are {', '.join(keys)}."
            raise ConfigError(f'There is no setting "{key}".', hint)


def _texts(data: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = data.get(key) or ()
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each.strip() for each in value):
        raise ConfigError(f"{key} takes a name or a list of names.", f"Write {key}: [NAME].")
    return tuple(dict.fromkeys(each.strip() for each in value))


def _due(data: Mapping[str, object]) -> Due | None:
    written, statutory = data.get("due"), data.get("statutory", False)
    if not isinstance(statutory, bool):
        raise ConfigError("statutory is true or false.", "True: a holiday moves the due date to the day before.")
    if written is None:
        return None
    return parse_due(f"on {written}" if isinstance(written, date) else str(written), statutory=statutory)


def _duration(data: Mapping[str, object], key: str) -> Duration | None:
    return None if data.get(key) is None else parse_duration(str(data[key]))


def _recurs(given: object, resolve: Resolve) -> Recurrence | None:
    """`recurs: 12 months`, or a mapping with every, window, grace and renew_with."""
    if given is None:
        return None
    data: Mapping[str, object] = given if isinstance(given, Mapping) else {"every": given}
    _known(data, RECURS_KEYS)
    every = _duration(data, "every")
    if every is None or every == Duration():
        raise ConfigError("recurs does not say how often.", "Write recurs: 12 months.")
    plain = Recurrence(every=every)
    return Recurrence(
        every=every,
        window=_duration(data, "window") or plain.window,
        grace=_duration(data, "grace") or plain.grace,
        renew_with=None if data.get("renew_with") is None else resolve(str(data["renew_with"])),
    )


def _choice(data: Mapping[str, object], key: str, default: E) -> E:
    value = data.get(key)
    if value is None:
        return default
    kind = type(default)
    try:
        return kind(str(value))
    except ValueError:
        words = [each.value for each in kind]
        hint = did_you_mean(str(value), words) or f"Write one of {', '.join(words)}."
        raise ConfigError(f'{key} cannot be "{value}".', hint) from None


def _weight(data: Mapping[str, object]) -> Weight:
    if isinstance(data.get("mandatory"), bool):
        return Weight.MANDATORY if data["mandatory"] else Weight.OPTIONAL
    return _choice(data, "mandatory", Weight.MANDATORY)


def rules_from(
    written: Iterable[Mapping[str, object]],
    vocabulary: Vocabulary,
    published_on: Callable[[str, str], date],
    resolve: Resolve = requirement,
) -> tuple[LearningRule, ...]:
    """All rules; `published_on(name, version)` says since when this version counts. Names must differ."""
    rules = []
    for data in written:
        day = published_on(str(data.get("name") or "").strip(), version_of(data))
        rules.append(rule_from(data, vocabulary, day, resolve))
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'Two learning rules are called "{name}".', "Rename one; the name is its memory.")
    return tuple(rules)


def assignment_to_json(row: Assignment) -> dict[str, object]:
    """Plain data, empty things left out; dates in ISO form."""
    days = ("due_on", "assigned_on", "completed_on", "withdrawn_on", "paused_on", "renews")
    found: dict[str, object] = {
        "requirement": row.requirement,
        "cycle": row.cycle,
        "state": row.state.value,
        "weight": row.weight.value,
        "reasons": sorted(row.reasons),
        "paused_days": row.paused_days,
        "time_zone": row.time_zone,
        "match_started": {name: day.isoformat() for name, day in sorted(row.match_started.items())},
    }
    found |= {name: getattr(row, name).isoformat() for name in days if getattr(row, name) is not None}
    return {name: value for name, value in found.items() if value or name == "requirement"}


def assignment_from_json(data: Mapping[str, object]) -> Assignment:
    """The row that was written by `assignment_to_json`."""
    started = data.get("match_started") or {}
    reasons = data.get("reasons") or []
    if not isinstance(started, Mapping) or not isinstance(reasons, list):
        raise TypeError("not an assignment")
    return Assignment(
        requirement=RequirementKey(str(data["requirement"])),
        cycle=str(data.get("cycle", "")),
        due_on=_day(data, "due_on"),
        reasons=frozenset(map(str, reasons)),
        state=State(str(data["state"])),
        assigned_on=date.fromisoformat(str(data["assigned_on"])),
        completed_on=_day(data, "completed_on"),
        withdrawn_on=_day(data, "withdrawn_on"),
        paused_on=_day(data, "paused_on"),
        paused_days=int(str(data.get("paused_days", 0))),
        renews=_day(data, "renews"),
        weight=Weight(str(data["weight"])),
        time_zone=str(data.get("time_zone", "")),
        match_started={str(name): date.fromisoformat(str(day)) for name, day in started.items()},
    )


def _day(data: Mapping[str, object], key: str) -> date | None:
    return date.fromisoformat(str(data[key])) if data.get(key) else None


def exemption_to_json(exemption: Exemption) -> dict[str, object]:
    """Plain data; `until` is left out when there is no end."""
    found: dict[str, object] = {
        "person_key": exemption.person_key,
        "requirement": exemption.requirement,
        "owner": exemption.owner,
        "reason": exemption.reason,
    }
    return found | ({"until": exemption.until.isoformat()} if exemption.until else {})


def exemption_from_json(data: Mapping[str, object]) -> Exemption:
    """The exemption that was written by `exemption_to_json`."""
    return Exemption(
        person_key=PersonKey(str(data["person_key"])),
        requirement=RequirementKey(str(data["requirement"])),
        owner=str(data["owner"]),
        reason=str(data["reason"]),
        until=_day(data, "until"),
    )


def manual_to_json(manual: ManualAssignment) -> dict[str, object]:
    """Plain data; empty things left out."""
    found: dict[str, object] = {
        "person_key": manual.person_key,
        "requirement": manual.requirement,
        "cycle": manual.cycle,
        "owner": manual.owner,
        "reason": manual.reason,
        "due_on": manual.due_on and manual.due_on.isoformat(),
        "until": manual.until and manual.until.isoformat(),
    }
    return {name: value for name, value in found.items() if value}


def manual_from_json(data: Mapping[str, object]) -> ManualAssignment:
    """The assignment by hand that was written by `manual_to_json`."""
    return ManualAssignment(
        person_key=PersonKey(str(data["person_key"])),
        requirement=RequirementKey(str(data["requirement"])),
        cycle=str(data.get("cycle", "")),
        due_on=_day(data, "due_on"),
        owner=str(data["owner"]),
        reason=str(data.get("reason", "")),
        until=_day(data, "until"),
    )
