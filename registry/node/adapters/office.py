"""The recognition office's ports, plugged into the views, the log and the formats of files. Composition only."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import msgspec
from psycopg import Connection

from consumers.governance.governance import GovernanceFold
from consumers.proofs import receipts
from projections.core import contents
from projections.credentials import credentials
from projections.precedents.departures import Draft, departure
from projections.relations.reach import MAX_LEVELS
from registry.node.adapters.facts import ViewFacts
from registry.node.node import Node
from registry.office.cases.service import Office
from registry.office.ports import CredentialFacts, Key, OwnDecision, ProvedCredential
from registry.wire.credentials import CredentialIssued
from registry.wire.errors import InvalidProof
from registry.wire.events import Event, Reader
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.proof import TlogProof
from registry.wire.recognition import Basis, Grant, Purpose


class Viewed:
    """What the office wants to know, from the views and from governance's log."""

    def __init__(
        self,
        views: Callable[[], AbstractContextManager[Connection]],
        governance: Callable[[], GovernanceFold],
        origin: str,
    ) -> None:
        self._views = views
        self._governance = governance
        self._consortium, _, self._member = origin.partition("/")

    def credentials(self, keys: Sequence[Key]) -> Mapping[Key, CredentialFacts]:
        """These credentials as the views have them."""
        with self._views() as connection:
            found = credentials.read(connection, keys)
            rows = connection.execute(
                "SELECT p.member, p.size, m.country, EXISTS (SELECT FROM claims c WHERE c.member = p.member"
                " AND c.settled = 'contradicts') FROM positions p LEFT JOIN members m USING (member)"
                " WHERE p.member = ANY(%s)",
                (sorted({one.member for one in found}),),
            ).fetchall()
            changes = connection.execute(
                "SELECT s.member, s.credential::text, max(s.leaf) FROM unnest(%s::text[], %s::uuid[])"
                " AS w (member, credential) JOIN status_changes s USING (member, credential) WHERE s.effective"
                " GROUP BY 1, 2",
                ([one.member for one in found], [one.credential for one in found]),
            ).fetchall()
        of_member = {row[0]: (row[1], row[2], row[3]) for row in rows}
        changed_at = {(row[0], row[1]): row[2] for row in changes}
        return {
            (one.member, one.credential): CredentialFacts(
                one.member,
                one.credential,
                one.status,
                one.flags,
                VersionedRef(one.member, one.achievement, one.version),
                one.title,
                one.awarding_date.isoformat(),
                None if one.ects is None else float(one.ects),
                None if one.valid_until is None else one.valid_until.isoformat(),
                of_member[one.member][1],
                one.recognised_by,
                of_member[one.member][0],
                claims=one.claims,
                erased=one.learner is None,
                disputed=of_member[one.member][2],
                changed_at=changed_at.get((one.member, one.credential), 0),
            )
            for one in found
        }

    def touched(self, keys: Sequence[Key]) -> set[Key]:
        """Those that are not plainly active, whose status was ever changed, or that the views do not know."""
        with self._views() as connection:
            rows = connection.execute(_TOUCHED, ([key[0] for key in keys], [key[1] for key in keys])).fetchall()
        return {(row[0], row[1]) for row in rows}

    def contained(self, keys: Sequence[Key]) -> list[tuple[Key, Key]]:
        """Return which of these credentials are parts of which, however deep: the whole, and its part."""
        names = {"members": [key[0] for key in keys], "credentials": [key[1] for key in keys], "levels": MAX_LEVELS}
        with self._views() as connection:
            rows = connection.execute(_CONTAINED, names).fetchall()
        return [((row[0], row[1]), (row[2], row[3])) for row in rows]

    def own_external_decisions(self, limit: int) -> list[OwnDecision]:
        """Return what this office decided about what no member issued, the newest first; one for each such basis."""
        with self._views() as connection:
            rows = connection.execute(_EXTERNAL, {"member": self._member, "limit": limit}).fetchall()
        found = []
        for decision, decided, state, purpose, text in rows:
            content = contents.read_as(text, _decoder)
            for number, basis in enumerate(content.basis):
                if basis.external is None:
                    continue
                grants = [grant for grant in content.grants if number in grant.from_]
                grounds = [f"{ground.aspect}:{ground.difference}" for grant in grants for ground in grant.grounds or ()]
                found.append(
                    OwnDecision(
                        decision, decided, state, basis.external.issuer_name, basis.external.country,
                        basis.external.title, purpose, [grant.outcome for grant in grants], grounds,
                    )
                )  # fmt: skip
        return found

    def departures(self, achievement: VersionedRef, purpose: Purpose, grants: Sequence[Grant]) -> list[str]:
        """Where these grants depart from what other offices usually decide."""
        found = []
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
                told = departure(connection, draft, self._member)
                if told.departs:
                    found.append(told.sentence)
        return found

    def proved(self, receipt: str) -> ProvedCredential:
        """The credential that a receipt proves to have been issued, under governance as the log has it."""
        found = receipts.verify(TlogProof.parse(receipt), self._governance())
        if found.refused is not None:
            raise InvalidProof(f"the receipt is good, and yet its event has no effect: {found.refused}")
        event = Reader(f"{self._consortium}/{found.member}").decode_one(found.event.encode())
        if not isinstance(event, Event) or not isinstance(event.data, CredentialIssued):
            raise InvalidProof(f"the receipt proves {found.type}; a case is about credentials")
        data = event.data
        return ProvedCredential(
            CredentialRef(found.member, data.credential),
            VersionedRef(found.member, data.achievement, data.version),
            found.notes,
            data.claims,
        )


class _Content(msgspec.Struct):
    """What of a decision's content its bases and grants are."""

    basis: list[Basis]
    grants: list[Grant]


_decoder: Final = msgspec.json.Decoder(_Content)
_TOUCHED: Final = """
SELECT w.member, w.credential::text FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
LEFT JOIN credentials c USING (member, credential)
WHERE c.credential IS NULL OR c.status <> 'active' OR c.learner IS NULL OR c.has_parts
    OR EXISTS (SELECT FROM status_changes s WHERE s.member = w.member AND s.credential = w.credential AND s.effective)
    OR EXISTS (SELECT FROM claims d WHERE d.member = w.member AND d.settled = 'contradicts')
"""
_CONTAINED: Final = """
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


def office_of(node: Node) -> Office:
    """The office of a node, for one command."""
    known = Viewed(lambda: nullcontext(node.views()), node.governance, node.settings.origin)
    offers = ViewFacts(lambda: nullcontext(node.views()), node.standings)
    return Office(node.registry, node.settings.office, known, offers)
