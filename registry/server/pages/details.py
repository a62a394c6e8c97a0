"""Sentences of use cases in the reader's language: `'soon' is not a day; write it as 2026-06-30` in Dutch.

Use cases say and store them in English, with their values. A page finds the template that a sentence was made from, and
fills its translation with the same values. A sentence without a template stays English, and is marked so.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from registry.server.pages.detail_words import CODES, CONTEXT, NEXT, ON_PAGES, WITH_CODES, WITH_PROSE
from registry.server.pages.languages import SOURCE, translate, translations
from registry.server.pages.vocabulary import VOCABULARY

MAX_LENGTH: Final = 1000
"""The greatest number of characters of a text that is translated. A longer one is shown as it is."""
_MAX_DEPTH: Final = 3
"""The greatest number of sentences within each other."""
_PLACE: Final = re.compile(r"%\(([a-z]+)(\d+)\)s")
_WORD: Final = re.compile(r"\w+")
_PATH: Final = re.compile(r"(?:^|(?<=; ))\$[\w.\[\]]*: ")
"""A place in JSON before a sentence, which says nothing to readers of a page."""
_LOWER_CASE: Final = re.compile(r"\b[a-z]{2}")
_SENTENCE_END: Final = re.compile(r"(?<=[.?!]) ")
_BRACKET: Final = re.compile(r" (?=\()")
_LIST: Final = re.compile(r", | and ")
_CODE_LIST: Final = re.compile(r", | or | and ")
_NUMBERS: Final = re.compile(r"\d+(?:(?:, | and | to )\d+)*")
_SUBJECT: Final = re.compile(r"('[^']*'|\"[^\"]*\"|\S*) (.*)", re.DOTALL)
"""A value in quotation marks, or a word, and a sentence about it."""
_EDGES: Final = re.compile(r"([\s;,.:]*)(.*?)(\s*)", re.DOTALL)
_QUOTES: Final = ("'", '"', "`", "“")
_CURE: Final = "; "
"""The mark between what is wrong and what to do."""
_ENTRY: Final = f"{CONTEXT}\4"
"""The beginning of a sentence's key in a file of translations, as gettext writes it."""


class Advice(NamedTuple):
    """The halves of a fault: what is wrong, and what to do; the second may be empty."""

    fault: Markup
    cure: Markup


class _Sentence(NamedTuple):
    """A template of a sentence, with its translation."""

    fixed: tuple[str, ...]
    """The texts before, between and after the values."""
    translation: str
    language: str

    @property
    def weight(self) -> int:
        """The number of characters that are fixed."""
        return sum(map(len, self.fixed))

    def match(self, text: str) -> list[str] | None:
        """Return the values in a text, or None if it was not made from this template."""
        first, *between, last = self.fixed if len(self.fixed) > 1 else (*self.fixed, "")
        if len(self.fixed) == 1:
            return [] if text == first else None
        place, end = len(first), len(text) - len(last)
        if place > end or not text.startswith(first) or not text.endswith(last):
            return None
        values = []
        for part in between:
            start = text.find(part, place, end)
            if start < 0:
                return None
            values.append(text[place:start])
            place = start + len(part)
        return [*values, text[place:end]]


class Details:
    """The sentences in one language."""

    def __init__(self, language: str, catalog: Mapping[str, str], listing: Callable[[list[str]], str]) -> None:
        """Take the translations of templates; `listing` writes several things as one phrase."""
        self._language = language
        self._listing = listing
        self._by_word = _index(_list_sentences(language, catalog))

    def say(self, text: str) -> Markup:
        """Return a sentence for this reader, with its values isolated; in English where it has no translation."""
        text = _PATH.sub("", text)
        translated = self._translate(text, 0) if len(text) <= MAX_LENGTH else None
        return self._source(text) if translated is None else translated

    def advise(self, text: str) -> Advice:
        """Return the halves of a fault for this reader."""
        if len(text) <= MAX_LENGTH and (match := self._find(text)) is not None:
            sentence, values = match
            fault, _, cure = sentence.translation.partition(_CURE)
            halves = (self._fill(sentence._replace(translation=half), values, 0) for half in (fault.rstrip(), cure))
            return Advice(*halves)
        fault, _, cure = text.partition(_CURE)
        return Advice(self.say(fault), self.say(cure) if cure else Markup())

    def _source(self, text: str) -> Markup:
        """Return a text that has no translation. One word is a value, and so is `EQF 6`."""
        if " " not in text or _LOWER_CASE.search(text) is None:
            return isolate(text)
        return escape(text) if self._language == SOURCE else Markup('<span lang="{}">{}</span>').format(SOURCE, text)

    def _find(self, text: str) -> tuple[_Sentence, list[str]] | None:
        """Return the template that a text was made from, and its values: of several the one with the most fixed."""
        words = set(_WORD.findall(text))
        candidates = [sentence for word in words for sentence in self._by_word.get(word, ())]
        for sentence in sorted(candidates, key=lambda candidate: -candidate.weight):
            if (values := sentence.match(text)) is not None:
                return sentence, values
        return None

    def _translate(self, text: str, depth: int) -> Markup | None:
        """Return a text or each of its parts that has a template; None where nothing of it has one."""
        if depth > _MAX_DEPTH or " " not in text:
            return None
        if (match := self._find(text)) is not None:
            return self._fill(*match, depth)
        return (
            self._translate_parts(text.split(_CURE), _CURE, depth)
            or self._translate_parts(_SENTENCE_END.split(text), " ", depth)
            or (self._fill_stop(text, depth) if text.endswith(".") else None)
            or self._translate_parts(text.split(": ", 1), ": ", depth)
            or (self._translate_parts(_BRACKET.split(text), " ", depth) if text.endswith(")") else None)
            or self._say_bracket(text, depth)
            or self._translate_after_subject(text, depth)
        )

    def _translate_parts(self, parts: list[str], mark: str, depth: int) -> Markup | None:
        if len(parts) == 1:
            return None
        translated = [self._translate(part, depth + 1) for part in parts]
        if not any(translated):
            return None
        return escape(mark).join(text or self._source(part) for part, text in zip(parts, translated, strict=True))

    def _translate_after_subject(self, text: str, depth: int) -> Markup | None:
        """Return a sentence that follows a value or the name of a column."""
        parts = _SUBJECT.fullmatch(text)
        if parts is None or (match := self._find(parts[2])) is None:
            return None
        subject = parts[1]
        words = self._say_value("column", subject, depth) if subject.isidentifier() else isolate(subject)
        return words + " " + self._fill(*match, depth)

    def _fill_stop(self, text: str, depth: int) -> Markup | None:
        translated = self._translate(text[:-1], depth + 1)
        return None if translated is None else translated + Markup(".")

    def _fill(self, sentence: _Sentence, values: list[str], depth: int) -> Markup:
        """Return the translation with its values."""
        filled, place = Markup(), 0
        for match in _PLACE.finditer(sentence.translation):
            filled += _unescape(sentence.translation[place : match.start()])
            kind, number = match[1], int(match[2]) - 1
            is_prose = sentence.fixed[number].endswith(_QUOTES) or sentence.fixed[0] in WITH_PROSE
            filled += isolate(values[number]) if is_prose else self._say_value(kind, values[number], depth)
            place = match.end()
        filled += _unescape(sentence.translation[place:])
        if sentence.language != self._language:
            return Markup('<span lang="{}">{}</span>').format(sentence.language, filled)
        return filled

    def _say_value(self, kind: str, value: str, depth: int) -> Markup:
        if kind == NEXT and _NUMBERS.fullmatch(value):
            return escape(re.sub(r"\d+", lambda number: str(int(number[0]) + 1), value))
        codes = _CODE_LIST.split(value)
        if kind in CODES and set(codes) <= VOCABULARY[CODES[kind]].keys():
            return escape(", ".join(translate(self._language, VOCABULARY[CODES[kind]][code]) for code in codes))
        if value.startswith(_QUOTES):
            return isolate(value)
        before, inner, after = _EDGES.fullmatch(value).groups()  # type: ignore[union-attr] # any text
        translated = self._translate(inner, depth + 1) or self._say_list(inner, depth)
        return isolate(value) if translated is None else escape(before) + translated + escape(after)

    def _say_bracket(self, text: str, depth: int) -> Markup | None:
        """Return a sentence in brackets, which may be a template of its own or have one within."""
        if not (text.startswith("(") and text.endswith(")")):
            return None
        translated = self._translate(text[1:-1], depth + 1)
        return None if translated is None else Markup("(") + translated + Markup(")")

    def _say_list(self, value: str, depth: int) -> Markup | None:
        """Return several things as a list of this language, if each has a translation."""
        items = _LIST.split(value)
        translated = [self._translate(item, depth + 1) for item in items]
        if len(items) == 1 or None in translated:
            return None
        return Markup(self._listing([str(item) for item in translated]))  # noqa: S704 - each item is escaped


def isolate(value: str) -> Markup:
    """Return a value that is written from right to left or left to right by itself."""
    return Markup("<bdi>{}</bdi>").format(value) if value else Markup()


def parse_template(text: str) -> tuple[str, ...]:
    """Return the fixed texts of a template; empty if its values are not in their order."""
    parts = _PLACE.split(text)
    kinds = list(zip(parts[1::3], parts[2::3], strict=True))
    if kinds != [("value", str(number)) for number in range(1, len(kinds) + 1)]:
        return ()
    return tuple(_plain(part) for part in parts[::3])


def _plain(text: str) -> str:
    return text.replace("%%", "%")


def _unescape(text: str) -> Markup:
    return escape(_plain(text))


def read_catalog(language: str) -> dict[str, str]:
    """Return the templates of sentences with their translations."""
    catalog: dict[str, str] = getattr(translations(language), "_catalog", {})  # gettext has no list of its texts
    keys = (key for key in catalog if str(key).startswith(_ENTRY))  # that of a plural is a pair
    return {key.removeprefix(_ENTRY): catalog[key] for key in keys}


def _list_sentences(language: str, catalog: Mapping[str, str]) -> Iterator[_Sentence]:
    """Yield the sentences that this language says in other words than the use case."""
    in_other_words = ON_PAGES.keys() | WITH_CODES.keys()
    for template, translation in catalog.items():
        if template not in in_other_words and (fixed := parse_template(template)):
            yield _Sentence(fixed, translation, language)
    for template, words in WITH_CODES.items():
        translation = _name_codes(catalog.get(template, ""), words)
        yield _Sentence(parse_template(template), translation or words, language if translation else SOURCE)
    for template, words in ON_PAGES.items():
        translation = catalog.get(words, "")
        yield _Sentence(parse_template(template), translation or words, language if translation else SOURCE)


def _name_codes(translation: str, words: str) -> str:
    """Return a translation whose values have the kinds that they have in a sentence in English."""
    kinds = {number: kind for kind, number in _PLACE.findall(words)}
    return _PLACE.sub(lambda match: f"%({kinds[match[2]]}{match[2]})s", translation)


def _index(sentences: Iterable[_Sentence]) -> dict[str, list[_Sentence]]:
    """Return the sentences by the rarest of their words."""
    words_of = {sentence: _whole_words(sentence.fixed) for sentence in sentences}
    numbers = Counter(word for words in words_of.values() for word in words)
    index: dict[str, list[_Sentence]] = {}
    for sentence, words in words_of.items():
        word = min(words, key=lambda word: (numbers[word], word), default="")
        index.setdefault(word, []).append(sentence)
    return index


def _whole_words(fixed: tuple[str, ...]) -> set[str]:
    """Return the words that do not touch a value, which could be a part of the same word."""
    text = "\0".join(fixed)
    return {
        match[0]
        for match in _WORD.finditer(text)
        if text[match.start() - 1 : match.start()] != "\0" and text[match.end() : match.end() + 1] != "\0"
    }
