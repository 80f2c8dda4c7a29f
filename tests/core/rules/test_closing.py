"""Five instants of an end of access, and what follows from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from joinery.core.model.standing import Stage, Standing
from joinery.core.rules.closing import Closing, access_ended_at, entry_of, percentile
from joinery.core.rules.lifecycle import LifecyclePolicy

T0 = datetime(2026, 11, 3, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


def closing(**hours: int | None) -> Closing:
    """Instants in hours after T0; None where there is none."""
    times = {name: T0 + HOUR * value if value is not None else None for name, value in hours.items()}
    return Closing(ended_at=T0, **({"read_at": T0} | times))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("times", "control", "known", "ours"),
    [
        pytest.param({"closed_at": 2}, 2, 2, 2, id="known in time: all of it is ours"),
        pytest.param({"read_at": 5, "closed_at": 6}, 6, 6, 1, id="read late: the feed took five hours"),
        pytest.param({"entered_at": 4, "read_at": 5, "closed_at": 6}, 6, 2, 1, id="entered late: not ours, not IT's"),
        pytest.param({"read_at": -9, "entered_at": -10, "closed_at": 1}, 1, 1, 1, id="known before"),
        pytest.param({"closed_at": -3}, 0, 0, 0, id="closed before its time: no time at all"),
        pytest.param({"accepted_at": 1}, None, None, None, id="accepted and not seen to be closed"),
    ],
)
def test_three_spans(times: dict[str, int], control: int | None, known: int | None, ours: int | None) -> None:
    found = closing(**times)
    wanted = [None if hours is None else HOUR * hours for hours in (control, known, ours)]
    assert [found.control, found.known, found.ours] == wanted


@pytest.mark.parametrize(
    ("times", "now", "breach"),
    [
        pytest.param({"closed_at": 24}, 99, False, id="closed at the last moment"),
        pytest.param({"closed_at": 25}, 99, True, id="closed too late"),
        pytest.param({"accepted_at": 1}, 23, False, id="not seen to be closed, and there is time"),
        pytest.param({"accepted_at": 1}, 25, True, id="no read-back is a breach"),
    ],
)
def test_a_breach_is_what_was_not_seen_in_time(times: dict[str, int], now: int, breach: bool) -> None:
    assert closing(**times).breach(HOUR * 24, T0 + HOUR * now) is breach


def test_a_late_entry_is_a_class_of_its_own() -> None:
    assert closing(entered_at=1).entered_late and not closing(entered_at=-1).entered_late
    assert not closing().entered_late
    assert closing(entered_at=1, read_at=3).feed_lag == HOUR * 2 and closing().feed_lag is None


@pytest.mark.parametrize(
    ("entered", "believed"),
    [
        pytest.param(None, None, id="not said"),
        pytest.param(timedelta(hours=-9), timedelta(hours=-9), id="before it was read"),
        pytest.param(timedelta(minutes=15), timedelta(0), id="a little fast: as it was read"),
        pytest.param(timedelta(minutes=15, seconds=1), None, id="a clock that is off says nothing"),
    ],
)
def test_nothing_is_entered_after_it_was_read(entered: timedelta | None, believed: timedelta | None) -> None:
    found = entry_of(None if entered is None else T0 + entered, T0)
    assert found == (None if believed is None else T0 + believed)


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        pytest.param(
            {"ended_on": date(2026, 11, 3), "since": datetime(2026, 11, 5, tzinfo=UTC)},
            datetime(2026, 11, 3, 23, tzinfo=UTC),
            id="the end of the last day, there",
        ),
        pytest.param(
            {"ended_on": date(2026, 11, 3), "since": datetime(2026, 11, 3, 9, tzinfo=UTC)},
            datetime(2026, 11, 3, 9, tzinfo=UTC),
            id="gone before the day was over: at once",
        ),
        pytest.param({"since": T0}, T0, id="no date: when we knew it"),
    ],
)
def test_when_access_was_to_end(standing: dict[str, object], wanted: datetime) -> None:
    where = Standing(stage=Stage.LEFT, **standing)  # type: ignore[arg-type]
    assert access_ended_at(where, LifecyclePolicy(), ZoneInfo("Europe/Paris")) == wanted


def test_percentiles_are_spans_that_really_were() -> None:
    spans = [HOUR * hours for hours in (5, 1, 4, 2, 3)]
    assert percentile([], 0.5) is None
    assert [percentile(spans, share) for share in (0, 0.5, 0.95, 1)] == [HOUR, HOUR * 3, HOUR * 5, HOUR * 5]
