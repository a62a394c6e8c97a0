"""The members' legal names."""

from psycopg import Connection


def read_member_names(connection: Connection) -> dict[str, str]:
    """Return each member's legal name by its short name."""
    rows = connection.execute("SELECT member, content->>'legalName' FROM members").fetchall()
    return {member: name or member for member, name in rows}
