"""What was so at an earlier moment: a credential's status, a learner's record, a decision's state.

No copies of earlier views are kept. Every row knows the leaves that made it what it is, so that the events of
the one thing that is asked about are taken again, up to the moment's sizes and under the governance of then.
What has been erased stays erased: a learner's rows are found as they are found today.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from psycopg import Connection

from projections.stacks import Key
from registry.rules.errors import Refusal
from registry.rules.governance import Governance, MemberRecord

Line = Callable[[str, int], bytes]
"""Gives the line of a member's leaf from the log, for what the views no longer hold."""


class Moment(msgspec.Struct, frozen=True):
    """A moment of the log: tree sizes by member, and governance as it was then."""

    sizes: Mapping[str, int]
    governance: Governance
    governance_size: int
    basis: str
    """What it was resolved from: `sizes`, `cosignatures`, or `the members' own claims`."""

    def size(self, member: str) -> int:
        """How many of a member's leaves there were."""
        return self.sizes.get(member, 0)

    def record(self, member: str) -> MemberRecord | None:
        """The member as governance had it."""
        return self.governance.members.get(member)


class CredentialAsOf(msgspec.Struct, frozen=True):
    """A credential at a moment. `status` is None while it was not issued, or its issuing did not count."""

    member: str
    credential: str
    size: int
    governance: int
    status: str | None
    since: int | None
    """The leaf that gave it this status."""
    standing: str | None
    """The member's, then."""


class DecisionAsOf(msgspec.Struct, frozen=True):
    """A decision at a moment. `state` is None while it was not made."""

    member: str
    decision: str
    size: int
    governance: int
    state: str | None


_TYPES = {
    "suspended": "credential.suspended.v1",
    "active": "credential.reinstated.v1",
    "revoked": "credential.revoked.v1",
    "replaced": "credential.issued.v1",
}
_FROM = {"suspended": {"active"}, "active": {"suspended"}, "revoked": {"active", "suspended"}}
_FROM["replaced"] = _FROM["revoked"]


def credentials(connection: Connection, keys: Sequence[Key], moment: Moment) -> list[CredentialAsOf]:
    """These credentials at the moment, in the order asked for."""
    members, ids = [key[0] for key in keys], [key[1] for key in keys]
    leaves: dict[Key, list[tuple[int, str]]] = {}
    for member, credential, leaf, kind in connection.execute(_LEAVES, (members, ids) * 3):
        leaves.setdefault((member, credential), []).append((leaf, kind))
    return [_replayed(key, sorted(leaves.get(key, ())), moment) for key in keys]


def _replayed(key: Key, leaves: Sequence[tuple[int, str]], moment: Moment) -> CredentialAsOf:
    """Take a credential's own events again: the rules of `registry.rules.credentials`, for one thing."""
    member, credential = key
    size, record = moment.size(member), moment.record(member)
    status, since = None, None
    for leaf, kind in leaves:
        if leaf >= size or record is None:
            break
        try:
            record.check(leaf, "credential.issued.v1" if kind == "issued" else _TYPES[kind])
        except Refusal:
            continue
        if kind == "issued":
            if status is None:
                status, since = "active", leaf
        elif status in _FROM[kind]:
            status, since = kind, leaf
    standing = None
    if record is not None:
        standing = next(s for at, s in reversed(record.standings) if at <= size)
    return CredentialAsOf(member, credential, size, moment.governance_size, status, since, standing)


_LEAVES = """
SELECT member, credential::text, leaf, 'issued'
  FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential) JOIN credentials USING (member, credential)
UNION ALL
SELECT member, credential::text, leaf, 'issued'
  FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential) JOIN voided_credentials USING (member, credential)
UNION ALL
SELECT member, credential::text, leaf, status
  FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential) JOIN status_changes USING (member, credential)
"""


def learner(connection: Connection, identifier: str, moment: Moment, line: Line) -> list[CredentialAsOf]:
    """The credentials that a learner had at the moment, by member and id; `line` reads voided issuings again."""
    keys = [
        (row[0], row[1])
        for row in connection.execute(
            "SELECT member, credential::text FROM credentials WHERE learner = %s",
            (identifier,),
        )
    ]
    keys += _voided_since(connection, identifier, moment, line)
    return [view for view in credentials(connection, sorted(set(keys)), moment) if view.status is not None]


def _voided_since(connection: Connection, identifier: str, moment: Moment, line: Line) -> list[Key]:
    """Credentials of the learner whose issuing counted then and was voided later."""
    found: list[Key] = []
    for member, credential, leaf in connection.execute(
        "SELECT v.member, v.credential::text, v.leaf FROM voided_credentials v"
        " WHERE NOT EXISTS (SELECT FROM erasures e WHERE e.member = v.member AND e.learner = %s)",
        (identifier,),
    ).fetchall():
        record = moment.record(member)
        if record is None or leaf >= moment.size(member) or any(a <= leaf < b for a, b in record.voided):
            continue
        event: Any = msgspec.json.decode(line(member, leaf))
        if event["data"].get("learner") == identifier:
            found.append((member, credential))
    return found


def decision(connection: Connection, key: Key, moment: Moment) -> DecisionAsOf:
    """A decision at the moment."""
    member, identifier = key
    size, record = moment.size(member), moment.record(member)
    row = connection.execute(
        "SELECT leaf, state, closed FROM decisions WHERE member = %s AND decision = %s", (member, identifier)
    ).fetchone()
    state: str | None = None
    if row is not None and record is not None and row[0] < size and _counts(record, row[0], "recognition.decided.v1"):
        closing = "recognition.withdrawn.v1" if row[1] == "withdrawn" else "recognition.decided.v1"
        closed = row[2] is not None and row[2] < size and _counts(record, row[2], closing)
        state = row[1] if closed else "inForce"
    return DecisionAsOf(member, identifier, size, moment.governance_size, state)


def _counts(record: MemberRecord, leaf: int, kind: str) -> bool:
    try:
        record.check(leaf, kind)
    except Refusal:
        return False
    return True
