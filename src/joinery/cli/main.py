"""`joinery`: every command in a file of its own, imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from joinery.cli.messages import foreseen, show_bug, show_error, show_usage
from joinery.errors import JoineryError

#: command -> (module, attribute, one line of help); the order is that of `joinery --help`
COMMANDS = {
    "init": ("init", "Begin with two files: HR's export and the learning system's users."),
    "demo": ("demo", "A sample company, five simulated days, left running to look at."),
    "check": ("check", "Look for problems in an HR file; writes nothing."),
    "template": ("template", "An empty file with explained columns, for somebody else to fill in."),
    "sync": ("sync", "Pull, plan and apply, according to the mode."),
    "run": ("run", "What each run did, stage by stage."),
    "status": ("status", "One verdict, then what is fresh, open, held or waiting."),
    "plan": ("plan", "Make a plan, look at plans, approve or discard them."),
    "apply": ("apply", "Apply an approved plan."),
    "undo": ("undo", "Take back what a plan did, as a plan to review."),
    "why": ("why", "Why somebody has what they have, or does not."),
    "map": ("map", "Mapping tables: codes, words, and what has no word yet."),
    "rules": ("rules", "Learning rules: list, test, see the effect of an edit, explain, learn."),
    "person": ("person", "One person: show, end access, exempt, assign."),
    "events": ("events", "Lifecycle events of a period."),
    "accounts": ("accounts", "Accounts as last confirmed by the learning system."),
    "issue": ("issue", "Open data problems."),
    "quarantine": ("quarantine", "People whose data is not believed; let one go by name."),
    "layoff": ("layoff", "An announced lay-off, approved ahead; confidential."),
    "match": ("match", "Existing accounts that wait for a yes or no."),
    "reconcile": ("reconcile", "Read all accounts again and plan against what is really there."),
    "audit": ("audit", "What was done by whom, and proof that the log of it stands."),
    "privacy": ("privacy", "Fields read, subject access, erasure, legal hold, register."),
    "completions": ("completions", "Training records on their way to HR."),
    "files": ("files", "Import files for a learning system that takes CSV: send them again."),
    "report": ("report", "Reports: how long ends of access took."),
    "mail": ("mail", "Sign-in mails: what waits, what left, what is unknown."),
    "connect": ("connect", "Try the places where people's files arrive."),
    "sftp": ("sftp", "Let HR bring its files over SFTP: the drop server."),
    "key": ("key", "The OpenPGP keys of files that come encrypted."),
    "token": ("token", "Keys for programs that push data in: make, list, revoke."),
    "config": ("config", "Check and show the settings."),
    "alert": ("alert", "Tell people what is wrong, once; try the addresses."),
    "doctor": ("doctor", "Is everything there that a run needs?"),
    "db": ("db", "The store: copy it, bring it back, upgrade it."),
    "serve": ("serve", "Run the ways in for data, and Classroom where it is the learning system."),
    "schedule": ("schedule", "What `joinery serve` runs by itself: when next, pause, resume."),
    "worker": ("worker", "Take up work that other processes give out, on this machine or another."),
    "target": ("target", "The learning system: pause calls to it, let them go on, see how it stands."),
    "version": ("version", "The version."),
}


class Commands(TyperGroup):
    """Looks commands up by name and imports only the one that is called: a quiet night starts quickly."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"joinery.cli.{COMMANDS[cmd_name][0]}_command")
        module.app._add_completion = False  # `joinery --install-completion` is for all of them
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Joins a company's HR system to its learning system: people one way, training records back.",
    epilog="Begin with: joinery demo. With your own file: joinery check FILE.",
)


def _version(asked: bool) -> None:
    """As most programs have it; `joinery version --json` is for other programs."""
    if asked:
        print(version("joinery"))
        raise typer.Exit


@app.callback()
def _root(
    _asked: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print it.")] = False,
) -> None:
    """Joins a company's HR system to its learning system: people one way, training records back."""


def run() -> None:
    """The console script. Exit codes: docs/reference/exit-codes.md."""
    as_json = "--json" in sys.argv
    try:
        code = app(standalone_mode=False)
    except JoineryError as error:
        code = show_error(error, as_json=as_json)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    except Exception as error:  # noqa: BLE001 the last door
        if hasattr(error, "format_message"):
            code = show_usage(error, as_json=as_json)
        elif (known := foreseen(error)) is not None:
            code = show_error(known, as_json=as_json)
        else:
            code = show_bug(error, as_json=as_json)
    if code == 130:
        print(
            "Interrupted. What was done is recorded. The rest goes on with the next run; where joinery serve or a "
            "worker is running, it goes on there by itself.",
            file=sys.stderr,
        )
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> None:
    """End. While a store is away the job engine insists on it, in threads that nobody can stop: then without them.

    What matters is recorded or will be looked at again, as after a crash.
    """
    trouble, engine = sys.modules.get("joinery.store.trouble"), sys.modules.get("joinery.jobs.dbos")
    if engine is not None and trouble is not None and trouble.met:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
