"""A rule file on its own, before any setting names it. Rule: it is read exactly as it would be if one did."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from joinery.errors import NotThere
from joinery.settings.conditions import check_conditions
from joinery.settings.explain import explain
from joinery.settings.learning_rules import LearningRule
from joinery.settings.part import Part
from joinery.settings.problems import Place, Problems
from joinery.settings.root import Settings
from joinery.settings.rule_files import read_rule_file
from joinery.settings.tree import Items, Section
from joinery.settings.values import Reading


class _RuleFile(Part):
    learning_rules: tuple[LearningRule, ...] = Field(description="The rules of the file.")


def rules_in(file: Path, settings: Settings, environ: Mapping[str, str]) -> tuple[LearningRule, ...]:
    """The rules of this file. Raises ConfigError listing all problems, each with its place; NotThere without a file."""
    if not file.is_file():
        raise NotThere(f"There is no rule file {file}.", fix="Name a YAML file with a rule or a list of rules.")
    problems, place = Problems(), Place(file=str(file), line=1, column=1)
    items = Items(path="rules", place=place)
    read_rule_file(file, items, place, problems)
    problems.stop_if_any(str(file))
    tree = Section(path="", place=place)
    tree.put("learning_rules", items, place, place)
    found: tuple[LearningRule, ...] = ()
    try:
        reading = Reading(folder=settings.folder, environ=environ, problems=problems)
        found = _RuleFile.model_validate(tree, context=reading).learning_rules
    except ValidationError as error:
        explain(error, tree, problems)
    check_conditions(settings, tree, problems, None)
    problems.stop_if_any(str(file))
    for rule, at in zip(found, items.places, strict=True):
        rule._origin = str(at)
    return found


def with_rules(settings: Settings, rules: tuple[LearningRule, ...]) -> Settings:
    """The settings as if these rules stood in them; one of a name that is there takes its place."""
    instead = {rule.name: rule for rule in rules}
    kept = tuple(instead.pop(rule.name, rule) for rule in settings.learning_rules)
    edited = settings.model_copy(update={"learning_rules": (*kept, *instead.values())})
    edited._version_hash = f"{settings.version_hash}+"
    return edited
