"""Calls an address and reads nothing of the answer but its status: a sign of life for a monitor.

Rule: the address holds a secret, so it enters no error and no log.
"""

from __future__ import annotations

import asyncio

import httpx2


def knock(url: str, seconds: float) -> str:
    """Empty when it was heard (2xx); else why not, in a few words. Takes `seconds` at most, the slowest drip included;
    follows nobody elsewhere. Never raises for what the other side does."""
    try:
        status = asyncio.run(_knock(url, seconds))
    except TimeoutError:
        return f"no answer within {seconds:g} seconds"
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        return type(error).__name__
    return "" if 200 <= status < 300 else f"answered {status}"


async def _knock(url: str, seconds: float) -> int:
    async with (
        asyncio.timeout(seconds),
        httpx2.AsyncClient(timeout=seconds, follow_redirects=False, trust_env=False) as client,
        client.stream("GET", url) as answer,
    ):
        return int(answer.status_code)
