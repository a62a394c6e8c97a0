"""How persons' identifiers and names are written and compared, the same in every way in.

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
_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
SPREADSHEET_ERROR: Final = re.compile(
    r"#(?:N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|#+)", re.IGNORECASE
)
"""What a spreadsheet writes in the place of a value, as a whole text."""
FORMERLY: Final = "formerly"
"""Where a person of the vault lists the descriptions that somebody decided are of the same person."""
NAMES: Final = ("familyName", "givenName")
PERSON: Final = (*NAMES, "dateOfBirth")
EARLIEST_BIRTH: Final = "1900-01-01"
_PUNCTUATION: Final = frozenset({"Pd", "Po", "Pc", "Sm", "Sk", "So"})


def normalise_identifier(text: str) -> str:
    """Return the one spelling of an identifier: NFC, no invisible characters, single spaces inside."""
    if text.isascii() and text.isprintable():  # nearly all: a file of a million rows asks for each
        return text.strip() if "  " not in text else " ".join(text.split())
    visible = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in _INVISIBLE)
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def normalise_name(text: str) -> str:
    """Return a name's spelling: as an identifier's, but with the joiners that some scripts write with."""
    if text.isascii() and text.isprintable():
        return text.strip() if "  " not in text else " ".join(text.split())
    kept = [
        char
        for place, char in enumerate(text)
        if char.isspace()
        or unicodedata.category(char) not in _INVISIBLE
        or (char in _JOINERS and 0 < place < len(text) - 1 and not (text[place - 1] + text[place + 1]).isascii())
    ]
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def identifier_fault(text: str) -> str | None:
    """Return what is wrong with a normalised identifier that a spreadsheet spoilt, or None."""
    if text.isdigit() or text[:1].isalpha():
        return None  # nearly all, and much faster
    if _SCIENTIFIC.fullmatch(text):
        return (
            "is in scientific notation: a spreadsheet has shortened a long number and its last digits are lost;"
            " format the column as text and write the number again"
        )
    if SPREADSHEET_ERROR.fullmatch(text):
        return "is a spreadsheet's error value; write the identifier itself"
    return None


def name_fault(text: str) -> str | None:
    """Return what is wrong with a normalised name, or None. An absent name is empty, and that is no fault."""
    if not text or text[0].isalpha():  # nearly all, and much faster
        return None
    if SPREADSHEET_ERROR.fullmatch(text):
        return "is a spreadsheet's error value; write the name itself"
    if all(char.isspace() or unicodedata.category(char) in _PUNCTUATION for char in text):
        return "is a placeholder and no name; leave the field empty for a person who has one name only"
    return None


def birth_date_fault(text: str) -> str | None:
    """Return what is wrong with a whole date of birth (YYYY-MM-DD), or None."""
    return _birth_date_fault(text, int(time() // 86_400))


@functools.lru_cache(maxsize=32_768)
def _birth_date_fault(text: str, today: int) -> str | None:
    """`today` counts days since 1970, in UTC."""
    if check_date(text) is not None:
        return "is not a date; write it as YYYY-MM-DD, for example 2001-06-30"
    if text > (date(1970, 1, 1) + timedelta(days=today)).isoformat():
        return "lies in the future; is its year right?"
    if text < EARLIEST_BIRTH:
        return f"lies before {EARLIEST_BIRTH[:4]}; is its year right?"
    return None


def comparison_key(text: str) -> str:
    """Return a name for comparing: without case, accents, punctuation and doubled spaces."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare).split())


def differences(known: Mapping[str, str], stated: Mapping[str, str]) -> tuple[str, ...]:
    """Return how two descriptions of a person contradict each other: `dateOfBirth`, `name`, both or neither.

    Both have `familyName`, `givenName` and `dateOfBirth`; what one of them lacks contradicts nothing. Names contradict
    where they share no part at all: a person who married, or has a second given name, is no other person. A date of
    birth of which only the year or the month is known agrees with a longer one that begins so.
    """
    found = []
    born, other = known.get("dateOfBirth", ""), stated.get("dateOfBirth", "")
    if born and other and not born.startswith(other) and not other.startswith(born):
        found.append("dateOfBirth")
    names, others = name_parts(known), name_parts(stated)
    if names and others and not names & others and "".join(sorted(names)) != "".join(sorted(others)):
        found.append("name")
    return tuple(found)


def contradictions(known: Mapping[str, Any], stated: Mapping[str, str]) -> tuple[str, ...]:
    """Return how a person of the vault and a description contradict each other; see `differences`.

    A description that somebody decided is of the same person contradicts nothing, though the vault has another now.
    """
    if all(known.get(name) == stated.get(name) for name in PERSON):
        return ()  # nearly always, and much faster
    found = differences(known, stated)
    if found and any(not differences(former, stated) for former in known.get(FORMERLY, ())):
        return ()
    return found


def completed(known: dict[str, Any], stated: Mapping[str, str]) -> dict[str, Any]:
    """Return a person of the vault with what a description adds: names where there are none, a longer birth date.

    It is the same object where nothing is added.
    """
    named = bool(known.get("familyName") or known.get("givenName"))
    longer = len(stated.get("dateOfBirth", "")) > len(known.get("dateOfBirth") or "")
    if named and not longer:
        return known
    added = {} if named else {name: stated[name] for name in NAMES if stated.get(name)}
    if longer:
        added["dateOfBirth"] = stated["dateOfBirth"]
    return {**known, **added} if added else known


def full_name(person: Mapping[str, str]) -> str:
    """Return a person's name as it is written: the given name first. A person may have one of the two only."""
    return " ".join(person[name] for name in reversed(NAMES) if person.get(name))


def described(person: Mapping[str, str]) -> str:
    """Return a person in words, to tell two apart: the name and the date of birth."""
    return f"{full_name(person) or 'no name'}, born {person.get('dateOfBirth') or 'on an unknown day'}"


def name_parts(person: Mapping[str, str]) -> set[str]:
    """Return the parts of a person's name, for comparing: see `comparison_key`."""
    return set(comparison_key(f"{person.get('givenName', '')} {person.get('familyName', '')}").split())
