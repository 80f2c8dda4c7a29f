"""EXPLAINS. Tables for people (csv, xlsx, text, json) and the machine file that brings training records back to HR."""
