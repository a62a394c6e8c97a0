"""The draft of a proposal: its texts, which are stored encrypted beside the assessment until it is made."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from registry.domain.case_events import Index
from registry.office.cases.opening import Words
from registry.office.cases.rows import Written

DRAFT_KIND: Final = "draft"
Unfinished = Annotated[str, Meta(max_length=2_000)]


class DraftLeave(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that the draft leaves out."""

    subject: Index
    reason: Unfinished
    """Empty while nobody has written one."""


class DecisionDraft(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The texts of a proposal that is not made yet."""

    note: Words = ""
    """For the applicant."""
    leave: list[DraftLeave] = []
    override: Unfinished = ""
    """The reason to propose in spite of a stop."""
    fields: dict[str, Unfinished] = {}
    """Texts typed about the grants, by the field of the form; an outcome may lack, or may not go with the rest."""

    @property
    def left(self) -> dict[int, str]:
        """The reason for each credential that is left out, by its number."""
        return {each.subject: each.reason for each in self.leave}


def last_draft(written: Sequence[Written]) -> DecisionDraft:
    """Return the draft that was saved last, with the note of a proposal that was made after it.

    A proposal stores its draft first and then its note alone; a proposal over the API has no draft.
    """
    note: str | None = None
    for text in reversed(written):
        if text.kind == DRAFT_KIND:
            draft = msgspec.convert(text.content, DecisionDraft)
            return draft if note is None else msgspec.structs.replace(draft, note=note)
        if text.kind == "proposal" and note is None:
            note = str(text.content)
    return DecisionDraft(note=note or "")
