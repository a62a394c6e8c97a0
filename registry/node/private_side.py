"""The private side of a node that is about to be restored: its tables, still empty."""

import psycopg
from psycopg.rows import dict_row

from projections.feed import feed
from registry.application import owner
from registry.postgres.embedded import DatabaseUnavailable, database
from registry.settings.settings import Settings
from registry.store.recorder import open_store


def create_private_side(settings: Settings) -> str:
    """Create the empty tables of the private side; return the database's connection string.

    Raises `DatabaseUnavailable`, and `OtherOwner` if the database is another node's.
    """
    dsn = database(settings.database_url)
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError as error:
        what = f"cannot reach the database to restore to: {str(error).strip()}"
        raise DatabaseUnavailable(
            what, "as the backup or --to-database names it", "Start it, or name another."
        ) from error
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as private:
        open_store(private, dsn).close()
    with psycopg.connect(dsn, autocommit=True) as connection:
        feed.create(connection)
        owner.create_table(connection)
        owner.release(connection, owner.Owner(settings.member, settings.consortium, settings.founded))
    return dsn
