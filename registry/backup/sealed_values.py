"""The values under the vault's keys, apart from the rows that they are in: learners' keys, batches' keys and the like.

A backup without keys has these columns empty. The backup of keys has them, with the primary keys of their rows; so a
learner whose key was destroyed before the backup of keys was made is opened by no pair of the two.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection, sql

from registry.vault.key_replacement import COLUMNS, SealedColumn

_EMPTY: Final = sql.SQL("''::bytea")
_NAME: Final = "values "
"""The beginning of the name of an entry with the values of one column."""


class ValueColumn(NamedTuple):
    """One column of values in a backup of keys."""

    schema: str
    table: str
    column: str
    row_key: list[str]
    """The columns of the primary key."""

    @property
    def entry(self) -> str:
        """The name of its entry in the backup."""
        return _NAME + msgspec.json.encode(list(self)).decode()

    @property
    def copy_columns(self) -> sql.Composed:
        """The columns of its rows in the backup."""
        return sql.SQL(", ").join(map(sql.Identifier, [*self.row_key, self.column]))


def is_value_entry(name: str) -> bool:
    """Return whether an entry of a backup has the values of a column."""
    return name.startswith(_NAME)


def parse_value_entry(name: str) -> ValueColumn:
    """Return the column of an entry. Raises `msgspec.MsgspecError`, and `LookupError` for one that is not sealed."""
    column = ValueColumn(*msgspec.json.decode(name.removeprefix(_NAME), type=tuple[str, str, str, list[str]]))
    _sealed_column(column)
    return column


def select_without_values(schema: str, table: str, columns: list[str]) -> sql.Composed:
    """Return the query of a table's rows in which the values under the vault's keys are empty."""
    conditions = {each.column: each.where for each in COLUMNS if (each.schema, each.table) == (schema, table)}
    expressions = [
        sql.SQL("CASE WHEN {column} IS NOT NULL AND ({where}) THEN {empty} ELSE {column} END").format(
            column=sql.Identifier(name),
            where=sql.SQL(conditions[name]),
            empty=_EMPTY,
        )
        if name in conditions
        else sql.Identifier(name)
        for name in columns
    ]
    return sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(expressions), sql.Identifier(schema, table))


def list_value_columns(connection: Connection) -> Iterator[ValueColumn]:
    """Yield the columns of values that a database has."""
    for each in COLUMNS:
        row_key = connection.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a"
            " ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
            " WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY a.attnum",
            (f"{each.schema}.{each.table}",),
        ).fetchall()
        yield ValueColumn(each.schema, each.table, each.column, [row[0] for row in row_key])


def copy_values_out(column: ValueColumn) -> sql.Composed:
    """Return the statement that copies a column's values, with the primary keys of their rows."""
    where = sql.SQL(_sealed_column(column).where)
    rows = sql.SQL("SELECT {} FROM {} WHERE {} IS NOT NULL AND ({})").format(
        column.copy_columns, sql.Identifier(column.schema, column.table), sql.Identifier(column.column), where
    )
    return sql.SQL("COPY ({}) TO STDOUT").format(rows)


def create_value_table(connection: Connection, column: ValueColumn) -> sql.SQL:
    """Create a table for the values of a backup of keys; return the statement that copies them into it."""
    connection.execute(
        sql.SQL("CREATE TEMP TABLE restored_values ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            column.copy_columns, sql.Identifier(column.schema, column.table)
        )
    )
    return sql.SQL("COPY restored_values FROM STDIN")


def fill_values(connection: Connection, column: ValueColumn) -> None:
    """Write the values to the rows that lack them, and drop their table."""
    target = sql.Identifier(column.column)
    same_row = sql.SQL(" AND ").join(sql.SQL("t.{0} = v.{0}").format(sql.Identifier(name)) for name in column.row_key)
    connection.execute(
        sql.SQL("UPDATE {} AS t SET {} = v.{} FROM restored_values AS v WHERE {} AND t.{} = {}").format(
            sql.Identifier(column.schema, column.table), target, target, same_row, target, _EMPTY
        )
    )
    connection.execute("DROP TABLE restored_values")


def delete_rows_without_values(connection: Connection) -> None:
    """Delete the rows whose values no key opens any more. Learners are left to their own rules."""
    for each in COLUMNS:
        if (each.schema, each.table) == ("vault", "learners"):
            continue
        table, column = sql.Identifier(each.schema, each.table), sql.Identifier(each.column)
        if each.column == "previous":  # the secret of a webhook from before its last change
            statement = sql.SQL("UPDATE {} SET {} = NULL WHERE {} = {}").format(table, column, column, _EMPTY)
        else:
            statement = sql.SQL("DELETE FROM {} WHERE {} = {}").format(table, column, _EMPTY)
        connection.execute(statement)


def _sealed_column(column: ValueColumn) -> SealedColumn:
    """Raises `LookupError`."""
    for each in COLUMNS:
        if each[:3] == column[:3]:
            return each
    raise LookupError(f"{column.schema}.{column.table}.{column.column} has no values under the vault's keys")
