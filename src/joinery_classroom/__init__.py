"""Classroom: a small learning system of its own, the embedded default target of Joinery."""
