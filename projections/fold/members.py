"""The members as governance has them. They are few, so all rows are written again whenever governance grows."""

from collections.abc import Mapping

import msgspec
from psycopg import Connection

from projections.core import contents as json_contents
from projections.core.contents import to_column
from projections.core.copy import copy, line
from registry.rules.governance import Governance, KeyWindow, MemberRecord
from registry.wire.governance import MemberRevised
from registry.wire.keys import VerifierKey


def write_members(connection: Connection, governance: Governance, contents: Mapping[str, bytes]) -> None:
    """Replace the members' rows. `contents` has, by member, the data of the event that described it last."""
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
                    to_column(contents[record.name]),
                )
            )
            for record in governance.members.values()
        ],
    )


def read_records(connection: Connection) -> tuple[int, dict[str, MemberRecord]]:
    """Return the size of governance that the views have read, and each member as it is now, without earlier states."""
    row = connection.execute("SELECT size FROM positions WHERE member = 'governance'").fetchone()
    rows = connection.execute("SELECT member, standing, roles, keys, content::text FROM members").fetchall()
    return (0 if row is None else row[0]), {
        member: MemberRecord(
            msgspec.convert(json_contents.read(content), MemberRevised),
            tuple(_window(text) for text in keys),
            roles=((0, tuple(roles)),),
            standings=((0, standing),),
        )
        for member, standing, roles, keys, content in rows
    }


def _window(text: str) -> KeyWindow:
    vkey, start, end = text.rsplit(" ", 2)
    return KeyWindow(VerifierKey.parse(vkey), int(start), None if end == "-" else int(end))
