"""Says whether a text is one SELECT and nothing else. Pure. Rule: what two databases read differently is refused.

This is the second fence only. The first is a session that is opened read-only, and a login that may read and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from joinery.errors import ConfigError

#: words that write, lock, run something else or leave the statement, in one of the databases that can be read
FORBIDDEN: Final = frozenset(
    """
    alter analyze attach backup begin call commit copy create dbcc declare delete deny detach drop dumpfile exec
    execute grant insert install into kill load lock merge opendatasource openquery openrowset outfile pragma prepare
    reconfigure reindex rename restore revoke rollback savepoint shutdown truncate update use vacuum waitfor
    """.split()
)
#: forbidden words that are also the name of a function which only computes: TRUNCATE(x, 2)
_ALSO_FUNCTIONS: Final = frozenset({"insert", "truncate"})

_TOKEN: Final = re.compile(
    r"""
    (?P<quoted>  '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` )
  | (?P<comment> --[^\n]* | /\*.*?\*/ )
  | (?P<word>    [^\W\d][\w$]* )
  | (?P<end>     ; )
  | (?P<sign>    /\* | \$\$ | \#[>-]+ | \S )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPEN: Final = {"'": "a quote", '"': "a double quote", "`": "a backtick", "/*": "a comment"}


def one_select(text: str) -> str:
    """The statement, without blanks around it and without a semicolon at its end.

    Raises ConfigError with `line` in its data when it is anything else than one SELECT (or WITH … SELECT).
    """
    words: list[str] = []
    ends_at = None
    for kind, token, line, after in _tokens(text):
        if kind == "comment":
            continue
        if ends_at is not None:
            raise _refused("it is more than one statement", line, "Keep one SELECT; nothing may follow the semicolon.")
        if kind == "end":
            ends_at = after - 1
        elif kind == "word":
            _allow(token.lower(), line, text[after:])
            words.append(token.lower())
    if not words or words[0] not in {"select", "with"}:
        raise _refused("it does not begin with SELECT or WITH", 1, "Joinery reads people with one SELECT.")
    if "select" not in words:
        raise _refused("there is no SELECT in it", 1, "Joinery reads people with one SELECT.")
    return text[:ends_at].strip()


def _tokens(text: str) -> Iterator[tuple[str, str, int, int]]:
    """(kind, token, line, where it ends)."""
    for found in _TOKEN.finditer(text):
        kind, token = str(found.lastgroup), found[0]
        line = text.count("\n", 0, found.start()) + 1
        if kind == "quoted":
            _unambiguous_quote(token, text[: found.start()], line)
        elif kind == "comment":
            _unambiguous_comment(token, line)
        elif kind == "sign":
            _plain_sign(token, line)
        yield kind, token, line, found.end()


def _unambiguous_quote(token: str, before: str, line: int) -> None:
    if "\\" in token and re.search(r"\\['\"`]", token):
        raise _refused("a backslash stands before a quote", line, "Write a quote within a text twice: 'O''Neil'.")
    if re.search(r"(?<![\w$])n?q$", before, re.IGNORECASE):
        raise _refused("q'…' is not understood", line, "Write the text in plain quotes: 'O''Neil'.")


def _unambiguous_comment(token: str, line: int) -> None:
    if token.startswith("--"):
        if len(token) > 2 and not token[2].isspace():
            raise _refused("-- is followed by no blank", line, "Begin a comment with two hyphens and a blank.")
    elif re.match(r"/\*M?!", token) or "/*" in token[2:]:
        raise _refused("it has a comment that some databases run", line, "Use plain comments, one inside no other.")


def _plain_sign(token: str, line: int) -> None:
    if token in _OPEN:
        raise _refused(f"{_OPEN[token]} is not closed", line, "Close it.")
    if token in {"$$", "#"}:
        raise _refused(f"{token} means different things in different databases", line, "Use '…' and -- instead.")


def _allow(word: str, line: int, rest: str) -> None:
    if word not in FORBIDDEN or (word in _ALSO_FUNCTIONS and rest.lstrip().startswith("(")):
        return
    raise _refused(
        f"it holds the word {word.upper()}",
        line,
        f'It may only read. If {word} is the name of a column, put it in double quotes (MySQL: backticks): "{word}".',
    )


def _refused(why: str, line: int, fix: str) -> ConfigError:
    return ConfigError(f"The query is refused: {why} (its line {line}).", fix=fix, data={"line": line})
