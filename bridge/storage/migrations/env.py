"""Alembic's entry: the engine is handed in by ``bridge.storage.schema``."""

from alembic import context
from sqlmodel import SQLModel

import bridge.models
from bridge.storage import search_index

assert bridge.models.__all__, "the models register their tables"

_LOCK = 0x6272_6964_6765  # any number that nobody else locks; this one spells the program's name


def run() -> None:
    """Run the wanted migrations in one transaction: whoever starts meanwhile waits, and then finds nothing to do."""
    engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # Two hosts that start at once would both find no tables and both create them. The lock ends with the
            # connection; SQLite's BEGIN IMMEDIATE does the same there.
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
            connection.commit()
        # The transaction is ours: on SQLite, Alembic's own ends with each migration, and who waits would come between.
        with connection.begin():
            context.configure(
                connection=connection,
                target_metadata=SQLModel.metadata,
                render_as_batch=engine.dialect.name == "sqlite",
                compare_type=False,
                include_name=lambda name, _kind, _parents: not search_index.is_ours(name),
            )
            with context.begin_transaction():
                if context.config.attributes.get("downgrade"):
                    search_index.remove(connection)  # it may hold what is about to be taken away
                context.run_migrations()
                if context.get_context().get_current_revision() == context.get_head_revision():
                    search_index.ensure(connection)
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
            connection.commit()


run()
