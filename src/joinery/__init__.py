"""Joinery joins a company's HR system to its learning system: people one way, training records back."""
