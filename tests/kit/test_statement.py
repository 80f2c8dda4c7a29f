"""A text is one SELECT, or it is refused with the reason and the line."""

from __future__ import annotations

import pytest

from joinery.errors import ConfigError
from joinery.kit.statement import FORBIDDEN, one_select

READS = {
    "plain": "SELECT id, name FROM people",
    "a text that holds a semicolon and a word": "SELECT 'x; DROP TABLE people' FROM people",
    "a quote written twice": "SELECT id FROM people WHERE name = 'O''Neil'",
    "a column that is called like a word": 'SELECT "update", `delete` FROM people',
    "words that only begin like one": "SELECT updated_at, deleted, dropped FROM inserts",
    "functions that compute": "SELECT REPLACE(a, 'b', 'c'), TRUNCATE(x, 2), insert(a, 1, 2, 'b') FROM people",
    "with before it": "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    "a comment in it": "-- the people, don't update\nSELECT id /* insert */ FROM people",
    "a colon, a percent and a cast": "SELECT a::date FROM people WHERE b LIKE '10:00%'",
    "an arrow of JSON": "SELECT data #>> '{id}' FROM people",
}
WRITES = {
    "nothing": ("  -- only a comment", "does not begin with SELECT"),
    "an update": ("UPDATE people SET a = 1", "holds the word UPDATE"),
    "two statements": ("SELECT 1; SELECT 2", "more than one statement"),
    "a second one that writes": ("SELECT 1; DROP TABLE people", "more than one statement"),
    "a write inside a with": ("WITH x AS (DELETE FROM p RETURNING *) SELECT * FROM x", "the word DELETE"),
    "into a table": ("SELECT * INTO copy_of FROM people", "the word INTO"),
    "into a file": ("SELECT * FROM people INTO OUTFILE '/tmp/x'", "the word INTO"),
    "a lock": ("SELECT * FROM people FOR UPDATE", "the word UPDATE"),
    "a second one without a semicolon": ("SELECT 1 EXEC wipe", "the word EXEC"),
    "a comment that MySQL runs": ("SELECT 1 /*! ; DROP TABLE p */", "a comment that some databases run"),
    "a comment that MariaDB runs": ("SELECT 1 /*M! ; DROP TABLE p */", "a comment that some databases run"),
    "a comment in a comment": ("SELECT 1 /* /* */ ; DROP TABLE p -- */", "a comment that some databases run"),
    "a comment that MySQL reads as a minus": ("SELECT 1 --1; DROP TABLE p", "followed by no blank"),
    "a backslash before a quote": ("SELECT '\\'; DROP TABLE p -- '", "a backslash stands before a quote"),
    "an open quote": ("SELECT 'people", "a quote is not closed"),
    "an open comment": ("SELECT 1 /* people", "a comment is not closed"),
    "dollar quotes": ("SELECT $$a$$", "different things in different databases"),
    "Oracle's quotes": ("SELECT q'[it's]' FROM dual", "q'…' is not understood"),
    "a hash": ("SELECT 1 # don't\n; DROP TABLE p -- '", "different things in different databases"),
    "no select": ("WITH x", "there is no SELECT"),
    "an explanation": ("EXPLAIN ANALYZE SELECT 1", "ANALYZE|does not begin"),
}


@pytest.mark.parametrize("text", READS.values(), ids=READS)
def test_a_select_is_kept_as_it_is(text: str) -> None:
    assert one_select(f"  {text};\n-- the end\n") == text
    assert one_select(text) == text


@pytest.mark.parametrize(("text", "why"), WRITES.values(), ids=WRITES)
def test_anything_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        one_select(text)


@pytest.mark.parametrize("word", sorted(FORBIDDEN))
def test_each_word_that_does_more_than_read_is_refused_and_its_line_named(word: str) -> None:
    with pytest.raises(ConfigError, match=word.upper()) as caught:
        one_select(f"SELECT 1\nFROM people\n{word.title()} x")
    assert caught.value.data == {"line": 3}
