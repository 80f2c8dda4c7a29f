"""The answers that `joinery init` needs: from options, from a file, or from whoever sits at the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import available_timezones

import typer

from joinery.core.mapping.account_headings import ACCOUNT_ATTRIBUTES
from joinery.core.mapping.asking import Answers, Question
from joinery.core.mapping.spec import DateFormat
from joinery.errors import AnswerNeeded, ConfigError

KEYS = ("company", "zone", "dates", "fields", "account_fields", "accept_sure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was given before anything was asked. `fields` as typed: `worker_id=Employee number`."""

    company: str = ""
    zone: str = ""
    dates: str = ""
    fields: Sequence[str] = ()
    account_fields: Sequence[str] = ()
    accept_sure: bool | None = None
    answers: Answers = field(default_factory=Answers)


def given_answers(file: Path | None, typed: Given) -> Given:
    """Options win over the file. Raises BadParameter or ConfigError for what cannot be meant."""
    from_file = _from_file(file) if file else {}
    fields = {**_mapping(from_file, "fields"), **_pairs(typed.fields, "--field")}
    account_fields = {**_mapping(from_file, "account_fields"), **_pairs(typed.account_fields, "--account-field")}
    for name in account_fields:
        if name not in ACCOUNT_ATTRIBUTES:
            raise typer.BadParameter(
                f"{name!r} is none of {', '.join(ACCOUNT_ATTRIBUTES)}", param_hint="--account-field"
            )
    dates = typed.dates or str(from_file.get("dates", ""))
    accept = typed.accept_sure if typed.accept_sure is not None else _yes(from_file.get("accept_sure"))
    return replace(
        typed,
        company=typed.company or str(from_file.get("company", "")),
        accept_sure=accept,
        answers=Answers(
            fields=fields,
            account_fields=account_fields,
            dates=_format(dates) if dates else None,
            zone=_zone(typed.zone or str(from_file.get("zone", ""))),
        ),
    )


def _from_file(file: Path) -> Mapping[str, object]:
    from joinery.settings.problems import Problems
    from joinery.settings.reading import read_tree

    problems = Problems()
    try:
        tree = read_tree(file.read_bytes(), str(file), problems)
    except OSError as error:
        raise ConfigError(f"The answers {file} cannot be read: {error.strerror}; nothing was written.") from error
    problems.stop_if_any(str(file))
    if not isinstance(tree, Mapping):
        raise ConfigError(f"The answers {file} must be a mapping of {', '.join(KEYS)}; nothing was written.")
    unknown = [key for key in tree if key not in KEYS]
    if unknown:
        raise ConfigError(
            f"The answers {file} have {', '.join(unknown)}, which is not asked; nothing was written.",
            fix=f"Known are {', '.join(KEYS)}.",
        )
    return tree


def _mapping(answers: Mapping[str, object], key: str) -> dict[str, str]:
    found = answers.get(key, {})
    if not isinstance(found, Mapping):
        raise ConfigError(f"`{key}` in the answers must be a mapping of attribute to column; nothing was written.")
    return {str(name): str(column) for name, column in found.items()}


def _pairs(typed: Sequence[str], option: str) -> dict[str, str]:
    found = {}
    for each in typed:
        name, equals, column = each.partition("=")
        if not equals or not name.strip() or not column.strip():
            raise typer.BadParameter(f"{each!r} is not ATTRIBUTE=COLUMN", param_hint=option)
        found[name.strip()] = column.strip()
    return found


def _yes(value: object) -> bool | None:
    if value is None:
        return None
    if str(value).lower() not in {"true", "false"}:
        raise ConfigError("`accept_sure` in the answers must be true or false; nothing was written.")
    return str(value).lower() == "true"


def _format(text: str) -> DateFormat:
    try:
        return DateFormat(text.strip())
    except ValueError as error:
        known = ", ".join(format.value for format in DateFormat)
        raise typer.BadParameter(f"{text!r} is none of {known}", param_hint="--dates") from error


def _zone(text: str) -> str:
    if text and text not in available_timezones():
        raise typer.BadParameter(f"{text!r} is no time zone; write e.g. Europe/Paris", param_hint="--zone")
    return text


def refuse_unanswered(questions: Sequence[Question]) -> None:
    """Raises AnswerNeeded that names the option for each question."""
    asked = " ".join(f"{n}. {question.text}{_offered(question)}" for n, question in enumerate(questions, 1))
    options = " ".join(f"{question.flag}…" for question in questions)
    raise AnswerNeeded(
        f"{len(questions)} open {'question' if len(questions) == 1 else 'questions'}, and nobody can be asked here; "
        f"nothing was written. {asked}",
        fix=f"Answer with {options}, or in a file with --answers FILE.",
        data={"questions": [{"key": q.key, "option": q.flag.strip(), "choices": _values(q)} for q in questions]},
    )


def _offered(question: Question) -> str:
    return f" ({' | '.join(_values(question))})" if question.choices else ""


def _values(question: Question) -> list[str]:
    return [value for value, _ in question.choices]


def ask(question: Question, answers: Answers, number: int, of: int) -> Answers:
    """Ask at the terminal until the answer can be used."""
    print(f"\nQuestion {number} of {of}. {question.text}")
    for n, (value, told) in enumerate(question.choices, 1):
        print(f"  {n}  {value}{f'   {told}' if told else ''}")
    while True:
        said = str(typer.prompt("Answer", default=question.default or None)).strip()
        value = _chosen(question, said)
        try:
            if value:
                return _with(answers, question, value)
        except typer.BadParameter as error:
            print(error.message)
            continue
        print(f"{said!r} is none of them.")


def _chosen(question: Question, said: str) -> str:
    if not question.choices:
        return said
    values = _values(question)
    if said.isdigit() and 1 <= int(said) <= len(values):
        return values[int(said) - 1]
    return said if said in values else ""


def _with(answers: Answers, question: Question, value: str) -> Answers:
    which, _, attribute = question.key.partition(".")
    if which == "people":
        return replace(answers, fields={**answers.fields, attribute: value})
    if which == "accounts":
        return replace(answers, account_fields={**answers.account_fields, attribute: value})
    if which == "dates":
        return replace(answers, dates=_format(value))
    return replace(answers, zone=_zone(value))
