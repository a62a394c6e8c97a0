"""The members as governance says: rewritten whole whenever it grows, since they are few."""

from collections.abc import Mapping

from psycopg import Connection

from projections.contents import stored
from projections.copy import copy, line
from registry.rules.governance import Governance


def write_members(connection: Connection, governance: Governance, contents: Mapping[str, bytes]) -> None:
    """Replace the members' rows; `contents` are the data of the events that said them."""
    connection.execute("DELETE FROM members")
    copy(
        connection,
        "members",
        "member, country, standing, roles, keys, content",
        [
            line(
                (
                    record.name,
                    record.content.country,
                    record.standing,
                    record.current_roles,
                    [
                        f"{window.key} {window.start} {'-' if window.end is None else window.end}"
                        for window in record.keys
                    ],
                    stored(contents[record.name]),
                )
            )
            for record in governance.members.values()
        ],
    )
