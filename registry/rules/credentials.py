"""Rules of credentials and learners (docs/events.md, "Credentials" and "Learners")."""

import hashlib

import msgspec

from registry.rules.achievements import Achievement
from registry.rules.errors import (
    Duplicate,
    EctsMismatch,
    IllegalTransition,
    Retired,
    UnknownAchievement,
    UnknownCredential,
    WrongVersion,
)
from registry.wire.credentials import CredentialIssued, Status


class Credential(msgspec.Struct, frozen=True, gc=False):
    """The state of a credential for the rules.

    `learner` is None once this member erased the learner; `holder` then still tells, of a learner who is
    named again, whether it was that one (see `holder_check`).
    """

    achievement: str
    version: int
    learner: str | None
    status: Status = "active"
    holder: bytes | None = None

    def is_of(self, credential: str, learner: str) -> bool:
        """Return whether this credential, which has that id, was issued to that learner."""
        if self.learner is not None:
            return self.learner == learner
        return self.holder == holder_check(credential, learner)


def holder_check(credential: str, learner: str) -> bytes:
    """Return the 32 bytes that replace an erased learner's id, and that show of an id whether it was this one."""
    return hashlib.sha256(f"{credential} {learner}".encode()).digest()


def issue(
    existing: Credential | None,
    achievement: Achievement | None,
    replaced: Credential | None,
    data: CredentialIssued,
) -> tuple[Credential, Credential | None]:
    """Return the new credential, and the new state of the one that it replaces.

    `replaced` is the credential that `data.replaces` names, None where there is none.
    """
    if existing is not None:
        raise Duplicate(f"credential {data.credential} exists", "$.data.credential")
    if achievement is None:
        raise UnknownAchievement(f"no achievement {data.achievement} was published", "$.data.achievement")
    if data.replaces is not None and replaced is None:
        raise UnknownCredential(f"no credential {data.replaces} was issued", "$.data.replaces")
    if not 1 <= data.version <= achievement.version:
        raise WrongVersion(
            f"version {data.version} was not published; the newest is {achievement.version}", "$.data.version"
        )
    if achievement.retired and not (
        replaced is not None and (replaced.achievement, replaced.version) == (data.achievement, data.version)
    ):
        raise Retired(f"achievement {data.achievement} is retired", "$.data.achievement")
    ects = achievement.ects[data.version - 1]
    if not _same_credits(data.ects, ects):
        raise EctsMismatch(
            f"version {data.version} is worth {ects} ECTS, not {data.ects}"
            if ects is not None
            else f"version {data.version} is not credit-bearing",
            "$.data.ects",
        )
    issued = Credential(data.achievement, data.version, data.learner)
    if data.replaces is None or replaced is None:
        return issued, None
    if replaced.status not in ("active", "suspended"):
        raise IllegalTransition(f"credential {data.replaces} is {replaced.status}", "$.data.replaces")
    if not replaced.is_of(data.replaces, data.learner):
        raise IllegalTransition(f"credential {data.replaces} is another learner's", "$.data.replaces")
    return issued, msgspec.structs.replace(replaced, status="replaced")


def _same_credits(left: float | None, right: float | None) -> bool:
    """Compare by the nearest double, so that a number is equal to itself however it was written or stored."""
    if left is None or right is None:
        return left is right
    return float(left) == float(right)


_TRANSITIONS: frozenset[tuple[Status, Status]] = frozenset(
    {("active", "suspended"), ("suspended", "active"), ("active", "revoked"), ("suspended", "revoked")}
)
"""The changes of status that events may make; a credential becomes `replaced` when another one is issued for it."""


def change_status(existing: Credential | None, credential: str, to: Status) -> Credential:
    """Suspend (to suspended), reinstate (to active) or revoke (to revoked)."""
    if existing is None:
        raise UnknownCredential(f"no credential {credential} was issued", "$.data.credential")
    if (existing.status, to) not in _TRANSITIONS:
        raise IllegalTransition(f"credential {credential} is {existing.status}", "$.data.credential")
    return msgspec.structs.replace(existing, status=to)


def erase(erased: bool, learner: str) -> None:  # noqa: FBT001 - the whole state is one bit
    """Remove a learner from this member's credentials, once."""
    if erased:
        raise Duplicate(f"learner {learner} was erased already", "$.data.learner")
