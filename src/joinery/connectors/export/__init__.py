"""A learning system of which only an export of its users is there."""

from joinery.connectors.export.connector import Export, ExportTarget

__all__ = ["Export", "ExportTarget"]
