"""Collect from a stream's events what may concern other members."""

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


class LogPlace(NamedTuple):
    """The place of an event: its leaf, and the size of the tree after its commit."""

    leaf: int
    size: int


class PendingNotice(NamedTuple):
    """A notice that has not been written yet."""

    member: str
    """The owner of the feed."""
    kind: str
    subject: str
    """The id of the owner's credential, achievement or decision that the notice is about."""
    cause_member: str
    leaf: int
    size: int
    data: dict[str, Any]


class Change(NamedTuple):
    """A change to something of the stream's own member, such as a credential, by its id."""

    place: LogPlace
    id: str
    word: str = ""
    by: str = ""


class NoticeCollector:
    """Events of one member's stream that may concern the owners of feeds.

    An event that says enough becomes a notice at once (`notices`). Changes that need the views' rows are kept by kind.
    Few events of a stream leave anything here.
    """

    def __init__(self, owners: frozenset[str], member: str) -> None:
        """Collect from the stream of `member` for `owners`, the members whose feeds this node keeps."""
        self.owners = owners
        self.member = member
        self.begin: int | None = None
        self.end = 0
        self.notices: list[PendingNotice] = []
        self.closed_decisions: list[Change] = []
        self.withdrawn_assessments: list[Change] = []
        self.withdrawn_agreements: list[Change] = []
        self.changed_credentials: list[Change] = []
        self.own_stacks: list[Change] = []
        self.own_decisions: list[Change] = []
        self.erased_learners: list[Change] = []

    def collect(self, base: int, size: int, events: Iterable[object]) -> None:
        """Collect from a verified commit, whose first leaf is `base`, with the tree's size after it."""
        if self.begin is None:
            self.begin = base
        self.end = size
        for leaf, event in enumerate(events, base):
            if isinstance(event, Event) and (handle := _HANDLERS.get(event.type)) is not None:
                handle(self, event.data, LogPlace(leaf, size))

    def discard(self, refused: set[int]) -> None:
        """Discard what events without effect left here."""
        if refused:
            self.notices = [notice for notice in self.notices if notice.leaf not in refused]
            for changes in self._changes():
                changes[:] = [change for change in changes if change.place.leaf not in refused]

    def is_empty(self) -> bool:
        """Return whether nothing here leads to a notice."""
        return not self.notices and not any(self._changes())

    def _changes(self) -> tuple[list[Change], ...]:
        return (
            self.closed_decisions,
            self.withdrawn_assessments,
            self.withdrawn_agreements,
            self.changed_credentials,
            self.own_stacks,
            self.own_decisions,
            self.erased_learners,
        )

    def _concerns(self, member: str) -> bool:
        return member in self.owners and member != self.member

    def _notify(self, member: str, kind: str, subject: str, place: LogPlace, data: dict[str, Any]) -> None:
        self.notices.append(PendingNotice(member, kind, subject, self.member, *place, {"by": self.member, **data}))

    def _issue(self, data: CredentialIssued, place: LogPlace) -> None:
        if data.replaces is not None:
            self.changed_credentials.append(Change(place, data.replaces))
        if not data.parts:
            return
        self.own_stacks.append(Change(place, data.credential))
        for part in data.parts:
            if self._concerns(part.member):
                details = {
                    "credential": data.credential,
                    "achievement": data.achievement,
                    "version": data.version,
                    "ects": part.ects,
                }
                self._notify(part.member, "credential.stacked", part.credential, place, details)

    def _change_status(self, data: Any, place: LogPlace) -> None:  # noqa: ANN401 - three event types
        self.changed_credentials.append(Change(place, data.credential))

    def _decide(self, data: RecognitionDecided, place: LogPlace) -> None:
        if data.supersedes is not None:
            self.closed_decisions.append(Change(place, data.supersedes, "superseded", data.decision))
        named = [(index, basis.credential) for index, basis in enumerate(data.basis) if basis.credential is not None]
        if self.member in self.owners and any(credential.member != self.member for _, credential in named):
            self.own_decisions.append(Change(place, data.decision))
        for index, credential in named:
            if self._concerns(credential.member):
                grants = [grant for grant in data.grants if index in grant.from_]
                details: dict[str, Any] = {
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
                    details["supersedes"] = data.supersedes
                self._notify(credential.member, "credential.recognised", credential.credential, place, details)

    def _withdraw(self, data: RecognitionWithdrawn, place: LogPlace) -> None:
        self.closed_decisions.append(Change(place, data.decision, "withdrawn", data.reason))

    def _assess(self, data: RecognitionAssessed, place: LogPlace) -> None:
        ref = data.achievement
        if self._concerns(ref.member):
            details = {
                "assessment": data.assessment,
                "version": ref.version,
                "purpose": data.purpose,
                "effect": data.effect,
                "outcome": data.outcome,
            }
            self._notify(ref.member, "achievement.assessed", ref.achievement, place, details)

    def _unassess(self, data: AssessmentWithdrawn, place: LogPlace) -> None:
        self.withdrawn_assessments.append(Change(place, data.assessment, by=data.reason))

    def _declare(self, data: AgreementDeclared, place: LogPlace) -> None:
        if not self._concerns(data.with_):
            return
        details: dict[str, Any] = {
            "agreement": data.agreement,
            "purpose": data.purpose,
            "outcome": data.outcome,
            "validFrom": data.valid_from,
        }
        if data.valid_until is not None:
            details["validUntil"] = data.valid_until
        achievements = data.achievements
        if isinstance(achievements, AchievementFilter):
            if achievements.eqf_levels is not None:
                details["eqfLevels"] = achievements.eqf_levels
            if achievements.fields_of_education is not None:
                details["fieldsOfEducation"] = achievements.fields_of_education
            self._notify(data.with_, "achievement.agreement.declared", data.with_, place, details)
            return
        for ref in achievements:
            named = {**details, "version": ref.version, "includeRevisions": data.include_revisions}
            self._notify(data.with_, "achievement.agreement.declared", ref.achievement, place, named)

    def _unagree(self, data: AgreementWithdrawn, place: LogPlace) -> None:
        self.withdrawn_agreements.append(Change(place, data.agreement, by=data.withdrawn_from))

    def _join(self, data: AchievementJoined, place: LogPlace) -> None:
        ref = data.achievement
        if self._concerns(ref.member):
            self._notify(ref.member, "achievement.joined", ref.achievement, place, {"version": ref.version})

    def _erase(self, data: LearnerErased, place: LogPlace) -> None:
        self.erased_learners.append(Change(place, data.learner))


_HANDLERS: dict[str, Callable[[NoticeCollector, Any, LogPlace], None]] = {
    "credential.issued.v1": NoticeCollector._issue,  # noqa: SLF001 - the class's own table
    "credential.suspended.v1": NoticeCollector._change_status,  # noqa: SLF001 - the class's own table
    "credential.reinstated.v1": NoticeCollector._change_status,  # noqa: SLF001 - the class's own table
    "credential.revoked.v1": NoticeCollector._change_status,  # noqa: SLF001 - the class's own table
    "recognition.decided.v1": NoticeCollector._decide,  # noqa: SLF001 - the class's own table
    "recognition.withdrawn.v1": NoticeCollector._withdraw,  # noqa: SLF001 - the class's own table
    "recognition.assessed.v1": NoticeCollector._assess,  # noqa: SLF001 - the class's own table
    "recognition.assessment.withdrawn.v1": NoticeCollector._unassess,  # noqa: SLF001 - the class's own table
    "agreement.declared.v1": NoticeCollector._declare,  # noqa: SLF001 - the class's own table
    "agreement.withdrawn.v1": NoticeCollector._unagree,  # noqa: SLF001 - the class's own table
    "achievement.joined.v1": NoticeCollector._join,  # noqa: SLF001 - the class's own table
    "learner.erased.v1": NoticeCollector._erase,  # noqa: SLF001 - the class's own table
}


def columns(changes: Sequence[Change]) -> dict[str, list[Any]]:
    """Return one list for each column, so that one statement takes all changes."""
    return {
        "leaves": [change.place.leaf for change in changes],
        "sizes": [change.place.size for change in changes],
        "ids": [change.id for change in changes],
        "words": [change.word for change in changes],
        "bys": [change.by for change in changes],
    }
