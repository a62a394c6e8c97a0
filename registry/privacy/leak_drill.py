"""A drill: whom would a leaked table expose, to somebody who has it alone, with the log, or with the keys."""

from typing import Final

import msgspec
from psycopg import Connection, sql
from psycopg.rows import DictRow

from registry.privacy.personal_columns import PSEUDONYMS, TABLES, Form


class UnknownTable(Exception):
    """No table of the private side has this name."""


class ExposedColumn(msgspec.Struct, frozen=True):
    """A column, and how much it tells."""

    column: str
    form: str
    alone: str
    """To somebody who has the table alone."""
    with_log: str
    """To a member of the consortium, who has the log, too."""
    with_keys: str
    """To somebody who has the folder of keys, and its passphrase, too."""


class LeakDrill(msgspec.Struct, frozen=True):
    """The result of a drill."""

    table: str
    rows: int
    learners: int | None
    """Learners whose ids are in it; None where it has none."""
    columns: list[ExposedColumn]
    named_alone: int
    """Learners whom the table names to somebody who has it alone: none, unless a column had personal data in clear."""
    named_with_keys: int
    """Learners whose data somebody reads who has the keys, too."""
    to_do: list[str]


_NOTHING: Final = "nothing"
_TELLS: Final[dict[Form, tuple[str, str, str]]] = {
    "sealed": (
        "its length",
        "its length",
        "all that is in it, but of learners whose keys were destroyed",
    ),
    "hash": (
        "which rows have the same value",
        "which rows have the same value",
        "whether it is a value that somebody guesses: every student number can be tried",
    ),
    "pseudonym": (
        "how many rows each random id has",
        "the achievements, days and credits of each id; a person only where a group is small (`privacy small-groups`)",
        "with `vault.learners` beside it, the person",
    ),
    "staff": ("who of the university acted", "who of the university acted", "who of the university acted"),
    "none": (_NOTHING, _NOTHING, _NOTHING),
}


def drill_table(connection: Connection[DictRow], name: str) -> LeakDrill:
    """Return whom the leak of a table would expose. Raises `UnknownTable`."""
    entry = TABLES.get(name)
    if entry is None:
        raise UnknownTable(f"there is no table {name}; choose from {', '.join(sorted(TABLES))}")
    schema, _, table = name.partition(".")
    rows = _count(connection, schema, table, None)
    columns = [
        ExposedColumn(column, form, *_TELLS[form]) for column, form in sorted(entry.columns.items()) if form != "none"
    ]
    ids = [column for column in PSEUDONYMS if entry.columns.get(column) == "pseudonym"]
    learners = None
    if ids:
        learners = max(_count(connection, schema, table, column) for column in ids)
    is_sealed = "sealed" in entry.columns.values()
    reads_all = name == "vault.learners"
    return LeakDrill(
        name,
        rows,
        learners,
        columns,
        0,
        (learners or 0) if reads_all else 0,
        _list_duties(is_sealed=is_sealed, has_hashes="hash" in entry.columns.values(), has_ids=bool(ids)),
    )


def _count(connection: Connection[DictRow], schema: str, table: str, column: str | None) -> int:
    what = sql.SQL("*") if column is None else sql.SQL("DISTINCT {}").format(sql.Identifier(column))
    if column == "learners":
        what = sql.SQL("DISTINCT each")
    source = sql.Identifier(schema, table)
    statement = sql.SQL("SELECT count({}) AS n FROM {}").format(what, source)
    if column == "learners":
        statement += sql.SQL(", unnest(learners) AS each")
    row = connection.execute(statement).fetchone()
    return 0 if row is None else int(row["n"])


def _list_duties(*, is_sealed: bool, has_hashes: bool, has_ids: bool) -> list[str]:
    duties = ["Find out whether the folder of keys leaked, too: without it nobody is named."]
    if is_sealed:
        duties.append(
            "Replace the master key: registry vault rotate. Back up the keys again, and destroy earlier ones."
        )
    if has_hashes:
        duties.append("If the keys leaked, too, treat every student number as known.")
    if has_ids:
        duties.append("Compare with `registry privacy small-groups`: ids of small groups may lead to a person.")
    duties.append(
        "Note the leak, its time and its effects; the supervisory authority hears of it within 72 hours (Art. 33)."
    )
    return duties
