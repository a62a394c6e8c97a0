"""Exporting: collect the facts, reserve a place in the status lists, write the document, and record the copy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

import msgspec

from registry.export.document import (
    Attachment,
    Copy,
    DocumentSigner,
    Exported,
    ExportError,
    Omission,
    Profile,
    StatusPlaces,
    Tie,
)
from registry.export.facts import PortableCredential, Portfolio, portfolio_of
from registry.export.formats import FORMATS, Format, FormatTable, Language, call_writer
from registry.export.holder import read_holder_key
from registry.export.ports import (
    CopyRecord,
    CopyRecorder,
    CopyRefused,
    FactSource,
    FindSigner,
    NoDocument,
    NotExportable,
    StatusPlaceAllocator,
)
from registry.export.previews import Preview, preview

AT_ONCE: Final = 50
"""Credentials whose facts are in memory together while many are exported."""
INSIDE: Final = "open-badge"
"""The format of the signed credentials inside a certificate and a transcript."""
RECEIPT: Final = "receipt.tlog-proof"
MAX_INSIDE: Final = 20
"""Credentials inside a transcript: a PDF holds no more files (paper/sheet.py)."""
MAX_INSIDE_BYTES: Final = 4_000_000


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The document to make."""

    format: str
    profile: Profile | None = None
    """None: the usual one of the format."""
    holder: Mapping[str, Any] | None = None
    """The holder's public key as a JWK."""
    tie: Tie | None = None
    """The tie to the log; None: the one that is usual for the format."""
    language: Language | None = None
    """The language of a PDF or a badge; None: English."""


class Document(NamedTuple):
    """A document that was made of a credential or a portfolio."""

    copy: str
    """The UUID of the copy."""
    learner: str
    format: Format
    exported: Exported

    def __repr__(self) -> str:
        return f"Document({self.copy}, {self.format.name})"  # a person is never shown by accident


class _Written(NamedTuple):
    """A document that was written, with the records of all copies that it has."""

    document: Document
    records: list[CopyRecord]


class Exporter:
    """Makes documents of one node. For one thread."""

    def __init__(
        self,
        facts: FactSource,
        find_signer: FindSigner,
        recorder: CopyRecorder,
        today: Callable[[], date],
        places: StatusPlaceAllocator | None = None,
        formats: FormatTable = FORMATS,
        fonts: Sequence[Path] = (),
    ) -> None:
        """Without `places`, documents name no status list. `fonts` are folders with fonts for PDFs."""
        self._facts = facts
        self._find_signer = find_signer
        self._recorder = recorder
        self._today = today
        self._places = places
        self.formats = formats
        self._fonts = fonts

    def export_credential(self, credential: str, request: ExportRequest) -> Document:
        """Make a document of one of this university's credentials. Raises `ExportError`."""
        [(_, document)] = self.export_credentials([credential], request)
        if isinstance(document, NotExportable):
            raise NoDocument(document)
        return document

    def export_credentials(
        self, credentials: Sequence[str], request: ExportRequest
    ) -> Iterator[tuple[str, Document | NotExportable]]:
        """Make documents of credentials, in their order; one that cannot be made does not stop the others.

        Raises `ExportError` for a request that no credential could meet.
        """
        format_ = self.formats.find(request.format, "credential")
        signer, holder = self._prepare(format_, request)
        for begin in range(0, len(credentials), AT_ONCE):
            batch = credentials[begin : begin + AT_ONCE]
            facts = self._facts.read_credentials(batch)
            outcomes = {
                credential: self._write_or_refuse(facts[credential], format_, signer, holder, request)
                for credential in batch
            }
            yield from self._record_all(outcomes)

    def _write_or_refuse(
        self,
        facts: PortableCredential | NotExportable,
        format_: Format,
        signer: DocumentSigner | None,
        holder: Mapping[str, str] | None,
        request: ExportRequest,
    ) -> _Written | NotExportable:
        """Write one document; return it with the records of all copies that it has, or why there is none."""
        if isinstance(facts, NotExportable):
            return facts
        try:
            return self._write_credential(facts, format_, signer, holder, request)
        except ExportError as error:
            return NotExportable("not-possible", str(error))

    def _record_all(
        self, outcomes: Mapping[str, _Written | NotExportable]
    ) -> Iterator[tuple[str, Document | NotExportable]]:
        """Record the copies of a batch, and yield its documents; none that is not recorded.

        Copies are recorded together. Where that is refused, because of one learner, each document's are by themselves.
        """
        written = [outcome for outcome in outcomes.values() if isinstance(outcome, _Written)]
        refusals: dict[str, NotExportable] = {}
        try:
            self._recorder.record([record for each in written for record in each.records])
        except CopyRefused:
            refusals = self._record_one_by_one(written)
        for credential, outcome in outcomes.items():
            if isinstance(outcome, NotExportable):
                yield credential, outcome
            else:
                yield credential, refusals.get(outcome.document.copy, outcome.document)

    def _record_one_by_one(self, written: Sequence[_Written]) -> dict[str, NotExportable]:
        """Record documents, each by itself; return why some are not recorded, by their copy."""
        refusals = {}
        for each in written:
            try:
                self._recorder.record(each.records)
            except CopyRefused as error:
                refusals[each.document.copy] = NotExportable("not-possible", str(error))
        return refusals

    def export_portfolio(self, learner: str, request: ExportRequest) -> Document:
        """Make a document of a learner's credentials at this university. Raises `ExportError`."""
        format_ = self.formats.find(request.format, "portfolio")
        signer, holder = self._prepare(format_, request)
        collected = self._facts.read_portfolio(learner)
        if not collected.portfolio.credentials:
            reasons = "; ".join(f"{each.path}: {each.reason}" for each in collected.left_out[:5])
            raise ExportError(f"this learner has no active credential here that is published ({reasons or 'none'})")
        tie = choose_tie(format_, request.tie)
        copy = self._copy(None, holder, tie)
        copies = {}
        if "copies" in format_.arguments:
            credentials = [facts.credential for facts in collected.portfolio.credentials]
            copies = {credential: self._copy(credential, holder, tie) for credential in credentials}
        attachments: list[Attachment] = []
        records: list[CopyRecord] = []
        missing: list[Omission] = []
        if "attachments" in format_.arguments:
            attachments, records, missing = self._attach_all(collected.portfolio, request)
        exported = self._call(format_, collected.portfolio, copy, signer, request, attachments, copies)
        exported = msgspec.structs.replace(exported, omitted=[*collected.left_out, *exported.omitted, *missing])
        records += [
            _record(_uuid_of(each), learner, credential, format_, signer, each.status)
            for credential, each in copies.items()
        ]
        identifier = _uuid_of(copy)
        self._recorder.record([_record(identifier, learner, None, format_, signer, None), *records])
        return Document(identifier, learner, format_, exported)

    def preview_credential(self, credential: str) -> list[Preview]:
        """Return the size of each document of a credential and what it lacks. Raises `ExportError`."""
        facts = self._facts.read_credentials([credential])[credential]
        if isinstance(facts, NotExportable):
            raise NoDocument(facts)

        def write(format_: Format, copy: Copy, signer: DocumentSigner | None) -> Exported:
            return self._call(format_, facts, copy, signer, ExportRequest(format=format_.name), ())

        return preview(self.formats.list_formats("credential"), self._today(), self._find_signer, write)

    def _prepare(self, format_: Format, request: ExportRequest) -> tuple[DocumentSigner | None, dict[str, str] | None]:
        """Return the key that signs and the holder's key. Raises `ExportError` for a request that does not fit."""
        choose_tie(format_, request.tie)
        if request.language is not None and "language" not in format_.arguments:
            raise ExportError(f"{format_.title} is not made in one language; leave the language out")
        if request.holder is not None and not format_.is_signed:
            raise ExportError(
                f"{format_.name} is not signed by an issuing key, so it cannot be bound to a holder's key"
            )
        if request.holder is None and format_.needs_holder:
            raise ExportError(f"{format_.name} is bound to the holder's key; pass that key as a JWK")
        holder = None if request.holder is None else read_holder_key(request.holder)
        if not format_.is_signed:
            if request.profile is not None:
                raise ExportError(f"{format_.name} is not signed by an issuing key, so it has no profile")
            return None, holder
        profile = request.profile or format_.profiles[0]
        if profile not in format_.profiles:
            raise ExportError(f"{format_.name} is not made in the profile {profile}, only in {format_.profiles[0]}")
        return self._find_signer(profile), holder

    def _copy(self, credential: str | None, holder: Mapping[str, Any] | None, tie: Tie) -> Copy:
        """Return what a document has of its own; with a credential, its place in the status lists, too."""
        status = None
        if credential is not None and self._places is not None:
            [status] = self._places.allocate(credential, 1)
        return Copy(identifier=uuid4().urn, issued=self._today(), status=status, holder=holder, tie=tie)

    def _write_credential(
        self,
        facts: PortableCredential,
        format_: Format,
        signer: DocumentSigner | None,
        holder: Mapping[str, str] | None,
        request: ExportRequest,
    ) -> _Written:
        """Write one document. Raises `ExportError`."""
        attachments: list[Attachment] = []
        records: list[CopyRecord] = []
        missing: list[Omission] = []
        if "attachments" in format_.arguments:
            attachments, records, missing = self._attach(facts, request)
        copy = self._copy(facts.credential if format_.is_signed else None, holder, choose_tie(format_, request.tie))
        exported = self._call(format_, facts, copy, signer, request, attachments)
        if missing:
            exported = msgspec.structs.replace(exported, omitted=[*exported.omitted, *missing])
        identifier = _uuid_of(copy)
        records.append(_record(identifier, facts.learner, facts.credential, format_, signer, copy.status))
        return _Written(Document(identifier, facts.learner, format_, exported), records)

    def _attach(
        self, facts: PortableCredential, request: ExportRequest
    ) -> tuple[list[Attachment], list[CopyRecord], list[Omission]]:
        """Return the files inside a certificate besides its receipt: the signed credential, with the person's name.

        The disclosures stay out: they belong together, and would show the student number to everybody.
        """
        attachments, records, missing = [], [], []
        try:
            inside = self.formats.find(INSIDE, "credential")
            inside = msgspec.structs.replace(inside, writer=inside.writer_inside or inside.writer)
            signer = self._find_signer(inside.profiles[0])
            copy = self._copy(facts.credential, None, "open")
            exported = self._call(inside, facts, copy, signer, request, ())
        except ExportError as error:
            missing.append(Omission("attachments.credential", f"the signed credential is not inside: {error}"))
        else:
            name = f"credential.{exported.extension}"
            attachments.append(Attachment(name, exported.media_type, exported.content, inside.title))
            records.append(_record(_uuid_of(copy), facts.learner, facts.credential, inside, signer, copy.status))
        return attachments, records, missing

    def _attach_all(
        self, portfolio: Portfolio, request: ExportRequest
    ) -> tuple[list[Attachment], list[CopyRecord], list[Omission]]:
        """Return the files inside a transcript: each signed credential, or its receipt where no key can sign it."""
        attachments: list[Attachment] = []
        records: list[CopyRecord] = []
        missing: list[Omission] = []
        size = 0
        for number, facts in enumerate(portfolio.credentials[:MAX_INSIDE], 1):
            signed, copies, reasons = self._attach(facts, request)
            files = list(signed)
            if not files and facts.place is not None:
                files = [Attachment(RECEIPT, "text/plain", facts.place.receipt.encode(), "Receipt")]
            size += sum(len(each.content) for each in files)
            if size > MAX_INSIDE_BYTES:
                break
            attachments += [each._replace(name=f"{number:02}-{each.name}") for each in files]
            records += copies
            missing += reasons
        if len(portfolio.credentials) > MAX_INSIDE or size > MAX_INSIDE_BYTES:
            sentence = "not every signed credential is inside, since that is too much for a PDF; export them one by one"
            missing.append(Omission("attachments.credential", sentence))
        return attachments, records, missing

    def _call(
        self,
        format_: Format,
        facts: PortableCredential | Portfolio,
        copy: Copy,
        signer: DocumentSigner | None,
        request: ExportRequest,
        attachments: Sequence[Attachment],
        copies: Mapping[str, Copy] | None = None,
    ) -> Exported:
        values = {
            "copies": copies or {},
            "extension": format_.extension,
            "facts": facts,
            "portfolio": portfolio_of(facts) if isinstance(facts, PortableCredential) else facts,
            "copy": copy,
            "signer": signer,
            "attachments": attachments,
            "language": request.language or "en",
            "fonts": self._fonts,
        }
        return call_writer(format_, values)


def choose_tie(format_: Format, tie: Tie | None) -> Tie:
    """Return the tie to the log of a document. Raises `ExportError` for one that the format does not have."""
    if tie is None:
        return format_.ties[0]
    if tie not in format_.ties:
        raise ExportError(
            f"{format_.title} cannot have the tie {tie} to the log, only: {', '.join(format_.ties)}; leave the tie out"
        )
    return tie


def _uuid_of(copy: Copy) -> str:
    return copy.identifier.removeprefix("urn:uuid:")


def _record(
    identifier: str,
    learner: str,
    credential: str | None,
    format_: Format,
    signer: DocumentSigner | None,
    status: StatusPlaces | None,
) -> CopyRecord:
    key = None if signer is None else signer.thumbprint
    return CopyRecord(
        copy=identifier, learner=learner, credential=credential, format=format_.name, key=key, status=status
    )
