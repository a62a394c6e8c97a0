"""The statuses of this node's own credentials in the views, for its status lists."""

from collections.abc import Iterable
from typing import Any, Final

from psycopg import Connection

from registry.status.ports import ViewPosition

_SELECT: Final = """
SELECT DISTINCT p.credential::text, coalesce(c.status, 'voided')
FROM status.places AS p
LEFT JOIN views.credentials AS c ON c.member = %(member)s AND c.credential = p.credential
WHERE p.credential IS NOT NULL
  AND (c.credential IS NOT NULL
       OR EXISTS (SELECT FROM views.voided_credentials AS v
                  WHERE v.member = %(member)s AND v.credential = p.credential))
"""
_SINCE: Final = """
  AND (p.is_new OR p.credential IN (
      SELECT credential FROM views.status_changes WHERE member = %(member)s AND leaf >= %(since)s AND effective))
"""
_DIFFERENT: Final = """
  AND p.status <> CASE coalesce(c.status, 'voided') WHEN 'active' THEN 0 WHEN 'suspended' THEN 2 ELSE 1 END
"""


class CredentialStatuses:
    """`StatusSource` of a member on the views in the node's own database."""

    def __init__(self, member: str) -> None:
        self._member = member

    def read_position(self, connection: Connection[Any]) -> ViewPosition:
        """Return how far the views are."""
        row = connection.execute(
            "SELECT size, governance, voids FROM views.positions WHERE member = %s", (self._member,)
        ).fetchone()
        return ViewPosition(0, 0, 0) if row is None else ViewPosition(*row)

    def find_changed(self, connection: Connection[Any], since: int | None) -> Iterable[tuple[str, str]]:
        """Return credentials that have places, with their status."""
        query = _SELECT + (_DIFFERENT if since is None else _SINCE)
        return connection.execute(query.encode(), {"member": self._member, "since": since}).fetchall()

    def find_erased(self, connection: Connection[Any], since: int | None) -> Iterable[str]:
        """Return credentials that have places and whose learner was erased."""
        parameters = {"member": self._member, "since": since or 0}
        erased = connection.execute(
            "SELECT EXISTS (SELECT FROM views.erasures WHERE member = %(member)s AND leaf >= %(since)s)", parameters
        ).fetchone()
        if erased != (True,):
            return ()
        rows = connection.execute(
            "SELECT DISTINCT p.credential::text FROM status.places AS p JOIN views.credentials AS c"
            " ON c.member = %(member)s AND c.credential = p.credential WHERE c.learner IS NULL",
            parameters,
        )
        return [credential for (credential,) in rows]
