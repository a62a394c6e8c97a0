"""Refusals of rules, by the codes of docs/events.md.

Refusal
├── Voided              governance voided the leaf
├── MemberSuspended     the member may not create now
├── RoleMissing         nor act as what it is not
├── Duplicate           a thing of that kind and id exists in this log
├── Unknown             the thing that the event is about, or builds on, does not exist in this log
│   ├── UnknownAchievement, UnknownCredential, UnknownDecision, UnknownAssessment, UnknownAgreement
│   ├── UnknownKey          (governance's keys, and keys that sign documents)
│   └── UnknownMember       (governance)
├── WrongVersion        not the next version, or none of those published
├── Retired             the achievement is retired
├── EctsMismatch        not the ECTS value of that version
├── IllegalTransition   the thing's state does not allow it
└── AnchorConflict      (governance) anchors never decrease and never contradict
"""


class Refusal(Exception):
    """An event that has no effect. `code` is one of docs/events.md."""

    code: str

    def __init__(self, detail: str, path: str = "$.data") -> None:
        super().__init__(detail)
        self.detail = detail
        self.path = path

    @property
    def explanation(self) -> str:
        """The fault, and what to do where that is known; without the code."""
        return self.detail

    def __str__(self) -> str:
        return f"{self.code}: {self.explanation}"


class Voided(Refusal):
    """A leaf that governance voided."""

    code = "voided"


class MemberSuspended(Refusal):
    """An event that a suspended or withdrawn member may not publish."""

    code = "member-suspended"


class RoleMissing(Refusal):
    """An event whose role the member lacks: issuing needs `issuer`, deciding needs `recogniser`."""

    code = "role-missing"


class Duplicate(Refusal):
    """An id that is used already for an object of this type."""

    code = "duplicate"


class Unknown(Refusal):
    """A reference to something that does not exist on this log."""

    code = "unknown"


class UnknownAchievement(Unknown):
    """A reference to an achievement that was not published here."""

    code = "unknown-achievement"


class UnknownCredential(Unknown):
    """A reference to a credential that was not issued here."""

    code = "unknown-credential"


class UnknownDecision(Unknown):
    """A reference to a decision that was not made here."""

    code = "unknown-decision"


class UnknownAssessment(Unknown):
    """A reference to an assessment that was not made here."""

    code = "unknown-assessment"


class UnknownAgreement(Unknown):
    """A reference to an agreement that was not declared here."""

    code = "unknown-agreement"


class UnknownMember(Unknown):
    """A reference to a member that was not admitted."""

    code = "unknown-member"


class UnknownKey(Unknown):
    """A reference to a key that the member does not have."""

    code = "unknown-key"


class WrongVersion(Refusal):
    """A version that is not the next one, or that was not published."""

    code = "wrong-version"


class Retired(Refusal):
    """An event that issues or revises a retired achievement."""

    code = "retired"


class EctsMismatch(Refusal):
    """A credential whose ECTS value is not that of its achievement's version."""

    code = "ects-mismatch"


class IllegalTransition(Refusal):
    """A change that the current state does not allow."""

    code = "illegal-transition"


class AnchorConflict(Refusal):
    """An anchor below the member's last one, or one that contradicts it."""

    code = "anchor-conflict"
