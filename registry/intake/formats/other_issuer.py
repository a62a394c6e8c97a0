"""Notes on a document that names another issuer than the university whose node takes it in."""

from typing import Final
from urllib.parse import urlsplit

from registry.intake.formats.award import Issuer
from registry.intake.formats.document import Document
from registry.values.persons import comparison_key
from registry.wire.governance import MemberRevised

_MOST: Final = 10
"""Issuers of one document that notes name; the others are counted."""


def other_issuer_notes(document: Document, member: str, own: MemberRevised | None) -> list[str]:
    """Return a note for each issuer that the document names and that is not this member.

    `own` is the member's entry in governance; None where it is not known here. The member is known by its legal
    name or its homepage, unless the document names another country.
    """
    stated = {issuer: None for issuer in (document.issuer, *(award.issuer for award in document.awards)) if issuer}
    others = [issuer for issuer in stated if (issuer.name or issuer.homepage) and not _is_own(issuer, member, own)]
    name = own.legal_name if own is not None else member
    notes = [
        f"the document says that {_describe(issuer)} issued it; this node issues it as {name}: check that it is yours"
        for issuer in others[:_MOST]
    ]
    if len(others) > _MOST:
        notes.append(f"the document names {len(others) - _MOST} more issuers: check that its awards are yours")
    return notes


def oddity_notes(document: Document) -> list[str]:
    """Return a note on each unclear statement of the document.

    They stay in the notes after the importer has named the fields.
    """
    return [f"{oddity.where} {oddity.value!r} {oddity.note()}" for oddity in document.problems]


def _is_own(stated: Issuer, member: str, own: MemberRevised | None) -> bool:
    if own is None:
        return comparison_key(stated.name) == comparison_key(member)
    if stated.country and stated.country != own.country:
        return False
    host = _host(own.homepage or "")
    alike = comparison_key(stated.name) == comparison_key(own.legal_name)
    return alike or (host != "" and _host(stated.homepage) == host)


def _describe(issuer: Issuer) -> str:
    name = " ".join((issuer.name or issuer.homepage).split())[:120]
    return f"{name} ({issuer.country})" if issuer.country else name


def _host(address: str) -> str:
    """Return an address's host without `www`; empty for another text."""
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    except ValueError:
        return ""
    return host if parts.scheme in ("http", "https") else ""
