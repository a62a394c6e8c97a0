"""What a rule refuses, by docs/events.md's name for it.

Refusal
├── Voided              governance voided the leaf
├── MemberSuspended     the member may not create now
├── RoleMissing         nor act as what it is not
├── Duplicate           a thing of that kind and id exists in this log
├── Unknown             the thing that the event is about, or builds on, does not exist in this log
│   ├── UnknownAchievement, UnknownCredential, UnknownDecision, UnknownAssessment, UnknownAgreement
│   └── UnknownMember, UnknownKey     (governance)
├── WrongVersion        not the next version, or none of those published
├── Retired             the achievement is retired
├── EctsMismatch        not the ECTS value of that version
├── IllegalTransition   the thing's state does not allow it
└── AnchorConflict      (governance) anchors never decrease and never contradict
"""


class Refusal(Exception):
    """An event that has no effect. `code` is what docs/events.md calls it."""

    code: str

    def __init__(self, detail: str, path: str = "$.data") -> None:
        super().__init__(detail)
        self.detail = detail
        self.path = path

    @property
    def explanation(self) -> str:
        """What is wrong, and what to do where that is known; without the code."""
        return self.detail

    def __str__(self) -> str:
        return f"{self.code}: {self.explanation}"


class Voided(Refusal):
    """Governance voided this leaf."""

    code = "voided"


class MemberSuspended(Refusal):
    """A suspended or withdrawn member creates nothing."""

    code = "member-suspended"


class RoleMissing(Refusal):
    """Issuing needs the role issuer, deciding the role recogniser."""

    code = "role-missing"


class Duplicate(Refusal):
    """A thing of that kind with that id exists already."""

    code = "duplicate"


class Unknown(Refusal):
    """A thing that does not exist in this log."""

    code = "unknown"


class UnknownAchievement(Unknown):
    """No such achievement was published here."""

    code = "unknown-achievement"


class UnknownCredential(Unknown):
    """No such credential was issued here."""

    code = "unknown-credential"


class UnknownDecision(Unknown):
    """No such decision was made here."""

    code = "unknown-decision"


class UnknownAssessment(Unknown):
    """No such assessment was made here."""

    code = "unknown-assessment"


class UnknownAgreement(Unknown):
    """No such agreement was declared here."""

    code = "unknown-agreement"


class UnknownMember(Unknown):
    """No such member was admitted."""

    code = "unknown-member"


class UnknownKey(Unknown):
    """The member has no such key."""

    code = "unknown-key"


class WrongVersion(Refusal):
    """Not the next version, or none of those published."""

    code = "wrong-version"


class Retired(Refusal):
    """A retired achievement is neither issued nor revised."""

    code = "retired"


class EctsMismatch(Refusal):
    """A credential carries the ECTS value of its achievement's version."""

    code = "ects-mismatch"


class IllegalTransition(Refusal):
    """The thing's state does not allow what the event says."""

    code = "illegal-transition"


class AnchorConflict(Refusal):
    """A member's anchors never decrease and never contradict."""

    code = "anchor-conflict"
