"""The consortium as its own node keeps it: founded once, members admitted."""

from typing import Any, Self
from uuid import UUID, uuid5

from registry.domain.aggregate import Changed, Created, Thing
from registry.rules.governance import Governance
from registry.wire.events import Event
from registry.wire.governance import ConsortiumFounded, MemberAdmitted

_CONSORTIUM = UUID("6a1b9d5e-27f0-5b0c-8d4e-3f0a4c7e9b12")


class Consortium(Thing):
    """The consortium's own log, event by event: an aggregate version is a leaf and one."""

    TOPIC = "registry.consortium"

    class Founded(Created):
        """Leaf 0."""

        TOPIC = "registry.consortium.founded"
        PUBLISHED = "consortium.founded.v1"
        DATA = ConsortiumFounded

    class Admitted(Changed):
        """A member joins."""

        TOPIC = "registry.consortium.admitted"
        PUBLISHED = "member.admitted.v1"
        DATA = MemberAdmitted

    def __init__(self, data: ConsortiumFounded) -> None:
        self.governance = self._after(Governance(data.consortium), data, 0)

    @classmethod
    def id_of(cls, consortium: str) -> UUID:
        """One aggregate a consortium."""
        return uuid5(_CONSORTIUM, consortium)

    @classmethod
    def found(cls, data: ConsortiumFounded) -> Self:
        """Found the consortium."""
        return cls._create(cls.Founded, id=cls.id_of(data.consortium), data=data)

    def admit(self, data: MemberAdmitted) -> None:
        """Admit a member with its first keys. Raises a refusal."""
        self._after(self.governance, data, self.version)
        self.change(self.Admitted, data)

    def on(self, data: Any) -> None:  # noqa: ANN401 - any governance event
        """Let a change take effect."""
        # Applied before the version goes up, as the leaf's index is counted from 0.
        self.governance = self._after(self.governance, data, self.version)

    @staticmethod
    def _after(governance: Governance, data: Any, leaf: int) -> Governance:  # noqa: ANN401 - any governance event
        event: Event[Any] = Event("1.0", "-", governance.consortium, "-", "-", "-", data)
        return governance.apply(event, leaf)
