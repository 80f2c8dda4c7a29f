"""Learning rules from plain data, as a settings file or the starters hold them.

Rule 1: unknown keys are errors with a hint; the version is the hash of the content, so that an edit is a new version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeVar

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.conditions import Vocabulary, parse
from joinery.core.rules.conditions.trouble import did_you_mean
from joinery.core.rules.due import Due, Duration, parse_due, parse_duration
from joinery.core.rules.learning import AppliesTo, LearningRule, Recurrence, Weight, WhenMatchEnds
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
    "kind",
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
    when = data.get("when", "True")
    if not isinstance(when, str | Mapping):
        raise ConfigError("when is not a condition.", "Write a text or a mapping, or leave it out for everybody.")
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
        mandatory=_choice(data, "kind", Weight.MANDATORY),
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
