"""That this university erased a learner: what it says of it on the log. What is destroyed is the vault's matter."""

from typing import Any, Self
from uuid import UUID, uuid5

from registry.domain.aggregate import Changed, Created, Thing
from registry.wire.credentials import LearnerErased

_ERASED = UUID("c1a7f3a2-6a0e-5c57-9b0d-2f6f0f7f5c3e")


class Erasure(Thing):
    """One learner's erasure."""

    TOPIC = "registry.erasure"

    class Erased(Created):
        """It was said."""

        TOPIC = "registry.erasure.erased"
        PUBLISHED = "learner.erased.v1"
        DATA = LearnerErased

    class ErasedAgain(Changed):
        """It was said again: governance had voided the range that it stood in."""

        TOPIC = "registry.erasure.erased-again"
        PUBLISHED = "learner.erased.v1"
        DATA = LearnerErased

    def __init__(self, data: LearnerErased) -> None:
        self.data = data

    @classmethod
    def id_of(cls, learner: str) -> UUID:
        """One aggregate for each learner; not by the learner's own id, which others may have given."""
        return uuid5(_ERASED, learner)

    @classmethod
    def erase(cls, learner: str) -> Self:
        """Say it; once (the store refuses a second)."""
        return cls._create(cls.Erased, id=cls.id_of(learner), data=LearnerErased(learner))

    def again(self) -> None:
        """Say it once more. On the log that is a `duplicate`, unless the first was voided."""
        self.change(self.ErasedAgain, self.data)

    def on(self, data: Any) -> None:  # noqa: ANN401 - its own kind of event
        """Saying it again changes nothing."""
