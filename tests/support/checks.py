"""Collects the names of all checks from the code, by reading it. Rule: a check's name is a literal where it is raised.

A call counts when the function it names has a parameter `check` or `code` and a text stands there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.conftest import ROOT

FOLDERS = ("core/hygiene", "core/mapping", "audit", "intake")
#: where it is asked who somebody is, and how access ends
FILES = (
    "flows/questions.py",
    "flows/persons.py",
    "flows/closing.py",
    "flows/waiting_ends.py",
    "flows/needing.py",
    "flows/record_rows.py",
)
NAMES = ("check", "code")


def names_of_checks() -> set[str]:
    """The name of everything that can be found wrong with a file, a row or a person."""
    files = [path for folder in FOLDERS for path in sorted((ROOT / "src" / "joinery" / folder).rglob("*.py"))]
    files += [ROOT / "src" / "joinery" / name for name in FILES]
    trees = [ast.parse(path.read_text()) for path in files]
    positions = {name: place for tree in trees for name, place in _takers(tree)}
    positions |= {"Finding": None, "Rejected": None, "Question": None}
    return {text for tree in trees for text in _texts(tree, positions)}


def _takers(tree: ast.AST) -> Iterator[tuple[str, int | None]]:
    """Functions that take the name of a check, and at which place (None: only by keyword)."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            plain = [argument.arg for argument in function.args.args if argument.arg != "self"]
            places = [plain.index(name) for name in NAMES if name in plain]
            if places or any(argument.arg in NAMES for argument in function.args.kwonlyargs):
                yield function.name, places[0] if places else None


def _texts(tree: ast.AST, positions: dict[str, int | None]) -> Iterator[str]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given = [keyword.value for keyword in call.keywords if keyword.arg in NAMES]
        place = positions.get(name)
        if name in positions and place is not None and len(call.args) > place:
            given.append(call.args[place])
        for value in given:
            for found in ast.walk(value):
                if isinstance(found, ast.Constant) and isinstance(found.value, str):
                    yield found.value


def main() -> None:
    """Print the names, for somebody who writes the page."""
    print("\n".join(sorted(names_of_checks())))


if __name__ == "__main__":
    main()
