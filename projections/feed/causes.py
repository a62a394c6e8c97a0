"""From a stream's events to what they may mean for other members' things."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from registry.wire.achievements import AchievementJoined
from registry.wire.credentials import CredentialIssued, LearnerErased
from registry.wire.events import Event
from registry.wire.recognition import (
    AchievementFilter,
    AgreementDeclared,
    AgreementWithdrawn,
    AssessmentWithdrawn,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
)


class Place(NamedTuple):
    """Where an event stands: its leaf, and the size of the tree after its commit."""

    leaf: int
    size: int


class Found(NamedTuple):
    """A notice to be: whose, what, about which thing, and what caused it."""

    member: str
    kind: str
    thing: str
    cause_member: str
    leaf: int
    size: int
    data: dict[str, Any]


class Act(NamedTuple):
    """Something that happened to a thing of the stream's own, by its id."""

    place: Place
    id: str
    word: str = ""
    by: str = ""


class Causes:
    """What a part of one member's stream does that may concern the owners of feeds.

    What an event says by itself becomes a notice at once (`found`); what needs the views' rows is kept by kind.
    Only few events of a stream leave anything here.
    """

    def __init__(self, owners: frozenset[str], member: str) -> None:
        """`owners` are the members whose feeds this node keeps; `member` is whose stream it is."""
        self.owners = owners
        self.member = member
        self.begin: int | None = None
        self.end = 0
        self.found: list[Found] = []
        self.closed: list[Act] = []
        self.unassessed: list[Act] = []
        self.unagreed: list[Act] = []
        self.changed: list[Act] = []
        self.stacks: list[Act] = []
        self.decided: list[Act] = []
        self.erased: list[Act] = []

    def take(self, base: int, size: int, events: Iterable[object]) -> None:
        """A verified commit: its first leaf, the tree's size after it, its events."""
        if self.begin is None:
            self.begin = base
        self.end = size
        for leaf, event in enumerate(events, base):
            if isinstance(event, Event) and (handle := _HANDLERS.get(event.type)) is not None:
                handle(self, event.data, Place(leaf, size))

    def without(self, refused: set[int]) -> None:
        """Forget what events said that had no effect."""
        if refused:
            self.found = [found for found in self.found if found.leaf not in refused]
            for acts in (
                self.closed, self.unassessed, self.unagreed, self.changed, self.stacks, self.decided, self.erased,
            ):  # fmt: skip
                acts[:] = [act for act in acts if act.place.leaf not in refused]

    def _concerns(self, member: str) -> bool:
        return member in self.owners and member != self.member

    def _find(self, member: str, kind: str, thing: str, place: Place, data: dict[str, Any]) -> None:
        self.found.append(Found(member, kind, thing, self.member, *place, {"by": self.member, **data}))

    def _issued(self, data: CredentialIssued, place: Place) -> None:
        if data.replaces is not None:
            self.changed.append(Act(place, data.replaces))
        if not data.parts:
            return
        self.stacks.append(Act(place, data.credential))
        for part in data.parts:
            if self._concerns(part.member):
                said = {
                    "credential": data.credential,
                    "achievement": data.achievement,
                    "version": data.version,
                    "ects": part.ects,
                }
                self._find(part.member, "credential.stacked", part.credential, place, said)

    def _status(self, data: Any, place: Place) -> None:  # noqa: ANN401 - three event types
        self.changed.append(Act(place, data.credential))

    def _decide(self, data: RecognitionDecided, place: Place) -> None:
        if data.supersedes is not None:
            self.closed.append(Act(place, data.supersedes, "superseded", data.decision))
        named = [(index, basis.credential) for index, basis in enumerate(data.basis) if basis.credential is not None]
        if self.member in self.owners and any(credential.member != self.member for _, credential in named):
            self.decided.append(Act(place, data.decision))
        for index, credential in named:
            if self._concerns(credential.member):
                grants = [grant for grant in data.grants if index in grant.from_]
                said: dict[str, Any] = {
                    "decision": data.decision,
                    "purpose": data.purpose,
                    "effect": data.effect,
                    "grants": [
                        {"outcome": grant.outcome, "mode": grant.mode}
                        | ({} if grant.ects is None else {"ects": grant.ects})
                        for grant in grants
                    ],
                }
                if data.supersedes is not None:
                    said["supersedes"] = data.supersedes
                self._find(credential.member, "credential.recognised", credential.credential, place, said)

    def _withdraw(self, data: RecognitionWithdrawn, place: Place) -> None:
        self.closed.append(Act(place, data.decision, "withdrawn", data.reason))

    def _assess(self, data: RecognitionAssessed, place: Place) -> None:
        ref = data.achievement
        if self._concerns(ref.member):
            said = {
                "assessment": data.assessment,
                "version": ref.version,
                "purpose": data.purpose,
                "effect": data.effect,
                "outcome": data.outcome,
            }
            self._find(ref.member, "achievement.assessed", ref.achievement, place, said)

    def _unassess(self, data: AssessmentWithdrawn, place: Place) -> None:
        self.unassessed.append(Act(place, data.assessment, by=data.reason))

    def _declare(self, data: AgreementDeclared, place: Place) -> None:
        if not self._concerns(data.with_):
            return
        said: dict[str, Any] = {
            "agreement": data.agreement,
            "purpose": data.purpose,
            "outcome": data.outcome,
            "validFrom": data.valid_from,
        }
        if data.valid_until is not None:
            said["validUntil"] = data.valid_until
        wanted = data.achievements
        if isinstance(wanted, AchievementFilter):
            if wanted.eqf_levels is not None:
                said["eqfLevels"] = wanted.eqf_levels
            if wanted.fields_of_education is not None:
                said["fieldsOfEducation"] = wanted.fields_of_education
            self._find(data.with_, "achievement.agreement.declared", data.with_, place, said)
            return
        for ref in wanted:
            named = {**said, "version": ref.version, "includeRevisions": data.include_revisions}
            self._find(data.with_, "achievement.agreement.declared", ref.achievement, place, named)

    def _unagree(self, data: AgreementWithdrawn, place: Place) -> None:
        self.unagreed.append(Act(place, data.agreement, by=data.withdrawn_from))

    def _join(self, data: AchievementJoined, place: Place) -> None:
        ref = data.achievement
        if self._concerns(ref.member):
            self._find(ref.member, "achievement.joined", ref.achievement, place, {"version": ref.version})

    def _erase(self, data: LearnerErased, place: Place) -> None:
        self.erased.append(Act(place, data.learner))


_HANDLERS: dict[str, Callable[[Causes, Any, Place], None]] = {
    "credential.issued.v1": Causes._issued,  # noqa: SLF001 - the class's own table
    "credential.suspended.v1": Causes._status,  # noqa: SLF001
    "credential.reinstated.v1": Causes._status,  # noqa: SLF001
    "credential.revoked.v1": Causes._status,  # noqa: SLF001
    "recognition.decided.v1": Causes._decide,  # noqa: SLF001
    "recognition.withdrawn.v1": Causes._withdraw,  # noqa: SLF001
    "recognition.assessed.v1": Causes._assess,  # noqa: SLF001
    "recognition.assessment.withdrawn.v1": Causes._unassess,  # noqa: SLF001
    "agreement.declared.v1": Causes._declare,  # noqa: SLF001
    "agreement.withdrawn.v1": Causes._unagree,  # noqa: SLF001
    "achievement.joined.v1": Causes._join,  # noqa: SLF001
    "learner.erased.v1": Causes._erase,  # noqa: SLF001
}


def columns(acts: Sequence[Act]) -> dict[str, list[Any]]:
    """Acts as one list a column: how a statement takes them all at once."""
    return {
        "leaves": [act.place.leaf for act in acts],
        "sizes": [act.place.size for act in acts],
        "ids": [act.id for act in acts],
        "words": [act.word for act in acts],
        "bys": [act.by for act in acts],
    }
