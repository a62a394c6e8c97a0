"""Base of documents in XML: loads them safely, reads values by name and remembers the path of each value.

Loading expands no entity, accepts no document type, fetches nothing, and keeps the limits of the library.
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
    """Return the root of an XML document. Raises `IntakeError` for other content, entities and document types."""
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
    if any(True for entity in root.iter(etree.Entity)):
        raise IntakeError(f"{name} refers to an entity of its own; write what it stands for")
    if _is_deeper(root, _DEPTH):
        raise IntakeError(f"{name} nests deeper than {_DEPTH} levels")
    return root


def _is_deeper(root: etree._Element, most: int) -> bool:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > most:
            return True
    return False


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname


def _number_names(names: list[str]) -> Iterator[str]:
    """Yield the names; those that occur several times have their numbers, as in XPath."""
    total, counts = Counter(names), Counter[str]()
    for name in names:
        counts[name] += 1
        yield f"{name}[{counts[name]}]" if total[name] > 1 else name


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

    def list_unmapped(self) -> Unmapped:
        """Return the elements with a text that were not used and that no question is about."""
        questions = {each.where for each in self.problems if each.asks}
        return first_of(
            path for each in self._list_unused(self._root) if (path := self._path_of(each)) not in questions
        )

    def _list_unused(self, element: etree._Element) -> Iterator[etree._Element]:
        if element in self._used:
            return
        inner = list(element)
        if not inner and (element.text or "").strip():
            yield element
        for child in inner:
            yield from self._list_unused(child)

    def _mark_used(self, element: etree._Element) -> None:
        self._used.add(element)
        if self._field:
            self._note_source(self._path_of(element))

    def _path_of(self, element: etree._Element) -> str:
        steps = []
        for each in (element, *element.iterancestors()):
            parent = each.getparent()
            if parent is None:
                steps.append(local(each))
                continue
            if parent not in self._steps:
                self._steps[parent] = dict(zip(parent, _number_names([local(child) for child in parent]), strict=True))
            steps.append(self._steps[parent][each])
        return "/" + "/".join(reversed(steps))

    # Reading

    def _find_all(self, owner: etree._Element | None, name: str) -> list[etree._Element]:
        return [] if owner is None else [child for child in owner if local(child) == name]

    def _find_first(self, owner: etree._Element | None, *names: str) -> etree._Element | None:
        """Return the first element at the end of a path of names."""
        for name in names:
            owner = next(iter(self._find_all(owner, name)), None)
        return owner

    def _read_text(self, owner: etree._Element | None, *names: str) -> str | None:
        """Return the text at the end of a path of names; ask, and return None, where several differ."""
        owners = [owner] if owner is not None else []
        for name in names:
            owners = [element for each in owners for element in self._find_all(each, name)]
        texts: dict[str, etree._Element] = {}
        for element in owners:
            if text := " ".join((element.text or "").split()):
                texts.setdefault(text, element)
        if len(texts) > 1:
            self._ask(self._path_of(owners[0]), "", f"there are {len(texts)} where one is expected; say which it is")
            return None
        for text, element in texts.items():
            for each in owners:
                self._mark_used(each)
            return self._check_text(self._path_of(element), text)
        return None

    def _read_texts(self, owner: etree._Element, name: str) -> dict[str, str] | None:
        """Return texts by language; `und` where none is stated."""
        texts: dict[str, str] = {}
        for element in self._find_all(owner, name):
            text = (element.text or "").strip()
            language = element.get(_LANG, "und")
            if not _LANGUAGE.fullmatch(language):
                self._ask(self._path_of(element), language, "is not a language like en or nl-NL")
            elif text and language in texts:
                if text != texts[language]:
                    self._ask(self._path_of(element), text, f"is a second text in {language}; say which it is")
            elif text:
                self._mark_used(element)
                texts[language] = self._check_text(self._path_of(element), text)
        return texts or None

    def _read_day(self, owner: etree._Element | None, *names: str) -> str | None:
        """Return a day. Its time zone is left off, as the schema's documentation says, with a note."""
        element = self._find_first(owner, *names)
        text = self._read_text(owner, *names)
        if element is None or text is None:
            return None
        day = day_of(text)
        if day is None:
            self._used.discard(element)
            self._ask(self._path_of(element), text, day_fault(text))
            return None
        if (zoned := _ZONE.fullmatch(text)) is not None:
            self._note_once(f"{self._path_of(element)}: the time zone {zoned[1]} was left off; a day has none")
        return day

    def _read_number(self, owner: etree._Element, name: str, what: str) -> int | float | None:
        element, text = self._find_first(owner, name), self._read_text(owner, name)
        if element is None or text is None:
            return None
        match = _DECIMAL.fullmatch(text)
        if match is None:
            self._used.discard(element)
            self._ask(self._path_of(element), text, f"is not a number of {what} like 5 or 2.5")
            return None
        value = float(match[1] + (match[2] or ""))
        return int(value) if value.is_integer() else value
