"""Opens a European Digital Credential that nobody sealed: what it says can be read, and nothing of it is proven."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from registry.documents.elm_context import CONTEXT
from registry.intake.formats import json_content
from registry.intake.rows.report import IntakeError
from registry.verification.award_claims import read_claims
from registry.verification.checks import Check, OpenedDocument
from registry.verification.ports import Ports
from registry.verification.status_places import read_status

FORMAT: Final = "elm"
_REQUIRED: Final = ("id", "type", "issuer", "credentialSubject", "validFrom")
"""Properties that the profile requires. The Commission's shapes require more of a sealed document."""
_OTHER_CONTEXTS: Final = frozenset(
    {"https://ec.europa.eu/credentials/v1", "https://www.w3.org/ns/credentials/v2", "https://w3id.org/security/v2"}
)


def open_elm(content: bytes, ports: Ports) -> OpenedDocument:  # noqa: ARG001 - the signature of all openers
    """Open an unsealed document."""
    try:
        document = json_content.load(content, "The file")
    except IntakeError as error:
        return OpenedDocument(format=FORMAT, checks=[Check("parsed", "failed", f"{error}.")])
    checks = [
        Check("parsed", "passed", "The file is a European Digital Credential."),
        check_form(document),
        Check("signature", "notChecked", describe_missing_seal(document)),
    ]
    return OpenedDocument(
        format=FORMAT,
        checks=checks,
        issuer=issuer_of(document),
        claims={} if checks[1].result == "failed" else read_claims(content),
        status=read_status(document),
        tie=read_tie(document),
    )


def describe_missing_seal(document: Mapping[str, Any]) -> str:
    """Return why the signature of a document without a seal was not checked."""
    if "proof" in document:
        return "The document has a proof inside, which is not checked in this format. What it says is not proven."
    return "Nobody sealed the document: anybody can write one like it. Ask for the sealed one, or for its receipt."


def check_form(document: Mapping[str, Any]) -> Check:
    """Check the terms that the document uses, and what the profile requires."""
    contexts = document.get("@context")
    named = contexts if isinstance(contexts, list) else [contexts]
    own = [context for context in named if not isinstance(context, str)]
    if own:
        return Check("schema", "failed", "The document defines terms of its own, so that its words may mean anything.")
    unknown = [context for context in named if context not in CONTEXT and context not in _OTHER_CONTEXTS]
    if unknown:
        names = ", ".join(str(context)[:100] for context in unknown)
        return Check("schema", "warning", f"The document uses terms that are not known here: {names}.")
    missing = [name for name in _REQUIRED if document.get(name) in (None, "", [], {})]
    if missing:
        return Check("schema", "warning", f"The document lacks what its profile requires: {', '.join(missing)}.")
    return Check("schema", "passed", "The document has what its profile requires.")


def issuer_of(document: Mapping[str, Any]) -> str | None:
    """Return the issuer's identifier: a DID or address; for a document of a member its origin on the log."""
    origin = (read_tie(document) or {}).get("origin")
    if isinstance(origin, str):
        return origin
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, dict) else issuer
    if not isinstance(identifier, str) or identifier.startswith("urn:"):
        return None
    return identifier[:500]


def read_tie(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the place on a member's log that a document of ours names, with its receipt."""
    identifiers = document.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(identifier, dict) and identifier.get("schemeName") == "Credential on the log":
            origin, _, credential = str(identifier.get("notation", "")).rpartition("/")
            tie = {"origin": origin, "credential": credential}
            receipt = _read_receipt(document.get("attachment"))
            return tie | ({"receipt": receipt} if receipt is not None else {})
    return None


def _read_receipt(attachment: object) -> str | None:
    if not isinstance(attachment, dict) or not isinstance(attachment.get("content"), str):
        return None
    try:
        return b64decode(attachment["content"], validate=True).decode()
    except ValueError:
        return None
