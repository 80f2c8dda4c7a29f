"""A learning system in memory: the reference for connector authors, and the fake in tests."""

from joinery.connectors.memory.connector import MemoryTarget

__all__ = ["MemoryTarget"]
