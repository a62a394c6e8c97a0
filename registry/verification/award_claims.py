"""The content of a document of the intake's formats, under the names of claims that all openers use."""

from typing import Any, Final

from registry.intake.formats.award import Award
from registry.intake.formats.documents import read_document
from registry.intake.rows.report import IntakeError

MAX_AWARDS: Final = 500


def read_claims(content: bytes) -> dict[str, Any]:
    """Return what a document says: of its award, or of each where there are several, and of the person.

    Empty where it describes no award that can be read: it may be of another kind, and genuine all the same.
    """
    try:
        document = read_document(content, "The file")
    except IntakeError:
        return {}
    awards = [award for award in document.awards if award.achievement][:MAX_AWARDS]
    if not awards:
        return {}
    person = _person_of(awards[0])
    if len(awards) == 1:
        return _describe(awards[0]) | person
    return {"credentials": [_describe(award) for award in awards]} | person


def _describe(award: Award) -> dict[str, Any]:
    achievement, credential = award.achievement, award.credential
    titles = achievement.get("title") or {}
    values = {
        "title": titles.get("en") or next(iter(titles.values()), None),
        "ects": achievement.get("ects"),
        "eqfLevel": achievement.get("eqfLevel"),
        "awardingDate": credential.get("awarding_date"),
        "validFrom": credential.get("valid_from"),
        "validUntil": credential.get("valid_until"),
        "grade": credential.get("grade"),
    }
    return {name: value for name, value in values.items() if value is not None}


def _person_of(award: Award) -> dict[str, Any]:
    names = {"familyName": "family_name", "givenName": "given_name", "dateOfBirth": "date_of_birth"}
    return {name: award.credential[key] for name, key in names.items() if award.credential.get(key)}
