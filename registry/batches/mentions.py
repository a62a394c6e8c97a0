"""Which batches name a learner: their contents, still on the disk, are looked through for the university's number."""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from registry.batches.batch import DOCUMENTS, ENDED, TABLES, Batch, UnknownBatch
from registry.batches.batch_file import BatchFile, DamagedBatchFile
from registry.batches.book import Book
from registry.batches.leaving_out import Sought, without
from registry.batches.row_problem import RowProblem
from registry.intake import IntakeError, read_document
from registry.intake.formats.documents import MAX_BYTES
from registry.intake.rows.lines import text_lines
from registry.values.persons import normalise_identifier
from registry.vault.encrypted_stream import CHUNK_BYTES

_ERASED = RowProblem(0, "", "student", "", "erased", "the learner was erased before this row was taken in")


class Mention(NamedTuple):
    """A batch whose content has somebody's number."""

    batch: Batch
    sought: Sought
    lines: Sequence[int]

    @property
    def in_the_way(self) -> bool:
        """Whether its content can neither go nor be written anew: it is being read."""
        return self.batch.state == "working"

    def take_out(self, book: Book) -> None:
        """Take the learner's rows out of it; what has no rows goes as a whole, where it has ended or is the learner's.

        Raises `WrongState` where it is in the way.
        """
        try:
            self._take_out(book)
        except (DamagedBatchFile, UnknownBatch):  # it ended meanwhile, and its content is gone
            return

    def _take_out(self, book: Book) -> None:
        batch, media = self.batch.batch, self.batch.media
        if self.batch.kind == "credentials" and media not in DOCUMENTS:
            named = _pattern(self.sought.number)
            sought = self.sought._replace(dates=self.batch.dates)
            book.leave_out(batch, lambda content: without(content, media, sought, named), self.lines, _ERASED)
        elif self.batch.state in ENDED:
            book.forget(batch)
        elif media in DOCUMENTS and self._of_the_learner(book):
            book.cancel(batch)
            book.forget(batch)

    def _of_the_learner(self, book: Book) -> bool:
        """Whether a document is this learner's, or nobody can tell whose it is."""
        with book.content(self.batch.batch).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        try:
            awards = read_document(content, self.batch.name).awards
        except IntakeError:
            return True
        number = self.sought.number
        return any(normalise_identifier(str(one.credential.get("student") or number)) == number for one in awards)


def mentions(book: Book, sought: Sought) -> list[Mention]:
    """All batches whose content has this number as a field. What lies on the disk damaged names nobody."""
    pattern = _pattern(sought.number)
    found = []
    for batch in book.with_content():
        try:
            content = book.content(batch.batch)
            lines = _table_lines(content, pattern) if batch.media in TABLES else _lines(content, pattern)
        except (DamagedBatchFile, UnknownBatch):
            continue
        if lines:
            found.append(Mention(batch, sought, lines))
    return found


_INVISIBLE: Final = (
    rb"(?:\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xc2\xad"
    rb"|\\u(?:200[b-fB-F]|202[a-eA-E]|206[0-9a-fA-F]|[fF][eE][fF][fF]|00[aA][dD]))*"
)
"""Characters that an identifier's one spelling leaves out, as UTF-8 and as JSON escapes them."""


def _pattern(number: str) -> re.Pattern[bytes]:
    # As a row has it, composed or not, and as JSON may; bounded, so that s1 is not found in s12.
    forms = [number, unicodedata.normalize("NFD", number)]
    spelt = {_INVISIBLE.join(re.escape(char.encode()) for char in form) for form in forms}
    spelt |= {_INVISIBLE.join(re.escape(json.dumps(char)[1:-1].encode()) for char in form) for form in forms}
    return re.compile(b"(?<![0-9A-Za-z])(?:" + b"|".join(sorted(spelt)) + b")(?![0-9A-Za-z])")


def _table_lines(content: BatchFile, pattern: re.Pattern[bytes]) -> list[int]:
    """Return the lines that have the number, however it is encoded and whatever invisible characters are in it."""
    try:
        return [
            number
            for number, line in text_lines(content)
            if pattern.search(line.encode(errors="surrogateescape"))
            or (not line.isascii() and pattern.search(normalise_identifier(line).encode(errors="surrogateescape")))
        ]
    except IntakeError:  # nobody can tell whom it names
        return [1]


def _lines(content: BatchFile, pattern: re.Pattern[bytes]) -> list[int]:
    found = []
    with content.open("rb") as file:
        number = 0
        while line := file.readline(CHUNK_BYTES):
            if pattern.search(line):
                found.append(number + 1)
            number += line.endswith(b"\n")
    return found
