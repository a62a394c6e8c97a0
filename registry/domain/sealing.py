"""Status seals that this university published."""

from typing import Self
from uuid import UUID, uuid5

from registry.domain.aggregate import Created, MemberAggregate
from registry.wire.credentials import StatusSealed

_SEALED = UUID("5f3a1f0e-93c7-5a41-8d0b-7f0c2b6a9d10")


class Sealing(MemberAggregate):
    """One seal: the credentials that were not active at one size of the log."""

    TOPIC = "registry.sealing"

    class Sealed(Created):
        """The seal was published."""

        TOPIC = "registry.sealing.sealed"
        PUBLISHED = "status.sealed.v1"
        DATA = StatusSealed

    def __init__(self, data: StatusSealed) -> None:
        self.data = data

    @classmethod
    def seal(cls, data: StatusSealed) -> Self:
        """Seal a size of the log. The store refuses a second seal of one size."""
        return cls._create(cls.Sealed, id=uuid5(_SEALED, str(data.size)), data=data)
