"""Durable applying. `ledger` is the truth, `chunk` the algorithm, `dbos` the engine; the rest uses `api` only."""
