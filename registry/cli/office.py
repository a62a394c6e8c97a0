"""The recognition office's ports, plugged into the views, the log and the formats of files. Composition only."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from psycopg import Connection

from consumers import receipts
from consumers.governance import GovernanceFold
from projections import credentials
from projections.departures import Draft, departure
from registry.cli.context import Node
from registry.cli.facts import ViewFacts
from registry.office.cases import Office
from registry.office.ports import CredentialFacts, Key, ProvedCredential
from registry.wire.credentials import CredentialIssued
from registry.wire.errors import InvalidProof
from registry.wire.events import Event, Reader
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.proof import TlogProof
from registry.wire.recognition import Grant, Purpose


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
                "SELECT p.member, p.size, m.country FROM positions p LEFT JOIN members m USING (member)"
                " WHERE p.member = ANY(%s)",
                (sorted({one.member for one in found}),),
            ).fetchall()
        of_member = {row[0]: (row[1], row[2]) for row in rows}
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
            )
            for one in found
        }

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
        )


def office_of(node: Node) -> Office:
    """The office of a node, for one command."""
    known = Viewed(lambda: nullcontext(node.views()), node.governance, node.settings.origin)
    offers = ViewFacts(lambda: nullcontext(node.views()), node.standings)
    return Office(node.registry, node.settings.office, known, offers)
