"""Credentials that this university issued."""

from typing import Any, Self

import msgspec

from registry.domain.aggregate import Changed, Created, Thing, uuid_of
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
    """Which credential replaced this one. Not published: the other's issuing says it."""

    credential: str


class Credential(Thing):
    """One credential, from its issuing on."""

    TOPIC = "registry.credential"

    class Issued(Created):
        """It was awarded."""

        TOPIC = "registry.credential.issued"
        PUBLISHED = "credential.issued.v1"
        DATA = CredentialIssued

    class Suspended(Changed):
        """It does not count for now."""

        TOPIC = "registry.credential.suspended"
        PUBLISHED = "credential.suspended.v1"
        DATA = CredentialSuspended

    class Reinstated(Changed):
        """It counts again."""

        TOPIC = "registry.credential.reinstated"
        PUBLISHED = "credential.reinstated.v1"
        DATA = CredentialReinstated

    class Revoked(Changed):
        """It no longer counts."""

        TOPIC = "registry.credential.revoked"
        PUBLISHED = "credential.revoked.v1"
        DATA = CredentialRevoked

    class Replaced(Changed):
        """Another one stands for it."""

        TOPIC = "registry.credential.replaced"
        DATA = ReplacedBy

    def __init__(self, data: CredentialIssued) -> None:
        self.state = State(data.achievement, data.version, data.learner)
        self.reason: StatusReason | None = None
        """Why it is suspended or revoked; None where it is neither."""
        self.was_reinstated = False
        """Whether the last change of its status was that it counts again."""

    @classmethod
    def issue(cls, data: CredentialIssued, achievement: Achievement | None, replaced: "Credential | None") -> Self:
        """Award a credential; `replaced` is the one that it replaces. Raises a refusal."""
        rules.issue(None, achievement, replaced.state if replaced is not None else None, data)
        issued = cls._create(cls.Issued, id=uuid_of(data.credential), data=data)
        if replaced is not None:
            replaced.change(cls.Replaced, ReplacedBy(data.credential))
        return issued

    def suspend(self, reason: StatusReason) -> None:
        """Let it not count for now."""
        rules.change_status(self.state, str(self.id), "suspended")
        self.change(self.Suspended, CredentialSuspended(str(self.id), reason))

    def reinstate(self) -> None:
        """Let it count again."""
        rules.change_status(self.state, str(self.id), "active")
        self.change(self.Reinstated, CredentialReinstated(str(self.id)))

    def revoke(self, reason: StatusReason) -> None:
        """Take it back for good."""
        rules.change_status(self.state, str(self.id), "revoked")
        self.change(self.Revoked, CredentialRevoked(str(self.id), reason))

    def on(self, data: Any) -> None:  # noqa: ANN401 - its own kinds of event
        """Let a change take effect."""
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
