"""Classroom, the learning system that comes with Joinery, reached over its JSON API like any other."""

from joinery.connectors.classroom.connector import ClassroomTarget

__all__ = ["ClassroomTarget"]
