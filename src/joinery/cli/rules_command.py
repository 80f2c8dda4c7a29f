"""`joinery rules`: learning rules looked at from every side before and after they count. Rule: it writes nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app.policy import learning_rules, policy_from
from joinery.app.wiring import Opened
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    AsOf,
    Config,
    Format,
    Out,
    connection,
    instant,
    say,
    show_for_people,
    show_json,
    show_table,
)
from joinery.cli.rules_wording import EFFECT, diff_data, diff_lines, effect_rows, tested_data, tested_lines
from joinery.cli.wording import several
from joinery.core.rules.learning import LearningRule
from joinery.errors import NotThere
from joinery.flows.policy import Policy
from joinery.flows.rules_diff import diff_rules
from joinery.flows.rules_learn import Learnt, as_rules, data_of, learn_rules, said
from joinery.flows.rules_lint import lint_rules
from joinery.flows.rules_test import list_rules
from joinery.flows.rules_test import test_rules as run_test
from joinery.reports.tables import table

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Learning rules: list, test, diff, lint, explain, learn. Nothing here writes anything but --out.",
)

RuleFiles: Any = Annotated[
    list[Path] | None, typer.Argument(metavar="[RULE_FILE]…", help="Rule files, whether settings name them or not.")
]
Named: Any = Annotated[str, typer.Option("--rule", help="The rule of this name in the settings.")]
Limit: Any = Annotated[int, typer.Option("--limit", help="At most so many rows of text (0: all).")]


@app.command("list")
def list_all(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """Every rule: what it gives, whom it matches today, how many owe something because of it."""
    with connection(config, quiet=True) as it:
        where = {rule.name: _shown(it, rule.origin) for rule in it.settings.learning_rules}
        rows = [_listed(each.rule, each.matches, each.owing, where) for each in list_rules(it.ports)]
    if not rows and form == "text" and not json:
        print("There is no rule yet. `learning_rules` in the settings, a file named by `rules`, or `starters`.")
        say("Next: joinery rules learn proposes rules from what people have")
        return
    columns = ("rule", "version", "since", "gives", "when", "matches", "owing", "from")
    show_table(table("Learning rules", columns, rows), "json" if json else form, out)


def _shown(it: Opened, origin: str) -> str:
    return origin.removeprefix(f"{it.settings.folder}/")


def _listed(rule: LearningRule, matches: int, owing: int, where: dict[str, str]) -> tuple[Any, ...]:
    gives = ", ".join((*rule.give, *(f"group:{group}" for group in rule.groups)))
    origin = where.get(rule.name, "starter")
    return (rule.name, rule.version, rule.published_on, gives, rule.when.text, matches, owing, origin)


@app.command()
def test(
    files: RuleFiles = None,
    config: Config = DEFAULT_CONFIG,
    rule: Named = "",
    people: Annotated[str, typer.Option("--people", metavar="ID,…", help="Say why of these people, too.")] = "",
    as_of: AsOf = None,
    json: AsJson = False,
) -> None:
    """Whom a rule matches, with samples; of people asked for, why or what stands in the way.

    Examples: joinery rules test rules/fr.yaml | joinery rules test --rule "FR warehouse" --people 000102,000103
    """
    who = [each.strip() for each in people.split(",") if each.strip()]
    with connection(config, quiet=True) as it:
        chosen = _chosen(it, files or [], rule)
        found = run_test(it.ports, chosen, who=who, as_of=instant(as_of))
    if json:
        show_json({"rules": [tested_data(each) for each in found]})
        return
    for each in found:
        print("\n".join(tested_lines(each)))
    say("Nothing is written. What it would change: joinery rules diff" + "".join(f" {file}" for file in files or ()))


def _chosen(it: Opened, files: Sequence[Path], name: str) -> tuple[LearningRule, ...]:
    """The rules of the files; else the one of that name; else all."""
    if files:
        return tuple(rule for file in files for rule in _from_file(it, file))
    found = tuple(rule for rule in it.ports.policy.rules if not name or rule.name == name)
    if not found:
        names = ", ".join(rule.name for rule in it.ports.policy.rules) or "none"
        raise NotThere(f'There is no rule "{name}".', fix=f"Rules here: {names}.")
    return found


def _from_file(it: Opened, file: Path) -> tuple[LearningRule, ...]:
    from joinery.settings.loose_rules import rules_in

    loose = it.settings.model_copy(update={"learning_rules": rules_in(file, it.settings, os.environ), "starters": ()})
    return learning_rules(loose, it.published_on)


def _with_files(it: Opened, files: Sequence[Path]) -> Policy:
    """The policy at hand, or as it would be with the rules of these files in it."""
    from joinery.settings.loose_rules import rules_in, with_rules

    settings = it.settings
    for file in files:
        settings = with_rules(settings, rules_in(file, settings, os.environ))
    if settings is it.settings:
        return it.ports.policy
    return policy_from(settings, it.ports.policy.target, it.published_on, it.ports.policy.chunk_size)


@app.command()
def diff(
    files: RuleFiles = None,
    config: Config = DEFAULT_CONFIG,
    as_of: AsOf = None,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Limit = 20,
) -> None:
    """What an edit of the settings, tables or rule files would do to people, against what is in force.

    Examples: joinery rules diff | joinery rules diff rules/new.yaml | joinery rules diff --format xlsx --out e.xlsx
    """
    with connection(config, quiet=True) as it:
        effect = diff_rules(it.ports, _with_files(it, files or []), instant(as_of))
    if json:
        show_json(diff_data(effect))
    elif form != "text":
        show_for_people(table("Effect", EFFECT, effect_rows(effect)), form, out)
    else:
        print("\n".join(diff_lines(effect, limit)))
        if effect.edited:
            say("Nothing is written. joinery plan publishes what is in the settings, as a plan to review.")


@app.command()
def lint(
    files: RuleFiles = None,
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """What looks wrong: rules that match nobody, values that do not occur, two due dates, cycles that cannot work.

    Ends with 0, or with 4 when something is an error.
    """
    with connection(config, quiet=True) as it:
        found = lint_rules(it.ports, _with_files(it, files or []).rules)
        count = len(it.ports.policy.rules)
    columns = ("weighs", "check", "rule", "message", "suggestion", "people")
    rows = [(str(r.weighs), r.check, r.rule, r.message, r.suggestion, ", ".join(r.people)) for r in found]
    if rows or form != "text" or json:
        show_table(table("Rules", columns, rows), "json" if json else form, out)
    else:
        print(f"Nothing to say about {several(count, 'rule')}: each matches somebody, and each value occurs.")
    raise typer.Exit(4 if any(each.weighs == "error" for each in found) else 0)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="The rule's name.")],
    files: Annotated[list[Path] | None, typer.Option("--file", help="A rule file to take it from.")] = None,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """A rule in sentences.

    Example: joinery rules explain "FR warehouse safety"
    """
    from joinery.core.rules.telling import told

    with connection(config, quiet=True) as it:
        found = [each for each in _chosen(it, files or [], "" if files else rule) if each.name == rule]
    if not found:
        raise NotThere(f'There is no rule "{rule}" in these files.', fix="Its name is what stands after `name:`.")
    if json:
        show_json({"rule": rule, "version": found[0].version, "said": list(told(found[0]))})
        return
    print(f"{rule}\n" + "\n".join(f"  {sentence}" for sentence in told(found[0])))


@app.command()
def learn(
    config: Config = DEFAULT_CONFIG,
    source: Annotated[
        Path | None, typer.Option("--from", help="A file of two columns, employee number and course, instead.")
    ] = None,
    confidence: Annotated[int, typer.Option("--confidence", min=50, max=100, help="At least so many percent.")] = 90,
    support: Annotated[int, typer.Option("--support", min=2, help="At least so many people.")] = 5,
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Propose rules from what people have now: how many, which share, and who is an exception.

    Examples: joinery rules learn | joinery rules learn --out rules/learnt.yaml | joinery rules learn --from old.csv
    """
    from joinery.core.rules.induction import Bar

    pairs = _pairs(source) if source is not None else None
    with connection(config, quiet=True) as it:
        found = learn_rules(it.ports, Bar(support=support, confidence=confidence / 100), pairs)
        taken = [rule.name for rule in it.ports.policy.rules]
    if json:
        data = [data_of(each) for each in found.proposals]
        show_json({"people": found.people, "unknown": found.unknown, "given": found.given, "proposals": data})
        return
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(as_rules(found.proposals, taken) or "[]\n", encoding="utf-8")
    for each in found.proposals:
        shown = f" Without it: {', '.join(each.exceptions[:10])}." if each.exceptions else ""
        print(f"{said(each)}: make this a rule?{shown}")
    if not found.proposals:
        print(f"Nothing that {confidence} % of at least {support} people with something in common have.")
    _say_learnt(found, out)


def _say_learnt(found: Learnt, out: Path | None) -> None:
    if found.given:
        say(f"Left out, because rules give it already: {', '.join(found.given)}")
    if found.unknown:
        say(f"{several(found.unknown, 'row')} of the file are about nobody here.")
    if out is not None:
        say(f"Written to {out}; try it: joinery rules diff {out}")
    elif found.proposals:
        say("As a rule file: --out rules/learnt.yaml")


def _pairs(file: Path) -> list[tuple[str, str]]:
    from joinery.settings.table_rows import TableTrouble, pairs_in

    if not file.is_file():
        raise NotThere(f"There is no file {file}.", fix="It has two columns: employee number and course.")
    try:
        return pairs_in(file)
    except TableTrouble as trouble:
        raise NotThere(
            f"{file}: {trouble}; nothing was read.", fix="Two columns: employee number, course."
        ) from trouble
