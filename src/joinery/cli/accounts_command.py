"""`joinery accounts`: accounts as last confirmed by the target. Other programs rely on the columns."""

from __future__ import annotations

from typing import Annotated

import typer

from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, show_table
from joinery.core.model.account import Account, AccountState
from joinery.reports.tables import table
from joinery.store.accounts import Accounts

app = typer.Typer(rich_markup_mode=None)
COLUMNS = ("worker_id", "account_id", "email", "given_name", "family_name", "state", "groups", "assignments")


@app.command()
def main(
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    orphans: Annotated[bool, typer.Option("--orphans", help="Only accounts that no HR record vouches for.")] = False,
    archived: Annotated[bool, typer.Option("--archived", help="Only archived accounts.")] = False,
) -> None:
    """Linked accounts as the learning system last confirmed them; lists are sorted and joined by `;`.

    Examples: joinery accounts --format csv | joinery accounts --archived
    """
    with connection(config, quiet=True) as it, it.ports.database.read() as db:
        accounts = Accounts(db, it.ports.policy.target)
        found = accounts.orphans() if orphans else [account for _, account in accounts.managed()]
        rows = [_row(each) for each in found if not archived or each.state is AccountState.ARCHIVED]
    show_table(table("Accounts", COLUMNS, rows), "json" if json else form, out)


def _row(account: Account) -> tuple[str, ...]:
    attributes = account.attributes
    assigned = sorted(key for key, each in account.enrolments.items() if each.state != "withdrawn")
    return (
        account.worker_id,
        account.id,
        attributes.get("email", ""),
        attributes.get("given_name", ""),
        attributes.get("family_name", ""),
        str(account.state),
        ";".join(sorted(account.groups)),
        ";".join(assigned),
    )
