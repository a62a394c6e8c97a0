"""The use cases of one node, grouped by what they are about, on the node's private store."""

from registry.application.achievements import Achievements
from registry.application.credentials import Credentials
from registry.application.erasures import Erasures
from registry.application.issuing_keys import IssuingKeys
from registry.application.private_store import PrivateStore
from registry.application.recognition import Recognition
from registry.domain.case import Case
from registry.domain.case_errors import UnknownCase


class Registry(PrivateStore):
    """One node's private side, with what can be done on it."""

    @property
    def achievements(self) -> Achievements:
        """The university's achievements."""
        return Achievements(self)

    @property
    def credentials(self) -> Credentials:
        """The university's credentials."""
        return Credentials(self)

    @property
    def erasures(self) -> Erasures:
        """Learners whom the university erased."""
        return Erasures(self)

    @property
    def issuing_keys(self) -> IssuingKeys:
        """The keys with which the university signs documents."""
        return IssuingKeys(self)

    @property
    def recognition(self) -> Recognition:
        """The office's decisions, assessments and agreements."""
        return Recognition(self)

    def case(self, case: str) -> Case:
        """Return one of the office's cases. Raises `UnknownCase`."""
        aggregate: Case = self.get(Case, case, UnknownCase)
        return aggregate
