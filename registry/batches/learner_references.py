"""Search for a learner's number in the contents of batches that are still on the disk."""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from registry.batches.batch import DOCUMENTS, ENDED, TABLES, Batch, UnknownBatch
from registry.batches.batch_file import BatchFile, DamagedBatchFile
from registry.batches.redaction import SoughtLearner, redact_rows
from registry.batches.row_problem import RowProblem
from registry.batches.store import BatchStore
from registry.intake.formats.documents import MAX_BYTES, read_document
from registry.intake.rows.lines import text_lines
from registry.intake.rows.report import IntakeError
from registry.values.persons import normalise_identifier
from registry.vault.encrypted_stream import CHUNK_BYTES

_ERASED = RowProblem(0, "", "student", "", "erased", "the learner was erased before this row was taken in")


class LearnerReference(NamedTuple):
    """A batch whose content has a learner's number."""

    batch: Batch
    sought: SoughtLearner
    lines: Sequence[int]

    @property
    def is_being_read(self) -> bool:
        """True if its content can be neither deleted nor redacted now, because the worker reads it."""
        return self.batch.state == "working"

    def redact(self, batch_store: BatchStore) -> None:
        """Remove the learner's rows from the batch.

        A content without rows is deleted as a whole, if the batch has ended or is about this learner. Raises
        `WrongState` where it is being read.
        """
        try:
            self._redact(batch_store)
        except (DamagedBatchFile, UnknownBatch):  # it ended meanwhile, and its content was deleted
            return

    def _redact(self, batch_store: BatchStore) -> None:
        batch, media = self.batch.batch, self.batch.media
        if self.batch.kind == "credentials" and media not in DOCUMENTS:
            pattern = number_pattern(self.sought.number)
            sought = self.sought._replace(dates=self.batch.dates)
            batch_store.redact(batch, lambda content: redact_rows(content, media, sought, pattern), self.lines, _ERASED)
        elif self.batch.state in ENDED:
            batch_store.forget(batch)
        elif media in DOCUMENTS and self._may_be_of_learner(batch_store):
            batch_store.cancel(batch)
            batch_store.forget(batch)

    def _may_be_of_learner(self, batch_store: BatchStore) -> bool:
        """Return True if a document is this learner's, and also if that cannot be known."""
        with batch_store.get_content(self.batch.batch).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        try:
            awards = read_document(content, self.batch.name).awards
        except IntakeError:
            return True
        number = self.sought.number
        return any(normalise_identifier(str(award.credential.get("student") or number)) == number for award in awards)


def find_references(batch_store: BatchStore, sought: SoughtLearner) -> list[LearnerReference]:
    """Return all batches whose content has this number as a field. A damaged content has no references."""
    pattern = number_pattern(sought.number)
    references = []
    for batch in batch_store.list_with_content():
        try:
            content = batch_store.get_content(batch.batch)
            lines = _find_table_lines(content, pattern) if batch.media in TABLES else _find_lines(content, pattern)
        except (DamagedBatchFile, UnknownBatch):
            continue
        lines = sorted({*lines, *batch_store.find_corrected_lines(batch.batch, pattern)})
        if lines:
            references.append(LearnerReference(batch, sought, lines))
    return references


_INVISIBLE: Final = (
    rb"(?:\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xc2\xad"
    rb"|\\u(?:200[b-fB-F]|202[a-eA-E]|206[0-9a-fA-F]|[fF][eE][fF][fF]|00[aA][dD]))*"
)
"""Characters that the normalised spelling of an identifier leaves out, as UTF-8 and as JSON escapes them."""


def number_pattern(number: str) -> re.Pattern[bytes]:
    """Return a pattern of a learner's number in any spelling; it does not find `s1` in `s12`."""
    # A row may have it composed or decomposed, and JSON may escape its characters.
    forms = [number, unicodedata.normalize("NFD", number)]
    spellings = {_INVISIBLE.join(re.escape(char.encode()) for char in form) for form in forms}
    spellings |= {_INVISIBLE.join(re.escape(json.dumps(char)[1:-1].encode()) for char in form) for form in forms}
    return re.compile(b"(?<![0-9A-Za-z])(?:" + b"|".join(sorted(spellings)) + b")(?![0-9A-Za-z])")


def _find_table_lines(content: BatchFile, pattern: re.Pattern[bytes]) -> list[int]:
    """Return the lines that have the number, in any encoding and with any invisible characters in it."""
    try:
        return [
            number
            for number, line in text_lines(content)
            if pattern.search(line.encode(errors="surrogateescape"))
            or (not line.isascii() and pattern.search(normalise_identifier(line).encode(errors="surrogateescape")))
        ]
    except IntakeError:  # it may name anybody
        return [1]


def _find_lines(content: BatchFile, pattern: re.Pattern[bytes]) -> list[int]:
    lines = []
    with content.open("rb") as file:
        number = 0
        while line := file.readline(CHUNK_BYTES):
            if pattern.search(line):
                lines.append(number + 1)
            number += line.endswith(b"\n")
    return lines
