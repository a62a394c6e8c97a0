"""The documents of a term: one file a credential in a folder, and a report of those that were not made."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, Literal

import msgspec

from projections.credentials.own_credentials import CredentialQuery, list_matching
from registry.export.exporter import Exporter, ExportRequest
from registry.export.ports import NotExportable
from registry.log.durable_files import PRIVATE, replace_file
from registry.node.node import Node

MAX_CREDENTIALS: Final = 100_000
"""Credentials of one export."""
REPORT: Final = "report.csv"
_ACTIVE: Final = ("active",)
_OTHERS: Final = ("suspended", "revoked", "replaced")

TermOutcome = Literal["written", "kept", "not-exported", "outdated"]
"""`kept`: an earlier run wrote it. `outdated`: an earlier run wrote it, and now no document of it may be made."""


class TermRow(msgspec.Struct, frozen=True):
    """One credential of a term, and what became of its document."""

    credential: str
    outcome: TermOutcome
    file: str = ""
    reason: str = ""
    """Why there is no document, or the facts that the format cannot carry."""


class TermQuery(msgspec.Struct, frozen=True):
    """The credentials of an achievement that were awarded within some days, both included."""

    achievement: str
    begin: date | None = None
    end: date | None = None


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
        asked = CredentialQuery(
            member=self._node.settings.member, achievement=query.achievement, begin=query.begin, end=query.end
        )
        views = self._node.views()
        active = list_matching(views, asked, _ACTIVE, MAX_CREDENTIALS)
        return active, list_matching(views, asked, _OTHERS, MAX_CREDENTIALS)

    def run(self, query: TermQuery, request: ExportRequest) -> Iterator[TermRow]:
        """Write the documents, and yield a row for each credential as it is done. Raises `ExportError`."""
        extension = self._exporter.formats.find(request.format, "credential").extension
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        active, others = self.list_credentials(query)
        rows: list[TermRow] = []
        missing = []
        for credential in active:
            file = self._folder / f"{credential}.{extension}"
            if file.exists():
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


def format_report(rows: list[TermRow]) -> bytes:
    """Return the report as CSV (RFC 4180), in the order of the credentials' ids."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("credential", "outcome", "file", "reason"))
    for row in sorted(rows, key=lambda each: each.credential):
        writer.writerow((row.credential, row.outcome, row.file, row.reason))
    return text.getvalue().encode()
