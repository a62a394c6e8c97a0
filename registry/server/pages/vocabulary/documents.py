"""The words for what a document of any issuer says."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "document_claim": {
        "title": N_("Title"),
        "achievement": N_("Achievement"),
        "ects": N_("ECTS credits"),
        "credits": N_("Credits"),
        "eqfLevel": N_("EQF level"),
        "awardingDate": N_("Awarded on"),
        "validFrom": N_("Valid from"),
        "validUntil": N_("Valid until"),
        "grade": N_("Grade"),
        "originalGrade": N_("Grade as it was given"),
        "familyName": N_("Family name"),
        "givenName": N_("Given name"),
        "dateOfBirth": N_("Date of birth"),
        "studentNumber": N_("Student number"),
        "nationalId": N_("National number"),
        "note": N_("Note"),
        "credential": N_("Number of the credential"),
        "document": N_("Number of the document"),
        "type": N_("Type"),
        "event": N_("Kind of entry"),
    }
}
