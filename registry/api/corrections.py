"""The refused rows of a batch, as a file to correct. Making it reads the whole content, so few are made at once."""

import itertools
from collections.abc import Iterator, Mapping
from threading import BoundedSemaphore
from typing import Final
from uuid import UUID

from litestar import get
from litestar.response import Stream

from registry.api.receiving import Receiving
from registry.batches.batch import TABLES
from registry.batches.batch_file import DamagedBatchFile
from registry.http import HttpProblem, requires
from registry.intake.corrections import write_corrections
from registry.intake.rows.report import IntakeError

AT_A_TIME: Final = 2
"""Files of corrections that one process makes at once. Each reads a whole content, for up to half a minute."""
_RETRY: Final = {"Retry-After": "10"}
_reading = BoundedSemaphore(AT_A_TIME)


@get(
    "/v1/batches/{batch:uuid}/corrections",
    tags=["Batches"],
    operation_id="getBatchCorrections",
    summary="Download the refused rows, to correct and send again",
    media_type="text/csv",
    sync_to_thread=True,
    **requires("credentials:write"),
)
def corrections(receiving: Receiving, batch: UUID) -> Stream:
    """Return the refused rows as they were sent, with a column `problem` that says what is wrong.

    A text that a spreadsheet would run as a formula has an apostrophe before it. So has a sign that would begin a
    formula if a program split the text at another delimiter. When such a text is sent again with the column `problem`,
    it is read without that apostrophe. The file has personal data, so it needs the scope that sending rows needs. It is
    available for 90 days. Two files are made at a time; further requests are answered with 503 `too-costly`.
    """
    return stream_corrections(receiving, batch, receiving.batch_store.describe_faulty_rows(str(batch)))


def stream_corrections(receiving: Receiving, batch: UUID, faulty: Mapping[int, str]) -> Stream:
    """Return these rows of a batch as a CSV; `faulty` says what is wrong with each, by line. Raises `HttpProblem`."""
    stored = receiving.batch_store.get(str(batch))
    if stored.media not in TABLES or stored.kind != "credentials":
        raise HttpProblem("conflict", "only batches of credentials in a table have corrections; see the problems")
    content = receiving.batch_store.get_content(str(batch))
    if not _reading.acquire(blocking=False):
        raise HttpProblem("too-costly", f"{AT_A_TIME} files of corrections are being made already", headers=_RETRY)
    rows = _release_at_end(write_corrections(content, faulty))
    try:
        next(rows)  # from here on it releases its turn when it ends, or when nobody reads it any more
        head = next(rows, "")
    except IntakeError as error:
        raise HttpProblem("conflict", f"the rows of this batch cannot be read: {error}") from error
    except DamagedBatchFile as error:
        raise HttpProblem("gone", "the content of this batch was deleted") from error
    return Stream(
        itertools.chain([head], rows),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="corrections-{batch}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _release_at_end(rows: Iterator[str]) -> Iterator[str]:
    """Yield an empty text, and then the rows; release the turn at their end."""
    try:
        yield ""
        yield from rows
    finally:
        _reading.release()
