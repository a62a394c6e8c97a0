"""What a case says of its letter: whom it is to, in which language, until when an appeal may be made."""

from datetime import date

from registry.letters import LANGUAGES, Addressee, CannotWrite, Language
from registry.letters.composing import Asked
from registry.office.applicants import Applicant
from registry.office.views import LetterFacts


def asked_of(facts: LetterFacts, language: Language | None = None) -> Asked:
    """A letter about a case's decision, in the language given, else in the applicant's, else in English.

    Raises `CannotWrite` where nobody's name is known.
    """
    return Asked(
        language=language or _language(facts.applicant.language),
        applicant=_addressee(facts.applicant),
        file_number=facts.file_number,
        appeal_until=facts.appeal_until,
        remarks=[facts.note] if facts.note else [],
    )


def _addressee(person: Applicant) -> Addressee:
    name = " ".join(filter(None, [person.given_name, person.family_name]))
    if not name:  # somebody who was taken over by a number alone
        raise CannotWrite(
            "the vault has no name of this applicant; write the decision's letter, and say whom it is to"
            " (`registry recognition letter DECISION --applicant FILE`, or POST /v1/letters)"
        )
    return Addressee(
        name=name,
        address=[line for line in (person.address or "").splitlines() if line.strip()][:8],
        date_of_birth=date.fromisoformat(person.date_of_birth) if person.date_of_birth else None,
    )


def _language(tag: str | None) -> Language:
    wanted = (tag or "").lower().partition("-")[0]
    return next((one for one in LANGUAGES if one == wanted), "en")
