"""The spelling and comparison of persons' identifiers and names, the same in every way in.

An identifier has one spelling: Unicode's composed form (NFC), no invisible character, no surrounding or doubled space.
Two spellings of one number would otherwise be two learners.
"""

import functools
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from time import time
from typing import Any, Final

from registry.wire.forms import check_date

_INVISIBLE: Final = frozenset({"Cf", "Cc", "Co", "Cn"})
_JOINERS: Final = "\u200c\u200d"
"""Between letters of Persian or Indic scripts they belong to a name's spelling."""
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0") | set(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Invisible joiners, fillers and variation selectors that Unicode counts as marks, letters or symbols."""
_UNSEEN_IN_NAMES: Final = frozenset("\u17b4\u17b5\u2800\u3164\uffa0")
"""Those of them that no name is written with."""
_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_DECIMAL: Final = re.compile(r"\d+[.,]0")
_APOSTROPHES: Final = "'\u2018\u2019\u00b4`"
_TYPED_SIGNS: Final = frozenset("\u00ba\u00aa\u2116")
"""Ordinal and number signs, which are on keyboards and stay as they are."""
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
_CYRILLIC_OR_GREEK: Final = re.compile(
    "[\u0370-\u03ff\u0400-\u052f\u1c80-\u1c8f\u1f00-\u1fff\u2de0-\u2dff\ua640-\ua69f]"
)
SPREADSHEET_ERROR: Final = re.compile(
    r"#(?:N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|#+)", re.IGNORECASE
)
"""Error values of spreadsheets, as a whole text."""
FORMERLY: Final = "formerly"
"""The field of a person in the vault with earlier descriptions that were decided to be of the same person."""
NAMES: Final = ("familyName", "givenName")
PERSON: Final = (*NAMES, "dateOfBirth")
EARLIEST_BIRTH: Final = "1900-01-01"
_PLACEHOLDERS: Final = frozenset(
    {
        "n/a", "n.a.", "n.a", "null", "(null)", "undefined", "unknown", "tbd", "tba", "xxx", "xxxx", "xxxxx",
        "[object object]", "object object", "no name", "noname", "no surname", "not known", "not available",
        "not applicable", "not provided", "anonymous", "empty", "(empty)", "(blank)", "blank", "test test",
        "unbekannt", "keine angabe", "keine angaben", "k.a.", "k. a.", "kein name", "ohne namen", "(leer)", "leer",
        "onbekend", "geen naam", "geen opgave", "n.v.t.", "nvt", "(leeg)", "inconnu", "inconnue", "sans nom",
        "non renseign\u00e9", "(vide)", "desconocido", "desconocida", "sin nombre", "sin apellido", "no consta",
        "desconhecido", "sem nome", "sconosciuto", "sconosciuta", "senza nome", "ok\u00e4nd", "ukendt", "ukjent",
        "tuntematon", "nieznany", "nieznane", "brak", "brak danych", "nezn\u00e1m\u00fd", "nezadan\u00e9", "ismeretlen",
        "necunoscut", "nepoznat", "neznan", "\u03ac\u03b3\u03bd\u03c9\u03c3\u03c4\u03bf",
        "\u043d\u0435\u0438\u0437\u0432\u0435\u0441\u0442\u043d\u043e",
    }
)  # fmt: skip
_MARKUP: Final = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]{2,8});|</?[A-Za-z][^>]*>|[{}<>\[\]|]|\\u[0-9a-fA-F]{4}")
"""Traces of HTML, JSON or a template in a text."""
_NO_NUMBERS: Final = _PLACEHOLDERS | {"none", "nil", "nan", "na"}
_PARTICLES: Final = frozenset(
    {
        "aan", "abu", "ad", "af", "al", "ap", "ar", "as", "ash", "at", "av", "az", "bij", "bin", "bint", "binti",
        "ben", "da", "dal", "das", "de", "dei", "del", "della", "dello", "degli", "den", "der", "des", "di", "do",
        "dos", "du", "el", "et", "fitz", "het", "ibn", "in", "la", "las", "le", "les", "los", "mac", "mc", "of", "op",
        "ould", "saint", "san", "sant", "santa", "st", "te", "ten", "ter", "tot", "und", "umm", "van", "vom", "von",
        "voor", "zu", "zum", "zur", "dr", "prof", "mr", "mrs", "ms", "miss", "jr", "sr", "ii", "iii", "iv",
    }
)  # fmt: skip
"""Parts of names that many families share, and titles: sharing only one of them, two persons have nothing in common."""
_USUAL: Final = re.compile(
    "(?:\n(?:[1-9][0-9]*|[A-MO-SVWYZa-mo-svwyz][ -~]*)){2}(?:\n[A-MO-SVWYZa-mo-svwyz][A-Za-z '.,-]*){2}"
)
_PUNCTUATION: Final = frozenset({"Pd", "Po", "Pc", "Sm", "Sk", "So"})


def normalise_identifier(text: str) -> str:
    """Return the one spelling of an identifier: NFC, no invisible characters, single spaces inside."""
    if text.isascii() and text.isprintable():  # nearly all: a file of a million rows asks for each
        return text.strip() if "  " not in text else " ".join(text.split())
    visible = "".join(
        char
        for char in text
        if char.isspace() or (unicodedata.category(char) not in _INVISIBLE and char not in _UNSEEN)
    )
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def normalise_name(text: str) -> str:
    """Return a name's spelling: as an identifier's, but with the joiners that some scripts write with."""
    if text.isascii() and text.isprintable():
        return text.strip() if "  " not in text else " ".join(text.split())
    visible = [
        char
        for place, char in enumerate(text)
        if char.isspace()
        or (unicodedata.category(char) not in _INVISIBLE and char not in _UNSEEN_IN_NAMES)
        or (char in _JOINERS and 0 < place < len(text) - 1 and not (text[place - 1] + text[place + 1]).isascii())
    ]
    return unicodedata.normalize("NFC", " ".join("".join(visible).split()))


def are_usual(record: str, student: str, family_name: str, given_name: str) -> bool:
    """Return True if no rule of this module can object to these normalised identifiers and names.

    One pattern checks all of them, which saves most rows the rules. If it returns false, the rules decide.
    """
    family, first = family_name.casefold(), given_name.casefold()
    return (
        _USUAL.fullmatch(f"\n{record}\n{student}\n{family_name}\n{given_name}") is not None
        and family not in _PLACEHOLDERS
        and first not in _PLACEHOLDERS
        and student.casefold() not in (family, first)
    )


def identifier_fault(text: str) -> str | None:
    """Return the fault of a normalised identifier that a spreadsheet or keyboard has damaged, or None."""
    if not text.isascii():
        return _look_alike_fault(text)
    if text.isdigit() or text[:1].isalpha():
        return None  # nearly all, and much faster
    if _SCIENTIFIC.fullmatch(text):
        return (
            "is in scientific notation: a spreadsheet has shortened a long number and its last digits are lost;"
            " format the column as text and write the number again"
        )
    if SPREADSHEET_ERROR.fullmatch(text):
        return "is a spreadsheet's error value; write the identifier itself"
    if _DECIMAL.fullmatch(text):
        return f"has a decimal: a spreadsheet rewrote it; is it {text[:-2]!r}? Format the column as text"
    if text.startswith(tuple(_APOSTROPHES)):
        return "begins with an apostrophe, by which a spreadsheet marks text; remove it"
    return None


def _look_alike_fault(text: str) -> str | None:
    """Return the fault of an identifier whose characters look like others, or None.

    Such an identifier would be another learner's, although it looks the same to a person.
    """
    if text.startswith(tuple(_APOSTROPHES)):
        return "begins with an apostrophe, by which a spreadsheet marks text; remove it"
    likely = "".join(char if char.isascii() or char in _TYPED_SIGNS else _plain(char) for char in text)
    if likely != text:
        return f"has letters or digits that only look like plain ones; is it {likely!r}? Write it so"
    if _LATIN.search(text) and _CYRILLIC_OR_GREEK.search(text):
        return "mixes Latin letters with Cyrillic or Greek ones that look alike; write it in one script"
    return None


def _plain(char: str) -> str:
    """Return the ASCII text that a character stands for, or the character if there is none."""
    likely = unicodedata.normalize("NFKC", char)
    if likely.isascii():
        return likely
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def number_fault(text: str) -> str | None:
    """Return the fault of a person's number that is normalised: see `identifier_fault`; or None."""
    if (fault := identifier_fault(text)) is not None:
        return fault
    if text and text[0] in "nNuUtTxX(0" and (text.casefold() in _NO_NUMBERS or not text.strip("0")):
        return "is a placeholder and no number; write the person's own"
    return None


def record_fault(text: str) -> str | None:
    """Return the fault of a normalised id of a row or a course: see `identifier_fault`; or None."""
    if (fault := identifier_fault(text)) is not None:
        return fault
    if text[:1] in "nNuUtTxX(" and text.casefold() in _NO_NUMBERS:
        return "is a placeholder and no id; write your own"
    return None


def doubtful_name(text: str) -> str | None:
    """Return why a normalised name is probably no person's name, or None. Its sender can confirm it."""
    if text.casefold() in _PLACEHOLDERS:
        return "looks like a placeholder and no name; leave the field empty for a person who has one name only"
    if "?" in text:
        return "has a question mark, which programs write in the place of a letter that they lost"
    if any(char.isdigit() for char in text):
        return "has digits: is it a number, a day, or another column's text?"
    if _MARKUP.search(text):
        return "has signs of HTML or of a program's text, for example &amp; or <b>; write the name as people read it"
    return None


def swapped_fault(student: str, family_name: str, given_name: str) -> str | None:
    """Return the fault of a student number that is the person's name, or None."""
    names = {name.casefold() for name in (family_name, given_name) if name}
    if student and student.casefold() in names:
        return "is the same text as a name of the person; are two columns swapped?"
    return None


def name_fault(text: str) -> str | None:
    """Return the fault of a normalised name, or None. An empty name is absent, which is not a fault."""
    if not text or text[0].isalpha():  # nearly all, and much faster
        return None
    if SPREADSHEET_ERROR.fullmatch(text):
        return "is a spreadsheet's error value; write the name itself"
    if all(char.isspace() or unicodedata.category(char) in _PUNCTUATION for char in text):
        return "is a placeholder and no name; leave the field empty for a person who has one name only"
    if not any(char.isalpha() for char in text):
        return "has no letter; is it another column's text? Leave the field empty for a person who has one name only"
    return None


def birth_date_fault(text: str) -> str | None:
    """Return the fault of a whole date of birth (YYYY-MM-DD), or None."""
    return _birth_date_fault(text, int(time() // 86_400))


@functools.lru_cache(maxsize=32_768)
def _birth_date_fault(text: str, today: int) -> str | None:
    """`today` counts days since 1970, in UTC."""
    if check_date(text) is not None:
        return "is not a date; write it as YYYY-MM-DD, for example 2001-06-30"
    if text > (date(1970, 1, 1) + timedelta(days=today)).isoformat():
        return "lies in the future; is its year right?"
    if text == EARLIEST_BIRTH:
        return "is a placeholder that programs write for an unknown day; write the day itself"
    if text < EARLIEST_BIRTH:
        return f"lies before {EARLIEST_BIRTH[:4]}; is its year right?"
    return None


def comparison_key(text: str) -> str:
    """Return a name for comparing: without case, accents, punctuation and doubled spaces."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare).split())


def differences(person: Mapping[str, str], stated: Mapping[str, str]) -> tuple[str, ...]:
    """Return how two descriptions of a person contradict each other: `dateOfBirth`, `name`, both or neither.

    Both have `familyName`, `givenName` and `dateOfBirth`; a missing value contradicts nothing. Names contradict
    if they share no part at all: a person who married, or has a second given name, is not another person. Particles
    (`de`, `van`), titles and initials are not such a part. A date of birth of which only the year or the month is known
    agrees with a longer one that begins so.
    """
    fields = []
    born, other = person.get("dateOfBirth", ""), stated.get("dateOfBirth", "")
    if born and other and not born.startswith(other) and not other.startswith(born):
        fields.append("dateOfBirth")
    names, others = name_parts(person), name_parts(stated)
    rearranged = "".join(sorted(names)) == "".join(sorted(others))
    if names and others and not rearranged and not _own_parts(person) & _own_parts(stated):
        fields.append("name")
    return tuple(fields)


def contradictions(person: Mapping[str, Any], stated: Mapping[str, str]) -> tuple[str, ...]:
    """Return how a person of the vault and a description contradict each other; see `differences`.

    A description that was decided to be of the same person contradicts nothing, although the vault has a newer one.
    """
    if all(person.get(name) == stated.get(name) for name in PERSON):
        return ()  # nearly always, and much faster
    fields = differences(person, stated)
    if fields and any(not differences(former, stated) for former in person.get(FORMERLY, ())):
        return ()
    return fields


def complete_person(person: dict[str, Any], stated: Mapping[str, str]) -> dict[str, Any]:
    """Return a person of the vault with what a description adds: names if there are none, a longer birth date.

    The result is the same object if nothing is added.
    """
    named = bool(person.get("familyName") or person.get("givenName"))
    longer = len(stated.get("dateOfBirth", "")) > len(person.get("dateOfBirth") or "")
    if named and not longer:
        return person
    added = {} if named else {name: stated[name] for name in NAMES if stated.get(name)}
    if longer:
        added["dateOfBirth"] = stated["dateOfBirth"]
    return {**person, **added} if added else person


def full_name(person: Mapping[str, str]) -> str:
    """Return a person's name as it is written: the given name first. A person may have one of the two only."""
    return " ".join(person[name] for name in reversed(NAMES) if person.get(name))


def describe_person(person: Mapping[str, str]) -> str:
    """Return a person in words, to tell two apart: the name and the date of birth."""
    return f"{full_name(person) or 'no name'}, born {person.get('dateOfBirth') or 'on an unknown day'}"


def name_parts(person: Mapping[str, str]) -> set[str]:
    """Return the parts of a person's name, for comparing: see `comparison_key`."""
    return set(comparison_key(f"{person.get('givenName', '')} {person.get('familyName', '')}").split())


def _own_parts(person: Mapping[str, str]) -> set[str]:
    """Return the parts of a person's name without the common ones, unless a name has no other."""
    own: set[str] = set()
    for name in NAMES:
        parts = set(comparison_key(person.get(name, "")).split())
        own |= {part for part in parts - _PARTICLES if len(part) > 1 or not part.isascii()} or parts
    return own
