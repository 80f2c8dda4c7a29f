"""A folder that files are put into. Rule 1: nothing is removed, and nothing half-written is read."""

from joinery.connectors.file.connector import FolderDrop, Ready

__all__ = ["FolderDrop", "Ready"]
