"""Opens a file of disclosures: what a credential says of a person. Alone it proves nothing."""

from typing import Final

from registry.verification.checks import Check, OpenedDocument
from registry.verification.ports import Ports

FORMAT: Final = "disclosures"


def open_disclosures(content: bytes, ports: Ports) -> OpenedDocument:  # noqa: ARG001 - the signature of all openers
    """Open a file of disclosures. What it says is not repeated: anybody can write such a file."""
    count = len(content.split())
    sentence = (
        "Disclosures prove something only together with the receipt of their credential. Put both into one folder, with"
        " the names NAME.tlog-proof and NAME.tlog-proof.disclosures, and verify the receipt."
    )
    checks = [
        Check("parsed", "passed", "The file has disclosures of a credential.", {"count": count}),
        Check("signature", "notChecked", sentence),
    ]
    return OpenedDocument(format=FORMAT, checks=checks)
