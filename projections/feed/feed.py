"""Read the feed: what other members did that concerns a university, in the order in which this node saw it.

A feed belongs to one node. It is compared with no other, and a rebuild of the views leaves it as it is. `writer.py`
writes it in the transaction that writes the views' rows.
"""

import hashlib
from datetime import UTC, datetime
from importlib import resources
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.sql import SQL, Literal

CHANNEL: Final = "registry_feed"
"""PostgreSQL notifies here, with the member's name, when a feed has grown."""

MOST: Final = 1000
"""Notices that are read at once."""


class Notice(msgspec.Struct, frozen=True):
    """A notice to the owner of a feed: one event, or count, that concerns something of the owner's."""

    id: int
    """Ids ascend in the order of commits: a reader that has read up to one never misses an earlier one."""
    member: str
    """The owner of the feed."""
    kind: str
    """One of `KINDS`, for example `credential.recognised`."""
    subject: str
    """Id of the owner's credential, achievement or decision; the owner's name where it concerns the whole owner."""
    cause_member: str
    """The member whose log has the cause; empty for counts, which no single event caused."""
    leaf: int
    size: int
    """A size of that log which has the leaf."""
    at: datetime
    data: dict[str, Any]


KINDS: Final = {
    "credential.recognised": "another member decided about a credential of the owner that it names openly",
    "credential.decision.superseded": "such a decision was superseded by another",
    "credential.decision.withdrawn": "such a decision was withdrawn",
    "credential.stacked": "another member issued a credential with a credential of the owner as a part",
    "credential.part.suspended": "another member's credential, a part of one of the owner's, was suspended",
    "credential.part.reinstated": "likewise, reinstated",
    "credential.part.revoked": "likewise, revoked",
    "credential.part.replaced": "likewise, replaced",
    "credential.impaired": "a credential of the owner rests, however deep, on one that no longer holds",
    "credential.voided": "governance voided the issuing of a credential of the owner",
    "decision.credential.suspended": "a credential that a decision of the owner names openly was suspended",
    "decision.credential.reinstated": "likewise, reinstated",
    "decision.credential.revoked": "likewise, revoked",
    "decision.credential.replaced": "likewise, replaced",
    "achievement.assessed": "another member assessed an achievement of the owner",
    "achievement.assessment.withdrawn": "such an assessment was withdrawn",
    "achievement.agreement.declared": "another member recognises an achievement of the owner, or a kind, by agreement",
    "achievement.agreement.withdrawn": "such an agreement was withdrawn",
    "achievement.joined": "another member confirmed that it awards an achievement of the owner too",
    "achievement.decided.*": "decisions that name no credential, as a count per outcome (full, partial, …)",
    "learner.erased": "another member erased a learner whose credential a decision or credential of the owner rests on",
    "withdrawn": "governance voided the cause of an earlier notice",
}
"""Every kind of notice. The type of its event is `registry.feed.<kind>.v1`."""


class CloudEvent(msgspec.Struct, frozen=True):
    """A notice as CloudEvents 1.0 in JSON. It names no person, and no learner's id."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    data: dict[str, Any]


def create(connection: Connection) -> None:
    """Create the feed's tables unless they are of this version. Tables of this version are not locked."""
    tables = resources.files("projections.feed").joinpath("feed.sql").read_text()
    label = f"feed, {hashlib.sha256(tables.encode()).hexdigest()[:16]}"
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.feed.create'))")
        row = connection.execute("SELECT obj_description(to_regnamespace('feed'), 'pg_namespace')").fetchone()
        if row != (label,):
            connection.execute(tables.encode())
            connection.execute(SQL("COMMENT ON SCHEMA feed IS {}").format(Literal(label)))


def read(connection: Connection, member: str, after: int = 0, limit: int = 100) -> list[Notice]:
    """Return a member's notices after one of them (0: from the first) in their order: at most `limit`, and `MOST`."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM feed.notices WHERE member = %s AND id > %s ORDER BY id LIMIT %s",  # noqa: S608 - names of our own
        (member, after, min(limit, MOST)),
    )
    return [_notice(row) for row in rows]


def find(connection: Connection, member: str, notice: int) -> Notice | None:
    """Return a notice by its id; None where that member's feed has no such notice."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM feed.notices WHERE member = %s AND id = %s",  # noqa: S608 - names of our own
        (member, notice),
    ).fetchone()
    return None if row is None else _notice(row)


def newest(connection: Connection, member: str) -> int:
    """Return the id of the newest notice; 0 where there is none."""
    row = connection.execute("SELECT max(id) FROM feed.notices WHERE member = %s", (member,)).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])


def listen(connection: Connection) -> None:
    """Subscribe the connection to new notices; `wait` waits for one."""
    connection.execute(f"LISTEN {CHANNEL}")


def wait(connection: Connection, timeout: float) -> bool:
    """Wait until some feed has grown, for at most `timeout` seconds. Return whether one has."""
    return any(True for _ in connection.notifies(timeout=timeout, stop_after=1))


def cloud_event(notice: Notice, origin: str) -> CloudEvent:
    """Return the notice as other systems read it. `origin` is its member's, `<consortium>/<member>`."""
    data = dict(notice.data)
    if notice.cause_member:
        data["log"] = {"member": notice.cause_member, "leaf": notice.leaf, "size": notice.size}
    return CloudEvent(
        specversion="1.0",
        id=str(notice.id),
        source=f"{origin}/feed",
        type=f"registry.feed.{notice.kind}.v1",
        subject=notice.subject,
        time=notice.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        datacontenttype="application/json",
        data=data,
    )


_COLUMNS = "id, member, kind, thing, cause_member, leaf, size, at, data"


def _notice(row: tuple[Any, ...]) -> Notice:
    return Notice(*row)
