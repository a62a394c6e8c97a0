"""Records that were not taken in: raw, with their place in the log and why. Nothing here stops the log."""

from typing import Final, NamedTuple

from psycopg import Connection

from consumers.streams.verifier import FORM


class Quarantined(NamedTuple):
    """A record that is not a valid extension of its stream."""

    member: str
    position: int
    code: str
    detail: str
    record: bytes
    size: int | None = None
    """The tree size that it names; None where it does not have the form of a commit."""


def keep(connection: Connection, items: list[Quarantined]) -> None:
    """Keep records raw. Where a log changed before a place, the records there now replace the earlier ones."""
    if items:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO quarantine (member, position, code, detail, record, size) VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (member, position) DO UPDATE SET code = excluded.code, detail = excluded.detail,"
                " record = excluded.record, size = excluded.size",
                items,
            )


def first_open(connection: Connection, member: str, size: int) -> int | None:
    """Return the position of the first record whose verdict may change when governance anchors this size or a later."""
    row = connection.execute(
        "SELECT min(position) FROM quarantine WHERE member = %s AND code <> ALL(%s) AND size >= %s",
        (member, sorted(FORM), size),
    ).fetchone()
    return None if row is None else row[0]


def list_quarantined(connection: Connection, member: str | None = None) -> list[Quarantined]:
    """List the quarantined records by member and position, without their bytes."""
    rows = connection.execute(
        "SELECT member, position, code, detail, ''::bytea, size FROM quarantine"
        " WHERE %(member)s::text IS NULL OR member = %(member)s ORDER BY member, position",
        {"member": member},
    )
    return [Quarantined(*row) for row in rows]


def one(connection: Connection, member: str, position: int) -> Quarantined | None:
    """One record with its raw bytes."""
    row = connection.execute(
        "SELECT member, position, code, detail, record, size FROM quarantine WHERE member = %s AND position = %s",
        (member, position),
    ).fetchone()
    return None if row is None else Quarantined(*row)


def count_refused_at_end(connection: Connection) -> dict[str, int]:
    """Return the number of commits beyond the end of each stream's tree that nobody accepts."""
    rows = connection.execute(
        "SELECT member, count(*) FROM quarantine JOIN positions USING (member)"
        " WHERE quarantine.size > positions.size GROUP BY member"
    )
    return {member: count for member, count in rows}  # noqa: C416 - pairs of two types


EXPLAINED: Final[dict[str, str]] = {
    "too-large": "A record holds at most 768 KiB, 1,024 events, and 65,535 bytes an event.",
    "malformed": "It is not a commit: three paragraphs (checkpoint, signatures, events) in strict form.",
    "unknown-member": "It names another origin than the stream that it is in.",
    "key-not-valid": "No signature is by a key that counts for these tree sizes. If governance adds the key"
    " later, the record is judged again.",
    "bad-signature": "A signature line by a key that counts does not verify: the checkpoint was altered.",
    "below-threshold": "Governance commits need the signatures of a threshold of root keys.",
    "off-anchor": "It steps over, or contradicts, a head that governance has anchored.",
    "fork": "It is a validly signed other root for the current size: evidence of two histories.",
    "stale": "It is a validly signed head of an earlier size; it is compared with the tree at that size.",
    "not-an-extension": "Its events do not lead from the current tree to its head: something is missing before"
    " it, or was altered in it.",
}
"""The meaning of each verdict, for the person who looks at a quarantined record."""
