"""How Alembic runs the migrations: on the connection it is given, inside that connection's transaction."""

from alembic import context

from otp_service.ledger.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite too: a migration that fails leaves nothing behind
)
context.run_migrations()
