"""The command line: parse, call one flow, show the answer. Data on stdout, messages on stderr."""
