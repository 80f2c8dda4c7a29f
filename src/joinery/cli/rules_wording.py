"""What was found about rules, in lines for people and in data for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from joinery.cli.wording import number, several
from joinery.flows.rules_diff import Effect, PersonEffect
from joinery.flows.rules_test import Tested, Verdict

EFFECT = ("worker_id=Employee number", "name=Name", "change=Change", "what=What", "before=Before", "after=After")


def tested_lines(tested: Tested) -> Iterator[str]:
    """The numbers, then samples, then whoever was asked for."""
    yield f"{tested.rule.name}: matches {number(tested.matches)} of {several(tested.people, 'person', 'people')}" + (
        f", cannot be told of {number(tested.unknown)}" if tested.unknown else ""
    )
    for each in tested.samples:
        yield f"  + {_who(each)}: {'; '.join(each.why) or 'the rule is for everybody'}"
    for each in tested.unclear:
        yield f"  ? {_who(each)}: {'; '.join(each.why)}"
    if tested.asked:
        yield "  Asked for:"
    for each in tested.asked:
        word = {True: "matches", False: "does not match", None: "cannot be told"}[each.matches]
        but = f" But {each.but}." if each.but else ""
        yield f"    {_who(each)} {word}: {'; '.join(each.why) or 'the rule is for everybody'}.{but}"


def _who(each: Verdict) -> str:
    return f"{each.worker_id} {each.name}".rstrip()


def tested_data(tested: Tested) -> dict[str, Any]:
    """The same for programs."""
    return {
        "rule": tested.rule.name,
        "version": tested.rule.version,
        "people": tested.people,
        "matches": tested.matches,
        "misses": tested.misses,
        "unknown": tested.unknown,
        "samples": [_verdict(each) for each in tested.samples],
        "unclear": [_verdict(each) for each in tested.unclear],
        "asked": [_verdict(each) for each in tested.asked],
    }


def _verdict(each: Verdict) -> dict[str, Any]:
    return {
        "worker_id": each.worker_id,
        "name": each.name,
        "matches": each.matches,
        "why": list(each.why),
        "but": each.but,
    }


def diff_lines(effect: Effect, limit: int) -> Iterator[str]:
    """Rule by rule, course by course, person by person."""
    if not effect.edited:
        yield "Nothing is edited: what the files say is what is in force."
        return
    if effect.everybody:
        yield f"{effect.everybody[0].upper()}{effect.everybody[1:]}: everybody was compared."
    for each in effect.rules:
        yield f"{each.name} ({each.word}): +{number(each.gains)} -{number(each.loses)} ={number(each.stays)} people"
    for course, (gained, lost) in effect.courses.items():
        parts = ((gained, "gets" if gained == 1 else "get"), (lost, "loses" if lost == 1 else "lose"))
        yield f"  {course}: {', '.join(f'{number(count)} {verb} it' for count, verb in parts if count)}"
    if not effect.people:
        yield f"Nothing changes for anybody ({several(effect.looked_at, 'person', 'people')} compared)."
        return
    yield f"{several(len(effect.people), 'person', 'people')} would have something else than today:"
    shown = effect.people[: limit or None]
    yield from (f"  {_person(each)}" for each in shown)
    if len(shown) < len(effect.people):
        yield f"  and {number(len(effect.people) - len(shown))} more: --limit 0, or --format xlsx --out effect.xlsx"


def _person(each: PersonEffect) -> str:
    parts = [f"{word} {what}" + _arrow(before, after) for word, what, before, after in _changes(each)]
    return f"{each.worker_id} {each.name}".rstrip() + ": " + "; ".join(parts)


def _arrow(before: str, after: str) -> str:
    return f" {before or 'nothing'} -> {after or 'nothing'}" if before or after else ""


def _changes(each: PersonEffect) -> Iterator[tuple[str, str, str, str]]:
    """(change, what, before, after)."""
    if each.access is not None:
        yield ("access", "", *each.access)
    yield from (("gets", what, "", "") for what in each.gains)
    yield from (("loses", what, "", "") for what in each.loses)
    yield from (("due", what, before, after) for what, before, after in each.moves)
    yield from (("joins", what, "", "") for what in each.joins)
    yield from (("leaves", what, "", "") for what in each.leaves)
    yield from (("value", what, before, after) for what, before, after in each.values)


def effect_rows(effect: Effect) -> Sequence[tuple[str, ...]]:
    """One row for each change of each person."""
    return [(each.worker_id, each.name, *change) for each in effect.people for change in _changes(each)]


def diff_data(effect: Effect) -> dict[str, Any]:
    """The same for programs."""
    return {
        "edited": effect.edited,
        "everybody": effect.everybody,
        "looked_at": effect.looked_at,
        "rules": [
            {"rule": r.name, "word": r.word, "gains": r.gains, "loses": r.loses, "stays": r.stays} for r in effect.rules
        ],
        "courses": {name: {"gained": gained, "lost": lost} for name, (gained, lost) in effect.courses.items()},
        "people": [_person_data(each) for each in effect.people],
    }


def _person_data(each: PersonEffect) -> dict[str, Any]:
    names = ("change", "what", "before", "after")
    changes = [dict(zip(names, change, strict=True)) for change in _changes(each)]
    return {"worker_id": each.worker_id, "name": each.name, "changes": changes}
