"""The words for imports and releases."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "import state": {
        "checking": N_("Being checked"),
        "failed": N_("Cannot be read"),
        "toCorrect": N_("To correct"),
        "ready": N_("Ready to hand over"),
        "awaitingRelease": N_("Waits for release"),
        "releasing": N_("Being issued"),
        "done": N_("Done"),
        "closed": N_("Closed"),
    },
    "batch state": {
        "receiving": N_("Being received"),
        "incomplete": N_("Not received"),
        "awaitingRelease": N_("Waits for release"),
        "scheduled": N_("Waits for its day"),
        "waiting": N_("Waits for its turn"),
        "working": N_("Being issued"),
        "done": N_("Done"),
        "failed": N_("Failed"),
        "cancelled": N_("Sent back"),
    },
    "batch kind": {
        "credentials": N_("Credentials to issue"),
        "statusChanges": N_("Credentials to suspend, reinstate or revoke"),
        "reconciliation": N_("A term to compare with the log; nothing is changed"),
    },
    "date order": {
        "dmy": N_("Day, month, year: 30-06-2026"),
        "mdy": N_("Month, day, year: 06-30-2026"),
        "ymd": N_("Year, month, day: 2026-06-30"),
    },
    "upload fault": {
        "no-file": N_("Choose a file first."),
        "kind-of-file": N_("This kind of file cannot be read. Save it as CSV, XLSX, NDJSON, JSON or XML."),
        "too-large": N_("The file is too large. Split it into several, or let a system send it over the API."),
        "empty-file": N_("The file is empty."),
        "term": N_("A comparison needs the first and the last day of its term, and a table or NDJSON."),
        "kind-of-rows": N_("A document has credentials. Send the other kinds as a table or NDJSON."),
    },
    "column": {
        "record": N_("Record"),
        "achievement": N_("Achievement"),
        "version": N_("Version"),
        "student": N_("Student number"),
        "family_name": N_("Family name"),
        "given_name": N_("Given name"),
        "date_of_birth": N_("Date of birth"),
        "awarding_date": N_("Awarding date"),
        "valid_until": N_("Valid until"),
        "valid_from": N_("Valid from"),
        "ects": N_("ECTS credits"),
        "grade": N_("Grade"),
        "original_grade": N_("Original grade"),
        "national_id": N_("National identifier"),
        "note": N_("Note to the learner"),
        "replaces": N_("Replaces credential"),
        "course": N_("Course code"),
        "parts": N_("Parts"),
        "problem": N_("Problem"),
        "credential": N_("Credential"),
        "change": N_("Change"),
        "reason": N_("Reason"),
        "status": N_("Status"),
    },
    "comparison": {
        "alike": N_("about as many"),
        "more": N_("many more"),
        "fewer": N_("many fewer"),
        "new": N_("none then"),
        "unknown": N_("not known"),
    },
}
