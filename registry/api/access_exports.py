"""Everything that this node knows of a learner, for the learner who asks (GDPR, Art. 15 and 20)."""

from collections.abc import Iterator
from typing import Final, Protocol
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation
from litestar.response import Stream

from registry.api.private_side import PrivateSide
from registry.application.registry import Registry
from registry.http import HttpProblem, requires
from registry.learners.erasure import UnknownLearner

MEDIA_TYPE: Final = "application/zip"
FILE_NAME: Final = "what-we-store.zip"


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


ROUTES: list[HTTPRouteHandler] = [export_everything]
