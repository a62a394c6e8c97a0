"""The facts of exports: from this university's stored events and vault, the views, governance and the log."""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Final

import msgspec
from psycopg import Connection

from consumers.proofs.receipts import NoReceipt
from consumers.witness.policy import PolicyUnmet
from projections.catalogue.catalogue import read_joint_awarders
from projections.recognition import decisions as decision_view
from projections.records import learners as learner_view
from projections.records.offered import OfferedView, of_credentials, of_version
from registry.application.registry import Registry
from registry.domain.errors import UnknownCredential
from registry.export.document import ExportError, Omission
from registry.export.facts import (
    LogPlace,
    Organisation,
    PortableCredential,
    PortablePart,
    PortableRecognition,
    Portfolio,
)
from registry.export.ports import CollectedPortfolio, NoDocument, NotExportable
from registry.learners.missing_claims import explain_missing_claims
from registry.learners.own_award import OwnAward, read_own_award
from registry.node.adapters.own_receipts import OwnReceipts
from registry.values.persons import PERSON
from registry.wire.credentials import Part
from registry.wire.governance import MemberRevised
from registry.wire.recognition import Basis, RecognitionDecided

MAX_CREDENTIALS: Final = 1_000
"""Credentials of one portfolio."""
MAX_RECOGNITIONS: Final = 500
"""Decisions of one portfolio."""
_STATES: Final = {
    "suspended": "It is suspended. Reinstate it first, or wait until the reason for its suspension has ended.",
    "revoked": "It was revoked. No document of a revoked credential is made.",
    "replaced": "It was replaced by credential {}. Export that one.",
}
_RESTRICTED: Final = (
    "The use of its learner's data is restricted: it may be stored, and not used. Lift the restriction first, if its"
    " reason is gone."
)
Key = tuple[str, str]
FindRestricted = Callable[[Collection[str]], Collection[str]]
"""Returns those of some learners whose data may be stored, and not used."""
Describe = Callable[[str], MemberRevised | None]
"""Returns a member as governance describes it; None for an unknown name."""


class NodeFacts:
    """`FactSource` of one node. For one thread."""

    def __init__(
        self,
        registry: Registry,
        views: Callable[[], AbstractContextManager[Connection]],
        describe: Describe,
        receipts: OwnReceipts,
        public_url: str | None,
        find_restricted: FindRestricted,
    ) -> None:
        self._registry = registry
        self._views = views
        self._describe = describe
        self._receipts = receipts
        self._url = public_url
        self._find_restricted = find_restricted
        self._consortium = registry.origin.partition("/")[0]
        self._bodies: dict[tuple[str, int], list[str]] = {}

    def read_credentials(self, credentials: Sequence[str]) -> Mapping[str, PortableCredential | NotExportable]:
        """Return each of these credentials, or why no document of it may be made."""
        awards: dict[str, OwnAward] = {}
        outcomes: dict[str, PortableCredential | NotExportable] = {}
        for credential in credentials:
            try:
                awards[credential] = read_own_award(self._registry, credential)
            except UnknownCredential:
                outcomes[credential] = NotExportable(
                    "unknown", f"This university has issued no credential {credential}."
                )
        own = self._registry.member
        parts = {(part.member, part.credential) for award in awards.values() for part in award.issued.parts or ()}
        with self._views() as connection:
            published = of_credentials(connection, [(own, credential) for credential in awards])
            offered_parts = of_credentials(connection, sorted(parts)) if parts else {}
            for view in published.values():
                self._read_bodies(connection, view)
        restricted = self._find_restricted({award.learner for award in awards.values() if award.learner is not None})
        for credential, award in awards.items():
            if award.learner in restricted:
                outcomes[credential] = NotExportable("restricted", _RESTRICTED)
                continue
            refusal = self._refuse(credential, award, published.get((own, credential)))
            outcomes[credential] = refusal or self._collect(award, published[own, credential], offered_parts)
        return outcomes

    def _refuse(self, credential: str, award: OwnAward, view: OfferedView | None) -> NotExportable | None:
        """Return why no document of a credential may be made; None where one may."""
        if not award.person:
            return NotExportable("erased", explain_missing_claims(self._registry, credential))
        if (sentence := _STATES.get(award.status)) is not None:
            replaced_by = view.credential.replaced_by if view is not None and view.credential is not None else None
            return NotExportable(award.status, sentence.format(replaced_by or "another"))
        if view is None or view.credential is None:
            return NotExportable(
                "unpublished",
                "It is not on the log yet, as far as this node has read: run `registry publish` and"
                " `registry views update`, or wait a moment.",
            )
        if view.credential.status != "active":  # governance voided, or a change that this node did not make
            return NotExportable(view.credential.status, f"On the log it is {view.credential.status}.")
        if not award.disclosures:
            return NotExportable("no-claims", explain_missing_claims(self._registry, credential))
        return None

    def _read_bodies(self, connection: Connection, view: OfferedView) -> None:
        """Read which other members confirmed on their own logs that they award a version, too."""
        key = view.content.achievement, view.content.version
        if key not in self._bodies:
            joint = read_joint_awarders(connection, view.member, *key)
            self._bodies[key] = [member for member, state in joint.items() if state == "confirmed"]

    def _collect(
        self, award: OwnAward, view: OfferedView, offered_parts: Mapping[Key, OfferedView]
    ) -> PortableCredential | NotExportable:
        issued, content = award.issued, view.content
        try:
            place = self._place(view.leaf)
        except (NoReceipt, PolicyUnmet) as error:
            return NotExportable("no-receipt", f"Its receipt cannot be made yet: {error}.")
        issuer = self.describe_organisation(self._registry.member)
        others = [self._find_organisation(body) for body in self._bodies[content.achievement, content.version]]
        return PortableCredential(
            credential=issued.credential,
            learner=award.learner or "",
            issuer=issuer,
            awarding_bodies=[issuer, *(body for body in others if body is not None)],
            achievement=content,
            awarding_date=date.fromisoformat(issued.awarding_date),
            ects=None if issued.ects is None else float(issued.ects),
            valid_until=None if issued.valid_until is None else date.fromisoformat(issued.valid_until),
            status="active",
            parts=[
                self._describe_part(part, offered_parts.get((part.member, part.credential)))
                for part in issued.parts or ()
            ],
            claims=award.claims,
            disclosures=award.disclosures,
            place=place,
        )

    def _describe_part(self, part: Part, view: OfferedView | None) -> PortablePart:
        achievement = None if view is None else view.content
        return PortablePart(part=part, issuer=self._find_organisation(part.member), achievement=achievement)

    def _place(self, leaf: int) -> LogPlace:
        receipt = self._receipts.create(leaf)
        head = receipt.note.checkpoint
        return LogPlace(leaf=leaf, size=head.size, root=b64encode(head.root).decode(), receipt=str(receipt))

    def describe_organisation(self, member: str) -> Organisation:
        """Return a member as governance describes it. Raises `ExportError` for one that governance does not know."""
        organisation = self._find_organisation(member)
        if organisation is None:
            raise ExportError(f"governance does not know {member}; its name comes from there alone")
        return organisation

    def _find_organisation(self, member: str) -> Organisation | None:
        content = self._describe(member)
        if content is None:
            return None
        url = self._url if member == self._registry.member else None
        return Organisation(member=member, origin=f"{self._consortium}/{member}", content=content, url=url)

    # Portfolios

    def read_portfolio(self, learner: str) -> CollectedPortfolio:
        """Return a learner's portfolio. Raises `ExportError` for a learner who is unknown or erased here."""
        registry = self._registry
        stored = registry.vault.read_learner(registry.cursor(), learner)
        if stored is None:
            day = registry.erasures.erased_on(learner)
            raise ExportError(
                f"this university has no learner {learner}" if day is None else f"the learner was erased on {day}"
            )
        if self._find_restricted([learner]):
            raise NoDocument(NotExportable("restricted", _RESTRICTED))
        rows = registry.cursor().execute(
            "SELECT credential::text FROM vault.records WHERE learner = %s ORDER BY credential LIMIT %s",
            (learner, MAX_CREDENTIALS + 1),
        )
        credentials = [row["credential"] for row in rows.fetchall()]
        if len(credentials) > MAX_CREDENTIALS:
            raise ExportError(f"this learner has more than {MAX_CREDENTIALS:,} credentials; export them one by one")
        outcomes = self.read_credentials(credentials)
        exportable = [facts for facts in outcomes.values() if isinstance(facts, PortableCredential)]
        person = {name: stored.person[name] for name in PERSON if stored.person.get(name)}
        if stored.person.get("student"):
            person["studentNumber"] = stored.person["student"]
        return CollectedPortfolio(
            Portfolio(
                learner=learner,
                person=person,
                issuer=self.describe_organisation(registry.member),
                credentials=sorted(exportable, key=lambda facts: (facts.awarding_date, facts.credential)),
                recognitions=self._read_recognitions(learner),
            ),
            [
                Omission(f"credentials[{credential}]", facts.reason)
                for credential, facts in outcomes.items()
                if isinstance(facts, NotExportable) and facts.code != "replaced"
            ],
        )

    def _read_recognitions(self, learner: str) -> list[PortableRecognition]:
        """Return the decisions in force about the learner: those that name a credential openly, and this office's."""
        rows = self._registry.cursor().execute(
            "SELECT decision::text FROM vault.decisions WHERE learner = %s LIMIT %s", (learner, MAX_RECOGNITIONS)
        )
        own = [(self._registry.member, row["decision"]) for row in rows.fetchall()]
        with self._views() as connection:
            record = learner_view.read(connection, learner)
            named = [(member, decision) for member, _, decision in (text.partition("/") for text in record.decisions)]
            views = decision_view.read(connection, sorted({*own, *named})[:MAX_RECOGNITIONS])
            recognitions = []
            for view in views:
                decider = self._find_organisation(view.member)
                if view.state != "inForce" or decider is None:
                    continue
                data = msgspec.convert(view.content, RecognitionDecided)
                recognitions.append(
                    PortableRecognition(
                        decision=view.decision,
                        decider=decider,
                        purpose=data.purpose,
                        basis=data.basis,
                        grants=data.grants,
                        decided=view.decision_date,
                        titles=[_title(connection, basis, view.decision_date) for basis in data.basis],
                    )
                )
        return recognitions


def _title(connection: Connection, basis: Basis, day: date) -> dict[str, str]:
    """Return the title of a basis by language; an external one has a single spelling, in an unknown language."""
    if basis.external is not None:
        return {"und": basis.external.title}
    ref: Any = basis.achievement
    view = None if ref is None else of_version(connection, ref.member, ref.achievement, ref.version, day)
    return {} if view is None else dict(view.content.title)
