"""The ways in over HTTP: parse a request, call one flow, answer. `joinery serve` runs it."""
