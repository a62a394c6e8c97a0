"""Documents in XML: how they are loaded, safely, and how a path is kept for everything that is read.

No entity is expanded, no document type taken, nothing fetched, and the library's own limits stay on.
"""

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from registry.intake.formats.document import Document
from registry.intake.formats.moments import day_fault, day_of
from registry.intake.formats.unmapped import Unmapped, first_of
from registry.intake.rows.report import IntakeError

_DEPTH: Final = 100
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)")
_DECIMAL: Final = re.compile(r"\+?(\d{1,6})(\.\d{1,2})?0*")


def load(content: bytes, name: str) -> etree._Element:
    """The root of an XML document. Raises `IntakeError` for what is none, and for what tries to reach beyond itself."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise IntakeError(f"{name} is not XML that can be read: {str(error).partition(' (<')[0]}") from error
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr] # the stubs know only its parts
        raise IntakeError(f"{name} declares a document type, which may hold entities; send it without <!DOCTYPE …>")
    if any(True for one in root.iter(etree.Entity)):
        raise IntakeError(f"{name} refers to an entity of its own; write what it stands for")
    if _deeper(root, _DEPTH):
        raise IntakeError(f"{name} nests deeper than {_DEPTH} levels")
    return root


def _deeper(root: etree._Element, most: int) -> bool:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > most:
            return True
    return False


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return etree.QName(element).localname


def _numbered(names: list[str]) -> Iterator[str]:
    """Names that stand several times, with their numbers as XPath has them."""
    total, seen = Counter(names), Counter[str]()
    for name in names:
        seen[name] += 1
        yield f"{name}[{seen[name]}]" if total[name] > 1 else name


class XmlDocument(Document):
    """A document in XML, read by the local names of its elements."""

    def __init__(self, name: str, root: etree._Element) -> None:
        super().__init__(name)
        self._root = root
        self._used: set[etree._Element] = set()
        self._steps: dict[etree._Element, dict[etree._Element, str]] = {}
        self._read()
        self._finish()

    @abstractmethod
    def _read(self) -> None:
        """Read the document's awards."""

    def unmapped(self) -> Unmapped:
        """Return the elements that hold something, were not used and are not asked about."""
        asked = {one.where for one in self.problems if one.asks}
        return first_of(path for one in self._unused(self._root) if (path := self._path(one)) not in asked)

    def _unused(self, element: etree._Element) -> Iterator[etree._Element]:
        if element in self._used:
            return
        inner = list(element)
        if not inner and (element.text or "").strip():
            yield element
        for one in inner:
            yield from self._unused(one)

    def _use(self, element: etree._Element) -> None:
        self._used.add(element)
        if self._field:
            self._source(self._path(element))

    def _path(self, element: etree._Element) -> str:
        steps = []
        for one in (element, *element.iterancestors()):
            parent = one.getparent()
            if parent is None:
                steps.append(local(one))
                continue
            if parent not in self._steps:
                self._steps[parent] = dict(zip(parent, _numbered([local(child) for child in parent]), strict=True))
            steps.append(self._steps[parent][one])
        return "/" + "/".join(reversed(steps))

    # Reading

    def _all(self, owner: etree._Element | None, name: str) -> list[etree._Element]:
        return [] if owner is None else [one for one in owner if local(one) == name]

    def _first(self, owner: etree._Element | None, *names: str) -> etree._Element | None:
        """The first element at the end of a path of names."""
        for name in names:
            owner = next(iter(self._all(owner, name)), None)
        return owner

    def _plain(self, owner: etree._Element | None, *names: str) -> str | None:
        """The text at the end of a path of names; several that differ are reported, and none is taken."""
        owners = [owner] if owner is not None else []
        for name in names:
            owners = [found for one in owners for found in self._all(one, name)]
        texts: dict[str, etree._Element] = {}
        for found in owners:
            if text := " ".join((found.text or "").split()):
                texts.setdefault(text, found)
        if len(texts) > 1:
            self._odd(self._path(owners[0]), "", f"there are {len(texts)} where one is expected; say which it is")
            return None
        for text, found in texts.items():
            for one in owners:
                self._use(one)
            return self._sound(self._path(found), text)
        return None

    def _texts(self, owner: etree._Element, name: str) -> dict[str, str] | None:
        """Texts by language; `und` where none is named."""
        found: dict[str, str] = {}
        for one in self._all(owner, name):
            text = (one.text or "").strip()
            language = one.get(_LANG, "und")
            if not _LANGUAGE.fullmatch(language):
                self._odd(self._path(one), language, "is no language like en or nl-NL")
            elif text and language in found:
                if text != found[language]:
                    self._odd(self._path(one), text, f"is a second text in {language}; say which it is")
            elif text:
                self._use(one)
                found[language] = self._sound(self._path(one), text)
        return found or None

    def _day(self, owner: etree._Element | None, *names: str) -> str | None:
        """A day. A time zone is left off, as the schema's documentation has it, and that is said."""
        element = self._first(owner, *names)
        text = self._plain(owner, *names)
        if element is None or text is None:
            return None
        day = day_of(text)
        if day is None:
            self._used.discard(element)
            self._odd(self._path(element), text, day_fault(text))
            return None
        if (zoned := _ZONE.fullmatch(text)) is not None:
            self._note_once(f"{self._path(element)}: the time zone {zoned[1]} was left off; a day has none")
        return day

    def _decimal(self, owner: etree._Element, name: str, what: str) -> int | float | None:
        element, text = self._first(owner, name), self._plain(owner, name)
        if element is None or text is None:
            return None
        match = _DECIMAL.fullmatch(text)
        if match is None:
            self._used.discard(element)
            self._odd(self._path(element), text, f"is not a number of {what} like 5 or 2.5")
            return None
        value = float(match[1] + (match[2] or ""))
        return int(value) if value.is_integer() else value
