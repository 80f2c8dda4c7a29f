"""The house stays readable: small files, short functions, honest names. Rule: raise no number here; split the code."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.conftest import ROOT

MAX_FILE = 400
MAX_FUNCTION = 40

#: Alembic's steps are history: each is written once, and read top to bottom.
HISTORY = "migrations/versions"

#: names that say nothing about what is inside
EMPTY_WORDS = re.compile(r"(^|_)utils?($|_)|(^|_)helpers?($|_)|(^|_)misc($|_)")
REFUSED_CLASS = re.compile(r"Manager$|Utils?$|Helpers?$")

SOURCES = sorted(path for path in (ROOT / "src").rglob("*.py") if HISTORY not in path.as_posix())


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def long_functions(text: str) -> list[str]:
    """Functions longer than the limit, first line to last, docstring and decorators included."""
    found = []
    for function in _functions(ast.parse(text)):
        first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
        length = (function.end_lineno or function.lineno) - first + 1
        if length > MAX_FUNCTION:
            found.append(f"line {first}: {function.name} has {length} lines")
    return found


def refused_classes(text: str) -> list[str]:
    """Classes with a name that says nothing."""
    classes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef))
    return [f"line {node.lineno}: {node.name}" for node in classes if REFUSED_CLASS.search(node.name)]


def loose_ends(text: str) -> list[str]:
    """Comments that promise work without the number of an issue."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = (token for token in tokens if token.type == tokenize.COMMENT)
    open_ends = (token for token in comments if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string))
    return [f"line {end.start[0]}: {end.string}" for end in open_ends if not re.search(r"TODO\(#\d+\)", end.string)]


def _wrong(look: Callable[[Path], object]) -> list[str]:
    """One line for each file with something to say about it."""
    return [f"{path.relative_to(ROOT).as_posix()}: {found}" for path in SOURCES if (found := look(path))]


def test_a_file_has_at_most_400_lines() -> None:
    assert _wrong(lambda path: max(len(path.read_text().splitlines()) - MAX_FILE, 0)) == []


def test_a_function_has_at_most_40_lines() -> None:
    assert _wrong(lambda path: long_functions(path.read_text())) == []


def test_names_say_what_is_inside() -> None:
    assert _wrong(lambda path: EMPTY_WORDS.search(path.stem)) == [], "a file named so collects everything"
    assert _wrong(lambda path: refused_classes(path.read_text())) == []


def test_a_promise_has_a_number() -> None:
    assert _wrong(lambda path: loose_ends(path.read_text())) == []


def test_a_module_says_what_it_decides() -> None:
    bare = _wrong(lambda path: path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text())))
    assert bare == [], "a module starts with what it does and the one rule"


def test_the_measures_can_see_what_they_look_for() -> None:
    long = "@decorated\ndef long():\n" + "    pass\n" * 40
    assert long_functions(long) == ["line 1: long has 42 lines"]
    assert refused_classes("class PlanManager: ...") == ["line 1: PlanManager"]
    assert loose_ends("x = 1  # TODO soon\ny = 2  # TODO(#12) later\n") == ["line 1: # TODO soon"]
    assert EMPTY_WORDS.search("date_utils") and not EMPTY_WORDS.search("futility")
