"""REMEMBERS. SQLAlchemy Core over SQLite (embedded) and PostgreSQL; repositories return model objects, never rows."""
