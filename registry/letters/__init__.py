"""Letters: a recognition decision as a PDF that people can read, machines can check, and archives can keep."""

from registry.letters.content import (
    LANGUAGES,
    Addressee,
    Language,
    LetterContent,
    LetterRequirements,
    Office,
    Qualification,
)
from registry.letters.errors import CannotWrite, NoSuchDecision
from registry.letters.letter import DISCLOSURE_FILE, RECEIPT_FILE, render
from registry.letters.wording import wording

__all__ = [
    "DISCLOSURE_FILE",
    "LANGUAGES",
    "RECEIPT_FILE",
    "Addressee",
    "CannotWrite",
    "Language",
    "LetterContent",
    "LetterRequirements",
    "NoSuchDecision",
    "Office",
    "Qualification",
    "render",
    "wording",
]
