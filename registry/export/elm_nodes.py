"""Nodes of a document in the European Learning Model: concepts of controlled lists, texts, organisations.

Nodes have ids that are unique in their document alone, numbered by kind as the Commission's tools do
(`urn:epass:org:1`): two documents of one person share none that says more than its place.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from registry.export.facts import Organisation
from registry.values import elm_codes as codes

Node = dict[str, Any]

_LEGAL: Final = {"registration": "registration", "vat": "vatIdentifier"}
"""Schemes of governance for which the model has properties of their own."""
_EIDAS: Final = {"registration": "NTR", "vat": "VAT"}
"""The beginning of such a number in a seal\'s certificate (ETSI EN 319 412-1, section 5.1.4)."""


NOT_KNOWN: Final = "OP_DATPRO"
"""The item *provisional data* of the Publications Office's tables."""


class Nodes:
    """The nodes of one document."""

    def __init__(self) -> None:
        self._counts = Counter[str]()
        self._organisations: dict[str, Node] = {}

    def make(self, kind: str, name: str, **properties: Any) -> Node:  # noqa: ANN401 - JSON values
        """Return a node of a type, with an id of its own; properties without a value are left out."""
        self._counts[name] += 1
        node = {"id": f"urn:epass:{name}:{self._counts[name]}", "type": kind}
        return node | {key: value for key, value in properties.items() if value not in (None, "", [], {})}

    def note(self, text: Mapping[str, str]) -> Node:
        """Return a text for people as a note."""
        return self.make("Note", "note", noteLiteral=dict(text))

    def legal_identifier(self, value: str, country: str) -> Node:
        """Return an identifier that a country gives."""
        return self.make("LegalIdentifier", "legalIdentifier", notation=value, spatial=country_concept(country))

    def organisation(self, organisation: Organisation) -> Node:
        """Return a member as governance describes it: one node, however often the document names it."""
        node_of_origin = self._organisations.get(organisation.origin)
        if node_of_origin is not None:
            return node_of_origin
        content = organisation.content
        properties: dict[str, Any] = {}
        identifiers = []
        for identifier in content.identifiers:
            name = _LEGAL.get(identifier.scheme)
            if name is not None and name not in properties:
                properties[name] = self.legal_identifier(identifier.value, content.country)
            else:
                identifiers.append(
                    self.make(
                        "Identifier", "identifier", notation=identifier.value, schemeName=identifier.scheme.upper()
                    )
                )
        eidas = eidas_number(organisation)
        if eidas is not None:
            properties["eIDASIdentifier"] = self.legal_identifier(eidas, content.country)
        homepage = content.homepage or organisation.url
        node = self.make(
            "Organisation",
            "org",
            legalName={"en": content.legal_name},
            identifier=identifiers,
            homepage=self.make("WebResource", "webResource", contentURL=homepage) if homepage else None,
            location=self.location(content.country, content.locality),
            **properties,
        )
        self._organisations[organisation.origin] = node
        return node

    def outside_organisation(self, name: str) -> Node:
        """Return an organisation of which only the name is known. The model requires a country: it is *not known*."""
        return self.make("Organisation", "org", legalName={"en": name}, location=self.location(None, None))

    def location(self, country: str | None, locality: str | None) -> Node:
        """Return a place."""
        address = self.make("Address", "address", countryCode=country_concept(country))
        return self.make("Location", "location", address=address, geographicName={"en": locality} if locality else None)


def concept(list_name: str, item: str, label: Mapping[str, str] | None = None) -> Node:
    """Return an item of one of the model's controlled lists, or a concept of our own where the list has none."""
    if item in codes.OWN_CONCEPTS:
        own = f"{codes.OWN}{list_name}"
        return _concept(f"{own}/{item}", own, {"en": words_of_code(item)})
    return _concept(f"{codes.SNB}{list_name}/{item}", f"{codes.SNB}{list_name}/25831c2", label)


def find_concept(list_name: str, items: Mapping[str, object], code: str) -> Node | None:
    """Return the concept for a code of ours, with our words as its label; None where the list has none."""
    item = codes.item_of(items, code)
    return concept(list_name, item, {"en": words_of_code(code)}) if item is not None else None


def authority(table: str, item: str, label: Mapping[str, str] | None = None) -> Node:
    """Return an item of a table of the Publications Office."""
    return _concept(f"{codes.AUTHORITY}{table}/{item}", f"{codes.AUTHORITY}{table}", label)


def language_concept(tag: str) -> Node | None:
    """Return a language; None for one that the Publications Office does not have."""
    item = codes.language_item(tag)
    return authority("language", item) if item is not None else None


def country_concept(code: str | None) -> Node:
    """Return a country, or the table's own item for one that is not known."""
    item = codes.country_item(code) if code is not None else None
    if code is None or item is None:
        return authority("country", NOT_KNOWN)
    return authority("country", item) | {"notation": code}


def _concept(identifier: str, scheme: str, label: Mapping[str, str] | None) -> Node:
    node: Node = {"id": identifier, "type": "Concept", "inScheme": {"id": scheme, "type": "ConceptScheme"}}
    return node | ({"prefLabel": dict(label)} if label else {})


def eidas_number(organisation: Organisation) -> str | None:
    """Return a member's number as its seal's certificate has it; None where governance has none."""
    content = organisation.content
    for scheme, prefix in _EIDAS.items():
        for identifier in content.identifiers:
            if identifier.scheme == scheme:
                return f"{prefix}{content.country}-{identifier.value}"
    return None


def words_of_code(code: str) -> str:
    """Return a code as words: `writtenExamination` is *Written examination*."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code)
    return words[:1].upper() + words[1:].lower()
