"""The documents of a term: one file a credential in a folder, and a report of those that were not made."""

import csv
import fcntl
import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from projections.credentials.own_credentials import CredentialQuery, list_matching
from registry.application.restricted import find_unusable
from registry.export.document import ExportError
from registry.export.exporter import Exporter, ExportRequest
from registry.export.ports import NotExportable, TermQuery
from registry.log.durable_files import PRIVATE, replace_file
from registry.node.node import Node

MAX_ARCHIVED: Final = 500
"""Credentials of one archive."""
MAX_CREDENTIALS: Final = 100_000
"""Credentials of one export."""
REPORT: Final = "report.csv"
_ACTIVE: Final = ("active",)
_OTHERS: Final = ("suspended", "revoked", "replaced")

TermOutcome = Literal["written", "kept", "not-exported", "outdated"]
"""`kept`: an earlier run wrote it. `outdated`: an earlier run wrote it, and now no document of it may be made."""


_NO_CREDENTIAL: Final = "no credential of this achievement was awarded by this university on these days"


class TermRow(msgspec.Struct, frozen=True):
    """One credential of a term, and what became of its document."""

    credential: str
    outcome: TermOutcome
    file: str = ""
    reason: str = ""
    """Why there is no document, or the facts that the format cannot carry."""


class TermExport:
    """Exports the credentials of a term into a folder. A run that was interrupted is continued by the next.

    A file is named by its credential's id, never by a person, and is written whole or not at all.
    """

    def __init__(self, node: Node, exporter: Exporter, folder: Path) -> None:
        self._node = node
        self._exporter = exporter
        self._folder = folder

    def list_credentials(self, query: TermQuery) -> tuple[list[str], list[str]]:
        """Return the ids of the active credentials of a term, and those of the others."""
        search, views = _search(self._node, query), self._node.views()
        active = list_matching(views, search, _ACTIVE, MAX_CREDENTIALS)
        return active, list_matching(views, search, _OTHERS, MAX_CREDENTIALS)

    def run(self, query: TermQuery, request: ExportRequest) -> Iterator[TermRow]:
        """Write the documents, and yield a row for each credential as it is done. Raises `ExportError`."""
        extension = self._exporter.formats.find(request.format, "credential").extension
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock():
            yield from self._write(query, request, extension)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep other exports out of the folder. Raises `ExportError` where one is under way."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise ExportError(
                f"another export is writing into {self._folder}. Wait for its end, or choose another folder"
            ) from error
        finally:
            os.close(folder)

    def _write(self, query: TermQuery, request: ExportRequest, extension: str) -> Iterator[TermRow]:
        active, others = self.list_credentials(query)
        if not active and not others:
            raise ExportError(_NO_CREDENTIAL)
        rows: list[TermRow] = []
        missing = []
        unusable = find_unusable(self._node.registry.cursor(), active)
        for credential in active:
            file = self._folder / f"{credential}.{extension}"
            if file.exists() and credential not in unusable:
                rows.append(TermRow(credential, "kept", file.name))
                yield rows[-1]
            else:
                missing.append(credential)
        for credential, document in self._exporter.export_credentials([*missing, *others], request):
            file = self._folder / f"{credential}.{extension}"
            if isinstance(document, NotExportable):
                outdated = file.exists()
                outcome: TermOutcome = "outdated" if outdated else "not-exported"
                rows.append(TermRow(credential, outcome, file.name if outdated else "", document.reason))
            else:
                replace_file(file, document.exported.content, mode=PRIVATE)
                omitted = "; ".join(f"{each.path}: {each.reason}" for each in document.exported.omitted)
                rows.append(TermRow(credential, "written", file.name, omitted))
            yield rows[-1]
        replace_file(self._folder / REPORT, format_report(rows), mode=PRIVATE)


def _search(node: Node, query: TermQuery) -> CredentialQuery:
    return CredentialQuery(member=node.settings.member, achievement=query.achievement, begin=query.begin, end=query.end)


def list_for_archive(node: Node, query: TermQuery) -> list[str]:
    """Return the credentials of a term, the active ones first. Raises `ExportError` for none and for too many."""
    search, views = _search(node, query), node.views()
    credentials = [
        credential
        for statuses in (_ACTIVE, _OTHERS)
        for credential in list_matching(views, search, statuses, MAX_ARCHIVED + 1)
    ]
    if not credentials:
        raise ExportError(_NO_CREDENTIAL)
    if len(credentials) > MAX_ARCHIVED:
        raise ExportError(
            f"more than {MAX_ARCHIVED} credentials were awarded on these days. Choose fewer days, or use the command"
            " `registry credential export --achievement`."
        )
    return credentials


def stream_archive(exporter: Exporter, credentials: Sequence[str], request: ExportRequest) -> Iterator[bytes]:
    """Yield a ZIP archive with a file for each credential that can be exported, and the report."""
    out = _Chunks()
    rows: list[TermRow] = []
    with zipfile.ZipFile(out, "w") as archive:
        for credential, document in exporter.export_credentials(credentials, request):
            if isinstance(document, NotExportable):
                rows.append(TermRow(credential, "not-exported", "", document.reason))
                continue
            name = f"{credential}.{document.exported.extension}"
            archive.writestr(zipfile.ZipInfo(name), document.exported.content)
            omitted = "; ".join(f"{each.path}: {each.reason}" for each in document.exported.omitted)
            rows.append(TermRow(credential, "written", name, omitted))
            yield out.take()
        archive.writestr(zipfile.ZipInfo(REPORT), format_report(rows))
    yield out.take()


class _Chunks(io.RawIOBase):
    """A file that is only written, from which the written bytes are taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        """Return True: it is not sought in, so that the archive needs no space of its own."""
        return True

    def write(self, content: Any) -> int:  # noqa: ANN401 - any bytes
        """Add bytes."""
        self._written.append(bytes(content))
        return len(content)

    def take(self) -> bytes:
        """Return the bytes that were written since the last time."""
        written, self._written = b"".join(self._written), []
        return written


def format_report(rows: list[TermRow]) -> bytes:
    """Return the report as CSV (RFC 4180), in the order of the credentials' ids."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("credential", "outcome", "file", "reason"))
    for row in sorted(rows, key=lambda each: each.credential):
        writer.writerow((row.credential, row.outcome, row.file, row.reason))
    return text.getvalue().encode()
