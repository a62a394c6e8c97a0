"""The announcement on the log that this university erased a learner. The vault destroys key and rows."""

from typing import Any, Self
from uuid import UUID, uuid5

from registry.domain.aggregate import Changed, Created, MemberAggregate
from registry.wire.credentials import LearnerErased

_ERASED = UUID("c1a7f3a2-6a0e-5c57-9b0d-2f6f0f7f5c3e")


class Erasure(MemberAggregate):
    """The erasure of one learner."""

    TOPIC = "registry.erasure"

    class Erased(Created):
        """The erasure was announced."""

        TOPIC = "registry.erasure.erased"
        PUBLISHED = "learner.erased.v1"
        DATA = LearnerErased

    class ErasedAgain(Changed):
        """The erasure was announced again, after governance had voided the range with the first announcement."""

        TOPIC = "registry.erasure.erased-again"
        PUBLISHED = "learner.erased.v1"
        DATA = LearnerErased

    def __init__(self, data: LearnerErased) -> None:
        self.data = data

    @classmethod
    def id_of(cls, learner: str) -> UUID:
        """Return the id of the aggregate of one learner. It is not the learner's id, which others may use."""
        return uuid5(_ERASED, learner)

    @classmethod
    def erase(cls, learner: str) -> Self:
        """Announce the erasure. The store refuses a second one."""
        return cls._create(cls.Erased, id=cls.id_of(learner), data=LearnerErased(learner))

    def announce_again(self) -> None:
        """Announce it again. On the log that is refused as `duplicate`, unless the first one was voided."""
        self.change(self.ErasedAgain, self.data)

    def on(self, data: Any) -> None:  # noqa: ANN401 - any of its events
        """Apply nothing: the repeated announcement changes no state."""
