"""The rows of a batch that were not taken in, as a file to be corrected. Each reads all of a content: few at a time."""

from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Final
from uuid import UUID

from litestar import get
from litestar.response import Stream

from registry.api.receiving import Receiving
from registry.batches.batch import TABLES
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.corrections import write_corrections
from registry.http import HttpProblem, requires
from registry.intake.rows.report import IntakeError

AT_A_TIME: Final = 2
"""Corrections that one process makes at once: each reads a whole content, which takes up to half a minute."""
_RETRY: Final = {"Retry-After": "10"}
_reading = BoundedSemaphore(AT_A_TIME)


@get(
    "/v1/batches/{batch:uuid}/corrections",
    tags=["Batches"],
    operation_id="getBatchCorrections",
    summary="The faulty rows, to be corrected and sent in again",
    media_type="text/csv",
    sync_to_thread=True,
    **requires("credentials:write"),
)
def corrections(receiving: Receiving, batch: UUID) -> Stream:
    """The rows that were not taken in, as they were sent, with a column `problem` that says what is wrong.

    What a spreadsheet would run as a formula, which is never taken in, stands behind an apostrophe; so does a sign that
    would begin one where a program splits a text at another delimiter. Sent in again with the column `problem`, such a
    text is read without that apostrophe. It holds personal data: it needs the scope that sending rows needs. Kept for
    90 days. Two are made at a time; others are answered with 503 `too-costly`.
    """
    found = receiving.batch_store.get(str(batch))
    if found.media not in TABLES or found.kind != "credentials":
        raise HttpProblem("conflict", "corrections are made of batches of credentials in a table; see the problems")
    content, faulty = (
        receiving.batch_store.get_content(str(batch)),
        receiving.batch_store.describe_faulty_rows(str(batch)),
    )
    if not _reading.acquire(blocking=False):
        raise HttpProblem("too-costly", f"{AT_A_TIME} files of corrections are being made already", headers=_RETRY)
    rows = _released(write_corrections(content, faulty))
    try:
        next(rows)  # from here on it gives its turn back when it ends, or when nobody reads it any more
        head = next(rows, "")
    except IntakeError as error:
        raise HttpProblem("conflict", f"no rows can be read of this batch: {error}") from error
    except DamagedBatchFile as error:
        raise HttpProblem("gone", "the content of this batch is kept no more") from error
    return Stream(
        _joined(head, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="corrections-{batch}.csv"'},
    )


def _released(rows: Iterator[str]) -> Iterator[str]:
    """Yield an empty text, and then the rows; release the turn at their end."""
    try:
        yield ""
        yield from rows
    finally:
        _reading.release()


def _joined(head: str, rows: Iterator[str]) -> Iterator[str]:
    yield head
    yield from rows
