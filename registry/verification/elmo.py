"""Opens an EMREX ELMO transcript: its schema is checked, and what it says can be read.

EMREX puts an XML signature (XMLDSig) around the whole file. It is not checked here: the key in it is the sending
server's own, which nothing vouches for, and XML signatures have a long history of being deceived.
"""

from typing import Final

from registry.documents.elmo_schema import ElmoVersion, list_faults
from registry.intake.formats import xml_document
from registry.intake.rows.report import IntakeError
from registry.verification.award_claims import read_claims
from registry.verification.checks import Check, OpenedDocument
from registry.verification.ports import Ports

FORMAT: Final = "elmo"
_VERSIONS: Final[tuple[ElmoVersion, ...]] = ("2.0", "1.7")
_SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_SIGNED: Final = (
    "The transcript has an XML signature, which is not checked here. Ask the issuing university, or take the transcript"
    " from its server through EMREX."
)
_UNSIGNED: Final = "Nobody signed the transcript: anybody can write one like it. Ask the issuing university."


def open_elmo(content: bytes, ports: Ports) -> OpenedDocument:  # noqa: ARG001 - the signature of all openers
    """Open a transcript."""
    try:
        root = xml_document.load(content, "The file")
    except IntakeError as error:
        return OpenedDocument(format=FORMAT, checks=[Check("parsed", "failed", f"{error}.")])
    faults = {version: list_faults(root, version, 1) for version in _VERSIONS}
    valid = [version for version in _VERSIONS if not faults[version]]
    if valid:
        schema = Check("schema", "passed", f"The transcript is valid by the schema of ELMO {valid[0]}.")
    else:
        # The values are the document's own: the first fault of the version that it is nearest to
        schema = Check("schema", "failed", f"The transcript is not valid by the schema of ELMO: {faults['1.7'][0]}")
    signed = root.find(_SIGNATURE) is not None
    return OpenedDocument(
        format=FORMAT,
        checks=[
            Check("parsed", "passed", "The file is an ELMO transcript."),
            schema,
            Check("signature", "notChecked", _SIGNED if signed else _UNSIGNED),
        ],
        claims=read_claims(content) if valid else {},
    )
