"""What the office wants to know of what is offered: a port, which the composition root plugs the views into."""

from typing import Protocol

from registry.office.assessments.offered import Offered
from registry.wire.forms import VersionedRef


class Facts(Protocol):
    """What a node has read. Reads only; may be asked from several threads."""

    def of_credential(self, member: str, credential: str) -> Offered | None:
        """A credential of a member; None where it has not arrived here."""
        ...

    def of_achievement(self, achievement: VersionedRef) -> Offered | None:
        """A version of an achievement, as awarded today; None where it has not arrived here."""
        ...

    def is_member(self, name: str) -> bool:
        """Whether governance, as far as it has arrived here, ever named such a member."""
        ...
