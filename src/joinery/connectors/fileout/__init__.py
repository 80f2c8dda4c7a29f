"""Import files for a learning system that takes CSV, from a layout that is data."""

from joinery.connectors.fileout.connector import FileOutTarget
from joinery.connectors.fileout.layout import Layout, layout_from, shipped

__all__ = ["FileOutTarget", "Layout", "layout_from", "shipped"]
