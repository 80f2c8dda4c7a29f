"""DECIDES. Pure functions over frozen values: no I/O, no clock, no logging. Today is an argument."""
