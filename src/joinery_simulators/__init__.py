"""Vendors' behaviour as a feature: hostile targets for tests, demos and people without an account."""
