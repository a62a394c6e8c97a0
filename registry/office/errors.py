"""What an office's own work may run into.

NotReady        an assessment that cannot be proposed yet; it carries what must be mended
CohortRefused   an assessment that no cohort can be decided on
CohortFileError a list of credentials that cannot be read at all
OfficeFileError saved reasons or country notes of the office's own that are none
"""

from collections.abc import Sequence

from registry.office.objection import Objection


class NotReady(Exception):
    """An assessment that cannot be proposed yet."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        super().__init__("; ".join(f"{one.path}: {one.detail}" for one in objections))
        self.objections = list(objections)


class CohortRefused(Exception):
    """An assessment that no cohort can be decided on: withdrawn, over, or without what a decision needs."""


class CohortFileError(Exception):
    """A list of credentials that cannot be read at all. The message says what, where, and what to do."""


class OfficeFileError(Exception):
    """Saved reasons or country notes of the office's own that are none. The message names the file and the place."""
