"""The feed: what other members did that concerns a university's own things, in the order in which it was seen here.

It is this node's own. Nothing of it is compared with anybody, and a rebuild of the views leaves it as it is.
`noticing.py` writes it, in the transaction that writes the views' rows; here it is read.
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
"""So many notices are read at once at most."""


class Notice(msgspec.Struct, frozen=True):
    """One thing that happened to one own thing."""

    id: int
    """Ascends in the order of commits: whoever has read up to one never misses an earlier one."""
    member: str
    """Whose feed it stands in."""
    kind: str
    """What happened, as `credential.recognised` (`KINDS`)."""
    thing: str
    """The own credential's, achievement's or decision's id; the member's name where it concerns it as a whole."""
    cause_member: str
    """On whose log the cause stands; empty where no single event caused it (counts)."""
    leaf: int
    size: int
    """A size of that log which has the leaf."""
    at: datetime
    data: dict[str, Any]


KINDS: Final = {
    "credential.recognised": "another member decided about an own credential that it names openly",
    "credential.decision.superseded": "such a decision was superseded by another",
    "credential.decision.withdrawn": "such a decision was withdrawn",
    "credential.stacked": "another member issued a credential with an own one as a part",
    "credential.part.suspended": "another member's credential, a part of an own one, was suspended",
    "credential.part.reinstated": "likewise, reinstated",
    "credential.part.revoked": "likewise, revoked",
    "credential.part.replaced": "likewise, replaced",
    "credential.impaired": "an own credential rests, however deep, on one that no longer holds",
    "credential.voided": "governance took an own credential's issuing its effect",
    "decision.credential.suspended": "a credential that an own decision names openly was suspended",
    "decision.credential.reinstated": "likewise, reinstated",
    "decision.credential.revoked": "likewise, revoked",
    "decision.credential.replaced": "likewise, replaced",
    "achievement.assessed": "another member assessed an own achievement",
    "achievement.assessment.withdrawn": "such an assessment was withdrawn",
    "achievement.agreement.declared": "another member recognises an own achievement, or all of a kind, by agreement",
    "achievement.agreement.withdrawn": "such an agreement was withdrawn",
    "achievement.joined": "another member confirmed that it awards an own achievement too",
    "achievement.decided.*": "decisions that name no credential, as a count per outcome (full, partial, …)",
    "learner.erased": "another member erased a learner whose credential an own decision or credential rests on",
    "withdrawn": "governance took the cause of an earlier notice its effect",
}
"""What a feed can say; the type of its event is `registry.feed.<kind>.v1`."""


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
    """Make the feed's tables where they are not of this version; where they are, nothing of them is locked."""
    tables = resources.files("projections.feed").joinpath("feed.sql").read_text()
    label = f"feed, {hashlib.sha256(tables.encode()).hexdigest()[:16]}"
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.feed.create'))")
        found = connection.execute("SELECT obj_description(to_regnamespace('feed'), 'pg_namespace')").fetchone()
        if found != (label,):
            connection.execute(tables.encode())
            connection.execute(SQL("COMMENT ON SCHEMA feed IS {}").format(Literal(label)))


def read(connection: Connection, member: str, after: int = 0, limit: int = 100) -> list[Notice]:
    """A member's notices after one of them (0: from the first), at most `limit` and `MOST`, in their order."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM feed.notices WHERE member = %s AND id > %s ORDER BY id LIMIT %s",  # noqa: S608 - names of our own
        (member, after, min(limit, MOST)),
    )
    return [_notice(row) for row in rows]


def find(connection: Connection, member: str, notice: int) -> Notice | None:
    """One notice by its id; None where that member's feed has none of that id."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM feed.notices WHERE member = %s AND id = %s",  # noqa: S608 - names of our own
        (member, notice),
    ).fetchone()
    return None if row is None else _notice(row)


def newest(connection: Connection, member: str) -> int:
    """The id of the newest notice; 0 where there is none."""
    row = connection.execute("SELECT max(id) FROM feed.notices WHERE member = %s", (member,)).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])


def listen(connection: Connection) -> None:
    """Let the connection hear of new notices; `wait` waits for one."""
    connection.execute(f"LISTEN {CHANNEL}")


def wait(connection: Connection, timeout: float) -> bool:
    """Wait until some feed has grown, at most so many seconds; whether one did."""
    return any(True for _ in connection.notifies(timeout=timeout, stop_after=1))


def cloud_event(notice: Notice, origin: str) -> CloudEvent:
    """The notice as others read it; `origin` is its member's, `<consortium>/<member>`."""
    data = dict(notice.data)
    if notice.cause_member:
        data["log"] = {"member": notice.cause_member, "leaf": notice.leaf, "size": notice.size}
    return CloudEvent(
        specversion="1.0",
        id=str(notice.id),
        source=f"{origin}/feed",
        type=f"registry.feed.{notice.kind}.v1",
        subject=notice.thing,
        time=notice.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        datacontenttype="application/json",
        data=data,
    )


_COLUMNS = "id, member, kind, thing, cause_member, leaf, size, at, data"


def _notice(row: tuple[Any, ...]) -> Notice:
    return Notice(*row)
