"""Everything that this node knows of a learner, for the learner who asks (GDPR, Art. 15 and 20)."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, SkipValidation
from litestar.response import Stream

from registry.api.private_side import PrivateSide
from registry.application.registry import Registry
from registry.export.certificate import MEDIA_TYPE as PDF_TYPE
from registry.export.document import ExportError
from registry.export.formats import LANGUAGES, Language
from registry.http import HttpProblem, requires
from registry.learners.erasure import UnknownLearner

MEDIA_TYPE: Final = "application/zip"
FILE_NAME: Final = "what-we-store.zip"
PDF_NAME: Final = "what-we-store.pdf"
LanguageParameter = Annotated[Language | None, Parameter(description=f"One of {', '.join(LANGUAGES)}; else English.")]


class Archive(Protocol):
    """All that a node knows of one learner."""

    def stream(self) -> Iterator[bytes]:
        """Yield the archive, a ZIP."""
        ...


class Exporter(Protocol):
    """Makes the archive of a learner. The node passes it in, because it needs the views and the batches."""

    def __call__(self, registry: Registry, learner: str) -> Archive:
        """Return the archive. Raises `UnknownLearner`."""
        ...

    def write_pdf(self, archive: Any, language: Language) -> bytes:  # noqa: ANN401 - the archive that it made itself
        """Return what an archive has as a PDF in a language. Raises `ExportError`."""
        ...


Export = NamedDependency[SkipValidation[Exporter]]


@get(
    "/v1/learners/{learner:uuid}/export",
    tags=["Learners"],
    operation_id="exportLearner",
    summary="Everything that this node knows of a learner",
    media_type=MEDIA_TYPE,
    sync_to_thread=True,
    uncompressed=True,
    **requires("learners:read"),
)
def export_everything(private: PrivateSide, exporter: Export, learner: UUID) -> Stream:
    """Return a ZIP with all that this node knows of the learner: JSON, and the files of their cases.

    Its `manifest.json` lists each file with its SHA-256, and what is not in it, with the reason. The access journal has
    who took it.
    """
    return stream_archive(private, exporter, str(learner))


def stream_archive(private: PrivateSide, exporter: Exporter, learner: str) -> Stream:
    """Return the response with the archive of a learner. Raises `HttpProblem` for an unknown or erased one."""

    def stream() -> Iterator[bytes]:
        """Yield first nothing: then it is known whether there is a learner, before an answer begins."""
        with private.reading() as registry:
            archive = exporter(registry, learner)
            yield b""
            yield from archive.stream()

    pieces = stream()
    try:
        next(pieces)
    except UnknownLearner as error:
        raise HttpProblem("not-found", error.explanation) from error
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
    return Stream(pieces, media_type=MEDIA_TYPE, headers=headers)


@get(
    "/v1/learners/{learner:uuid}/export.pdf",
    tags=["Learners"],
    operation_id="exportLearnerPdf",
    summary="Everything that this node knows of a learner, as a PDF",
    media_type=PDF_TYPE,
    sync_to_thread=True,
    **requires("learners:read"),
)
def export_pdf(
    private: PrivateSide, exporter: Export, learner: UUID, language: LanguageParameter = None
) -> Response[bytes]:
    """Return what the ZIP has in plain words, as PDF/A-3a and PDF/UA-1, for the learner to read.

    The contents of files are in the ZIP alone. Long tables are cut, and name the file of the ZIP that has the rest. 422
    where a text has a character for which the node has no font. The access journal has who took it.
    """
    return respond_pdf(private, exporter, str(learner), language or "en")


def respond_pdf(private: PrivateSide, exporter: Exporter, learner: str, language: Language) -> Response[bytes]:
    """Return the response with the PDF of a learner. Raises `HttpProblem` for an unknown or erased one."""
    with private.reading() as registry:
        try:
            content = exporter.write_pdf(exporter(registry, learner), language)
        except UnknownLearner as error:
            raise HttpProblem("not-found", error.explanation) from error
        except ExportError as error:
            raise HttpProblem("unprocessable", str(error)) from error
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{PDF_NAME}"'}
    return Response(content, media_type=PDF_TYPE, headers=headers)


ROUTES: list[HTTPRouteHandler] = [export_everything, export_pdf]
