"""The floor beside every figure: a plain asyncio client that makes the same calls, and remembers nothing.

`python -m benchmarks.bare --url http://127.0.0.1:8901/v2 --people 1000 --at-once 8`

Each new person is two calls, as Joinery makes them: is somebody there under this key, then the creation. So many people
at one time. Prints one line of JSON: seconds from the first call to the last answer, and processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2


async def create(http: httpx2.AsyncClient, url: str, number: int) -> None:
    """One person, known to nobody but this file."""
    key = f"bare-{number}"
    known = (await http.get(f"{url}/Users", params={"filter": f'externalId eq "{key}"', "count": 2})).json()
    assert known["totalResults"] == 0
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"{key}@bench.example",
        "externalId": key,
        "name": {"givenName": f"G{number}", "familyName": f"F{number}"},
        "emails": [{"value": f"{key}@bench.example", "type": "work", "primary": True}],
        "active": True,
    }
    made = await http.post(f"{url}/Users", json=body)
    assert made.status_code == 201, made.status_code
    assert made.json()["id"]


async def run(url: str, people: int, at_once: int) -> dict[str, Any]:
    """Everybody, `at_once` of them at one time."""
    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx2.AsyncClient(headers={"Authorization": "Bearer x"}, timeout=60, limits=limits) as http:
        await http.get(f"{url}/ServiceProviderConfig")
        numbers: Iterator[int] = iter(range(people))

        async def one_after_another() -> None:
            for number in numbers:
                await create(http, url, number)

        began, spent = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one_after_another() for _ in range(at_once)))
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - spent, "people": people}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=8)
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(run(asked.url, asked.people, asked.at_once))))


if __name__ == "__main__":
    main()
