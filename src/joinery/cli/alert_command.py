"""`joinery alert check | test`: people hear of a trouble when it begins, when it is worse, and when it is over."""

from __future__ import annotations

from typing import Annotated

import typer

from joinery.app import clock
from joinery.app.alerting import by_apprise, routes, tell_in_turn
from joinery.cli.common import DEFAULT_CONFIG, AsJson, AsOf, Config, connection, instant, say, settings_of, show_json
from joinery.errors import ConfigError

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Tell people what is wrong, once for each trouble.")


@app.command()
def check(config: Config = DEFAULT_CONFIG, as_of: AsOf = None, json: AsJson = False) -> None:
    """Look how things stand and tell what is new, worse or over. It is silent if nothing changes.

    `joinery serve` does it every minute and `joinery sync` at its end; without either, run it from cron.

    Example: * * * * * joinery alert check --config /etc/joinery/joinery.yaml

    Ends with 0, or with 6 when a message could not be sent; it is sent again the next time.
    """
    with connection(config, quiet=True) as it:
        said = tell_in_turn(it, instant(as_of) or clock.now())
    failed = [each for each in said if not (each.sent or each.nobody)]
    if json:
        told = [{"kind": s.alert.kind, "about": s.alert.key, "title": s.alert.told.title, "sent": s.sent} for s in said]
        show_json({"alerts": told})
    for each in said if not json else ():
        print(each.alert.subject)
    if any(each.nobody for each in said):
        say("Nobody is told: `alerts` names no address.")
    if failed:
        say(f"{len(failed)} of {len(said)} messages could not be sent; they are sent again the next time.")
    raise typer.Exit(6 if failed else 0)


@app.command()
def test(
    route: Annotated[str, typer.Option("--route", help="high | low")] = "high",
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Send one message to every address of a route. Ends with 0, or with 6 when one did not take it."""
    settings = settings_of(config)
    if route not in routes(settings):
        raise typer.BadParameter(f"{route!r} is not high or low", param_hint="--route")
    addresses = routes(settings)[route]
    if not addresses:
        raise ConfigError("`alerts` names no address; nothing was sent.", fix="alerts: { high: [{ env: NAME }] }")
    text = "A test of this address: nothing is wrong.\n"
    sent = by_apprise([each.reveal() for each in addresses], f"[{settings.company.name}] test of alerts", text)
    if json:
        show_json({"route": route, "addresses": len(addresses), "sent": sent})
    else:
        print("Sent." if sent else "Not everybody got it: check the addresses of this route, one by one.")
    raise typer.Exit(0 if sent else 6)
