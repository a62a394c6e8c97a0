"""Find who relied on credentials whose issuing was voided."""

import msgspec
from psycopg import Connection


class Relied(msgspec.Struct, frozen=True):
    """A decision or a larger credential, of any member, that names a voided credential."""

    credential: str
    kind: str
    """`decision`, or `part` of a larger credential."""
    by: str
    """`member/id` of the decision or of the larger credential."""


def on_voided(connection: Connection, member: str) -> list[Relied]:
    """Return the decisions in force, and the larger credentials, that name a voided credential of this member."""
    rows = connection.execute(
        "WITH gone AS (SELECT DISTINCT v.credential FROM voided_credentials v"
        "  WHERE v.member = %(member)s AND NOT EXISTS (SELECT FROM credentials c"
        "    WHERE c.member = v.member AND c.credential = v.credential))"
        " SELECT g.credential::text, 'decision', b.member || '/' || b.decision FROM gone g"
        "  JOIN decision_bases b ON b.of_member = %(member)s AND b.credential = g.credential"
        "  JOIN decisions d USING (member, decision) WHERE d.state = 'inForce'"
        " UNION ALL SELECT g.credential::text, 'part', p.member || '/' || p.credential FROM gone g"
        "  JOIN parts p ON p.part_member = %(member)s AND p.part_credential = g.credential"
        " ORDER BY 1, 2, 3",
        {"member": member},
    )
    return [Relied(*row) for row in rows]
