"""Read the state at an earlier moment: a credential's status, a learner's record, a decision's state.

There are no copies of earlier views. Every row has the leaves that changed it, so the rows can answer if governance
judges the leaves below the moment's size as it did then. If it has changed its judgement since (voided leaves, or moved
a standing), the member's stream is replayed: `Replay`.

Erased data stay erased: a learner's credentials are those that the views still connect.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from psycopg import Connection

from projections.relations.stacks import Key
from registry.rules.governance import Governance, MemberRecord


class Moment(msgspec.Struct, frozen=True):
    """A moment of the log: tree sizes by member, and governance as it was then."""

    sizes: Mapping[str, int]
    governance: Governance
    governance_size: int
    basis: str
    """The source of the sizes: `sizes`, `cosignatures`, or `the members' own claims`."""

    def size(self, member: str) -> int:
        """Return the number of a member's leaves."""
        return self.sizes.get(member, 0)

    def record(self, member: str) -> MemberRecord | None:
        """Return the member as governance described it."""
        return self.governance.members.get(member)


class Replayed(NamedTuple):
    """The result of replaying one stream under the governance of the moment."""

    credentials: dict[str, tuple[str, int]]
    """By credential: its status and the leaf that set it."""
    decisions: dict[str, str]


Replay = Callable[[str, int, MemberRecord, frozenset[str], str | None], Replayed]
"""Replays a member's leaves below a size under a record, for these ids and for a learner's credentials, if any."""


class CredentialAsOf(msgspec.Struct, frozen=True, rename="camel"):
    """A credential at a moment. `status` is None while it was not issued, or its issuing did not count."""

    member: str
    credential: str
    size: int
    governance: int
    status: str | None
    since: int | None
    """The leaf that set this status."""
    standing: str | None
    """The member's standing then."""


class DecisionAsOf(msgspec.Struct, frozen=True, rename="camel"):
    """A decision at a moment. `state` is None while it was not made."""

    member: str
    decision: str
    size: int
    governance: int
    state: str | None


class Past:
    """Answers as of one moment."""

    def __init__(self, connection: Connection, moment: Moment, now: Governance, replay: Replay) -> None:
        """`now` is the governance under which the views were folded."""
        self._connection = connection
        self._moment = moment
        self._now = now
        self._replay = replay

    def credentials(self, keys: Sequence[Key]) -> list[CredentialAsOf]:
        """Return these credentials at the moment, in the order of `keys`."""
        states: dict[Key, tuple[str, int]] = {}
        alike = [key for key in keys if self._judged_alike(key[0])]
        sizes = [self._moment.size(member) for member, _ in alike]
        for member, credential, status, leaf in self._connection.execute(
            _STATUS, ([key[0] for key in alike], [key[1] for key in alike], sizes)
        ):
            states[member, credential] = status, leaf
        for member in {key[0] for key in keys} - {key[0] for key in alike}:
            ids = frozenset(key[1] for key in keys if key[0] == member)
            for credential, state in self._replay_stream(member, ids, None).credentials.items():
                states[member, credential] = state
        return [self._view(key, states.get(key)) for key in keys]

    def learner(self, identifier: str) -> list[CredentialAsOf]:
        """Return the credentials that a learner had at the moment, by member and id."""
        rows = self._connection.execute(
            "SELECT member, credential::text FROM credentials WHERE learner = %s", (identifier,)
        )
        keys = {(row[0], row[1]) for row in rows}
        views = self.credentials(sorted(key for key in keys if self._judged_alike(key[0])))
        erased = self._connection.execute("SELECT member FROM erasures WHERE learner = %s", (identifier,)).fetchall()
        for member in self._moment.governance.members:
            if not self._judged_alike(member) and (member,) not in erased:
                credentials = self._replay_stream(member, frozenset(), identifier).credentials
                views += [self._view((member, credential), state) for credential, state in credentials.items()]
        return sorted(
            (view for view in views if view.status is not None), key=lambda view: (view.member, view.credential)
        )

    def decision(self, key: Key) -> DecisionAsOf:
        """Return a decision at the moment."""
        member, identifier = key
        size, state = self._moment.size(member), None
        if not self._judged_alike(member):
            state = self._replay_stream(member, frozenset([identifier]), None).decisions.get(identifier)
        else:
            row = self._connection.execute(
                "SELECT CASE WHEN closed < %s THEN state ELSE 'inForce' END FROM decisions"
                " WHERE member = %s AND decision = %s AND leaf < %s",
                (size, member, identifier, size),
            ).fetchone()
            state = None if row is None else row[0]
        return DecisionAsOf(member, identifier, size, self._moment.governance_size, state)

    def _replay_stream(self, member: str, ids: frozenset[str], learner: str | None) -> Replayed:
        record = self._moment.record(member)
        if record is None:
            return Replayed({}, {})
        return self._replay(member, self._moment.size(member), record, ids, learner)

    def _judged_alike(self, member: str) -> bool:
        """Return whether governance judges the leaves below the moment's size as it did then."""
        then, now = self._moment.record(member), self._now.members.get(member)
        size = self._moment.size(member)
        return then is not None and now is not None and _judgement(then, size) == _judgement(now, size)

    def _view(self, key: Key, state: tuple[str, int] | None) -> CredentialAsOf:
        member, credential = key
        size, record = self._moment.size(member), self._moment.record(member)
        standing = None if record is None else next(s for at, s in reversed(record.standings) if at <= size)
        status, since = state or (None, None)
        return CredentialAsOf(member, credential, size, self._moment.governance_size, status, since, standing)


def _judgement(record: MemberRecord, size: int) -> tuple[object, ...]:
    """Return all that affects leaves below a size; of several changes at one size the last counts."""
    return (
        {at: standing for at, standing in record.standings if at < size},
        {at: roles for at, roles in record.roles if at < size},
        {leaf for begin, end in record.voided for leaf in range(begin, min(end, size))},
    )


_STATUS = """
SELECT c.member, c.credential::text, coalesce(s.status, 'active'), coalesce(s.leaf, c.leaf)
FROM unnest(%s::text[], %s::uuid[], %s::bigint[]) AS w (member, credential, size)
JOIN credentials c ON c.member = w.member AND c.credential = w.credential AND c.leaf < w.size
LEFT JOIN LATERAL (
    SELECT s.status, s.leaf FROM status_changes s
    WHERE s.member = c.member AND s.credential = c.credential AND s.effective AND s.leaf < w.size
    ORDER BY s.leaf DESC LIMIT 1) AS s ON true
"""
