"""What every drop promises, wherever its files lie: one file at a time, in order, in one place, and never lost.

Rule: the tests speak of files by name only; how a file comes to lie where the drop looks is the subclass's affair.
"""

# ruff: noqa: S101 - these are tests

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from joinery.errors import SourceUntrusted, StopRun
from joinery.kit.drop import ArrivedFile, Drop, check_rows

DAY = date(2026, 11, 24)
SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc"


class Place:
    """Where files arrive, as the sender sees it. A subclass says how."""

    def drop(self, ready: str = "present", pattern: str = "*.csv") -> Drop:
        """A drop that looks at this place; made anew, as each run makes one."""
        raise NotImplementedError

    def put(self, name: str, text: str = "abc") -> None:
        """A file is there under this name."""
        raise NotImplementedError

    def left(self) -> list[str]:
        """Names of what still lies where files arrive."""
        raise NotImplementedError

    def vanish(self) -> None:
        """The place is gone."""
        raise NotImplementedError


def names(files: Sequence[ArrivedFile]) -> list[str]:
    """In their order."""
    return [file.name for file in files]


class DropContract:
    """The promises. A subclass gives `place`; `moves`: whether a file that was taken leaves the place."""

    moves = True

    @pytest.fixture
    def place(self) -> Place:
        """Empty, and there."""
        raise NotImplementedError("a subclass gives the place")

    def test_files_come_in_the_order_of_what_they_speak_of(self, place: Place) -> None:
        stamped = [f"hr_employees_full_202611{day}T060000Z{part}.csv" for day, part in
                   (("02", ""), ("01", "_02"), ("01", "_01"))]  # fmt: skip
        for name in ("b.csv", "a.csv", *stamped, "z.csv"):
            place.put(name)
        place.put("z.csv.done", json.dumps({"as_of": "2026-11-01T12:00:00+02:00"}))
        wanted = ["a.csv", "b.csv", stamped[2], stamped[1], "z.csv", stamped[0]]
        assert names(place.drop().pending()) == wanted

    def test_half_written_hidden_and_other_files_are_not_seen(self, place: Place) -> None:
        for name in ("a.csv", ".a.csv", "a.csv.part", "b.tmp", "a.csv.done", "a.csv.report.json", "~$a.csv", "x.txt"):
            place.put(name, "")
        assert names(place.drop().pending()) == ["a.csv"]

    @pytest.mark.parametrize("marker", ["a.csv.done", "a.done"])
    def test_with_a_marker_nothing_is_read_before_it_is_there(self, place: Place, marker: str) -> None:
        place.put("a.csv")
        assert place.drop("marker").pending() == ()
        place.put(marker, json.dumps({"rows": 2, "sha256": SHA.upper(), "content": "changes"}))
        drop = place.drop("marker")
        (file,) = drop.pending()
        assert (file.content, file.manifest and file.manifest.rows) == ("changes", 2)
        taken = drop.take(file)
        drop.verify(taken)
        assert taken.path.read_text() == "abc"

    def test_a_taken_file_is_here_whole_and_is_not_taken_twice(self, place: Place) -> None:
        drop = place.drop()
        place.put("a.csv", "x" * 300_000)
        taken = drop.take(drop.pending()[0])
        assert taken.path.read_text() == "x" * 300_000
        assert drop.take(taken) == taken
        assert place.left() == ([] if self.moves else ["a.csv"])

    def test_a_run_that_broke_off_begins_again_with_what_it_had(self, place: Place) -> None:
        place.put("a.csv")
        place.put("a.csv.done", '{"rows": 3}')
        first = place.drop("marker")
        taken = first.take(first.pending()[0])
        (again,) = place.drop("marker").pending()
        assert (again.name, again.resumed, again.manifest) == ("a.csv", True, taken.manifest)

    @pytest.mark.parametrize("outcome", ["accept", "reject", "hold"])
    def test_a_file_that_ended_stays_with_its_report_and_does_not_come_back(self, place: Place, outcome: str) -> None:
        drop = place.drop()
        place.put("a.csv")
        taken = drop.take(drop.pending()[0])
        path = getattr(drop, outcome)(taken, {"rows": [{"line": 3, "code": "too_few_fields"}]}, DAY)
        assert path.read_text() == "abc"
        assert json.loads(path.with_name("a.csv.report.json").read_text())["rows"][0]["line"] == 3
        assert path.with_name("a.csv.report.csv").exists()
        assert not taken.path.exists()
        assert place.drop().pending() == ()

    def test_nothing_is_ever_overwritten(self, place: Place) -> None:
        kept = []
        for content in ("one", "two!", "three"):
            place.put("a.csv", content)
            drop = place.drop()
            kept.append(drop.accept(drop.take(drop.pending()[0]), {}, DAY))
        assert [path.read_text() for path in kept] == ["one", "two!", "three"]

    def test_a_hash_that_differs_is_refused_before_parsing(self, place: Place) -> None:
        place.put("a.csv", "abcd")
        place.put("a.csv.done", json.dumps({"sha256": SHA}))
        drop = place.drop("marker")
        with pytest.raises(SourceUntrusted) as caught:
            drop.verify(drop.take(drop.pending()[0]))
        assert caught.value.data["code"] == "hash_mismatch"

    def test_a_row_count_that_differs_is_a_truncated_file(self, place: Place) -> None:
        place.put("a.csv")
        place.put("a.csv.done", '{"rows": 3}')
        (file,) = place.drop("marker").pending()
        check_rows(file, 3)
        with pytest.raises(SourceUntrusted) as caught:
            check_rows(file, 2)
        assert caught.value.data["code"] == "truncated"

    def test_a_broken_manifest_stops_its_own_file_only(self, place: Place) -> None:
        for name, manifest in (("a.csv", "{"), ("b.csv", "")):
            place.put(name)
            place.put(f"{name}.done", manifest)
        drop = place.drop("marker")
        bad, good = drop.pending()
        drop.verify(drop.take(good))
        with pytest.raises(SourceUntrusted) as caught:
            drop.verify(drop.take(bad))
        assert caught.value.data["code"] == "bad_manifest"

    def test_what_was_archived_goes_after_its_time_and_nothing_else(self, place: Place) -> None:
        place.put("a.csv")
        drop = place.drop()
        path = drop.accept(drop.take(drop.pending()[0]), {}, DAY)
        assert drop.prune(DAY) == 0
        assert path.exists()
        assert drop.prune(date(2026, 11, 25)) == 1
        assert not path.exists()

    def test_a_place_that_is_gone_is_said_plainly(self, place: Place) -> None:
        place.vanish()
        with pytest.raises(StopRun) as caught:
            place.drop().pending()
        assert caught.value.fix

    def test_a_moment_in_a_name_is_utc(self, place: Place) -> None:
        place.put("hr_employees_full_20261101T060000Z.csv")
        (file,) = place.drop().pending()
        assert (file.as_of, file.content) == (datetime(2026, 11, 1, 6, tzinfo=UTC), "full")
