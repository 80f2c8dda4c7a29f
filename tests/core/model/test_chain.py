"""The audit log's chain: a whole one is believed, and each way to tamper with it is found and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from joinery.core.model.chain import Anchor, Break, Entry, digest_of, holds, rfc8785, sealed, verify


def chain(count: int, *, prev: str = "", first: int = 1) -> list[Entry]:
    """So many entries that follow on from each other."""
    made: list[Entry] = []
    for seq in range(first, first + count):
        words = Entry(
            seq=seq,
            at=f"2026-11-{seq:02}T05:00:00.000000Z",
            connection="main",
            actor="ana",
            action="plan.approved",
            subject=f"P-{seq}",
            prev=prev,
        )
        made.append(sealed(words))
        prev = made[-1].hash
    return made


def found(
    entries: Sequence[Entry], head: int | None = None, anchors: Sequence[Anchor] = ()
) -> list[tuple[str, int, int]]:
    last = entries[-1].seq if entries else 0
    verdict = verify(entries, head=last if head is None else head, anchors=anchors)
    return [(each.kind, each.first, each.last) for each in verdict.breaks]


def with_one(entries: Sequence[Entry], seq: int, entry: Entry) -> list[Entry]:
    return [entry if each.seq == seq else each for each in entries]


def test_a_whole_chain_is_intact_and_tells_its_span() -> None:
    made = chain(5)
    verdict = verify(made, head=5, anchors=[Anchor(at="x", seq=3, hash=made[2].hash)])
    assert verdict.intact and verdict.entries == 5 and verdict.head == made[-1].hash
    assert (verdict.first_at[:10], verdict.last_at[:10]) == ("2026-11-01", "2026-11-05")
    assert verdict.anchor == Anchor(at="x", seq=3, hash=made[2].hash)


def test_an_empty_log_is_intact() -> None:
    verdict = verify([], head=0)
    assert verdict.intact and verdict.entries == 0 and verdict.head == "" and verdict.anchor is None


@pytest.mark.parametrize(
    "column", ["at", "connection", "actor", "action", "subject", "person", "facts", "prev", "hash"], ids=str
)
def test_a_changed_word_is_found_in_every_column(column: str) -> None:
    made = chain(5)
    tampered = replace(made[2], **{column: "x" * 64})  # type: ignore[arg-type]
    assert ("changed", 3, 3) in found(with_one(made, 3, tampered))


def test_a_changed_entry_that_was_sealed_anew_is_found_by_the_one_after_it() -> None:
    made = chain(5)
    assert found(with_one(made, 3, sealed(replace(made[2], actor="eve")))) == [("changed", 3, 3)]


def test_the_first_entry_cannot_be_made_to_follow_on_from_something() -> None:
    assert found(chain(2, prev="f" * 64)) == [("changed", 1, 1)]


def test_removed_entries_are_named_wherever_they_stood() -> None:
    made = chain(6)
    assert found([e for e in made if e.seq != 3]) == [("removed", 3, 3)]
    assert found([e for e in made if e.seq not in {3, 4}]) == [("removed", 3, 4)]
    assert found(made[1:]) == [("removed", 1, 1)]
    assert found(made[:4], head=6) == [("removed", 5, 6)]
    assert found([], head=6) == [("removed", 1, 6)]


def test_an_entry_put_where_another_was_is_found() -> None:
    made = chain(5)
    forged = sealed(replace(made[2], actor="eve", prev=made[1].hash))
    assert found(with_one(made, 3, forged)) == [("changed", 3, 3)]


def test_an_entry_squeezed_in_with_all_after_it_numbered_anew_is_found() -> None:
    made = chain(5)
    forged = sealed(replace(made[2], seq=3, actor="eve", prev=made[1].hash))
    later = [replace(each, seq=each.seq + 1) for each in made[2:]]
    assert found([*made[:2], forged, *later]) == [("inserted", 3, 3)]


def test_an_entry_squeezed_in_before_one_that_was_sealed_anew_is_found() -> None:
    made = chain(3)
    forged = sealed(replace(made[1], seq=2, actor="eve"))
    after = sealed(replace(made[1], seq=3))
    assert found([made[0], forged, after]) == [("inserted", 2, 2)]


def test_entries_beyond_the_last_number_given_out_are_found() -> None:
    assert found(chain(5), head=3) == [("inserted", 4, 5)]


def test_a_number_that_no_entry_can_have_is_found() -> None:
    made = chain(3)
    assert ("inserted", 0, 0) in found([sealed(replace(made[0], seq=0)), *made])


def test_a_log_written_anew_to_its_end_shows_only_against_an_anchor() -> None:
    made = chain(5)
    forged = [*made[:2], *_resealed(made[2:], actor="eve", prev=made[1].hash)]
    assert found(forged) == []
    assert found(forged, anchors=[Anchor(at="then", seq=4, hash=made[3].hash)]) == [("rewritten", 4, 4)]
    assert found(made, anchors=[Anchor(at="then", seq=7, hash="")]) == [("removed", 6, 7)]


def _resealed(entries: Sequence[Entry], *, actor: str, prev: str) -> list[Entry]:
    made = []
    for entry in entries:
        made.append(sealed(replace(entry, actor=actor, prev=prev)))
        prev = made[-1].hash
    return made


def test_a_break_says_why() -> None:
    made = chain(3)
    verdict = verify(made[:1] + made[2:], head=3)
    assert verdict.breaks == (
        Break(kind="removed", first=2, last=2, why="nothing stands under these numbers any more"),
    )
    assert not verdict.intact and holds(made[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"\u20ac": "Euro Sign", "\r": "Carriage Return", "1": "One", "\U0001f600": "Smiley", "\ufb33": "Dalet"},
         '{"\\r":"Carriage Return","1":"One","\u20ac":"Euro Sign","\U0001f600":"Smiley","\ufb33":"Dalet"}'),
        ("\u0001\t\"\\/é", '"\\u0001\\t\\"\\\\/é"'),
        ({"t": (1, 2)}, '{"t":[1,2]}'),
    ],
    ids=["keys in order", "keys by UTF-16, as RFC 8785 shows it", "shortest escapes", "a tuple is a list"],
)  # fmt: skip
def test_canonical_text_is_that_of_the_rfc(value: object, text: str) -> None:
    assert rfc8785(value) == text


@pytest.mark.parametrize("value", [1.5, 2**53, object()], ids=["a fraction", "too long", "not JSON"])
def test_what_has_no_one_way_to_be_written_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        rfc8785({"x": value})


def test_a_digest_needs_its_salt() -> None:
    assert digest_of("00" * 16, "000102") != digest_of("01" * 16, "000102")
    assert digest_of("00" * 16, "000102") == digest_of("00" * 16, "000102")
