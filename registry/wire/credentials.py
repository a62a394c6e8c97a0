"""Credentials, learners and status seals: data of events on the issuer's log."""

from typing import Literal

import msgspec

from registry.wire.forms import Credits, Date, Digest, Fault, Member, Root, Size, Uuid, Version

StatusReason = Literal["issuedInError", "requirementsNotMet", "administrative", "underReview", "withheld"]
Status = Literal["active", "suspended", "revoked", "replaced"]


class CountedBy(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The decision or agreement of a member by which a part counts."""

    member: Member
    decision: Uuid | None = None
    agreement: Uuid | None = None


class Part(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A credential that is stacked into this one, and the credits that it contributes."""

    member: Member
    credential: Uuid
    ects: Credits
    by: CountedBy | None = None


class CredentialIssued(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`credential.issued.v1`. `claims` is the digest over the claims about the person (SPEC.md, section 7)."""

    credential: Uuid
    achievement: Uuid
    version: Version
    learner: Uuid
    awarding_date: Date
    ects: Credits | None = None
    valid_until: Date | None = None
    parts: list[Part] | None = None
    replaces: Uuid | None = None
    claims: Digest | None = None

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.credential

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return a fault where a part counts by both a decision and an agreement, or by neither."""
        for index, part in enumerate(self.parts or ()):
            if part.by is not None and (part.by.decision is None) == (part.by.agreement is None):
                return f".parts[{index}].by", "a part counts by either a decision or an agreement"
        return None


class _AboutCredential(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    credential: Uuid

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.credential

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None


class CredentialSuspended(_AboutCredential, frozen=True, gc=False):
    """`credential.suspended.v1`."""

    reason: StatusReason


class CredentialReinstated(_AboutCredential, frozen=True, gc=False):
    """`credential.reinstated.v1`."""


class CredentialRevoked(_AboutCredential, frozen=True, gc=False):
    """`credential.revoked.v1`."""

    reason: StatusReason


class LearnerErased(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`learner.erased.v1`: this member removes the learner from its credentials."""

    learner: Uuid

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.learner

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None


class StatusSealed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`status.sealed.v1`: the root over the member's credentials that are not active after its first `size` leaves."""

    size: Size
    count: Size
    root: Root

    @property
    def subject(self) -> str:
        """The seal's size, in decimal."""
        return str(self.size)

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None
