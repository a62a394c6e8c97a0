"""Credentials that this university issued."""

from typing import Any, Self

import msgspec

from registry.domain.aggregate import Changed, Created, MemberAggregate, uuid_of
from registry.rules import credentials as rules
from registry.rules.achievements import Achievement
from registry.rules.credentials import Credential as State
from registry.wire.credentials import (
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    StatusReason,
)


class ReplacedBy(msgspec.Struct, frozen=True, gc=False):
    """The credential that replaced this one. Not published, since the issuing of the other says it."""

    credential: str


class Credential(MemberAggregate):
    """A credential that this university issued, and its status."""

    TOPIC = "registry.credential"

    class Issued(Created):
        """The credential was issued."""

        TOPIC = "registry.credential.issued"
        PUBLISHED = "credential.issued.v1"
        DATA = CredentialIssued

    class Suspended(Changed):
        """The credential does not count for now."""

        TOPIC = "registry.credential.suspended"
        PUBLISHED = "credential.suspended.v1"
        DATA = CredentialSuspended

    class Reinstated(Changed):
        """The credential counts again."""

        TOPIC = "registry.credential.reinstated"
        PUBLISHED = "credential.reinstated.v1"
        DATA = CredentialReinstated

    class Revoked(Changed):
        """The credential never counts again."""

        TOPIC = "registry.credential.revoked"
        PUBLISHED = "credential.revoked.v1"
        DATA = CredentialRevoked

    class Replaced(Changed):
        """Another credential takes its place."""

        TOPIC = "registry.credential.replaced"
        DATA = ReplacedBy

    def __init__(self, data: CredentialIssued) -> None:
        self.state = State(data.achievement, data.version, data.learner)
        self.reason: StatusReason | None = None
        """The reason why it is suspended or revoked; None where it is neither."""
        self.was_reinstated = False
        """True if the last change of its status was a reinstatement."""

    @classmethod
    def issue(cls, data: CredentialIssued, achievement: Achievement | None, replaced: "Credential | None") -> Self:
        """Issue a credential; `replaced` is the one whose place it takes. Raises a refusal."""
        rules.issue(None, achievement, replaced.state if replaced is not None else None, data)
        issued = cls._create(cls.Issued, id=uuid_of(data.credential), data=data)
        if replaced is not None:
            replaced.change(cls.Replaced, ReplacedBy(data.credential))
        return issued

    def suspend(self, reason: StatusReason) -> None:
        """Suspend it, until it is reinstated or revoked."""
        rules.change_status(self.state, str(self.id), "suspended")
        self.change(self.Suspended, CredentialSuspended(str(self.id), reason))

    def reinstate(self) -> None:
        """Let it count again after a suspension."""
        rules.change_status(self.state, str(self.id), "active")
        self.change(self.Reinstated, CredentialReinstated(str(self.id)))

    def revoke(self, reason: StatusReason) -> None:
        """Revoke it. This cannot be undone."""
        rules.change_status(self.state, str(self.id), "revoked")
        self.change(self.Revoked, CredentialRevoked(str(self.id), reason))

    def on(self, data: Any) -> None:  # noqa: ANN401 - any of its events
        """Apply an event's data to the state."""
        if isinstance(data, ReplacedBy):
            self.state = msgspec.structs.replace(self.state, status="replaced")
            self.reason = None
        elif isinstance(data, CredentialSuspended):
            self.state = rules.change_status(self.state, str(self.id), "suspended")
            self.reason = data.reason
        elif isinstance(data, CredentialReinstated):
            self.state = rules.change_status(self.state, str(self.id), "active")
            self.reason = None
        else:
            self.state = rules.change_status(self.state, str(self.id), "revoked")
            self.reason = data.reason
        self.was_reinstated = isinstance(data, CredentialReinstated)
