"""Databases that people are read from with one SELECT, and that training records are written to."""

from joinery.connectors.sql.connector import SqlDrop
from joinery.connectors.sql.query import Query, Watermark
from joinery.connectors.sql.records import RecordTable

__all__ = ["Query", "RecordTable", "SqlDrop", "Watermark"]
