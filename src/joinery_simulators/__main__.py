"""`python -m joinery_simulators`: a bad day for whoever wants to see what Joinery makes of it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from joinery.app import clock
from joinery_simulators.chaos import CHANGES, Trouble, Weather
from joinery_simulators.door import Door
from joinery_simulators.sender import Message, deliveries, send

EXAMPLES = """examples:
  python -m joinery_simulators chaos --to http://127.0.0.1:8080 --port 8900 --seed 7 --refuses 0.02
  python -m joinery_simulators chaos --to http://127.0.0.1:8080 --outage-after 60 --outage 3600 --speed 60
  python -m joinery_simulators webhooks --to http://127.0.0.1:8484/api/v1/webhooks/hris --secret-file secret news.ndjson
"""


def parser() -> argparse.ArgumentParser:
    """All that can be typed."""
    top = argparse.ArgumentParser(
        "python -m joinery_simulators",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True)
    door = commands.add_parser("chaos", help="a door before a learning system, where things go wrong")
    door.add_argument("--to", required=True, help="address of the learning system: http://host:port, without a path")
    door.add_argument("--port", type=int, default=8900, help="where the door listens on this machine (8900)")
    door.add_argument("--seed", type=int, default=1, help="the same seed is the same bad day (1)")
    door.add_argument("--chance", type=float, default=0.3, help="of trouble with a request, 0 to 1 (0.3)")
    door.add_argument("--at-most", type=int, default=3, help="times that the same request meets trouble (3)")
    kinds = ", ".join(str(one) for one in CHANGES)
    door.add_argument("--among", nargs="+", choices=[str(one) for one in CHANGES], metavar="TROUBLE", help=kinds)
    door.add_argument("--refuses", type=float, default=0.0, help="share of changes refused for good, 0 to 1 (0)")
    door.add_argument("--token-dies-after", type=int, help="requests after which the token in use is over")
    door.add_argument("--outage-after", type=float, help="seconds until the system is away")
    door.add_argument("--outage", type=float, default=3600.0, help="seconds that it is away (3600)")
    door.add_argument("--speed", type=float, default=1.0, help="seconds of the system in one of ours (1)")
    hooks = commands.add_parser("webhooks", help="messages that come several times and out of order")
    hooks.add_argument("file", type=Path, help="one JSON payload a line")
    hooks.add_argument("--to", required=True, help="address of the receiver, with its path")
    hooks.add_argument("--secret-file", type=Path, required=True, help="file with the signing secret (whsec_…)")
    hooks.add_argument("--seed", type=int, default=1, help="the same seed is the same order (1)")
    hooks.add_argument("--most", type=int, default=3, help="times that a message comes (3)")
    hooks.add_argument("--far", type=int, default=5, help="places that it may be too late (5)")
    return top


def tell(what: dict[str, Any]) -> None:
    """JSON on standard output."""
    sys.stdout.write(json.dumps(what, indent=2) + "\n")


async def stand(asked: argparse.Namespace) -> None:
    """The door until Ctrl-C; then what happened, on standard output."""
    weather = Weather(
        seed=asked.seed,
        chance=asked.chance,
        among=tuple(Trouble(one) for one in asked.among or CHANGES),
        at_most=asked.at_most,
        refuses=asked.refuses,
        token_dies_after=asked.token_dies_after,
    )
    door = Door(to=asked.to.rstrip("/"), weather=weather, speed=asked.speed)
    try:
        port = await door.open(port=asked.port)
        sys.stderr.write(f"chaos before {asked.to} at http://127.0.0.1:{port}; GET /chaos tells what happened\n")
        sys.stderr.flush()
        if asked.outage_after is not None:
            await asyncio.sleep(asked.outage_after / asked.speed)
            await door.outage(asked.outage)
        await asyncio.Event().wait()
    finally:
        await door.close()
        tell(weather.report())


def main(argv: list[str] | None = None) -> int:
    """0; 1 when a message was not taken."""
    asked = parser().parse_args(argv)
    if asked.command == "chaos":
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(stand(asked))
        return 0
    lines = [line for line in asked.file.read_text(encoding="utf-8").splitlines() if line.strip()]
    messages = [Message(id=f"chaos-{asked.seed}-{n}", body=json.loads(line)) for n, line in enumerate(lines, 1)]
    order = deliveries(messages, asked.seed, most=asked.most, far=asked.far)
    secret = asked.secret_file.read_text(encoding="utf-8").strip()
    heard = send(asked.to, secret, order, clock=lambda: clock.now().timestamp())
    tell({"messages": len(messages), "deliveries": len(order), "answers": heard})
    return 0 if sum(count for status, count in heard.items() if 200 <= status < 300) == len(order) else 1


if __name__ == "__main__":
    sys.exit(main())
