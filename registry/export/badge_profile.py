"""The issuer as the Profile of an Open Badge (Open Badges 3.0, section B.1.19), from governance alone."""

from collections.abc import Iterable
from typing import Any, Final

from registry.export.document import Omission
from registry.export.facts import Organisation

IDENTIFIER_TYPES: Final = {
    "ror": "ext:ROR",
    "eter": "ext:ETER",
    "schac": "ext:SCHAC",
    "erasmus": "ext:ErasmusInstitutionalCode",
    "pic": "ext:PIC",
    "did": "ext:DID",
    "registration": "ext:Registration",
    "vat": "ext:VAT",
    "deqar": "ext:DEQAR",
}
"""Our schemes of identifiers as the extended types of an IdentifierEntry."""


def make_profile(organisation: Organisation, identifier: str) -> dict[str, Any]:
    """Return the Profile of a member; `identifier` is the one under which it signs."""
    content = organisation.content
    address = {"type": ["Address"], "addressCountryCode": content.country}
    if content.region is not None:
        address["addressRegion"] = content.region
    if content.locality is not None:
        address["addressLocality"] = content.locality
    profile: dict[str, Any] = {"id": identifier, "type": ["Profile"], "name": content.legal_name, "address": address}
    if content.homepage is not None:
        profile["url"] = content.homepage
    if content.identifiers:
        profile["otherIdentifier"] = [
            {
                "type": "IdentifierEntry",
                "identifier": each.value,
                "identifierType": IDENTIFIER_TYPES[each.scheme],
            }
            for each in content.identifiers
        ]
    return profile


def omit_from_profile(organisation: Organisation) -> Iterable[Omission]:
    """Yield what governance says of a member and a Profile cannot carry."""
    if organisation.content.accreditations:
        yield Omission("issuer.accreditations", "An Open Badge has no place for decisions about the institution.")
    if organisation.content.appeal_body is not None:
        yield Omission("issuer.appealBody", "An Open Badge has no place for the body of appeal.")
