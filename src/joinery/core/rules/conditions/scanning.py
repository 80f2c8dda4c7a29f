"""Looks at the text of a condition before Python's parser does: size, depth, quotes, and typing slips.

Rule 1: `ast.parse` only ever sees one line of bounded length and depth, without comments, escapes or prefixes.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final

from joinery.core.rules.conditions.trouble import trouble

MAX_LENGTH: Final = 4_000
MAX_DEPTH: Final = 32

_TOKEN: Final = re.compile(r"""(?P<text>"[^"]*"|'[^']*')|(?P<word>\w+)|(?P<blank>\s+)|(?P<sign>.)""", re.DOTALL)

#: a name, or a number without leading zeros (Python warns of `1and` and reads 0x10; here they are slips)
_NUMBER: Final = re.compile(r"[^\W\d]\w*|0|[1-9]\d*(?:[eE]\d+)?", re.UNICODE)

#: what people type, what to say; tried in this order, only when Python's parser gives up
_SLIPS: Final = (
    (re.compile(r"(?<![=!<>])=(?!=)"), '"=" does not compare', "Write == for equals."),
    (re.compile(r"&&?"), '"&" is not known here', "Write and."),
    (re.compile(r"\|\|?"), '"|" is not known here', "Write or."),
    (re.compile(r"!(?!=)"), '"!" is not known here', "Write not."),
    (re.compile(r"<>"), '"<>" is not known here', "Write != for not equal."),
    (re.compile(r"\b(?:AND|OR|NOT|IN|And|Or|Not|In)\b"), "This word is written in small letters", ""),
)
_CURLY: Final = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Scanned:
    """`code` is what Python's parser reads; `places[i]` is where `code[i]` stands in `source`."""

    source: str
    code: str
    places: tuple[int, ...]
    #: the code with every text blanked out
    bare: str

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Where this node stands in the source, in characters (Python counts bytes)."""
        line = self.code.encode("utf-8", "replace")
        start = len(line[: node.col_offset].decode("utf-8", "replace"))
        end = len(line[: node.end_col_offset or node.col_offset + 1].decode("utf-8", "replace"))
        return self.place(start), self.place(end - 1) + 1

    def place(self, index: int) -> int:
        """The place in the source of one character of the code."""
        if not self.places:
            return 0
        return self.places[min(max(index, 0), len(self.places) - 1)]


class _Scanner:
    """One pass over the tokens; keeps the little that the checks need."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.code: list[str] = []
        self.bare: list[str] = []
        self.places: list[int] = []
        self.depth = 0
        self.prefixes = 0
        self.last = "blank"

    def run(self) -> Scanned:
        for token in _TOKEN.finditer(self.source):
            kind = token.lastgroup or "sign"
            if kind == "text":
                self._text(token)
            elif kind == "blank":
                self._add(" " * len(token.group()), token.start())
                continue
            else:
                self._other(token, kind)
            self.last = kind if token.end() - token.start() else self.last
        return Scanned(self.source, "".join(self.code), tuple(self.places), "".join(self.bare))

    def _text(self, token: re.Match[str]) -> None:
        if self.last == "text":
            raise trouble("Two texts stand side by side", self.source, token.span(), "Is a comma missing?")
        if token.start() and self.source[token.start() - 1].isalnum() and self.source[token.start() - 1] != " ":
            raise trouble("A letter stands right before a quote", self.source, token.span(), "Is a blank missing?")
        written = token.group()
        for offset, letter in enumerate(written):
            shown = " " if letter in "\r\n" else letter
            self._add("\\\\" if letter == "\\" else shown, token.start() + offset, blank=True)
        self.prefixes = 0

    def _other(self, token: re.Match[str], kind: str) -> None:
        written = token.group()
        if kind == "sign":
            self._sign(written, token.span())
        elif not _NUMBER.fullmatch(written) and not self._after_point(token):
            hint = "A code with leading zeros goes in quotes." if written.isdecimal() else "Is a blank missing?"
            raise trouble(f'"{written}" is neither a name nor a number', self.source, token.span(), hint)
        self.prefixes = self.prefixes + 1 if written in {"not", "-", "+", "~"} else 0
        if self.depth > MAX_DEPTH or self.prefixes > MAX_DEPTH:
            raise trouble("This is nested too deeply", self.source, token.span(), "Split the rule in two.")
        self._add(written, token.start())

    def _after_point(self, token: re.Match[str]) -> bool:
        return token.group().isdecimal() and self.source[: token.start()].endswith(".")

    def _sign(self, sign: str, span: tuple[int, int]) -> None:
        if sign in "\"'":
            raise trouble("This quote is not closed", self.source, span)
        if sign in _CURLY:
            raise trouble("This is a typographic quote", self.source, span, 'Use straight quotes: "…".')
        if sign in "#\\`;":
            raise trouble(f'"{sign}" has no meaning here', self.source, span, "Texts go in quotes.")
        self.depth += (sign in _OPENING) - (sign in _CLOSING)

    def _add(self, text: str, place: int, *, blank: bool = False) -> None:
        self.code.append(text)
        self.bare.append(" " * len(text) if blank else text)
        spread = len(text) if not blank else 1
        self.places.extend(range(place, place + spread) if spread == len(text) else [place] * len(text))


def scan(source: str) -> Scanned:
    """The text made ready for Python's parser; ConditionError for what can be refused without it."""
    if len(source) > MAX_LENGTH:
        raise trouble(
            f"The condition has {len(source):,} characters; {MAX_LENGTH:,} are allowed",
            "",
            (0, 0),
            "Use a list or a table.",
        )
    scanned = _Scanner(source).run()
    lead = len(scanned.code) - len(scanned.code.lstrip(" "))
    if lead == len(scanned.code):
        raise trouble("The condition is empty", source, (0, 1), "Write True when everybody is meant.")
    return Scanned(source, scanned.code[lead:], scanned.places[lead:], scanned.bare[lead:])


def tree_of(scanned: Scanned) -> ast.expr:
    """Python's syntax tree of the one expression; ConditionError when it is none."""
    try:
        return ast.parse(scanned.code, mode="eval").body
    except SyntaxError as error:
        raise _slip(scanned, (error.offset or len(scanned.code)) - 1) from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise trouble("This cannot be read", scanned.source, (0, len(scanned.source))) from None


def _slip(scanned: Scanned, offset: int) -> Exception:
    for pattern, what, hint in _SLIPS:
        if found := pattern.search(scanned.bare):
            span = scanned.place(found.start()), scanned.place(found.end() - 1) + 1
            return trouble(what, scanned.source, span, hint or f"Write {found.group().lower()}.")
    place = scanned.place(offset)
    return trouble("The condition cannot be understood from here on", scanned.source, (place, place + 1))
