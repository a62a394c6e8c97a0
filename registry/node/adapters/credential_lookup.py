"""The office's port to what members published, answered from the views, governance and receipts."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final

import msgspec
from psycopg import Connection

from consumers.governance.governance import GovernanceFold
from consumers.proofs import receipts
from projections.core import contents
from projections.credentials import credentials
from projections.precedents.departures import Draft, departure
from projections.records import offered as offered_view
from projections.records.offered import OfferedView
from projections.relations.reach import MAX_LEVELS
from registry.node.governance_follower import GovernanceFollower
from registry.office.assessments.offered import IssuerAccreditation, Offered
from registry.office.ports import CredentialFacts, Key, OwnDecision, ProvenCredential
from registry.wire.credentials import CredentialIssued
from registry.wire.errors import InvalidProof
from registry.wire.events import Event, Reader
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.proof import TlogProof
from registry.wire.recognition import Basis, Grant, Purpose
from registry.wire.today import utc_today

Views = Callable[[], AbstractContextManager[Connection]]


class PostgresCredentialLookup:
    """`CredentialLookup` on this node's views. May be shared by threads where `views` may."""

    def __init__(
        self, views: Views, standings: GovernanceFollower, governance: Callable[[], GovernanceFold], origin: str
    ) -> None:
        """`governance` reads all of governance from the log; only receipts need it."""
        self._views = views
        self._standings = standings
        self._governance = governance
        self._consortium, _, self._member = origin.partition("/")

    def find_credentials(self, keys: Sequence[Key]) -> Mapping[Key, CredentialFacts]:
        """Return these credentials as the views have them."""
        with self._views() as connection:
            views = credentials.read(connection, keys)
            rows = connection.execute(_ISSUERS, (sorted({view.member for view in views}),)).fetchall()
            changes = connection.execute(
                _LAST_CHANGES, ([view.member for view in views], [view.credential for view in views])
            ).fetchall()
        issuers = {row[0]: (row[1], row[2], row[3]) for row in rows}
        changed_at = {(row[0], row[1]): row[2] for row in changes}
        facts = {}
        for view in views:
            key = view.member, view.credential
            size, country, disputed = issuers[view.member]
            facts[key] = CredentialFacts(
                member=view.member,
                credential=view.credential,
                status=view.status,
                flags=view.flags,
                achievement=VersionedRef(view.member, view.achievement, view.version),
                title=view.title,
                awarding_date=view.awarding_date.isoformat(),
                ects=None if view.ects is None else float(view.ects),
                valid_until=None if view.valid_until is None else view.valid_until.isoformat(),
                country=country,
                recognised_by=view.recognised_by,
                size=size,
                claims=view.claims,
                erased=view.learner is None,
                disputed=disputed,
                changed_at=changed_at.get(key, 0),
            )
        return facts

    def describe_credential(self, member: str, credential: str) -> Offered | None:
        """Return what a credential offers; None where it has not arrived here."""
        return self.describe_credentials([(member, credential)]).get((member, credential))

    def describe_credentials(self, keys: Sequence[Key]) -> Mapping[Key, Offered]:
        """Return what credentials offer; those that have not arrived here are left out."""
        with self._views() as connection:
            views = offered_view.of_credentials(connection, keys)
        return {key: self._describe(view) for key, view in views.items()}

    def describe_achievement(self, achievement: VersionedRef) -> Offered | None:
        """Return what a version offers, as awarded today; None where it has not arrived here."""
        today = utc_today()
        ref = achievement
        with self._views() as connection:
            view = offered_view.of_version(connection, ref.member, ref.achievement, ref.version, today)
        return None if view is None else self._describe(view)

    def is_member(self, name: str) -> bool:
        """Return whether governance ever named this member."""
        return self._standings.standings_at(name, 0)[1] != "unknown"

    def find_changed(self, keys: Sequence[Key]) -> set[Key]:
        """Return those that are not plainly active, whose status was ever changed, or that the views do not know."""
        with self._views() as connection:
            rows = connection.execute(_CHANGED, ([key[0] for key in keys], [key[1] for key in keys])).fetchall()
        return {(row[0], row[1]) for row in rows}

    def find_parts(self, keys: Sequence[Key]) -> list[tuple[Key, Key]]:
        """Return which of these credentials are parts of which, at any depth: the whole, and its part."""
        names = {"members": [key[0] for key in keys], "credentials": [key[1] for key in keys], "levels": MAX_LEVELS}
        with self._views() as connection:
            rows = connection.execute(_PARTS, names).fetchall()
        return [((row[0], row[1]), (row[2], row[3])) for row in rows]

    def list_external_decisions(self, limit: int) -> list[OwnDecision]:
        """Return what this office decided about external credentials, the newest first; one for each basis."""
        with self._views() as connection:
            rows = connection.execute(_EXTERNAL, {"member": self._member, "limit": limit}).fetchall()
        decisions = []
        for decision, decided, state, purpose, text in rows:
            content = contents.read_as(text, _decoder)
            for number, basis in enumerate(content.basis):
                if basis.external is None:
                    continue
                grants = [grant for grant in content.grants if number in grant.from_]
                grounds = [f"{ground.aspect}:{ground.difference}" for grant in grants for ground in grant.grounds or ()]
                decisions.append(
                    OwnDecision(
                        decision, decided, state, basis.external.issuer_name, basis.external.country,
                        basis.external.title, purpose, [grant.outcome for grant in grants], grounds,
                    )
                )  # fmt: skip
        return decisions

    def find_departures(self, achievement: VersionedRef, purpose: Purpose, grants: Sequence[Grant]) -> list[str]:
        """Return in sentences where these grants depart from what other offices usually decide."""
        sentences = []
        with self._views() as connection:
            for grant in grants:
                draft = Draft(
                    member=achievement.member,
                    achievement=achievement.achievement,
                    version=achievement.version,
                    purpose=purpose,
                    outcome=grant.outcome,
                    grounds=[f"{ground.aspect}:{ground.difference}" for ground in grant.grounds or ()],
                )
                answer = departure(connection, draft, self._member)
                if answer.departs:
                    sentences.append(answer.sentence)
        return sentences

    def verify_receipt(self, receipt: str) -> ProvenCredential:
        """Return the credential whose issuing a receipt proves, under governance as the log has it."""
        proven = receipts.verify(TlogProof.parse(receipt), self._governance())
        if proven.refused is not None:
            raise InvalidProof(f"the receipt is valid, but its event has no effect: {proven.refused}")
        event = Reader(f"{self._consortium}/{proven.member}").decode_one(proven.event.encode())
        if not isinstance(event, Event) or not isinstance(event.data, CredentialIssued):
            raise InvalidProof(f"the receipt proves {proven.type}; a case is about credentials")
        data = event.data
        return ProvenCredential(
            CredentialRef(proven.member, data.credential),
            VersionedRef(proven.member, data.achievement, data.version),
            proven.notes,
            data.claims,
        )

    def _describe(self, view: OfferedView) -> Offered:
        credential = view.credential
        then, now = self._standings.standings_at(view.member, view.leaf)
        return Offered.of_version(
            view.member,
            view.content,
            country=view.country,
            issuer_when_issued=then,
            issuer_now=now,
            accredited=view.accredited,
            accreditations=[
                IssuerAccreditation.of_accreditation(each.accreditation, covers=each.covers)
                for each in view.accreditations
            ],
            awarding_date=credential.awarding_date.isoformat() if credential else None,
            valid_until=credential.valid_until.isoformat() if credential and credential.valid_until else None,
            status=credential.status if credential else None,
            flags=credential.flags if credential else [],
            evidence="onLog",
            authentic=True if credential else None,
        )


class _Content(msgspec.Struct):
    """The bases and grants of a decision's content."""

    basis: list[Basis]
    grants: list[Grant]


_decoder: Final = msgspec.json.Decoder(_Content)
_ISSUERS: Final = """
SELECT p.member, p.size, m.country,
    EXISTS (SELECT FROM claims c WHERE c.member = p.member AND c.settled = 'contradicts')
FROM positions p LEFT JOIN members m USING (member) WHERE p.member = ANY(%s)
"""
_LAST_CHANGES: Final = """
SELECT s.member, s.credential::text, max(s.leaf)
FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential) JOIN status_changes s USING (member, credential)
WHERE s.effective GROUP BY 1, 2
"""
_CHANGED: Final = """
SELECT w.member, w.credential::text FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
LEFT JOIN credentials c USING (member, credential)
WHERE c.credential IS NULL OR c.status <> 'active' OR c.learner IS NULL OR c.has_parts
    OR EXISTS (SELECT FROM status_changes s WHERE s.member = w.member AND s.credential = w.credential AND s.effective)
    OR EXISTS (SELECT FROM claims d WHERE d.member = w.member AND d.settled = 'contradicts')
"""
_PARTS: Final = """
WITH RECURSIVE asked AS (
    SELECT * FROM unnest(%(members)s::text[], %(credentials)s::uuid[]) AS w (member, credential)
), within AS (
    SELECT a.member, a.credential, p.part_member, p.part_credential, 1 AS level
    FROM asked a JOIN parts p USING (member, credential)
    UNION
    SELECT w.member, w.credential, p.part_member, p.part_credential, w.level + 1
    FROM within w JOIN parts p ON p.member = w.part_member AND p.credential = w.part_credential
    WHERE w.level < %(levels)s
)
SELECT DISTINCT w.member, w.credential::text, a.member, a.credential::text
FROM within w JOIN asked a ON a.member = w.part_member AND a.credential = w.part_credential
WHERE (w.member, w.credential) <> (a.member, a.credential)
ORDER BY 1, 2, 3, 4
"""
_EXTERNAL: Final = """
SELECT d.decision::text, d.decision_date, d.state, d.purpose, d.content::text FROM decisions d
WHERE d.member = %(member)s AND EXISTS (
    SELECT FROM json_array_elements(d.content -> 'basis') AS b (basis) WHERE b.basis ->> 'external' IS NOT NULL)
ORDER BY d.decision_date DESC, d.decision LIMIT %(limit)s
"""
