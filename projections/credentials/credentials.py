"""Write a batch's changes of credentials, and read credentials with all that concerns them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final, NamedTuple

import msgspec
from psycopg import Connection

from projections.core.copy import NULL, copy, line
from projections.credentials.award_counts import AwardCounts
from projections.recognition.agreements import COVERING, MAX_SHOWN, cut_by_member
from projections.relations.compositions import UNMET, unmet_requirements
from projections.relations.stacks import Key, Stacks, read_some
from registry.rules.credentials import holder_check
from registry.rules.stream import MemberState
from registry.wire.credentials import CredentialIssued
from registry.wire.events import Event


class CredentialRows:
    """A batch's changes of credentials, their parts, their history and erasures."""

    TYPES: ClassVar = frozenset({"credential.issued.v1", "learner.erased.v1"})

    def __init__(self, member: str) -> None:
        self._member = member
        self._new: dict[str, tuple[CredentialIssued, int]] = {}
        self._affected: set[str] = set()
        self._replaced_by: dict[str, str] = {}
        self._parts: list[str] = []
        self._voided: list[str] = []
        self._changes: list[str] = []
        self._erased: dict[str, int] = {}
        self._counts = AwardCounts(member)

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:  # noqa: ARG002 - as all collectors
        """Add an effective event that issues a credential or erases a learner."""
        data = event.data
        if isinstance(data, CredentialIssued):
            self._issue(data, leaf)
        else:
            self._erased[data.learner] = leaf

    def _issue(self, data: CredentialIssued, leaf: int) -> None:
        self._new[data.credential] = data, leaf
        if data.replaces is not None:
            self._replaced_by[data.replaces] = data.credential
        if data.parts:
            for number, part in enumerate(data.parts):
                by = part.by
                self._parts.append(
                    line(
                        (
                            self._member,
                            data.credential,
                            number,
                            part.member,
                            part.credential,
                            part.ects,
                            by and by.member,
                            by and by.decision,
                            by and by.agreement,
                        )
                    )
                )

    def change(self, credential: str, leaf: int, event: Event[Any], *, effective: bool, published: bool) -> None:
        """Add a change of status that is effective, or that the member's leaves alone lead to."""
        if effective:
            self._affected.add(credential)
        if effective or published:
            status = _STATUS_AFTER[event.type]
            self._changes.append(line((self._member, credential, leaf, status, effective, published)))

    def void(self, credential: str, leaf: int) -> None:
        """Add a credential whose issuing was voided."""
        self._voided.append(line((self._member, credential, leaf)))

    def write(self, connection: Connection, states_after: MemberState) -> None:
        """Write the changes; `states` are the states after the batch."""
        copy(connection, "credentials", _COLUMNS, self._lines(states_after))
        copy(
            connection,
            "parts",
            "member, credential, part, part_member, part_credential, ects, by_member, by_decision, by_agreement",
            self._parts,
        )
        copy(connection, "voided_credentials", "member, credential, leaf", self._voided)
        copy(
            connection,
            "status_changes",
            "member, credential, leaf, status, effective, published",
            self._changes,
        )
        changed = [credential for credential in self._affected if credential not in self._new]
        if changed:
            rows = connection.execute(
                "UPDATE credentials AS c SET status = n.status, replaced_by = n.replaced_by"
                " FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) AS n (credential, status, replaced_by)"
                " JOIN credentials AS o USING (credential)"
                " WHERE o.member = c.member AND c.member = %s AND c.credential = n.credential"
                " RETURNING c.achievement::text, c.awarding_date::text, c.ects, o.status, c.status",
                (
                    changed,
                    [states_after.credentials[credential].status for credential in changed],
                    [self._replaced_by.get(credential) for credential in changed],
                    self._member,
                ),
            )
            for achievement, day, ects, before, after in rows:
                self._counts.add_changed(achievement, day, ects, before, after)
        self._counts.write(connection)
        if self._erased:
            copy(
                connection,
                "erasures",
                "member, learner, leaf",
                [line((self._member, learner, leaf)) for learner, leaf in self._erased.items()],
            )
            connection.execute(
                "UPDATE credentials SET learner = NULL,"
                " holder = sha256(convert_to(credential::text || ' ' || learner::text, 'UTF8'))"
                " WHERE member = %s AND learner = ANY(%s::uuid[])",
                (self._member, list(self._erased)),
            )

    def _lines(self, states_after: MemberState) -> list[str]:
        """Return the new credentials' rows. Their values need no escaping, so they are formatted here."""
        lines: list[str] = []
        member, states, replaced_by, erased, counts = (
            self._member,
            states_after.credentials,
            self._replaced_by,
            states_after.erased,
            self._counts,
        )
        for credential, (data, leaf) in self._new.items():
            learner, holder = data.learner, NULL
            if learner in erased:
                holder = "\\\\x" + holder_check(credential, learner).hex()
                learner = NULL
            status = states[credential].status
            counts.add_issued(data.achievement, data.awarding_date, data.ects, status)
            lines.append(
                f"{member}\t{credential}\t{leaf}\t{data.achievement}\t{data.version}\t{learner}\t{holder}\t"
                f"{data.awarding_date}\t{NULL if data.ects is None else data.ects}\t{data.valid_until or NULL}\t"
                f"{status}\t{replaced_by.get(credential, NULL)}\t{data.claims or NULL}\t"
                f"{'t' if data.parts else 'f'}\n"
            )
        return lines


_COLUMNS = (
    "member, credential, leaf, achievement, version, learner, holder, awarding_date, ects, valid_until, status,"
    " replaced_by, claims, has_parts"
)

_STATUS_AFTER = {
    "credential.suspended.v1": "suspended",
    "credential.reinstated.v1": "active",
    "credential.revoked.v1": "revoked",
    "credential.issued.v1": "replaced",
}


class CredentialView(msgspec.Struct, frozen=True, rename="camel"):
    """One credential. Readers compute from `valid_until` whether it has expired."""

    member: str
    credential: str
    leaf: int
    achievement: str
    version: int
    title: dict[str, str]
    learner: str | None
    awarding_date: date
    ects: Decimal | None
    valid_until: date | None
    status: str
    replaced_by: str | None
    claims: str | None
    flags: list[str]
    impaired_by: list[str]
    """The first 20 parts at fault, `member/credential`. The flag `impaired` is set if there are any."""
    unmet: list[str]
    """Requirements of its achievement's composition that its parts do not satisfy."""
    recognised_by: list[str]
    """Agreements that recognise it without a decision, `member/agreement`: the first 20 of each member."""
    recognised_by_more: bool
    """True if a member has more of them."""


class Awarded(NamedTuple):
    """One credential, the achievement's version as published, and its issuer as governance describes it."""

    view: CredentialView
    achievement: dict[str, Any]
    country: str
    standing: str
    roles: list[str]
    keys: list[str]
    content: dict[str, Any]


class Held(NamedTuple):
    """A page of a learner's credentials, and the decisions about them."""

    views: list[CredentialView]
    more: bool
    """True if there are more."""
    decisions: list[str]
    """Decisions that name one of these openly, `member/decision`; none of a decider that dropped the learner. The
    first 20 of each member for each credential."""
    more_decisions: bool


def read(connection: Connection, keys: Sequence[Key]) -> list[CredentialView]:
    """Return the credentials that exist, in the order of member and id."""
    if len(keys) == 1:  # its plan does not depend on a number of keys
        return _views(connection, connection.execute(_ONE, keys[0]).fetchall())
    parameters = ([key[0] for key in keys], [key[1] for key in keys])
    return _views(connection, connection.execute(_EACH, parameters).fetchall())


def read_awarded(connection: Connection, key: Key) -> Awarded | None:
    """Return one credential with its achievement and its issuer, by one statement; None if it does not exist.

    This is the most frequent query of all.
    """
    rows = connection.execute(_AWARDED, key).fetchall()
    if not rows:
        return None
    [view] = _views(connection, rows)
    return Awarded(view, *rows[0][_MORE:])


def exists(connection: Connection, key: Key) -> bool:
    """Return whether this member has issued a credential with this id."""
    row = connection.execute("SELECT FROM credentials WHERE member = %s AND credential = %s", key).fetchone()
    return row is not None


def find_issuers(connection: Connection, credentials: Sequence[str]) -> dict[str, list[str]]:
    """Return the members that issued credentials with these ids, by id, in the order of their names."""
    issuers: dict[str, list[str]] = {}
    for credential, member in connection.execute(_ISSUERS_OF, (list(credentials),)).fetchall():
        issuers.setdefault(credential, []).append(member)
    return issuers


def of_learner(connection: Connection, learner: str, after: Key | None, limit: int) -> Held:
    """Return credentials that members say a learner has, in the order of member and id, after a place.

    They are fewer than `limit`, and there are more, where their parts are too many to be read together.
    """
    if after is None:
        rows = connection.execute(_LEARNER, (learner, limit + 1)).fetchall()
    else:
        rows = connection.execute(_LEARNER_AFTER, (learner, *after, limit + 1)).fetchall()
    views, number = read_some(rows[:limit], lambda some: _views(connection, some))
    lists = [cut_by_member(row[_MORE]) for row in rows[:number]]
    decisions = sorted({decision for first, _ in lists for decision in first})
    return Held(views, number < len(rows), decisions, any(more for _, more in lists))


def _views(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[CredentialView]:
    """Return views of rows. One statement has all that most credentials have; parts and compositions need others."""
    stacks = Stacks.read(connection, [(row[0], row[1]) for row in rows if row[_HAS_PARTS]])
    composed = [(row[0], row[1]) for row in rows if row[_COMPOSITION]]
    unmet = unmet_requirements(connection, composed) if composed else {}
    views = []
    for row in rows:
        key = row[0], row[1]
        flags = stacks.flags(key) if key in stacks else []
        derived = (
            sorted([*flags, UNMET] if key in unmet else flags),
            ["/".join(fault) for fault in stacks.faults(key)[:MAX_FAULTS]] if key in stacks else [],
            unmet.get(key, []),
            *cut_by_member(row[_RECOGNISED_BY]),
        )
        views.append(CredentialView(*row[:_HAS_PARTS], *derived))  # type: ignore[call-arg] # a row has as many columns
    return views


MAX_FAULTS: Final = 20
"""Parts at fault that are named for one credential."""
_HAS_PARTS, _COMPOSITION, _RECOGNISED_BY, _MORE = 13, 14, 15, 16
_FIELDS: Final = f"""
SELECT c.member, c.credential::text, c.leaf, c.achievement::text, c.version, v.title, c.learner::text, c.awarding_date,
    c.ects, c.valid_until, c.status, c.replaced_by::text, c.claims, c.has_parts,
    v.content ->> 'composition' IS NOT NULL,
    ARRAY(SELECT a.member || '/' || a.agreement FROM members m CROSS JOIN LATERAL ({COVERING}) AS a
        ORDER BY a.member COLLATE "C", a.agreement)"""  # noqa: S608 - names of our own
_VERSION: Final = """
JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
"""
_BY_KEY: Final = "FROM (SELECT * FROM credentials WHERE member = %s AND credential = %s) AS c"
_ONE: Final = f"{_FIELDS} {_BY_KEY} {_VERSION}".encode()
_AWARDED: Final = (
    f"{_FIELDS}, v.content, m.country, m.standing, m.roles, m.keys, m.content"
    f" {_BY_KEY} {_VERSION} JOIN members m ON m.member = c.member"
).encode()
_ORDER: Final = 'ORDER BY c.member COLLATE "C", c.credential'
_EACH: Final = (
    f"{_FIELDS} FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)"
    f" JOIN credentials c USING (member, credential) {_VERSION} {_ORDER}"
).encode()
# Each member's part of the primary key is read: no index begins with the id.
_ISSUERS_OF: Final = (
    b"SELECT c.credential::text, m.member FROM members m CROSS JOIN LATERAL (SELECT credential FROM credentials"
    b' WHERE member = m.member AND credential = ANY(%s::uuid[])) AS c ORDER BY m.member COLLATE "C"'
)
# The collation as in `agreements.COVERING`.
_DECISIONS: Final = f"""
ARRAY(SELECT d.member || '/' || d.decision
    FROM members m CROSS JOIN LATERAL (
        SELECT DISTINCT m.member, b.decision FROM (
            SELECT decision FROM decision_bases
            WHERE of_member = c.member AND credential = c.credential AND member COLLATE "C" = m.member
            ORDER BY decision LIMIT {5 * MAX_SHOWN}) AS b
        WHERE NOT EXISTS (SELECT FROM erasures e WHERE e.member = m.member AND e.learner = c.learner)
        ORDER BY b.decision LIMIT {MAX_SHOWN + 1}) AS d
    ORDER BY d.member COLLATE "C", d.decision)"""  # noqa: S608 - names of our own


def _learner_query(after: str) -> bytes:
    page = f'WHERE learner = %s {after} ORDER BY member COLLATE "C", credential LIMIT %s'
    return f"{_FIELDS}, {_DECISIONS} FROM (SELECT * FROM credentials {page}) AS c {_VERSION} {_ORDER}".encode()  # noqa: S608 - names of our own


_LEARNER: Final = _learner_query("")
_LEARNER_AFTER: Final = _learner_query('AND (member COLLATE "C", credential) > (%s, %s::uuid)')
