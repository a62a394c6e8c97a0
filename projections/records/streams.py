"""The streams as the views have read them: how far, and what of each was not accepted."""

from typing import Final, NamedTuple

from psycopg import Connection

MAX_FAULTS: Final = 50
"""Entries that each list of faults has at most."""


class StreamState(NamedTuple):
    """A stream: how far the views have read it, and how many faults it has."""

    member: str
    size: int
    root: str
    """The root in hexadecimal."""
    refused: int
    quarantined: int
    disputed: int
    """Disputed heads that are open or contradict the stream."""


class Refused(NamedTuple):
    """An entry that has no effect, with the code of the rule."""

    leaf: int
    code: str


class Quarantined(NamedTuple):
    """A record that is not a valid extension, with the code of the rule and the tree size that it names."""

    position: int
    code: str
    size: int | None
    bytes: int


class Disputed(NamedTuple):
    """A head that the member validly signed and that its stream does not have."""

    size: int
    code: str
    settled: str
    """`open`, `agrees` or `contradicts`."""
    root: str
    actual: str | None
    """The stream's own root at that size, once it has one."""
    note: str


class StreamFaults(NamedTuple):
    """The entries, records and heads of one stream that were not accepted: the newest of each, newest first."""

    refused: list[Refused]
    quarantined: list[Quarantined]
    disputed: list[Disputed]


def read_states(connection: Connection) -> list[StreamState]:
    """Return the state of each stream, governance's own among them, by name."""
    rows = connection.execute(
        "SELECT p.member, p.size, encode(p.root, 'hex'),"
        " (SELECT count(*) FROM refusals r WHERE r.member = p.member),"
        " (SELECT count(*) FROM quarantine q WHERE q.member = p.member),"
        " (SELECT count(*) FROM claims c WHERE c.member = p.member AND c.settled <> 'agrees')"
        ' FROM positions p ORDER BY p.member COLLATE "C"'
    )
    return [StreamState(*row) for row in rows]


def read_faults(connection: Connection, member: str) -> StreamFaults:
    """Return what was not accepted of a stream."""
    limit = (member, MAX_FAULTS)
    refused = connection.execute(
        "SELECT leaf, code FROM refusals WHERE member = %s ORDER BY leaf DESC LIMIT %s", limit
    ).fetchall()
    quarantined = connection.execute(
        "SELECT position, code, size, octet_length(record) FROM quarantine WHERE member = %s"
        " ORDER BY position DESC LIMIT %s",
        limit,
    ).fetchall()
    disputed = connection.execute(
        "SELECT size, code, settled, encode(root, 'hex'), encode(actual, 'hex'), note FROM claims WHERE member = %s"
        " ORDER BY size DESC, note LIMIT %s",
        limit,
    ).fetchall()
    return StreamFaults(
        [Refused(*row) for row in refused],
        [Quarantined(*row) for row in quarantined],
        [Disputed(*row) for row in disputed],
    )


def read_refusal(connection: Connection, member: str, leaf: int) -> str | None:
    """Return the code of the rule that refuses an entry; None if it has effect."""
    row = connection.execute("SELECT code FROM refusals WHERE member = %s AND leaf = %s", (member, leaf)).fetchone()
    return None if row is None else str(row[0])
