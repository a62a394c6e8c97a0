"""The statuses of this node's own credentials in the views, for its status lists."""

from collections.abc import Iterable
from typing import Any, Final

from psycopg import Connection, errors, sql

from projections.core import views
from registry.status.ports import ViewPosition

VIEWS_AWAY: Final = (errors.UndefinedTable, errors.UndefinedColumn)
"""Raised while there are no views of this version: until they are rebuilt."""
_DIFFERENT: Final = sql.SQL("""
SELECT p.credential::text, c.status FROM {views}.credentials AS c JOIN status.places AS p USING (credential)
WHERE c.member = %(member)s AND c.status <> 'active' AND p.status <> CASE c.status WHEN 'suspended' THEN 2 ELSE 1 END
UNION
SELECT p.credential::text, c.status FROM status.places AS p JOIN {views}.credentials AS c USING (credential)
WHERE p.status <> 0 AND p.status = 2 AND c.member = %(member)s AND c.status = 'active'
UNION
SELECT p.credential::text, 'voided' FROM {views}.voided_credentials AS v JOIN status.places AS p USING (credential)
WHERE v.member = %(member)s AND p.status <> 1
  AND NOT EXISTS (SELECT FROM {views}.credentials AS c WHERE c.member = v.member AND c.credential = v.credential)
""")
_SINCE: Final = sql.SQL("""
WITH changed AS (
    SELECT credential FROM {views}.status_changes WHERE member = %(member)s AND leaf >= %(since)s AND effective
    UNION SELECT credential FROM status.places WHERE is_new AND credential IS NOT NULL
), placed AS (
    SELECT credential FROM changed WHERE EXISTS (SELECT FROM status.places AS p WHERE p.credential = changed.credential)
)
SELECT credential::text, c.status FROM placed JOIN {views}.credentials AS c USING (credential)
WHERE c.member = %(member)s
UNION
SELECT credential::text, 'voided' FROM placed JOIN {views}.voided_credentials AS v USING (credential)
WHERE v.member = %(member)s
  AND NOT EXISTS (SELECT FROM {views}.credentials AS c WHERE c.member = v.member AND c.credential = v.credential)
""")
"""A credential that was voided and published again counts as it is now."""


class CredentialStatuses:
    """`StatusSource` of a member on the views in the node's own database."""

    def __init__(self, member: str) -> None:
        self._member = member

    def read_position(self, connection: Connection[Any]) -> ViewPosition:
        """Return how far the views are."""
        row = connection.execute(
            _in_views(connection, sql.SQL("SELECT size, governance, voids FROM {views}.positions WHERE member = %s")),
            (self._member,),
        ).fetchone()
        return ViewPosition(0, 0, 0) if row is None else ViewPosition(*row)

    def find_changed(self, connection: Connection[Any], since: int | None) -> Iterable[tuple[str, str]]:
        """Return credentials that have places, with their status."""
        query = _DIFFERENT if since is None else _SINCE
        return connection.execute(_in_views(connection, query), {"member": self._member, "since": since}).fetchall()

    def find_erased(self, connection: Connection[Any], since: int | None) -> Iterable[str]:
        """Return credentials that have places and whose learner was erased."""
        parameters = {"member": self._member, "since": since or 0}
        erased = connection.execute(
            _in_views(
                connection,
                sql.SQL("SELECT EXISTS (SELECT FROM {views}.erasures WHERE member = %(member)s AND leaf >= %(since)s)"),
            ),
            parameters,
        ).fetchone()
        if erased != (True,):
            return ()
        rows = connection.execute(
            _in_views(
                connection,
                sql.SQL(
                    "SELECT DISTINCT p.credential::text FROM status.places AS p JOIN {views}.credentials AS c"
                    " ON c.member = %(member)s AND c.credential = p.credential WHERE c.learner IS NULL"
                ),
            ),
            parameters,
        )
        return [credential for (credential,) in rows]


def _in_views(connection: Connection[Any], query: sql.SQL) -> sql.Composed:
    """Return a query on the views that this version serves now."""
    return query.format(views=sql.Identifier(views.find_served(connection)))
