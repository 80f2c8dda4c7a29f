"""Whole-plan checks: too many of one kind at once wait for a person. The same answer in plan and in apply.

A guard trips above its floor when the share of the linked, active population is too high, or above an absolute
number; per segment likewise. A tripped guard holds that class or that segment and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from joinery.core.model.plan import GuardResult, Line

#: what a guard counts, in words a reader of a plan understands
WORDS = {
    "create": "get an account",
    "update": "have other attributes",
    "manager_change": "get another manager",
    "email_change": "get another e-mail",
    "name_change": "get another name",
    "assign": "be given learning",
    "withdraw": "lose learning",
    "suspend": "lose access",
    "archive": "be archived",
    "restore": "get access back",
    "mail": "get a mail",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimit:
    """`share` and `each_share` are fractions of 1; None: that test is off. `each`: segment attributes."""

    most: int | None = None
    share: float | None = None
    floor: int = 0
    #: below this many linked, active accounts `share` means nothing: a first load is not a mass change
    from_population: int = 0
    each: tuple[str, ...] = ()
    each_share: float | None = None
    each_floor: int = 0


#: the guard of a line, and the (attribute, value) pairs of its worker
Counted = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Tally:
    """Lines counted by guard, and by guard and segment; whatever the cause of the line."""

    total: Counter[str] = field(default_factory=Counter)
    each: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        """Count one line, unless it is held for a reason of its own."""
        if not line.held:
            self.count((line.guard, line.segment))

    def count(self, line: Counted) -> None:
        """Count one line by what guards look at."""
        guard, segment = line
        self.total[guard] += 1
        for attribute, value in segment:
            self.each[guard, attribute, value] += 1

    @staticmethod
    def of(lines: Iterable[Line]) -> Tally:
        """The tally of these lines."""
        tally = Tally()
        for line in lines:
            tally.add(line)
        return tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Linked, active accounts: in all, and by (attribute, value) of their worker."""

    total: int
    each: Mapping[tuple[str, str], int] = field(default_factory=dict)
    #: accounts that were there before Joinery came and that this very plan links
    linking: int = 0


def check_guards(limits: Mapping[str, GuardLimit], tally: Tally, population: Population) -> tuple[GuardResult, ...]:
    """Every guard that had anything to count, tripped or not; whole connection first, then segments."""
    return tuple(_results(limits, tally, population))


def _results(limits: Mapping[str, GuardLimit], tally: Tally, population: Population) -> Iterator[GuardResult]:
    for guard, count in sorted(tally.total.items()):
        limit = limits.get(guard)
        if limit is None:
            continue
        share = limit.share if population.total >= limit.from_population else None
        size = population.total + population.linking
        whole = _judge(guard, "", count, size, (limit.most, share, limit.floor))
        yield whole
        if whole.tripped:
            continue  # the class is held as a whole: segments add nothing
        for (name, attribute, value), part in sorted(tally.each.items()):
            if name == guard and attribute in limit.each and limit.each_share is not None:
                size = population.each.get((attribute, value), 0)
                yield _judge(guard, f"{attribute}={value}", part, size, (None, limit.each_share, limit.each_floor))


def _judge(
    guard: str, segment: str, count: int, population: int, limit: tuple[int | None, float | None, int]
) -> GuardResult:
    most, share, floor = limit
    too_many = most is not None and count > most
    base = max(population, 1)
    too_large = share is not None and count > floor and count > share * base
    message = ""
    if too_many or too_large:
        where = f" in {segment.partition('=')[2] or 'no ' + segment.partition('=')[0]}" if segment else ""
        allowed = f"{most}" if too_many else f"{share:.0%}"
        message = f"{count} of {population} people{where} would {WORDS.get(guard, guard)}; the limit is {allowed}"
    return GuardResult(
        guard=guard,
        segment=segment,
        count=count,
        population=population,
        tripped=too_many or too_large,
        message=message,
    )
