"""The format of a file, told by its content. Its name and the type that a sender names say nothing here."""

import re
from typing import Any, Final, Literal

import msgspec

from registry.documents.strict_json import parse_json
from registry.intake.formats import json_content, xml_document
from registry.intake.formats.elm import ElmDocument
from registry.intake.formats.elmo import ElmoDocument
from registry.intake.rows.report import IntakeError
from registry.wire import base64url
from registry.wire.proof import FIRST_LINE

Format = Literal[
    "vc",
    "open-badges-3.0",
    "clr-2.0",
    "vc-jwt",
    "vp",
    "sd-jwt-vc",
    "elm",
    "jades",
    "elmo",
    "receipt",
    "disclosures",
    "png-badge",
    "svg-badge",
    "pdf",
    "several",
]

NAMES: Final[dict[Format, str]] = {
    "vc": "Verifiable Credential",
    "open-badges-3.0": "Open Badge 3.0",
    "clr-2.0": "Comprehensive Learner Record 2.0",
    "vc-jwt": "Verifiable Credential as JWT",
    "vp": "Verifiable Presentation",
    "sd-jwt-vc": "SD-JWT VC",
    "elm": "European Digital Credential (European Learning Model)",
    "jades": "European Digital Credential with a seal (JAdES)",
    "elmo": "EMREX ELMO transcript",
    "receipt": "Receipt of a member's log",
    "disclosures": "Disclosures of a credential",
    "png-badge": "Badge as PNG picture",
    "svg-badge": "Badge as SVG picture",
    "pdf": "PDF with files inside",
    "several": "List of documents",
}
MAX_BYTES: Final = 12_000_000
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")
_BAKED: Final = b"openbadge"
"""The keywords of badges in pictures begin so; they are never compressed (Open Badges 3.0, section 5.3)."""
_SVG: Final = "http://www.w3.org/2000/svg"
_HEAD_BYTES: Final = 1_024
"""Within which a PDF may begin (ISO 32000-2, annex I)."""


class UnknownFormat(Exception):
    """A file of no format that is verified here. The message says what it seems to be, and what to do."""


class Detected(msgspec.Struct, frozen=True):
    """A file with its format."""

    format: Format
    content: bytes
    """Without the marks and white space around a text."""

    def __repr__(self) -> str:
        return f"Detected({self.format})"  # a person is never shown by accident


def detect_format(content: bytes) -> Detected:
    """Return the format of a file. Raises `UnknownFormat`."""
    if len(content) > MAX_BYTES:
        raise UnknownFormat(f"The file has over {MAX_BYTES:,} bytes. No document that is verified here is so large.")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        if _BAKED not in content:
            raise UnknownFormat("The picture holds no credential.")
        return Detected("png-badge", content)
    if b"%PDF-" in content[:_HEAD_BYTES] and not content.lstrip().startswith((b"{", b"<")):
        return Detected("pdf", content)
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise UnknownFormat("The file is empty.")
    if text.startswith(FIRST_LINE.encode()):
        return Detected("receipt", content)
    if text.startswith(b"<"):
        return Detected(_detect_xml(content), content)
    if text.startswith(b"["):
        return Detected("several", text)
    if text.startswith(b"{"):
        return Detected(_detect_json(text), text)
    try:
        line = text.decode("ascii")
    except UnicodeDecodeError:
        raise UnknownFormat(_UNKNOWN) from None
    if "~" in line and _COMPACT.match(line):
        return Detected("sd-jwt-vc", text)
    if _COMPACT.fullmatch(line):
        return Detected(_detect_jwt(line), text)
    if all(map(_is_disclosure, line.split())):
        return Detected("disclosures", text)
    raise UnknownFormat(_UNKNOWN)


_UNKNOWN: Final = (
    "The file is of no format that is verified here. Send the file itself, as its issuer gave it, and not a copy of"
    " what it shows."
)


def _detect_xml(content: bytes) -> Format:
    try:
        root = xml_document.load(content, "The file")
    except IntakeError as error:
        raise UnknownFormat(f"{error}.") from error
    if ElmoDocument.recognises(root):
        return "elmo"
    name = xml_document.local(root)
    if root.tag == f"{{{_SVG}}}svg":
        return "svg-badge"
    if name == "europassCredential":
        raise UnknownFormat(
            "This is a Europass credential of an older version (XML). Ask its issuer for one of the present version."
        )
    raise UnknownFormat(f"The file is XML of a kind that is not verified here (<{name[:40]}>).")


def _detect_json(text: bytes) -> Format:
    try:
        document = json_content.load(text, "The file")
    except IntakeError as error:
        raise UnknownFormat(f"{error}.") from error
    if "payload" in document and ("signatures" in document or "signature" in document):
        return "jades" if is_elm(payload_of(document)) else "vc-jwt"
    if is_elm(document):
        return "elm"
    if is_presentation(document):
        return "vp"
    if "verifiableCredential" in document or "credentialSubject" in document or _is_enveloped(document):
        return "vc"
    kind = document.get("type")
    if kind == "Assertion" or (isinstance(kind, list) and "Assertion" in kind):
        raise UnknownFormat("This is a badge of Open Badges 2. Its issuer's server alone can say whether it holds.")
    raise UnknownFormat("The file is JSON, and no credential that is verified here.")


def is_presentation(document: dict[str, Any]) -> bool:
    """Return whether a document is a presentation (VC 2.0, section 4.13), also one in the claim `vp` of VC 1.1."""
    kinds = document.get("type")
    presentations = ("VerifiablePresentation", "EnvelopedVerifiablePresentation")
    return any(kind in presentations for kind in (kinds if isinstance(kinds, list) else [kinds])) or (
        "vp" in document and "credentialSubject" not in document
    )


def _is_enveloped(document: dict[str, Any]) -> bool:
    kinds = document.get("type")
    return "EnvelopedVerifiableCredential" in (kinds if isinstance(kinds, list) else [kinds])


def _detect_jwt(line: str) -> Format:
    header, payload = (decode_object(part) for part in line.split(".")[:2])
    if header is None:
        raise UnknownFormat(_UNKNOWN)
    if payload is not None and is_presentation(payload):
        return "vp"
    return "jades" if is_elm(payload) else "vc-jwt"


def payload_of(document: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a signature in JSON is over, where that is a JSON object."""
    payload = document.get("payload")
    if isinstance(payload, dict):
        return payload
    if not isinstance(payload, str):
        return None
    return _load(payload.encode()) if payload.lstrip().startswith("{") else decode_object(payload)


def decode_object(part: str) -> dict[str, Any] | None:
    """Return the JSON object of a part of a JWT; None where it is none."""
    try:
        return _load(base64url.decode(part))
    except ValueError:
        return None


def is_elm(document: dict[str, Any] | None) -> bool:
    """Return whether a document is in the European Learning Model."""
    inner = document.get("vc", document) if document is not None else None
    return isinstance(inner, dict) and ElmDocument.recognises(inner)


def _load(content: bytes) -> dict[str, Any] | None:
    try:
        return json_content.load(content, "The file")
    except IntakeError:
        return None


def _is_disclosure(text: str) -> bool:
    """Return whether a text is a disclosure of SD-JWT: an array of salt, name and value."""
    try:
        value = parse_json(base64url.decode(text))
    except ValueError:
        return False
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
