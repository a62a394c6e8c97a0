"""The table of formats: what opens each. A new format is one line here, and one in `format_detection.py`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from registry.verification.checks import Check, OpenedDocument
from registry.verification.disclosures import open_disclosures
from registry.verification.elm import open_elm
from registry.verification.elmo import open_elmo
from registry.verification.format_detection import Format
from registry.verification.jades import open_jades
from registry.verification.lookups import Ports
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

    def check(self, contained: Sequence["VerificationReport"]) -> list[Check]:
        """Return the checks of the whole, given what was found out about the documents inside."""
        ...


OPENERS: Final[Mapping[Format, Opener]] = {
    "elm": open_elm,
    "jades": open_jades,
    "elmo": open_elmo,
    "receipt": open_receipt,
    "disclosures": open_disclosures,
}

CONTAINERS: Final[Mapping[Format, Callable[[bytes], Container]]] = {"several": open_several}
