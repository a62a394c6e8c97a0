"""Create sets of views, and swap a rebuilt set in while readers read.

The served views are in the schema `views`. While a program of another version still reads those, this version has its
own beside them, in a schema that is named after their version (`BESIDE`): readers look there first.
"""

from importlib import resources
from typing import Final

import psycopg
from psycopg import Connection, sql
from psycopg.types.json import set_json_loads

from projections.core import contents
from projections.core.positions import GOVERNANCE
from projections.core.tables import EVIDENCE, LAYOUT, UNDIGESTED, VERSION, VIEWS

_EARLIER: Final = "credential registry views, version 3, layout 7"
"""The label of views that lack the tables in the files of `_ADDED`, and nothing else."""
_ADDED: Final = ("8_issuing_keys.sql",)
SERVED: Final = "views"
"""The PostgreSQL schema that readers use."""
BESIDE: Final = f"views_{VERSION}_{LAYOUT}"
"""The schema of this version's views while those of another version are still read."""
_OF_VERSIONS: Final = r"^views_\d+_\d+$"


def connect(dsn: str, schema: str = SERVED) -> Connection:
    """Return a connection whose unqualified names are those of one set of views."""
    connection = psycopg.connect(dsn, autocommit=True)
    use(connection, schema)
    return connection


def use(connection: Connection, schema: str) -> None:
    """Let unqualified names mean this set of views, and fix the form of dates, floats and JSON."""
    set_json_loads(contents.read, connection)
    path = [BESIDE, SERVED] if schema == SERVED else [schema]
    connection.execute(
        sql.SQL(
            "SET search_path TO {}; SET datestyle TO ISO; SET bytea_output TO hex; SET client_encoding TO UTF8"
        ).format(sql.SQL(", ").join(map(sql.Identifier, path)))
    )


def find_served(connection: Connection) -> str:
    """Return the schema that holds this version's views; `views` where there are none."""
    return BESIDE if _read_label(connection, BESIDE) == _label() else SERVED


def find_other_version(connection: Connection) -> str | None:
    """Return the label of views of another version in the schema `views`; None if there are none."""
    label = _read_label(connection, SERVED)
    return None if label == _label() else label


def only_read(connection: Connection) -> None:
    """Refuse writes and long statements on this connection, and plan each prepared statement once.

    Planning a search for its values takes as long as the search. The queries omit conditions that are not asked for, so
    that one plan is good for all values, rare and frequent ones (a benchmark checks that).
    """
    connection.execute(
        "SET default_transaction_read_only TO on; SET statement_timeout TO '15s';"
        " SET plan_cache_mode TO force_generic_plan"
    )


def exist(connection: Connection, schema: str = SERVED) -> bool:
    """Return whether there is a set of views of this version. Raises `OutdatedViews` for one of another version.

    Views of the version before are brought up to this one where the log need not be read again.
    """
    schema = find_served(connection) if schema == SERVED else schema
    label = _read_label(connection, schema)
    if label == _EARLIER:
        label = _upgrade(connection, schema)
    if label not in (None, _label()):
        raise OutdatedViews(
            f"the views in {schema} are of another version ({label}); rebuild them with `registry views rebuild`"
        )
    return label is not None


def _read_label(connection: Connection, schema: str) -> str | None:
    row = connection.execute(
        "SELECT coalesce(obj_description(oid), '') FROM pg_namespace WHERE nspname = %s", (schema,)
    ).fetchone()
    return None if row is None else row[0]


def _upgrade(connection: Connection, schema: str) -> str | None:
    """Add the tables that the version before lacks, and return the label that the views have then.

    Nothing is added where that version skipped an event of a member, which may be one that these tables are made from.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.create'))")
        if (label := _read_label(connection, schema)) != _EARLIER:
            return label  # another process was first
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
        skipped = connection.execute("SELECT FROM positions WHERE skipped > 0 AND member <> %s LIMIT 1", (GOVERNANCE,))
        if skipped.fetchone() is not None:
            return label
        for file in _ADDED:
            connection.execute(resources.files("projections").joinpath("schema", file).read_text().encode())
        connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(_label())))
    return _label()


def create(connection: Connection, schema: str = SERVED) -> bool:
    """Create an empty set of views unless there is one of this version. Return whether one was created.

    Raises `OutdatedViews` where there is one of another version.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.create'))")
        if exist(connection, schema):
            return False
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(_label())))
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
        for file in sorted(resources.files("projections").joinpath("schema").iterdir(), key=lambda f: f.name):
            if file.name.endswith(".sql"):
                connection.execute(file.read_text().encode())
    return True


def unavailable_reason(connection: Connection, schema: str = SERVED) -> str | None:
    """Return why there are no views of this version to read in a schema; None where there are."""
    schema = find_served(connection) if schema == SERVED else schema
    label = _read_label(connection, schema)
    if label is None:
        return "there are no views yet; run `registry views update`"
    if label != _label():
        return f"they are of another version ({label}); rebuild them with `registry views rebuild`"
    # Rows are views even without positions: views that count as absent would never be compared.
    served = [sql.SQL("SELECT FROM {} WHERE size > 0 LIMIT 1").format(sql.Identifier(schema, "positions"))]
    served += [
        sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(schema, name))
        for name in dict.fromkeys((*(table.name for table in VIEWS), *UNDIGESTED, *EVIDENCE))
    ]
    if all(connection.execute(query).fetchone() is None for query in served):
        return "there are no views yet: nothing was projected; run `registry views update`"
    return None


def measure(connection: Connection) -> int:
    """Return the bytes that the served views take on disk, of whatever version; 0 where there are none."""
    row = connection.execute(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'",
        (find_served(connection),),
    ).fetchone()
    return 0 if row is None else row[0]


def drop(connection: Connection, schema: str) -> None:
    """Drop a set of views if it exists."""
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def swap(connection: Connection, fresh: str, served: str = SERVED) -> None:
    """Serve the fresh views. Readers in the middle of a query finish it on the old views."""
    old = f"{served}_old"
    drop(connection, old)
    with connection.transaction():
        if _read_label(connection, served) is not None:
            connection.execute(_rename(served, old))
        connection.execute(_rename(fresh, served))
    drop(connection, old)


def drop_other_versions(connection: Connection) -> list[str]:
    """Drop the views of other versions, and move this version's to the schema `views`; return what was dropped.

    A program of another version that still runs has no views afterwards. Raises `OutdatedViews` where there are no
    views of this version: nothing is dropped then.
    """
    served = find_served(connection)
    if _read_label(connection, served) != _label():
        raise OutdatedViews("there are no views of this version; build them with `registry views rebuild --beside`")
    rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s ORDER BY 1", (_OF_VERSIONS,))
    others = [name for (name,) in rows if name != served]
    if served != SERVED:
        others += [SERVED] if _read_label(connection, SERVED) is not None else []
        swap(connection, served)
    for name in others:
        if name != SERVED:
            drop(connection, name)
    return others


def _rename(old: str, new: str) -> sql.Composed:
    return sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))


def forget(connection: Connection, member: str) -> None:
    """Delete a member's rows and the evidence of its stream, which is then folded again from the beginning."""
    for name in (*(table.name for table in VIEWS if table.name != "members"), *UNDIGESTED, *EVIDENCE):
        connection.execute(sql.SQL("DELETE FROM {} WHERE member = %s").format(sql.Identifier(name)), (member,))


def _label() -> str:
    return f"credential registry views, version {VERSION}, layout {LAYOUT}"


class OutdatedViews(Exception):
    """The served views were made by another version of the project."""
