"""Databases that people are read from with one SELECT, and that training records are written to."""

from joinery.connectors.sql.connector import SqlDrop
from joinery.connectors.sql.query import Query, Watermark

__all__ = ["Query", "SqlDrop", "Watermark"]
