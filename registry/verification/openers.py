"""The table of formats: what opens each. A new format is one line here, and one in `format_detection.py`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from registry.verification.checks import Check, OpenedDocument
from registry.verification.disclosures import open_disclosures
from registry.verification.elm import open_elm
from registry.verification.elmo import open_elmo
from registry.verification.format_detection import Format
from registry.verification.jades import open_jades
from registry.verification.ports import Ports
from registry.verification.presentation import open_presentation
from registry.verification.receipt import open_receipt
from registry.verification.several import open_several

if TYPE_CHECKING:
    from registry.verification.verifier import VerificationReport

Opener = Callable[[bytes, Ports], OpenedDocument]
"""Opens a document of one format: checks form and signature, and asks nobody about issuer, log and status."""


class Container(Protocol):
    """A document that others are inside of."""

    @property
    def contents(self) -> Sequence[bytes]:
        """The documents inside."""
        ...

    @property
    def disclosures(self) -> Sequence[str]:
        """The disclosures beside these documents."""
        ...

    def check(self, contained: Sequence["VerificationReport"]) -> list[Check]:
        """Return the checks of the whole, given what was found out about the documents inside."""
        ...


def _open_credential(content: bytes, ports: Ports) -> OpenedDocument:
    from registry.verification.verifiable_credentials import open_credential  # noqa: PLC0415 - loads JSON-LD

    return open_credential(content, ports.keys, at=ports.at)


def _open_badge_image(content: bytes, ports: Ports) -> OpenedDocument:
    from registry.verification.badge_image import open_badge_image  # noqa: PLC0415 - loads JSON-LD

    return open_badge_image(content, ports.keys, at=ports.at)


def _open_sd_jwt_vc(content: bytes, ports: Ports) -> OpenedDocument:
    from registry.verification.sd_jwt_vc import open_sd_jwt_vc  # noqa: PLC0415 - loads JSON Schema

    return open_sd_jwt_vc(content, ports.keys, at=ports.at, request=ports.holder)


def _open_pdf(content: bytes) -> Container:
    from registry.verification.pdf_files import open_pdf_files  # noqa: PLC0415 - loads the reader of PDFs

    return open_pdf_files(content)


OPENERS: Final[Mapping[Format, Opener]] = {
    "vc": _open_credential,
    "vc-jwt": _open_credential,
    "sd-jwt-vc": _open_sd_jwt_vc,
    "png-badge": _open_badge_image,
    "svg-badge": _open_badge_image,
    "elm": open_elm,
    "jades": open_jades,
    "elmo": open_elmo,
    "receipt": open_receipt,
    "disclosures": open_disclosures,
}

CONTAINERS: Final[Mapping[Format, Callable[[bytes], Container]]] = {
    "several": open_several,
    "vp": open_presentation,
    "pdf": _open_pdf,
}
