"""Generates docs/reference/cli.md and errors.md from the code. Rule: what the code can say is not typed by hand.

`python script/reference.py` writes the pages; `--check` shows the difference and ends with 1 when there is one.
"""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from joinery import errors

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
GENERATED = "<!-- Written by script/docs from the code. Change the code, then run script/docs. -->"


def children(command: Any) -> Iterator[tuple[str, Any]]:
    """The commands of a group, in the order of `--help`; none for a plain command."""
    names = command.list_commands(None) if hasattr(command, "list_commands") else []
    found = ((name, command.get_command(None, name)) for name in names)
    return ((name, child) for name, child in found if child is not None and not child.hidden)


def commands(command: Any, path: str = "joinery") -> Iterator[tuple[str, Any]]:
    """Every command with its full name, groups before what is in them."""
    yield path, command
    for name, child in children(command):
        yield from commands(child, f"{path} {name}")


def cli_page(app: typer.Typer) -> str:
    """The page of all commands."""
    parts = [GENERATED, "# Commands", "The numbers that commands end with: [exit codes](exit-codes.md)."]
    for path, command in commands(typer.main.get_command(app)):
        parts.append(f"## `{path}`")
        parts.extend(_prose(command.help or ""))
        if names := [f"`{name}`" for name, _ in children(command)]:
            parts.append("Commands: " + ", ".join(names) + ".")
        if rows := [_row(param) for param in command.params if not getattr(param, "hidden", False)]:
            parts.append("\n".join(["| argument or option | meaning |", "|---|---|", *rows]))
        parts.extend(_prose(command.epilog or ""))
    return "\n\n".join(parts) + "\n"


def _prose(text: str) -> Iterator[str]:
    """Paragraphs as they are; indented blocks, such as examples, stay blocks."""
    for paragraph in inspect.cleandoc(text.replace("\b", "")).split("\n\n"):
        lines = paragraph.splitlines()
        if not paragraph.strip():
            continue
        if all(line.startswith(("  ", "$ ")) for line in lines):
            yield "\n".join(["```", *(line.strip() for line in lines), "```"])
        elif len(lines) > 1 and all(line.startswith("  ") for line in lines[1:]):
            yield "\n".join([lines[0], "", "```", *(line.strip() for line in lines[1:]), "```"])
        else:
            yield "\n".join(lines)


def _row(param: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*param.opts, *param.secondary_opts])
    if not param.opts[0].startswith("-"):
        names = f"`{param.opts[0].upper()}`" + ("" if param.required else " (optional)")
    default = getattr(param, "default", None)
    shown = default and isinstance(default, str | int) and not isinstance(default, bool)
    meaning = (param.help or "").rstrip(".").replace("|", "\\|") + "."
    return f"| {names} | {meaning}{f' Default: `{default}`.' if shown else ''} |"


def error_tree(root: type[errors.JoineryError] = errors.JoineryError) -> Iterator[type[errors.JoineryError]]:
    """Every error of `joinery.errors`, parents first."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from error_tree(child)


def errors_page() -> str:
    """The page of all errors."""
    parts = [GENERATED, "# Errors", "Each error has a name for machines (`code` in `--json`) and a number to end with."]
    for error in error_tree():
        made = error()
        parts.append(f"## `{made.code}`")
        parts.append(f"{made.message}\n\nEnds with [{error.exit_code}](exit-codes.md).")
        if error is not errors.JoineryError:
            parts[-1] += f" A kind of `{error.__mro__[1]().code}`."
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    from joinery.cli.main import app

    return {"cli.md": cli_page(app), "errors.md": errors_page()}


def main(arguments: list[str]) -> int:
    """Write or check; the exit code."""
    stale = 0
    for name, text in pages().items():
        path = REFERENCE / name
        before = path.read_text() if path.exists() else ""
        if before == text:
            continue
        stale = 1
        if "--check" in arguments:
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), text.splitlines(True), name, "code"))
        else:
            path.write_text(text)
            print(f"written: docs/reference/{name}")
    return stale if "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
