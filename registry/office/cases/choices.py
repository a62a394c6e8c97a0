"""The codes that a form about a case offers."""

from typing import Final, get_args

from registry.domain.case_events import CaseState, Document

STATES: Final[tuple[str, ...]] = get_args(CaseState)
DOCUMENTS: Final[tuple[str, ...]] = get_args(Document)
