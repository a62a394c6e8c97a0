"""Elements of ELMO, in the namespace and with texts that XML can hold."""

from collections.abc import Mapping
from typing import Final

from lxml import etree

from registry.documents.elmo_schema import NAMESPACE
from registry.export.document import ExportError
from registry.export.facts import Organisation

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Add an element to its parent and return it. Raises `ExportError` for a character that XML cannot hold."""
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    try:
        element.text = text
        for attribute, value in attributes.items():
            element.set(attribute, value)
    except ValueError as error:
        raise ExportError(
            f"The text of {name} has a character that XML cannot hold, for example a control character. Correct it"
            " where it was entered."
        ) from error
    return element


def add_texts(parent: etree._Element, name: str, texts: Mapping[str, str]) -> None:
    """Add an element for each language of a text; `und` is written without a language."""
    for language, text in texts.items():
        element = add(parent, name, text)
        if language != "und":
            element.set(_LANG, language)


def add_identifiers(parent: etree._Element, identifiers: Mapping[str, str | None]) -> None:
    """Add the identifiers that have a value, by their types."""
    for scheme, value in identifiers.items():
        if value:
            add(parent, "identifier", str(value), type=scheme)


def add_issuer(parent: etree._Element, organisation: Organisation) -> None:
    """Add an issuer as governance describes it."""
    issuer = add(parent, "issuer")
    content = organisation.content
    add(issuer, "country", content.country)
    for identifier in content.identifiers:
        add(issuer, "identifier", identifier.value, type=identifier.scheme)
    add(issuer, "identifier", organisation.origin, type="log")
    add(issuer, "title", content.legal_name)
    add(issuer, "url", content.homepage or organisation.url or "")  # the schema requires it; it may be empty


def number(value: float) -> str:
    """Return credits as XML writes a decimal, without an exponent."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
