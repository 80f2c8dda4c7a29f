"""Checks that need the whole population. Rule 1: a review list, never a merge, and nobody is changed here."""

from joinery.audit.population import audit, quarantined

__all__ = ["audit", "quarantined"]
