"""The facts from which every format is made: a credential with its issuer and achievement, and a portfolio of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from registry.wire.achievements import AchievementContent
from registry.wire.credentials import Part, Status
from registry.wire.governance import MemberRevised
from registry.wire.recognition import Basis, Grant, Purpose


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """A member as governance describes it. Its name comes from there alone, never from a file."""

    member: str
    """The short name, for example `twente`."""
    origin: str
    """The name of the member's log, for example `eciu.example/twente`."""
    content: MemberRevised
    """The legal name, country, identifiers and accreditations."""
    url: str | None = None
    """The public address of the member's node, without a slash at the end; None where it has none."""


class PortablePart(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that is stacked into another one."""

    part: Part
    """The part as the whole names it."""
    issuer: Organisation | None = None
    achievement: AchievementContent | None = None
    """The version that was awarded; None where the part has not arrived at this node."""


class LogPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The place of a credential's issuing on its issuer's log, and the proof of it."""

    leaf: int
    size: int
    """A size of the log whose head covers the leaf."""
    root: str
    """The root of that head, base64."""
    receipt: str
    """The receipt: it proves the issuing without any server (docs/what-a-receipt-proves.md)."""


class PortableCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential of this university, complete: what the log says of it, and what it says of the person."""

    credential: str
    """The credential's id on the log, a UUID."""
    learner: str
    """The learner's id on the log, a UUID."""
    issuer: Organisation
    awarding_bodies: Sequence[Organisation]
    """The members that award it together, the issuer first."""
    achievement: AchievementContent
    """The version that was awarded."""
    awarding_date: date
    ects: float | None = None
    valid_until: date | None = None
    status: Status = "active"
    parts: Sequence[PortablePart] = ()
    claims: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The claims about the person: `familyName`, `givenName`, `dateOfBirth`, and where known `nationalId`,
    `studentNumber`, `grade`, `originalGrade`, `note`, `cnf`."""
    disclosures: Sequence[str] = ()
    """The claims as the disclosures over which the log has a digest (SPEC.md, section 7)."""
    place: LogPlace | None = None
    """None while the issuing is not published."""

    @property
    def verification_url(self) -> str | None:
        """The page on which anybody verifies this credential; None where the issuer has no public address."""
        if self.issuer.url is None:
            return None
        return f"{self.issuer.url}/verify/{self.issuer.member}/{self.credential}"

    def __repr__(self) -> str:
        return f"PortableCredential({self.credential})"  # a person is never shown by accident


class PortableRecognition(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of a member about credentials of the learner, in force."""

    decision: str
    decider: Organisation
    purpose: Purpose
    basis: Sequence[Basis]
    grants: Sequence[Grant]
    decided: date
    titles: Sequence[Mapping[str, str]] = ()
    """The titles of the bases, in their order, by language."""
    issuers: Sequence[Organisation | None] = ()
    """The issuers of the bases, in their order; None where governance does not know one."""


class Portfolio(msgspec.Struct, frozen=True, kw_only=True):
    """The credentials of one learner at this university, and the decisions about them."""

    learner: str
    person: Mapping[str, Any]
    """The person as the university knows them now: the names of claims, with `studentNumber`."""
    issuer: Organisation
    credentials: Sequence[PortableCredential]
    recognitions: Sequence[PortableRecognition] = ()

    def __repr__(self) -> str:
        return f"Portfolio({self.learner})"  # a person is never shown by accident


def portfolio_of(credential: PortableCredential) -> Portfolio:
    """Return a portfolio of one credential, with the person as the credential names them."""
    return Portfolio(
        learner=credential.learner, person=credential.claims, issuer=credential.issuer, credentials=[credential]
    )
