"""Finding learners by their names. The vault has each name under its learner's own key, so each person is decrypted."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from registry.application.registry import Registry
from registry.values.persons import FORMERLY, full_name
from registry.vault.vault import retry_read

MAX_WORDS: Final = 10
"""Words of a name that are compared."""
_WITHOUT_MARKS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ħ": "h",
    }
)
"""Letters that Unicode does not decompose."""


def normalise_name(text: str) -> str:
    """Return a name without capitals, accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_WITHOUT_MARKS)
    return "".join(
        " " if letter in "-'.,\N{RIGHT SINGLE QUOTATION MARK}" else letter
        for letter in decomposed
        if not unicodedata.combining(letter)
    )


def name_words(text: str) -> list[str]:
    """Return the words of a name to search for; empty if the text has no word."""
    return normalise_name(text).split()[:MAX_WORDS]


def matches_name(person: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Return whether each word begins one of the person's names, present or former."""
    return any(
        all(any(name.startswith(word) for name in normalise_name(full_name(names)).split()) for word in words)
        for names in (person, *person.get(FORMERLY, ()))
    )


def read_persons(registry: Registry, learners: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the persons of these learners by their ids. Erased and unknown ones are left out."""
    vault = registry.vault

    def read() -> dict[str, dict[str, Any]]:
        rows = registry.cursor().execute(
            "SELECT learner::text, key, person FROM vault.learners WHERE learner = ANY(%s::uuid[])", (list(learners),)
        )
        return {
            row["learner"]: vault.open(vault.unwrap(row["learner"], row["key"]), "person", row["person"])
            for row in rows.fetchall()
        }

    return retry_read(read) if learners else {}
