"""Alembic's entry: run the steps on the connection, and in the transaction, that `joinery.store.migrate` hands over."""

from alembic import context

from joinery.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
