"""Reads in bulk: decode, quarantine broken rows, digest, compare.

Rule 1: what cannot be read for certain is refused.
"""
