"""What a case says of its letter: whom it is to, in which language, what was asked for, until when one may appeal."""

from collections.abc import Sequence

from registry.letters import LANGUAGES, Addressee, CannotWrite, Language, Required, wording
from registry.letters.composing import Asked, whole_date
from registry.office.applicants import Applicant
from registry.office.offered import Requirement
from registry.office.views import LetterFacts

_LONGEST = 2_000


def asked_of(facts: LetterFacts, language: Language | None = None) -> Asked:
    """A letter about a case's decision, in the language given, else in the applicant's, else in English.

    Raises `CannotWrite` where nobody's name is known.
    """
    language = language or _language(facts.applicant.language)
    return Asked(
        language=language,
        applicant=_addressee(facts.applicant),
        file_number=facts.file_number,
        appeal_until=facts.appeal_until,
        required=_required(facts.requirements, language),
        remarks=[facts.note] if facts.note else [],
    )


def _required(requirements: Sequence[Requirement], language: Language) -> Required | None:
    """What was asked for, in the letter's words: of all bases, each thing once. None where nothing was."""
    say = wording(language)
    lines: dict[str, list[str]] = {}
    for one in requirements:
        level = one.eqf_level if one.access_to is None else max(one.eqf_level or 0, one.access_to - 1)
        for aspect, found in (
            ("level", [say("table.eqf", level=str(level))] if level else []),
            ("workload", [say("table.ects", ects=say.number(one.ects))] if one.ects else []),
            ("profile", [say("table.field", code=code) for code in one.fields_of_education]),
            ("learning_outcomes", [say.pick(outcome.title)[0] for outcome in one.learning_outcomes]),
        ):
            lines.setdefault(aspect, []).extend(found)
    said = {aspect: _begun("; ".join(dict.fromkeys(found))) for aspect, found in lines.items() if found}
    return Required(**said) if said else None


def _begun(text: str) -> str:
    """With a capital, as where a line begins; and not longer than a line of the letter may be."""
    return text[:1].upper() + text[1:_LONGEST]


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
        date_of_birth=whole_date(person.date_of_birth),
    )


def _language(tag: str | None) -> Language:
    wanted = (tag or "").lower().partition("-")[0]
    return next((one for one in LANGUAGES if one == wanted), "en")
