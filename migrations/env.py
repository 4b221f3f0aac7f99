"""Alembic runs inside the application: its engine, its tables."""

from alembic import context
from flask import current_app

from sostrades_api.migration import migrating

migrate = current_app.extensions["migrate"]
database = migrate.db


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column types as the plain types they are stored as, so that a revision stands alone."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def run_offline() -> None:
    """Print the SQL (``flask db upgrade --sql``)."""
    context.configure(
        url=str(database.engine.url.render_as_string(hide_password=False)),
        target_metadata=database.metadata,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Migrate the database of the application."""
    options = {"render_item": render_item, **migrate.configure_args}
    # Held before the revision is read: the second of two first starts then finds nothing to do.
    with migrating(database.engine), database.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=database.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
